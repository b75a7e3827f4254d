import { sha256 } from '../actions/hash.ts';
import { isDue, perform } from '../actions/index.ts';
import type { Journal, Store } from '../engine/store.ts';
import { sweep } from '../engine/transaction.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Host, Lock, LockHolder } from '../host/host.ts';
import { mark } from '../ui/people.ts';
import type { Context } from './context.ts';
import type { Report } from './report.ts';

/** Runs `work` while holding the one lock of this host (or of the image of --root). */
export async function withLock(host: Host, command: string, work: () => Promise<void>): Promise<void> {
  const name = host.root === undefined ? 'stigmer-setup-ollama' : `stigmer-setup-ollama:${imageId(host)}`;
  const lock = await host.lock(name, command);
  if (!('release' in lock)) throw locked(lock);
  try {
    await work();
  } finally {
    await lock.release();
  }
}

/** The endpoint's name is at most 107 bytes (unix(7)), and a path may be longer. */
function imageId(host: Host): string {
  return sha256(host.root ?? '').slice(0, 32);
}

function locked({ pid, command, since }: Exclude<LockHolder, Lock>): SetupError {
  const who = pid === null ? 'Another run' : `Another run (process ${pid}, ${command}, since ${since})`;
  return new SetupError('locked', EXIT.locked, `${who} is at work on this host.`, {
    meaning: 'Nothing was changed by this one.',
    remedy:
      pid === null
        ? 'wait for it to end, then run this again'
        : `ps -p ${pid}   # wait for it to end, then run this again`,
  });
}

/** Says that an earlier run was cut short, for commands that change nothing. */
export function tellUnfinished(store: Store, report: Report): void {
  const journal = store.journal();
  if (journal) report.warnings.push(warning(journal, store, 'Run setup to complete it, or undo to take it back.'));
}

/**
 * An earlier run was cut short (kill -9, power loss): what it may have changed goes into the receipt, so that undo knows
 * the originals, its half-written files go, and the present run starts from what is really there.
 */
export async function adoptUnfinished({ host, store, report, people, ensureRoot }: Context): Promise<void> {
  const journal = store.journal();
  if (!journal) return store.sweep();
  const notice = warning(journal, store, 'Its originals are kept, and this run goes on from what is there.');
  report.warnings.push(notice);
  people.insist(mark(people, 'warn') + people.colors.yellow(notice.message));
  if (journal.plan.changes.some(({ identity }) => identity === 'root')) await ensureRoot();
  await sweep(host, journal);
  await bringBack(host, journal, store);
  if (journal.operation === 'setup') await store.record(journal);
  await store.end();
  await store.tidy();
}

/** A program that was ended and not started again would not even be found: it is started as it was before. */
async function bringBack(host: Host, { plan }: Journal, store: Store): Promise<void> {
  const at = store.progress()?.split(' ')[0];
  if (!plan.activate.some(({ id }) => id === at)) return;
  for (const act of plan.deactivate) if (await isDue(host, act)) await perform(host, act);
}

/** The code of the warning that an earlier run was cut short. */
export const UNFINISHED = 'unfinished-run';

function warning(journal: Journal, store: Store, then: string) {
  const at = store.progress();
  const message = `An earlier ${journal.operation} of ${journal.startedAt} was cut short${at ? ` at "${at}"` : ' before its first change'}. ${then}`;
  return { code: UNFINISHED, message };
}
