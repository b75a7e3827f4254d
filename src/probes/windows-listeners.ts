import type { Host } from '../host/host.ts';
import { askTasks } from '../windows/tasks.ts';
import type { Listener } from './listeners.ts';
import { askNetstatAno } from './netstat-ano.ts';

/** Every listening TCP socket with the name of its program. A server of Go's on all addresses has two: IPv4 and IPv6. */
export async function listenersOnWindows(host: Host): Promise<Listener[]> {
  const [listeners, tasks] = await Promise.all([askNetstatAno(host), askTasks(host)]);
  const images = new Map(tasks.map(({ pid, image }) => [pid, image]));
  return listeners.map((one) => ({ ...one, process: one.pid === null ? null : (images.get(one.pid) ?? null) }));
}

/**
 * The listeners of the processes; of those, the ones on the ports in question where there are any, since a server that
 * runs a model may have another on loopback for it.
 */
export async function ownedOnWindows(
  host: Host,
  pids: readonly number[],
  ports: readonly number[],
): Promise<Listener[]> {
  if (pids.length === 0) return [];
  const own = (await listenersOnWindows(host)).filter(({ pid }) => pid !== null && pids.includes(pid));
  const asked = own.filter(({ port }) => ports.includes(port));
  return asked.length > 0 ? asked : own;
}
