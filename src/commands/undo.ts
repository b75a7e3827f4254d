import { runName } from '../actions/file.ts';
import { bindingOf, matches } from '../checks/binding.ts';
import type { Plan } from '../engine/plan.ts';
import type { Journal, Receipt } from '../engine/store.ts';
import { type StepEvent, transact } from '../engine/transaction.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { accounts } from '../launchd/accounts.ts';
import { parseHost, scopeOf } from '../ollama/host-value.ts';
import type { Installation } from '../rooms/room.ts';
import { passwd } from '../rooms/systemd/manager.ts';
import { printListeners, sayPlan, sayWarnings } from '../ui/people.ts';
import { stepsOf } from '../ui/steps.ts';
import { adopted } from './adopt.ts';
import { consentToUndo } from './consent.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';
import { tellSteps } from './live.ts';
import { adoptUnfinished, tellUnfinished, withLock } from './recovery.ts';
import { type BindingReport, bindingReport, installationReport, NO_BINDING } from './report.ts';
import { findInstallations, homeStateDir, selectInstallation } from './scene.ts';
import { type Before, planReturn, type Return, takesRootToLook } from './undo-plan.ts';

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
  const meant = ({ target }: { target: string }) => options.target === undefined || names(target, options.target);
  let receipts = store.receipts().filter(meant);
  const found = await findInstallations(context.host, options);
  if (receipts.length === 0) {
    if (found.length > 0) selectInstallation(found, options.target); // a name that means nothing here is no success
    await refuseForeign(context);
    if (!hasReceiptOfUser(context.host))
      receipts = (await Promise.all(found.filter(meant).map((one) => adopted(context, one)))).flat();
    if (receipts.length === 0) return nothingToUndo(context);
  }
  report.installations = found.map((one) =>
    installationReport(
      one,
      receipts.some(({ target }) => target === one.target),
      undefined,
    ),
  );
  if (receipts.some(takesRootToLook)) await context.ensureRoot();
  const returns: Return[] = [];
  for (const receipt of receipts)
    returns.push(
      await planReturn(
        context,
        receipt,
        found.find(({ target }) => target === receipt.target),
      ),
    );
  report.before = await observed(context, returns[0]);
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
  if (!options.yes) await consentToUndo(context, 'Put this back?');
  if (returns.some(({ plan }) => needsRoot(context, plan))) await context.ensureRoot();
  for (const one of returns) await goBack(context, one);
  report.outcome = 'changed';
  report.changed = true;
  report.exitCode = EXIT.ok;
  people.say();
  const told = options.restart && report.after.listeners.length > 0;
  const then = told ? `Ollama listens on ${printListeners(report.after)}` : 'It holds when Ollama is started next';
  people.say(`Put back. ${then}.`);
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

async function observed({ host }: Context, one: Return | undefined): Promise<BindingReport> {
  if (!one?.installation) return bindingReport(NO_BINDING);
  return bindingReport(await bindingOf(host, one.installation.state, [parseHost(one.receipt.wanted).port]));
}

/** Root's receipt is not a user's to read, nor a user's for root to act on. */
async function refuseForeign({ host, options, store }: Context): Promise<void> {
  const roots = '/var/lib/stigmer-setup-ollama';
  if (store.dir !== roots && host.files.stat(roots) && !options.target?.startsWith('systemd-user')) {
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
  const caller = await callerWithReceipt(host);
  if (store.dir === roots && caller && options.target === undefined) {
    const message = `Setup was run by ${caller} on this host, so the receipt is in that home.`;
    throw new SetupError('receipt-of-user', EXIT.rights, message, {
      meaning: 'Nothing was changed. Root does not act on a file that a user can write.',
      remedy: 'npx stigmer-setup-ollama undo   # without sudo',
    });
  }
}

/** Without a receipt, and without anything that an export has left, there is nothing that this program could take back. */
function nothingToUndo({ people, report }: Context): void {
  report.outcome = 'unchanged';
  report.exitCode = EXIT.ok;
  people.say('Nothing to undo: no change of this program is on record here.');
}

/** The user who called sudo, when setup was run by that user and not by root. */
async function callerWithReceipt(host: Host): Promise<string | undefined> {
  const uid = Number(host.env.SUDO_UID || Number.NaN);
  if (host.root !== undefined || Number.isNaN(uid)) return undefined;
  const known = host.platform === 'darwin' ? await accounts(host) : passwd(host);
  const caller = known.find((account) => account.uid === uid);
  const receipts = `${caller && homeStateDir(host.platform, caller.home)}/receipts`;
  return caller && host.files.list(receipts).length > 0 ? caller.name : undefined;
}

/** What some user's setup has made looks like what an export has made, and is that user's to take back. */
function hasReceiptOfUser(host: Host): boolean {
  return passwd(host).some(({ home }) => host.files.list(`${homeStateDir(host.platform, home)}/receipts`).length > 0);
}

function touchesService({ activate }: Plan): boolean {
  return activate.some(({ id }) => id === 'restart' || id === 'stop');
}

async function goBack(context: Context, { receipt, plan, installation }: Return): Promise<void> {
  const { host, options, report, store } = context;
  const journal: Journal = {
    journalVersion: 1,
    run: runName(host),
    operation: 'undo',
    startedAt: new Date(host.now()).toISOString(),
    tool: __VERSION__,
    plan,
    before: receipt.before,
    wanted: receipt.wanted,
  };
  const tell = tellSteps(context);
  const onStep = (event: StepEvent) => {
    const step = report.steps.find(({ id }) => id === event.id);
    if (step && event.status !== 'begun') step.status = event.status;
    tell(event);
  };
  const verify = async () => {
    if (!installation || !touchesService(plan)) return;
    const step = { id: 'wait', title: 'Wait for Ollama to listen as it did before' };
    const since = host.now();
    tell({ ...step, status: 'begun', elapsed: 0 });
    const end = (status: StepEvent['status']) => tell({ ...step, status, elapsed: host.now() - since });
    await verifyOld(context, receipt, installation).then(
      () => end('done'),
      (error) => {
        end('failed');
        throw error;
      },
    );
  };
  const outcome = await transact({
    host,
    store,
    journal,
    // Without a restart there are only those acts that do nothing to the service.
    activate: true,
    // The originals are back; that Ollama is slow to start with them is no reason to take them away again.
    keepOnFailure: true,
    onStep,
    verify,
    verifyOld: async () => {},
  });
  if (outcome.kind !== 'committed') throw failureOf(outcome, report, options);
}

/**
 * Waits until Ollama listens as it did before the first setup, or as the restored configuration asks for: the two differ
 * where that was edited before setup without a restart. Throws SetupError exit 7 when it does not in time.
 */
async function verifyOld(
  { host, options, report }: Context,
  receipt: Receipt,
  installation: Installation,
): Promise<void> {
  const before = receipt.before as Before;
  const deadline = host.now() + options.timeout;
  const restored = (await findInstallations(host, options)).find(({ target }) => target === receipt.target);
  const old = parseHost(restored?.value);
  for (let pause = 2; ; pause = Math.min(pause * 1.4, 100)) {
    const state = await installation.observe();
    const binding = await bindingOf(host, state, [
      ...before.listeners.map(({ port }) => port),
      parseHost(undefined).port,
    ]);
    report.after = bindingReport(binding);
    if (binding.scope === before.scope || matches(binding, old)) return;
    if (host.now() > deadline) {
      throw new SetupError(
        'old-binding-not-back',
        EXIT.notUp,
        `The files are as they were, but Ollama listens on ${printListeners(report.after)}.`,
        {
          meaning: `Before setup it was ${before.scope}; its configuration now asks for ${scopeOf(old)}.`,
          remedy:
            installation.logCommand ??
            (installation.kind === 'systemd' ? `systemctl status ${installation.id}` : 'look at the output of Ollama'),
        },
      );
    }
    await host.sleep(pause, host.interrupted);
    if (host.interrupted.aborted) return;
  }
}
