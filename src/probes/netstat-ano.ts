import type { Host } from '../host/host.ts';
import { mustAnswer } from '../windows/ask.ts';
import { program } from '../windows/system.ts';
import type { Listener } from './listeners.ts';

/** Windows has no numbers for users (`NOT_TOLD` of ./listeners.ts). */
const NO_UID = -1;

/**
 * Every listening TCP socket. netstat of Windows tells each one's process to every user; `-p TCP` would leave out IPv6.
 * @throws CommandError when it does not answer: nothing can be said then of who listens
 */
export async function askNetstatAno(host: Host): Promise<Listener[]> {
  const isWhole = (stdout: string) => stdout.trim() !== '';
  return parseNetstatAno(await mustAnswer(host, [program(host, 'netstat'), '-ano'], 15_000, isWhole));
}

/**
 * Reads `netstat -ano` of Windows. The word for the state is translated (and may be two), so that a listener is known by
 * the other side of it, which is port 0 of no address. The process is the last column.
 */
export function parseNetstatAno(stdout: string): Listener[] {
  return stdout.split(/\r?\n/).flatMap((line) => {
    const [, local = '', port, pid] = LINE.exec(line) ?? [];
    if (port === undefined) return [];
    const address = local.replace(/^\[|\]$/g, '').replace(/%.*$/, '');
    // 0 stands for a socket whose process is gone.
    const owner = Number(pid) || null;
    return [{ address, port: Number(port), uid: NO_UID, inode: `${local}:${port} ${pid}`, pid: owner, process: null }];
  });
}

const LINE = /^\s*TCP\s+(\S+):(\d+)\s+(?:0\.0\.0\.0|\[::\]|\*):0\s.*?(\d+)\s*$/;
