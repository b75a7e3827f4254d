import type { CommandAct } from '../../src/actions/command.ts';
import { type FileChange, type FileState, missingFolders, stateOf } from '../../src/actions/file.ts';
import { reversalOf } from '../../src/actions/revert.ts';
import { adoptUnfinished } from '../../src/commands/recovery.ts';
import type { Change, Plan } from '../../src/engine/plan.ts';
import { type Journal, Store } from '../../src/engine/store.ts';
import { type Outcome, type StepEvent, transact } from '../../src/engine/transaction.ts';
import type { Identity } from '../../src/host/host.ts';
import { contextFor } from './context.ts';
import type { RecordedHost } from './recorded-host.ts';

export const STATE = '/var/lib/stigmer-setup-ollama';
export const TARGET = 'kind:id';
const ROOT = { mode: 0o644, uid: 0, gid: 0 };

/** What stands at a path now, as a change wants it. */
export function stateAt(host: RecordedHost, path: string): FileState | null {
  const [stat, bytes] = [host.files.stat(path), host.files.bytes(path)];
  return stat && bytes ? { content: bytes.toString('base64'), mode: stat.mode, uid: stat.uid, gid: stat.gid } : null;
}

/** The change that gives a file this text (null: takes it away). Owner and mode stay as they are. */
export function changeOf(host: RecordedHost, path: string, text: string | null, more: Partial<FileChange> = {}) {
  const from = stateAt(host, path);
  const change: FileChange = {
    type: 'file',
    id: `write-${path}`,
    title: `Write ${path}`,
    path,
    identity: 'root',
    from,
    to: text === null ? null : stateOf(text, from ?? ROOT),
    folders: missingFolders(host, path, { mode: 0o755, uid: 0, gid: 0 }),
    lines: [],
    ...more,
  };
  return change;
}

export function commandOf(id: string, ...argv: string[]): CommandAct {
  return { type: 'command', id, title: id, identity: 'root' as Identity, argv, timeout: 1000 };
}

/** A plan with an act in either direction. */
export function planOf(changes: Change[], target = TARGET): Plan {
  return {
    target,
    changes,
    activate: [commandOf('restart', 'start-new')],
    deactivate: [commandOf('back', 'start-old')],
  };
}

export function journalOf(plan: Plan, operation: Journal['operation'] = 'setup', more: Partial<Journal> = {}): Journal {
  const startedAt = '2030-01-01T00:00:00.000Z';
  return {
    journalVersion: 1,
    run: 'stigmer-4242',
    operation,
    startedAt,
    tool: '1.2.3',
    plan,
    before: { was: 'before' },
    wanted: 'wanted',
    ...more,
  };
}

export interface RunMore {
  operation?: Journal['operation'];
  activate?: boolean;
  keepOnFailure?: boolean;
  verify?: () => Promise<void>;
  events?: StepEvent[];
  verifyOld?: () => Promise<void>;
}

/** Carries a plan out on a recorded host, on which `start-new` and `start-old` work. */
export function carryOut(host: RecordedHost, plan: Plan, more: RunMore = {}): Promise<Outcome> {
  const { operation = 'setup', activate = true, keepOnFailure = operation === 'undo' } = more;
  return transact({
    host,
    store: new Store(host, STATE),
    journal: journalOf(plan, operation),
    activate,
    keepOnFailure,
    verify: more.verify ?? (async () => {}),
    verifyOld: more.verifyOld ?? (async () => {}),
    onStep: (event) => more.events?.push(event),
  });
}

/** What every command that changes something does first. */
export async function recover(host: RecordedHost): Promise<void> {
  await adoptUnfinished(contextFor(host, ['--yes']));
}

/** Takes back what is on record, as `undo` does. */
export async function takeBack(host: RecordedHost, target = TARGET): Promise<Outcome | undefined> {
  const receipt = new Store(host, STATE).receipt(target);
  if (!receipt) return undefined;
  const changes: Change[] = [];
  for (const { change, ours } of [...receipt.entries].reverse()) {
    const reversal = await reversalOf(host, change, ours);
    if (reversal.kind === 'change') changes.push(reversal.change);
    if (reversal.kind === 'edited' && reversal.change) changes.push(reversal.change);
  }
  const { deactivate } = receipt;
  return carryOut(host, { target, changes, activate: deactivate, deactivate }, { operation: 'undo' });
}
