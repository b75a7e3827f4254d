import type { Host } from '../host/host.ts';
import type { Listener } from './listeners.ts';
import { askLsof } from './lsof.ts';
import { askNetstat } from './netstat.ts';

/**
 * Every listening TCP socket. Without root lsof(8) tells of the user's own processes only, where netstat(1) sees those
 * of everybody, though not their owners: what the first leaves out comes from the second.
 */
export async function listenersOnMac(host: Host): Promise<Listener[]> {
  const [seen, all] = await Promise.all([askLsof(host), askNetstat(host)]);
  const isSeen = (one: Listener) => seen.some(({ address, port }) => address === one.address && port === one.port);
  return [...seen, ...all.filter((one) => !isSeen(one))];
}

/**
 * The listeners of the processes. Where the system's netstat names no processes, one on the ports in question that lsof
 * does not explain is taken for theirs.
 */
export async function ownedOnMac(host: Host, pids: readonly number[], ports: readonly number[]): Promise<Listener[]> {
  if (pids.length === 0) return [];
  const all = await listenersOnMac(host);
  const named = all.filter(({ pid }) => pid !== null && pids.includes(pid));
  if (named.length > 0 || all.some(({ pid, port }) => pid !== null && ports.includes(port))) return named;
  return all.filter(({ pid, port }) => pid === null && ports.includes(port));
}
