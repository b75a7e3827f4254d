import { FileError } from '../errors.ts';
import type { Detached, Host } from '../host/host.ts';
import { readProcess } from '../probes/processes.ts';

/** Ends a process that nobody supervises and starts it anew, as data: the same program in another environment. */
export interface RespawnAct {
  type: 'respawn';
  id: string;
  title: string;
  start: Detached;
  /** Milliseconds that the old process gets to end by itself. */
  grace: number;
}

/** Processes that run the same words as the same user: the one to replace, or the one a crashed run already started. */
function twins(host: Host, { argv, uid }: Detached): number[] {
  return host.files
    .list('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(host, Number(name)))
    .filter((process) => process !== undefined)
    .filter((process) => process.uid === uid && !process.zombie && process.argv.join('\0') === argv.join('\0'))
    .map((process) => process.pid);
}

/** Ends every twin (politely, then by force) and starts the program. Throws FileError when it may not or cannot. */
export async function applyRespawn(host: Host, act: RespawnAct): Promise<void> {
  const old = twins(host, act.start);
  for (const pid of old) host.kill(pid, 'SIGTERM');
  const deadline = host.now() + act.grace;
  const alive = () => old.filter((pid) => twins(host, act.start).includes(pid));
  while (alive().length > 0 && host.now() < deadline) await host.sleep(20);
  for (const pid of alive()) host.kill(pid, 'SIGKILL');
  while (alive().length > 0 && host.now() < deadline + 2000) await host.sleep(20);
  if (alive().length > 0) throw new FileError('EBUSY', `process ${alive()[0]}`, `process ${alive()[0]} does not end`);
  await host.detach(act.start);
}
