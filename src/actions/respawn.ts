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
  await endAll(host, await twins(host, start), () => twins(host, start), grace);
  await host.detach(start);
}

/** True when nobody runs the program: it was ended, and not started anew. */
export async function isRespawnDue(host: Host, { start }: RespawnAct): Promise<boolean> {
  return (await twins(host, start)).length === 0;
}

async function twins(host: Host, { argv, uid }: Detached): Promise<number[]> {
  const found = await findProcesses(host, (other) => other.join('\0') === argv.join('\0'));
  return found.filter((process) => process.uid === uid).map(({ pid }) => pid);
}
