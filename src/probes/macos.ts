import type { Host } from '../host/host.ts';

/** The version of macOS as people know it (sw_vers(1)); undefined when it is not told. */
export async function productVersion(host: Host): Promise<string | undefined> {
  const result = await host.ask(['sw_vers', '-productVersion'], { timeout: 5000 });
  return result.code === 0 ? result.stdout.trim() || undefined : undefined;
}

const TOOL = '/usr/libexec/ApplicationFirewall/socketfilterfw';

/**
 * The application firewall in words that are true. What it says of a single program (`--getappblocked`) proves nothing:
 * the answer is the same for programs that it has never heard of.
 */
export async function applicationFirewall(host: Host): Promise<string> {
  const tool = host.files.stat(TOOL) ? TOOL : 'socketfilterfw';
  const ask = async (flag: string) => (await host.ask([tool, flag], { timeout: 5000 })).stdout;
  const [state, block] = await Promise.all([ask('--getglobalstate'), ask('--getblockall')]);
  if (/disabled/i.test(state)) return 'application firewall: off';
  if (/State = 2|blocking all/i.test(state) || /ENABLED!|set to enabled/i.test(block)) {
    return 'application firewall: blocks all incoming connections; containers come through a program of this Mac and are not affected';
  }
  if (!/enabled/i.test(state)) return 'not examined';
  return 'application firewall: on, for each program by itself; macOS may ask whether Ollama may accept connections, again after each upgrade';
}
