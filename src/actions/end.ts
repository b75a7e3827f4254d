import { FileError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { findProcesses } from '../probes/processes.ts';

/** Ends processes that their supervisor starts anew by itself. */
export interface EndAct {
  type: 'end';
  id: string;
  title: string;
  /** Which they are: their user and their command line. What has ended by then, and been started anew, is ended as well. */
  uid: number;
  words: string;
  /** True when more words may follow those. */
  further?: boolean;
  /** Who they were when the plan was made, for people. */
  pids: number[];
  /** Milliseconds that they get to end by themselves. */
  grace: number;
}

function matches(line: string, { words, further }: EndAct): boolean {
  return line === words || (further === true && line.startsWith(`${words} `));
}

/** Ends them politely, then by force. Throws FileError when it may not or cannot. */
export async function applyEnd(host: Host, act: EndAct): Promise<void> {
  const alive = async () => {
    const found = await findProcesses(host, (argv) => matches(argv.join(' '), act));
    return found.filter(({ uid }) => uid === act.uid).map(({ pid }) => pid);
  };
  await endAll(host, await alive(), alive, act.grace);
}

/**
 * Ends `pids`: SIGTERM first, SIGKILL once `grace` is over. `alive` says who of them (and of those that came since) is left.
 * @throws FileError EBUSY when one does not end
 */
export async function endAll(
  host: Host,
  pids: readonly number[],
  alive: () => Promise<number[]>,
  grace: number,
): Promise<void> {
  const left = async () => {
    const now = await alive();
    return pids.filter((pid) => now.includes(pid));
  };
  for (const pid of pids) host.kill(pid, 'SIGTERM');
  const deadline = host.now() + grace;
  while ((await left()).length > 0 && host.now() < deadline) await host.sleep(20);
  for (const pid of await left()) host.kill(pid, 'SIGKILL');
  while ((await left()).length > 0 && host.now() < deadline + 2000) await host.sleep(20);
  const [stubborn] = await left();
  if (stubborn !== undefined) throw new FileError('EBUSY', `process ${stubborn}`, `process ${stubborn} does not end`);
}
