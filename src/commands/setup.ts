import { runName } from '../actions/file.ts';
import { type Binding, bindingOf, matches } from '../checks/binding.ts';
import type { Check } from '../checks/check.ts';
import type { Findings } from '../checks/container.ts';
import { proveBound, type Verified, verify } from '../checks/verify.ts';
import { isEmpty, type Plan } from '../engine/plan.ts';
import type { Journal } from '../engine/store.ts';
import { checkInterrupted, type StepEvent, transact } from '../engine/transaction.ts';
import { EXIT } from '../errors.ts';
import { type Allow, type Installation, isRefusal, type PlanRequest } from '../rooms/room.ts';
import { printListeners, sayCheck, sayExposure, sayPlan, sayStep, sayWarnings } from '../ui/people.ts';
import { stepsOf } from '../ui/steps.ts';
import { type Access, accessFor, proveFilter } from './allow.ts';
import { askEarly, describeBefore, type Run, type Seen, warnOfInterruption } from './before.ts';
import { consentToSetup, consentToStart, pickInstallation } from './consent.ts';
import { askAfter, askBefore, checkNoneLost, checkUnchanged, notNeeded, unreached, warnOfNoNeed } from './container.ts';
import type { Context } from './context.ts';
import { failureOf } from './failure.ts';
import { openings } from './firewall.ts';
import { adoptUnfinished, tellUnfinished, UNFINISHED, withLock } from './recovery.ts';
import { bindingReport, installationReport, type Report } from './report.ts';
import { findInstallations, needsTarget, refused, selectInstallation } from './scene.ts';
import { readWanted } from './wanted.ts';

/** Makes Ollama listen as wanted: find, plan, ask, apply, restart, verify, else roll back. Fills the report, throws SetupError. */
export async function setup(context: Context): Promise<void> {
  const { host, options, store, report } = context;
  const { value: wanted, canonical } = readWanted(options.host);
  report.wanted.ollamaHost = canonical;
  const run: Run = { ...context, wanted, canonical };
  if (options.dryRun || options.check) {
    tellUnfinished(store, report);
    return proceed(run);
  }
  await withLock(host, 'setup', async () => {
    await adoptUnfinished(context);
    await proceed(run);
  });
}

async function proceed(run: Run): Promise<void> {
  const { host, options, people, report } = run;
  const early = askEarly(run);
  const found = await findInstallations(host, options);
  report.installations = found.map((one) => installationReport(one, false, undefined));
  const installation = selectInstallation(found, options.target, host.platform) ?? (await chooseOne(run, found));
  const access = await accessFor(run, installation);
  const { before, answer } = await describeBefore(run, found, installation, early, access);
  const bound = matches(before, run.wanted);
  let earlier = options.ifNeeded && !bound ? await askBefore(run, installation, before) : undefined;
  if (earlier && earlier.reached.length > 0 && earlier.failed.length === 0) return notNeeded(run, earlier);
  if (installation.refusal) throw refused(installation.refusal);
  const plan = await installation.plan(await requestFor(run, installation, access, bound));
  if (isRefusal(plan)) throw refused(plan);
  plan.changes.push(...(await openings(run)));
  if (isEmpty(plan)) return unchanged(run, installation, bound ? { before, answer } : undefined);
  report.warnings.push(...((await installation.consequences?.(run.canonical)) ?? []));
  const proves = options.restart && !options.dryRun && !options.check;
  [report.steps, earlier] = await Promise.all([
    stepsOf(host, plan),
    earlier ?? (proves ? askBefore(run, installation, before) : undefined),
    warnOfInterruption(run, plan, before),
  ]);
  checkInterrupted(host);
  warnOfNoNeed(run, before, earlier);
  sayPlan(people, report);
  sayExposure(people, report);
  sayWarnings(people, report);
  if (options.dryRun || options.check) return planned(run);
  if (!options.yes) await consentToSetup(host, report);
  if (installation.needsRoot) await run.ensureRoot();
  await apply(run, installation, plan, { before, earlier, allow: access.allow });
}

async function requestFor(
  run: Run,
  installation: Installation,
  { allow, interfaces }: Access,
  bound: boolean,
): Promise<PlanRequest> {
  const { options, canonical, report } = run;
  const start = await wantsStart(run, installation);
  // A filter that is in force without its files, or the other way round, is root's alone to see.
  const looks =
    options.allow !== undefined || allow !== 'any' || report.warnings.some(({ code }) => code === UNFINISHED);
  const root = looks && installation.filter ? run.root() : undefined;
  return { wanted: canonical, start, restart: options.restart, bound, allow, interfaces, root };
}

async function chooseOne(run: Run, found: Installation[]): Promise<Installation> {
  const { host, options } = run;
  if (options.yes || options.dryRun || options.check || !host.terminal.stdin) throw needsTarget(found);
  return pickInstallation(host, found);
}

/** A stopped service is started only when the user says so, by --yes or at the prompt. */
async function wantsStart(run: Run, installation: Installation): Promise<boolean> {
  const { host, options } = run;
  if (!options.restart || installation.startedByUser || !['stopped', 'failed'].includes(installation.state.phase))
    return false;
  if (options.yes || options.dryRun || options.check) return true;
  return host.terminal.stdin ? consentToStart(host, installation) : false;
}

/** Nothing to do: the wanted state holds, or there is nothing that may be done about the rest. */
async function unchanged(run: Run, installation: Installation, bound: Seen | undefined): Promise<void> {
  const { host, report, people, store, wanted } = run;
  report.outcome = 'unchanged';
  report.exitCode = EXIT.ok;
  report.receipt = store.receipt(installation.target) ? store.receiptPath(installation.target) : null;
  if (bound) {
    const answer = bound.answer && !('failure' in bound.answer) ? { answer: bound.answer } : {};
    const options = { wanted, timeout: 1, onWait: () => {}, ...answer };
    const { checks } = await proveBound(host, installation, bound.before, options);
    report.checks.push(...checks);
  }
  sayWarnings(people, report);
  const state = bound
    ? `listens on ${printListeners(report.after)} already`
    : 'is configured already, and is not running';
  people.say(`${people.colors.green('✓')} Nothing to do: Ollama ${state}.`);
  if (bound && run.options.restart) await checkUnchanged(run, installation, bound.before);
}

function planned({ options, report, people }: Run): void {
  report.outcome = 'planned';
  report.exitCode = options.check ? EXIT.wouldChange : EXIT.ok;
  people.say();
  people.say('Nothing was changed.');
}

async function apply(
  run: Run,
  installation: Installation,
  plan: Plan,
  { before, earlier, allow }: { before: Binding; earlier: Findings | undefined; allow: Allow },
): Promise<void> {
  const { host, options, people, report, store } = run;
  const journal = newJournal(run, installation, plan, before);
  const onStep = (event: StepEvent) => {
    markStep(report, event);
    sayStep(people, event);
  };
  const restarts = plan.activate.some(({ id }) => id === 'restart' || id === 'start');
  let verified: Verified | undefined;
  let findings: Findings | undefined;
  let filter: Check[] = [];
  const outcome = await transact({
    host,
    store,
    journal,
    activate: options.restart || plan.activate.every(({ id }) => id === 'daemon-reload'),
    keepOnFailure: options.keepOnFailure,
    onStep,
    verify: async () => {
      if (!options.restart || !(restarts || matches(before, run.wanted))) return;
      verified = await verifyRun(run, installation);
      filter = await proveFilter(run, installation, allow);
      findings = await askAfter(run, installation, verified, earlier);
      checkInterrupted(host);
      if (findings) checkNoneLost(earlier, findings, report);
    },
    verifyOld: () => verifyOld(run, installation),
  });
  if (verified) {
    report.after = bindingReport(verified.binding);
    report.checks.push(...verified.checks, ...filter, ...(findings?.checks ?? []));
    const selected = report.installations.find((one) => one.selected);
    if (selected) Object.assign(selected, { version: verified.version ?? selected.version, running: true });
  }
  if (outcome.kind !== 'committed') {
    if (outcome.kind === 'kept') report.changed = true;
    throw failureOf(outcome, report, options);
  }
  const error = findings && unreached(findings);
  await succeed(run, installation, restarts, error === undefined);
  if (error) throw error;
}

async function succeed(run: Run, installation: Installation, restarts: boolean, reached: boolean): Promise<void> {
  const { people, report, store } = run;
  const selected = report.installations.find((one) => one.selected);
  if (selected) selected.settings = await installation.reread();
  report.outcome = 'changed';
  report.changed = true;
  report.exitCode = EXIT.ok;
  report.receipt = store.receipt(installation.target) ? store.receiptPath(installation.target) : null;
  for (const check of report.checks) if (check.cause !== 'not-asked') sayCheck(people, check);
  people.say();
  if (restarts) {
    people.say(`before  ${printListeners(report.before)}`);
    people.say(`after   ${printListeners(report.after)}`);
    if (reached) people.say(`From a container: http://host.docker.internal:${run.wanted.port}`);
  } else {
    // Checks are made only of what runs: then it listens so already, and the file is for the next start.
    const when = report.checks.length > 0 ? 'Ollama listens so already, and will' : 'it takes effect';
    people.say(`The configuration is written; ${when} when it is started next.`);
  }
  if (report.receipt) people.say('Take it back with: npx stigmer-setup-ollama undo');
}

function newJournal(run: Run, installation: Installation, plan: Plan, before: Binding): Journal {
  const { host, canonical } = run;
  const { kind, id, state } = installation;
  return {
    journalVersion: 1,
    run: runName(host),
    operation: 'setup',
    startedAt: new Date(host.now()).toISOString(),
    tool: __VERSION__,
    plan,
    before: { kind, id, running: state.pids.length > 0, ...bindingReport(before) },
    wanted: canonical,
  };
}

function verifyRun(run: Run, installation: Installation): Promise<Verified> {
  const { host, options, people, wanted } = run;
  const onWait = (what: 'port' | 'http', elapsed: number) => {
    const text =
      what === 'port' ? 'Waiting for Ollama to open its port' : 'The port is open; waiting for Ollama to answer';
    if (elapsed > 300) people.pending(`… ${text} (${Math.round(elapsed / 1000)} s)`);
  };
  return verify(host, installation, { wanted, timeout: options.timeout, onWait });
}

/** After a roll-back: waits a moment for the old service, so that what is said about it is true. */
async function verifyOld(run: Run, installation: Installation): Promise<void> {
  const { host, report } = run;
  const ports = report.before.listeners.map(({ port }) => port);
  const deadline = host.now() + 10_000;
  for (;;) {
    const state = await installation.observe();
    const binding = await bindingOf(host, state, ports);
    report.after = bindingReport(binding);
    if (binding.scope === report.before.scope || host.now() > deadline) return;
    await host.sleep(50);
  }
}

function markStep(report: Report, { id, status }: StepEvent): void {
  const step = report.steps.find((candidate) => candidate.id === id);
  if (step && status !== 'begun') step.status = status;
}
