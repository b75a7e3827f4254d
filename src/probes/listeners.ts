import type { Host } from '../host/host.ts';
import { readProcess } from './processes.ts';

/** A TCP socket that waits for connections. `pid` is null where only root could tell whose it is. */
export interface Listener {
  address: string;
  port: number;
  uid: number;
  inode: string;
  pid: number | null;
  process: string | null;
}

/** The `uid` of a listener whose owner is not told (netstat), and of everything on Windows. */
export const NOT_TOLD = -1;

/** Where it was looked for listeners, for people. */
export function listenerEvidence({ platform }: Host): string {
  if (platform === 'win32') return 'netstat -ano';
  return platform === 'darwin' ? 'lsof -nP -iTCP -sTCP:LISTEN' : '/proc/net/tcp, /proc/net/tcp6, /proc/<pid>/fd';
}

/** Who can reach a set of listeners: everybody, this machine only, one address, or nobody since there is none. */
export type ListenScope = 'loopback' | 'all' | 'address' | 'none';

const LISTEN = '0A';

/**
 * Every listening TCP socket of this network namespace, out of /proc/net/tcp and /proc/net/tcp6 (proc(5)). A dual-stack
 * wildcard socket, which is what Go makes of 0.0.0.0, is only in the second.
 */
export function listeningSockets(host: Host): Listener[] {
  return TABLES.flatMap((path) => readTable(host, path));
}

/** The same of the network namespace that a process is in, which need not be this one's: its own view is below its folder. */
export function listeningSocketsAround(host: Host, pid: number): Listener[] {
  return TABLES.flatMap((path) => readTable(host, path.replace('/proc/', `/proc/${pid}/`)));
}

const TABLES = ['/proc/net/tcp6', '/proc/net/tcp'] as const;

function readTable(host: Host, path: string): Listener[] {
  const lines = (host.files.text(path) ?? '').split('\n').slice(1);
  return lines.map(parseLine).filter((socket) => socket !== undefined);
}

function parseLine(line: string): Listener | undefined {
  const fields = line.trim().split(/\s+/);
  const [, local = '', , state, , , , uid = '', , inode = ''] = fields;
  if (state !== LISTEN) return undefined;
  const [hex = '', port = '0'] = local.split(':');
  const address = decodeAddress(hex);
  return { address, port: Number.parseInt(port, 16), uid: Number(uid), inode, pid: null, process: null };
}

/** The kernel prints addresses as 32-bit words in the machine's byte order (little-endian wherever Node runs). */
function decodeAddress(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words.flatMap((word) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, i) => ((bytes[2 * i]! << 8) | bytes[2 * i + 1]!).toString(16));
  if (groups.slice(0, 5).every((g) => g === '0') && groups[5] === 'ffff') return `::ffff:${bytes.slice(12).join('.')}`;
  return compress(groups);
}

/** The canonical text of an IPv6 address (RFC 5952): the longest run of zero groups becomes `::`. */
function compress(groups: string[]): string {
  const runs = [
    ...groups
      .map((g) => (g === '0' ? '0' : 'x'))
      .join('')
      .matchAll(/0{2,}/g),
  ];
  const longest = runs.sort((a, b) => b[0].length - a[0].length)[0];
  if (!longest) return groups.join(':');
  const before = groups.slice(0, longest.index).join(':');
  return `${before}::${groups.slice(longest.index + longest[0].length).join(':')}`;
}

/** The inodes of the sockets that the processes hold, each with its process; one that may not be looked into has none. */
export function socketsOf(host: Host, pids: readonly number[]): Map<string, number> {
  const inodes = new Map<string, number>();
  for (const pid of pids) {
    for (const fd of host.files.list(`/proc/${pid}/fd`)) {
      // The first three are standard streams: Go and Node see to it that these are open before anything else is.
      if (Number(fd) <= 2) continue;
      const inode = /^socket:\[(\d+)\]$/.exec(readLink(host, `/proc/${pid}/fd/${fd}`) ?? '')?.[1];
      if (inode !== undefined && !inodes.has(inode)) inodes.set(inode, pid);
    }
  }
  return inodes;
}

/**
 * The listeners that the processes hold, named. The kernel takes milliseconds to print each of its tables, so the second
 * is read only while sockets are left that the first did not explain.
 */
export function ownedBy(host: Host, pids: readonly number[]): Listener[] {
  const owners = socketsOf(host, pids);
  const found: Listener[] = [];
  for (const path of TABLES) {
    if (owners.size === 0) break;
    for (const listener of readTable(host, path)) {
      const pid = owners.get(listener.inode);
      if (pid === undefined) continue;
      owners.delete(listener.inode);
      found.push(named(host, listener, pid));
    }
  }
  return found;
}

function named(host: Host, listener: Listener, pid: number): Listener {
  return { ...listener, pid, process: readProcess(host, pid)?.comm ?? null };
}

/** Looks through all processes for the holders of these sockets. Without root only the user's own can be found. */
export function nameHolders(host: Host, listeners: readonly Listener[]): Listener[] {
  if (listeners.length === 0) return [];
  const pids = host.files.list('/proc').map(Number).filter(Number.isInteger);
  const owners = socketsOf(host, pids);
  return listeners.map((listener) => {
    const pid = owners.get(listener.inode);
    return pid === undefined ? listener : named(host, listener, pid);
  });
}

/** True when the process may be looked into, that is when no answer about its sockets means that it has none. */
export function canInspect(host: Host, pid: number): boolean {
  return host.files.list(`/proc/${pid}/fd`).length > 0;
}

/** Where a link below /proc leads; undefined where it may not be read. */
export function readLink(host: Host, path: string): string | undefined {
  try {
    return host.files.link(path);
  } catch {
    return undefined;
  }
}

/** True for the addresses that mean every interface, in all their spellings. */
export function isWildcard(address: string): boolean {
  return ['0.0.0.0', '::', '*', '[::]', '::ffff:0.0.0.0'].includes(address);
}

/** True for 127.0.0.0/8 and ::1, also as an IPv4-mapped address. */
export function isLoopback(address: string): boolean {
  return /^(::ffff:)?127\./.test(address) || address === '::1';
}

/** Who can reach these listeners. */
export function scopeOfListeners(listeners: readonly { address: string }[]): ListenScope {
  if (listeners.length === 0) return 'none';
  if (listeners.some(({ address }) => isWildcard(address))) return 'all';
  return listeners.every(({ address }) => isLoopback(address)) ? 'loopback' : 'address';
}
