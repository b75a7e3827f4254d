import type { Detached, Host } from '../host/host.ts';
import { findProcesses } from '../probes/processes.ts';
import { endAll } from './end.ts';

/** Ends a process that nobody supervises and starts it anew, as data: the same program in another environment. */
export interface RespawnAct {
  type: 'respawn';
  id: string;
  title: string;
  start: Detached;
  /** Milliseconds that the old process gets to end by itself. */
  grace: number;
}

/**
 * Ends every process of the same words and the same user (the one to replace, or the one that a crashed run already
 * started) and starts the program. Throws FileError when it may not or cannot.
 */
export async function applyRespawn(host: Host, { start, grace }: RespawnAct): Promise<void> {
  const twins = async () => {
    const found = await findProcesses(host, (argv) => argv.join('\0') === start.argv.join('\0'));
    return found.filter(({ uid }) => uid === start.uid).map(({ pid }) => pid);
  };
  await endAll(host, await twins(), twins, grace);
  await host.detach(start);
}
