import type { Host } from '../host/host.ts';
import type { Listener } from './listeners.ts';

/** One file of lsof's field output, as far as it has been told. */
interface Fields {
  pid: number;
  uid: number;
  process: string | null;
  /** Absent between the head of a process and its first file. */
  fd?: string;
  type?: string;
  protocol?: string;
  name?: string;
  state?: string;
}

/**
 * The listening sockets that lsof of macOS (4.91) can see: without root only those of the user's own processes. It ends
 * with 1 when there are none just as it does for an error, so its exit code is not asked.
 */
export async function askLsof(host: Host): Promise<Listener[]> {
  const argv = ['lsof', '-nP', '-iTCP', '-sTCP:LISTEN', '-F', 'pcuPtnT'];
  return parseLsof((await host.ask(argv, { timeout: 10_000 })).stdout);
}

/**
 * Reads the output of `lsof -F`, one field a line (lsof(8), OUTPUT FOR OTHER PROGRAMS; print_proc() of its proc.c):
 * `p` begins a process and `f` a file of it, in this order whatever order was asked for. Fields not asked for are passed
 * over. The identity of a socket is its process and descriptor, since no other is shown to every user.
 */
export function parseLsof(stdout: string): Listener[] {
  const listeners: Listener[] = [];
  let now: Fields = { pid: 0, uid: -1, process: null };
  const end = () => {
    const listener = toListener(now);
    if (listener) listeners.push(listener);
  };
  for (const line of stdout.split('\n')) {
    const value = line.slice(1);
    if (line.startsWith('p')) {
      end();
      now = { pid: Number(value), uid: -1, process: null };
    } else if (line.startsWith('f')) {
      end();
      now = { pid: now.pid, uid: now.uid, process: now.process, fd: value };
    } else take(now, line.slice(0, 1), value);
  }
  end();
  return listeners;
}

function take(fields: Fields, id: string, value: string): void {
  if (id === 'c') fields.process = plain(value);
  else if (id === 'u') fields.uid = Number(value);
  else if (id === 't') fields.type = value;
  else if (id === 'P') fields.protocol = value;
  else if (id === 'n') fields.name = value;
  else if (id === 'T' && value.startsWith('ST=')) fields.state = value.slice('ST='.length);
}

function toListener(fields: Fields): Listener | undefined {
  const { pid, uid, process, fd, type, protocol = 'TCP', name = '', state = 'LISTEN' } = fields;
  // `->` stands between the two ends of a connection.
  if (fd === undefined || protocol !== 'TCP' || state !== 'LISTEN' || name.includes('->')) return undefined;
  const [, host = '', port = ''] = /^(.*):(\d+)$/.exec(name) ?? [];
  if (host === '') return undefined;
  return { address: addressOf(host, type), port: Number(port), uid, inode: `${pid}:${fd}`, pid, process };
}

/** A wildcard is `*` in either family; a dual-stack socket, which is what Go makes of 0.0.0.0, counts as IPv6. */
function addressOf(host: string, type: string | undefined): string {
  if (host === '*') return type === 'IPv4' ? '0.0.0.0' : '::';
  return withoutZone(host.replace(/^\[(.*)\]$/, '$1'));
}

/**
 * Linux's tables name no zone, and so none is named here. Besides `%lo0` there is the kernel's own way (KAME) to keep
 * the number of the interface, in the second group of a link-local address, where lsof prints it: fe80:4::1.
 */
function withoutZone(address: string): string {
  return address.replace(/%.*$/, '').replace(/^(fe80):[\da-f]{1,4}(::.*)$/i, '$1$2');
}

const ESCAPES: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

/** Undoes safepup() of lsof's misc.c. What is not printable in lsof's locale comes byte by byte, so bytes are gathered. */
function plain(text: string): string {
  const bytes = text.split(/(\\x[\da-f]{2}|\\.)/).map((part) => {
    if (!part.startsWith('\\')) return Buffer.from(part);
    if (part.length === 4) return Buffer.from(part.slice(2), 'hex');
    return Buffer.from(ESCAPES[part[1]!] ?? part[1]!);
  });
  return Buffer.concat(bytes).toString('utf8');
}
