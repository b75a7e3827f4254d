import { checkInterrupted } from '../engine/transaction.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { RealHost } from '../host/real.ts';

/** How to become root, in the order of preference. `ask` may prompt at the terminal, `silent` never does. */
const TOOLS = [
  { name: 'sudo', silent: ['sudo', '-n', '--'], ask: ['sudo', '--'] },
  { name: 'doas', silent: ['doas', '-n', '--'], ask: ['doas', '--'] },
  // run0 (systemd 256) asks through polkit; --pipe passes standard input on instead of a new terminal.
  { name: 'run0', silent: undefined, ask: ['run0', '--pipe', '--'] },
];

const FOLDERS = ['/run/wrappers/bin', '/usr/local/bin', '/usr/bin', '/bin', '/usr/sbin', '/sbin'];

/**
 * Makes root's hands available to this run. The password prompt, if any, is the tool's own; without a terminal or with
 * `interactive` false none is ever waited for.
 * @throws SetupError exit 5 when there is no way, with the command to run instead
 */
export async function becomeRoot(host: RealHost, interactive: boolean, again: string): Promise<void> {
  if (host.elevated) return;
  const present = TOOLS.filter(({ name }) => FOLDERS.some((dir) => host.files.stat(`${dir}/${name}`) !== undefined));
  for (const { silent } of present) {
    if (!silent) continue;
    const result = await host.as('self').run([...silent, 'true'], { timeout: 10_000 });
    if (result.code === 0) return host.elevate(silent, false);
  }
  const tool = present[0];
  if (!tool || !interactive)
    throw noRights(
      present.map(({ name }) => name),
      again,
    );
  host.elevate(tool.ask, true);
  const result = await host.as('root').run(['true'], { timeout: 300_000 });
  if (result.code === 0) return;
  // Ctrl-C at the password ends sudo and is for this program too, which may hear of the one before the other.
  await host.sleep(100, host.interrupted);
  checkInterrupted(host);
  throw noRights([tool.name], again);
}

function noRights(tools: string[], again: string): SetupError {
  const why =
    tools.length === 0
      ? 'neither sudo nor doas nor run0 is installed'
      : `${tools[0]} does not let this user act as root here`;
  return new SetupError('no-rights', EXIT.rights, `Root's rights are needed to change a system service, but ${why}.`, {
    meaning: 'Nothing was changed.',
    remedy: tools.length === 0 ? `log in as root, then: ${again}` : `sudo ${again}`,
  });
}
