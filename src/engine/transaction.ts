import {
  applyChange,
  checkChange,
  inspectChange,
  invertChange,
  startsSomething,
  subjectOf,
} from '../actions/change.ts';
import { CommandError } from '../actions/command.ts';
import { temporaryName } from '../actions/file.ts';
import { type Act, perform } from '../actions/index.ts';
import type { Host } from '../host/host.ts';
import type { Change } from './plan.ts';
import type { Journal, Store } from './store.ts';

/** What happened to a step; `elapsed` in milliseconds. */
export interface StepEvent {
  id: string;
  title: string;
  status: 'begun' | 'done' | 'unchanged' | 'reverted' | 'failed';
  elapsed: number;
}

export interface Transaction {
  host: Host;
  store: Store;
  journal: Journal;
  /** False writes the changes and leaves the service as it is. */
  activate: boolean;
  /** Proves the new state, and rejects when it does not hold. */
  verify(): Promise<void>;
  /** Looks whether the old state works again; never rejects. Called after a roll-back that restarted something. */
  verifyOld(): Promise<void>;
  /** True to leave everything as it is when `verify` rejects. */
  keepOnFailure: boolean;
  onStep(event: StepEvent): void;
}

export type Outcome =
  | { kind: 'committed' }
  | { kind: 'kept'; reason: unknown }
  | { kind: 'rolled-back'; reason: unknown }
  | { kind: 'rollback-failed'; reason: unknown; rollback: unknown; stuck: string[] };

/** The machine is not as the plan saw it: somebody changed it between plan and apply. */
export class ConflictError extends Error {
  override name = 'ConflictError';

  constructor(subject: string) {
    super(`${subject} was changed by somebody else while this program ran`);
  }
}

/** This program was asked to end. `exit` is the exit code of the contract. */
export class Interrupted extends Error {
  override name = 'Interrupted';
  readonly exit: 130 | 143;

  constructor(signal: AbortSignal) {
    super('interrupted');
    this.exit = signal.reason === 143 ? 143 : 130;
  }
}

/** Rejects once the program was asked to end. */
export function checkInterrupted(host: Host): void {
  if (host.interrupted.aborted) throw new Interrupted(host.interrupted);
}

/**
 * Makes the changes of a plan, activates and verifies them, or takes all of them back in reverse order. The journal is
 * on disk before the first change and goes with the last word, so that any run that is cut short can be told and mended.
 */
export async function transact(transaction: Transaction): Promise<Outcome> {
  const { host, store, journal } = transaction;
  const begun = { changes: [] as Change[], activation: false };
  let verifying = false;
  try {
    checkInterrupted(host);
    await store.begin(journal);
    for (const change of journal.plan.changes) await makeChange(transaction, change, begun);
    if (transaction.activate) {
      for (const act of journal.plan.activate) await activate(transaction, act, begun);
    }
    verifying = true;
    await transaction.verify();
    checkInterrupted(host);
    verifying = false;
    await commit(store, journal);
    return { kind: 'committed' };
  } catch (reason) {
    if (verifying && transaction.keepOnFailure && !(reason instanceof Interrupted)) {
      await commit(store, journal);
      return { kind: 'kept', reason };
    }
    return takeBack(transaction, begun, reason);
  }
}

async function commit(store: Store, journal: Journal): Promise<void> {
  if (journal.operation === 'setup') await store.record(journal);
  else await store.forget(journal.plan.target);
  // It is on record now. A journal that cannot be removed only makes the next run look again.
  await store.end().catch(() => undefined);
  await store.tidy();
}

async function makeChange(
  transaction: Transaction,
  change: Change,
  begun: { changes: Change[]; activation: boolean },
): Promise<void> {
  const { host, store, journal, onStep } = transaction;
  checkInterrupted(host);
  const start = host.now();
  const event = (status: StepEvent['status']) =>
    onStep({ id: change.id, title: change.title, status, elapsed: host.now() - start });
  event('begun');
  const state = await inspectChange(host, change);
  if (state === 'conflict') throw new ConflictError(subjectOf(change));
  if (state === 'done') return event('unchanged');
  checkChange(host, change);
  await store.note(change.id, 'begun');
  begun.changes.push(change);
  begun.activation ||= startsSomething(change);
  try {
    await applyChange(host, change, journal.run);
  } catch (error) {
    event('failed');
    throw error;
  }
  event('done');
}

async function activate(transaction: Transaction, act: Act, begun: { activation: boolean }): Promise<void> {
  const { host, store, onStep } = transaction;
  checkInterrupted(host);
  const start = host.now();
  onStep({ id: act.id, title: act.title, status: 'begun', elapsed: 0 });
  await store.note(act.id, 'begun');
  const first = !begun.activation;
  begun.activation = true;
  try {
    await perform(host, act, host.interrupted);
  } catch (error) {
    // The old service was not even asked to end: to restart it now would be one more thing to fail.
    if (first && error instanceof CommandError && error.untouched) begun.activation = false;
    checkInterrupted(host);
    onStep({ id: act.id, title: act.title, status: 'failed', elapsed: host.now() - start });
    throw error;
  }
  onStep({ id: act.id, title: act.title, status: 'done', elapsed: host.now() - start });
}

/** Takes back what was begun, last first. A change that somebody else has overwritten since stays, and is told. */
async function takeBack(
  transaction: Transaction,
  begun: { changes: Change[]; activation: boolean },
  reason: unknown,
): Promise<Outcome> {
  const { host, store, journal, onStep } = transaction;
  const stuck: string[] = [];
  let failure: unknown;
  for (const change of [...begun.changes].reverse()) {
    const inverse = invertChange(change);
    try {
      const state = await inspectChange(host, inverse);
      if (state === 'conflict') throw new ConflictError(subjectOf(change));
      // A change that failed before it took effect leaves nothing to put back but the folders that were made for it.
      if (state === 'todo' || inverse.to === null) await applyChange(host, inverse, journal.run);
      onStep({ id: change.id, title: inverse.title, status: 'reverted', elapsed: 0 });
    } catch (error) {
      failure ??= error;
      stuck.push(subjectOf(change));
    }
  }
  if (begun.activation) {
    for (const act of journal.plan.deactivate) {
      try {
        await persist(() => perform(host, act));
        onStep({ id: act.id, title: act.title, status: 'reverted', elapsed: 0 });
      } catch (error) {
        failure ??= error;
        stuck.push(act.title);
      }
    }
    await transaction.verifyOld();
  }
  if (failure !== undefined) return { kind: 'rollback-failed', reason, rollback: failure, stuck };
  await store.end().catch(() => undefined);
  await store.tidy();
  return { kind: 'rolled-back', reason };
}

/** A helper program may be hit by the same Ctrl-C that began the roll-back: one more try. */
async function persist(act: () => Promise<void>): Promise<void> {
  await act().catch(act);
}

/** Removes what a run that was cut short left half made; the journal names every file it may have been at. */
export async function sweep(host: Host, journal: Journal): Promise<void> {
  await sweepScratch(host, journal.run);
  for (const change of journal.plan.changes) {
    if (change.type !== 'file') continue;
    const actor = host.as(change.identity);
    const temporary = temporaryName(change.path, journal.run);
    if (host.files.stat(temporary)) await actor.remove(temporary);
    if (host.files.stat(change.path)) continue;
    // Folders that were made for a file which never came, or had not gone with it yet.
    for (const { path } of [...change.folders].reverse()) if (host.files.stat(path)) await actor.removeDirectory(path);
  }
}

/** The copies on which the new configuration was tried out (`Host.scratch`), where Node's os.tmpdir() has them. */
async function sweepScratch(host: Host, run: string): Promise<void> {
  const { TMPDIR, TMP, TEMP } = host.env;
  const home = (TMPDIR || TMP || TEMP || '/tmp').replace(/(.)\/$/, '$1');
  for (const name of host.files.list(home).filter((each) => each.startsWith(`${run}-`))) {
    const left = host.files.stat(`${home}/${name}`);
    if (left?.kind === 'directory' && left.uid === host.user.uid) await host.discard(`${home}/${name}`);
  }
}
