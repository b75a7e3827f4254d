import type { Host } from '../host/host.ts';
import { type Listener, NOT_TOLD } from './listeners.ts';

/** Where a table of macOS has the process: which word after the state, and whether its name comes before the number. */
interface Column {
  at: number;
  named: boolean;
}

/** The listening TCP sockets of all users: unlike lsof, netstat of macOS tells them without root. It cuts long IPv6 addresses. */
export async function askNetstat(host: Host): Promise<Listener[]> {
  return parseNetstat((await host.ask(['netstat', '-anv', '-p', 'tcp'], { timeout: 10_000 })).stdout);
}

/**
 * Reads `netstat -anv -p tcp` of macOS (protopr() in Apple's network_cmds, netstat.tproj/inet.c). The columns behind the
 * state differ by release, so the process is looked for where the header has it; a table without a header, or with
 * another one, tells no process. The header is not aligned with its table: words are counted, not characters.
 */
export function parseNetstat(stdout: string): Listener[] {
  const lines = stdout.split('\n');
  const header = lines.find((line) => line.startsWith('Proto') && line.includes('(state)'));
  const column = header === undefined ? undefined : columnOf(header);
  return lines.map((line) => parseLine(line, column)).filter((listener) => listener !== undefined);
}

/** Up to network_cmds 705 there is a column `pid`; from 726 (macOS 26) on it is `process:pid`. */
function columnOf(header: string): Column | undefined {
  const names = header
    .slice(header.indexOf('(state)') + '(state)'.length)
    .trim()
    .split(/\s+/);
  const at = names.findIndex((name) => name === 'pid' || name === 'process:pid');
  return at < 0 ? undefined : { at, named: names[at] !== 'pid' };
}

const LINE = /^(tcp\S*)\s+\d+\s+\d+\s+(\S+)\s+\S+\s+LISTEN\b(.*)$/;

function parseLine(line: string, column: Column | undefined): Listener | undefined {
  const [, protocol = '', local = '', rest = ''] = LINE.exec(line) ?? [];
  const [, host = '', port = ''] = /^(.*)\.(\d+)$/.exec(local) ?? [];
  if (host === '') return undefined;
  const { pid, process } = column ? holderOf(rest, column) : { pid: null, process: null };
  return {
    address: addressOf(host, protocol),
    port: Number(port),
    uid: NOT_TOLD,
    inode: `${protocol} ${local} ${pid ?? '?'}`,
    pid,
    process,
  };
}

/** The names of processes may hold blanks and colons; every column before them is one word. */
function holderOf(rest: string, { at, named }: Column): Pick<Listener, 'pid' | 'process'> {
  const before = `^(?:\\s+\\S+){${at}}\\s+`;
  const [, process = '', pid = ''] = new RegExp(`${before}${named ? '(.*?):' : '()'}(\\d+)(?=\\s|$)`).exec(rest) ?? [];
  // 0 stands for a socket that nobody holds any more.
  if (!Number(pid)) return { pid: null, process: null };
  return { pid: Number(pid), process: process.trim() || null };
}

/** `tcp46` is a dual-stack socket, which is what Go makes of 0.0.0.0. As in Linux's tables no zone is named. */
function addressOf(host: string, protocol: string): string {
  if (host === '*') return protocol === 'tcp4' ? '0.0.0.0' : '::';
  return host.replace(/%.*$/, '');
}
