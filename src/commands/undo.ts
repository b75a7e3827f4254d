import { reversalOf } from '../actions/revert.ts';
import { bindingOf } from '../checks/binding.ts';
import type { Change, Plan } from '../engine/plan.ts';
import type { Journal, Receipt } from '../engine/store.ts';
import { type StepEvent, transact } from '../engine/transaction.ts';
import { EXIT, SetupError } from '../errors.ts';
import { parseHost, scopeOf } from '../ollama/host-value.ts';
import type { Installation } from '../rooms/room.ts';
import { printListeners, sayPlan, sayStep, sayWarnings } from '../ui/people.ts';
import { diffOf, stepsOf } from '../ui/steps.ts';
import { consentToUndo } from './consent.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';
import { adoptUnfinished, tellUnfinished, withLock } from './recovery.ts';
import { type BindingReport, bindingReport, installationReport, NO_BINDING } from './report.ts';
import { findInstallations } from './scene.ts';

/** One receipt with what it takes to go back, and the installation it is about if that is still here. */
interface Return {
  receipt: Receipt;
  plan: Plan;
  installation: Installation | undefined;
}

/** What setup noted of the state before the first run. */
type Before = BindingReport & { kind: string; id: string; running: boolean };

/** Puts back what setup changed, byte for byte. Fills the report, throws SetupError. */
export async function undo(context: Context): Promise<void> {
  const { host, options, store, report } = context;
  if (options.dryRun) {
    tellUnfinished(store, report);
    return proceed(context);
  }
  await withLock(host, 'undo', async () => {
    await adoptUnfinished(context);
    await proceed(context);
  });
}

async function proceed(context: Context): Promise<void> {
  const { options, people, report, store } = context;
  const receipts = store
    .receipts()
    .filter(({ target }) => options.target === undefined || names(target, options.target));
  if (receipts.length === 0) return nothingToUndo(context);
  const found = await findInstallations(context.host, options);
  report.installations = found.map((one) =>
    installationReport(
      one,
      receipts.some(({ target }) => target === one.target),
      undefined,
    ),
  );
  const returns: Return[] = [];
  for (const receipt of receipts)
    returns.push(
      await planReturn(
        context,
        receipt,
        found.find(({ target }) => target === receipt.target),
      ),
    );
  report.before = observed(context, returns[0]);
  report.after = report.before;
  report.wanted.ollamaHost = receipts[0]?.wanted ?? report.wanted.ollamaHost;
  report.steps = (await Promise.all(returns.map(({ plan }) => stepsOf(context.host, plan)))).flat();
  sayPlan(people, report);
  sayWarnings(people, report);
  if (options.dryRun) {
    report.outcome = 'planned';
    report.exitCode = EXIT.ok;
    return people.say('Nothing was changed.');
  }
  if (!options.yes) await consentToUndo(context.host, 'Put this back?');
  if (returns.some(({ plan }) => needsRoot(context, plan))) await context.ensureRoot();
  for (const one of returns) await goBack(context, one);
  report.outcome = 'changed';
  report.changed = true;
  report.exitCode = EXIT.ok;
  people.say();
  people.say(`Put back. Ollama listens on ${printListeners(report.after)}.`);
}

function names(target: string, wanted: string): boolean {
  return (
    target === wanted || target.split(':')[0] === wanted || target.endsWith(`/${wanted.split(':').slice(1).join(':')}`)
  );
}

function needsRoot({ host }: Context, plan: Plan): boolean {
  return (
    host.user.uid !== 0 &&
    [...plan.changes, ...plan.activate].some((step) => 'identity' in step && step.identity === 'root')
  );
}

function observed({ host }: Context, one: Return | undefined): BindingReport {
  if (!one?.installation) return bindingReport(NO_BINDING);
  return bindingReport(bindingOf(host, one.installation.state, [parseHost(one.receipt.wanted).port]));
}

/** Without a receipt there is nothing that this program could take back; root's is not a user's to read. */
function nothingToUndo({ host, options, people, report, store }: Context): void {
  const roots = '/var/lib/stigmer-setup-ollama';
  if (store.dir !== roots && host.files.stat(roots) && options.target === undefined) {
    throw new SetupError(
      'receipt-of-root',
      EXIT.rights,
      "Setup was run as root on this host, so its receipt is root's.",
      {
        meaning: 'Nothing was changed.',
        remedy: 'sudo npx stigmer-setup-ollama undo',
      },
    );
  }
  report.outcome = 'unchanged';
  report.exitCode = EXIT.ok;
  people.say('Nothing to undo: no change of this program is on record here.');
}

async function planReturn(context: Context, receipt: Receipt, installation: Installation | undefined): Promise<Return> {
  const { host, options } = context;
  const changes: Change[] = [];
  for (const { change, ours } of [...receipt.entries].reverse()) {
    const reversal = await reversalOf(host, change, ours);
    if (reversal.kind === 'change') changes.push(reversal.change);
    if (reversal.kind === 'edited') changes.push(await editedSince(context, change, reversal));
  }
  const gone = installation === undefined;
  const back =
    host.root === undefined && options.restart && !gone && !isAsBefore(context, receipt, installation, changes);
  const activate = back ? receipt.deactivate : [];
  return { receipt, installation, plan: { target: receipt.target, changes, activate, deactivate: activate } };
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
  people.insist(`${original.path} was edited after setup wrote it:`);
  people.insist(diff.trimEnd());
  if (reversal.change === undefined) {
    throw new SetupError(
      'edited-since',
      EXIT.cannotChange,
      `${original.path} was edited by hand, our line in it too, so it is not ours to take out.`,
      {
        meaning: 'Nothing was changed.',
        remedy:
          original.from === null ? `sudo rm ${original.path}   # then run undo again` : `sudoedit ${original.path}`,
      },
    );
  }
  if (!options.yes && !options.dryRun && !host.terminal.stdin) {
    throw new SetupError('edited-since', EXIT.usage, `${original.path} was edited by hand since setup wrote it.`, {
      meaning: 'Nothing was changed. With --yes only the line of this program is taken out, and the edit stays.',
      remedy: 'npx stigmer-setup-ollama undo --yes',
    });
  }
  report.warnings.push({
    code: 'edited-since',
    message: `${original.path} was edited after setup: only our line is taken out, the rest stays.`,
  });
  return reversal.change;
}

/** True when an earlier undo was cut short after its work, or nothing had been done: then nothing needs a restart. */
function isAsBefore({ host }: Context, receipt: Receipt, installation: Installation, changes: Change[]): boolean {
  const before = receipt.before as Before;
  const now = bindingOf(
    host,
    installation.state,
    before.listeners.map(({ port }) => port),
  );
  return changes.length === 0 && now.scope === before.scope && before.running === installation.state.pids.length > 0;
}

async function goBack(context: Context, { receipt, plan, installation }: Return): Promise<void> {
  const { host, options, people, report, store } = context;
  const journal: Journal = {
    journalVersion: 1,
    run: `stigmer-${host.pid}`,
    operation: 'undo',
    startedAt: new Date(host.now()).toISOString(),
    tool: __VERSION__,
    plan,
    before: receipt.before,
    wanted: receipt.wanted,
  };
  const onStep = (event: StepEvent) => {
    const step = report.steps.find(({ id }) => id === event.id);
    if (step && event.status !== 'begun') step.status = event.status;
    sayStep(people, event);
  };
  const verify = async () => {
    if (installation && plan.activate.length > 0) await verifyOld(context, receipt, installation);
  };
  const outcome = await transact({
    host,
    store,
    journal,
    activate: options.restart,
    // The originals are back; that Ollama is slow to start with them is no reason to take them away again.
    keepOnFailure: true,
    onStep,
    verify,
    verifyOld: async () => {},
  });
  if (outcome.kind !== 'committed') throw failureOf(outcome, report, options);
}

/** Waits until Ollama listens as it did before the first setup. Throws SetupError exit 7 when it does not in time. */
async function verifyOld(
  { host, options, report }: Context,
  receipt: Receipt,
  installation: Installation,
): Promise<void> {
  const before = receipt.before as Before;
  const deadline = host.now() + options.timeout;
  const old = installation.value;
  for (let pause = 2; ; pause = Math.min(pause * 1.4, 100)) {
    const state = await installation.observe();
    const binding = bindingOf(host, state, [...before.listeners.map(({ port }) => port), parseHost(undefined).port]);
    report.after = bindingReport(binding);
    if (binding.scope === before.scope) return;
    if (host.now() > deadline) {
      const now = scopeOf(parseHost(old));
      throw new SetupError(
        'old-binding-not-back',
        EXIT.notUp,
        `The files are as they were, but Ollama listens on ${printListeners(report.after)}.`,
        {
          meaning: `Before setup it was ${before.scope}; its configuration now asks for ${now}.`,
          remedy:
            installation.kind === 'systemd' ? `systemctl status ${installation.id}` : 'look at the output of Ollama',
        },
      );
    }
    await host.sleep(pause, host.interrupted);
    if (host.interrupted.aborted) return;
  }
}
