import { isEffective, subjectOf } from '../actions/change.ts';
import { reversalOf } from '../actions/revert.ts';
import { bindingOf } from '../checks/binding.ts';
import type { Change, Plan } from '../engine/plan.ts';
import type { Receipt } from '../engine/store.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { BindingReport } from '../report.ts';
import type { Installation } from '../rooms/room.ts';
import { diffOf } from '../ui/steps.ts';
import type { Context } from './context.ts';
import { refused } from './scene.ts';

/** One receipt with what it takes to go back, and the installation it is about if that is still here. */
export interface Return {
  receipt: Receipt;
  plan: Plan;
  installation: Installation | undefined;
}

/** What setup noted of the state before the first run. */
export type Before = BindingReport & { kind: string; id: string; running: boolean };

/** True where only root can see what there is to take back, as with the rules of a firewall. */
export function takesRootToLook({ entries }: Receipt): boolean {
  return entries.some(({ change }) => change.type === 'value' && change.identity === 'root');
}

export async function planReturn(
  context: Context,
  receipt: Receipt,
  installation: Installation | undefined,
): Promise<Return> {
  const { host, options, report } = context;
  const changes: Change[] = [];
  for (const { change, ours } of [...receipt.entries].reverse()) {
    const reversal = await reversalOf(host, change, ours);
    if (reversal.kind === 'change') changes.push(reversal.change);
    if (reversal.kind === 'edited') changes.push(await editedSince(context, change, reversal));
  }
  const subjects = receipt.entries.map(({ change }) => subjectOf(change));
  const { running } = receipt.before as Before;
  const values = Object.fromEntries(
    receipt.entries.flatMap(({ change }) => (change.type === 'value' ? [[change.subject, change.from]] : [])),
  );
  const started = receipt.deactivate.some(({ id }) => id === 'stop');
  const root = context.root();
  const moved = await installation?.moved?.({ wanted: receipt.wanted, running, started, subjects, values, root });
  changes.push(...(moved?.changes ?? []));
  const gone = installation === undefined;
  const back =
    host.root === undefined &&
    options.restart &&
    !gone &&
    (moved?.due === true || !(await isAsBefore(context, receipt, installation, changes)));
  // Two servers that look the same: what would be ended may not be what setup had started.
  if (back && installation.refusal && receipt.deactivate.some(({ type }) => type === 'respawn' || type === 'relaunch'))
    throw refused(installation.refusal);
  const acts = moved?.activate ?? receipt.deactivate;
  const idle = back && isStopped(installation) && !wasCutShort(context, receipt);
  const meanwhile = options.restart ? [] : (moved?.meanwhile ?? []);
  const activate = back ? acts.filter(({ id }) => !idle || id !== 'restart') : meanwhile;
  if (!options.restart && moved?.stays) report.warnings.push(moved.stays);
  return { receipt, installation, plan: { target: receipt.target, changes, activate, deactivate: activate } };
}

/**
 * launchd reads a file anew only of a job that was taken out before, and an app or a service of Windows is ended before it is started,
 * so that a run which ends in between (kill -9, power loss) leaves it stopped: that was nobody's wish.
 */
function wasCutShort({ report }: Context, { before, deactivate }: Receipt): boolean {
  const unfinished = report.warnings.some(({ code }) => code === 'unfinished-run');
  return (
    unfinished &&
    (before as Before).running &&
    deactivate.some(({ type }) => ['launchd', 'relaunch', 'service'].includes(type))
  );
}

/** Stopped by somebody since: what it is started with is put back, and when it is started is theirs to say. */
function isStopped({ state }: Installation): boolean {
  return state.phase === 'stopped';
}

/**
 * Somebody has edited our file. Without --yes it is shown and left; with it, only our own line is taken out and their
 * edit stays. Where our line is no longer as we wrote it, it is theirs, and nothing is touched.
 */
async function editedSince(
  { options, host, people, report }: Context,
  original: Change,
  reversal: { theirs: Change; change: Change | undefined },
): Promise<Change> {
  const diff = await diffOf(reversal.theirs);
  const subject = subjectOf(original);
  people.insist(`${subject} was edited after setup wrote it:`);
  people.insist(diff.trimEnd());
  if (reversal.change === undefined) {
    throw new SetupError(
      'edited-since',
      EXIT.cannotChange,
      `${subject} was edited by hand, our line in it too, so it is not ours to take out.`,
      {
        meaning: 'Nothing was changed.',
        remedy: original.from === null ? `sudo rm ${subject}   # then run undo again` : `sudoedit ${subject}`,
      },
    );
  }
  if (!options.yes && !options.dryRun && !host.terminal.stdin) {
    throw new SetupError('edited-since', EXIT.usage, `${subject} was edited by hand since setup wrote it.`, {
      meaning: 'Nothing was changed. With --yes only the line of this program is taken out, and the edit stays.',
      remedy: 'npx stigmer-setup-ollama undo --yes',
    });
  }
  report.warnings.push({
    code: 'edited-since',
    message: `${subject} was edited after setup: only our line is taken out, the rest stays.`,
  });
  return reversal.change;
}

/** True when an earlier undo was cut short after its work, or nothing had been done: then nothing needs a restart. */
async function isAsBefore(
  { host }: Context,
  receipt: Receipt,
  installation: Installation,
  changes: Change[],
): Promise<boolean> {
  const before = receipt.before as Before;
  const now = await bindingOf(
    host,
    installation.state,
    before.listeners.map(({ port }) => port),
  );
  return (
    !changes.some(isEffective) && now.scope === before.scope && before.running === installation.state.pids.length > 0
  );
}
