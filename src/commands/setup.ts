import { runName } from '../actions/file.ts';
import { type Binding, bindingOf, matches } from '../checks/binding.ts';
import type { Check } from '../checks/check.ts';
import type { Findings } from '../checks/container.ts';
import type { Verified } from '../checks/verify.ts';
import type { Plan } from '../engine/plan.ts';
import type { Journal } from '../engine/store.ts';
import { checkInterrupted, type StepEvent, transact } from '../engine/transaction.ts';
import type { Installation } from '../rooms/room.ts';
import { accessFor, proveFilter } from './allow.ts';
import { askEarly, describeBefore, type Run } from './before.ts';
import { planned, succeed, unchanged } from './closing.ts';
import { consentToStart, pickInstallation } from './consent.ts';
import { askAfter, askBefore, checkNoneLost, notNeeded, unreached } from './container.ts';
import type { Context } from './context.ts';
import { type Draft, decide } from './draft.ts';
import { failureOf } from './failure.ts';
import { askLive, tellSteps, verifyLive } from './live.ts';
import { adoptUnfinished, tellUnfinished, withLock } from './recovery.ts';
import { bindingReport, installationReport, type Report } from './report.ts';
import { findInstallations, needsTarget, refused, selectInstallation } from './scene.ts';
import { readWanted } from './wanted.ts';

/** Makes Ollama listen as wanted: find, plan, ask, apply, restart, verify, else roll back. Fills the report, throws SetupError. */
export async function setup(context: Context): Promise<void> {
  const { host, options, store, report } = context;
  const { value: wanted, canonical } = readWanted(options.host);
  report.wanted.ollamaHost = canonical;
  const run: Run = { ...context, wanted, canonical, allowed: options.allow !== undefined };
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
  const { host, options, report } = run;
  const early = askEarly(run);
  const found = await findInstallations(host, options);
  report.installations = found.map((one) => installationReport(one, false, undefined));
  const installation = selectInstallation(found, options.target, host.platform) ?? (await chooseOne(run, found));
  const access = await accessFor(run, installation);
  const { before, answer } = await describeBefore(run, found, installation, early, access);
  const bound = matches(before, run.wanted);
  const earlier = options.ifNeeded && !bound ? await askBefore(run, installation, before) : undefined;
  if (earlier && earlier.reached.length > 0 && earlier.failed.length === 0) return notNeeded(run, earlier);
  if (installation.refusal) throw refused(installation.refusal);
  const start = await wantsStart(run, installation);
  const draft = await decide(run, { installation, access, before, earlier, start });
  if (!draft) return unchanged(run, installation, bound ? { before, answer } : undefined);
  if (options.dryRun || options.check) return planned(run);
  if (installation.needsRoot) await run.ensureRoot();
  await apply(run, draft);
}

async function chooseOne(run: Run, found: Installation[]): Promise<Installation> {
  const { host, options } = run;
  if (options.yes || options.dryRun || options.check || !host.terminal.stdin) throw needsTarget(found);
  return pickInstallation(run, found);
}

/** A stopped service is started only when the user says so, by --yes or at the prompt. */
async function wantsStart(run: Run, installation: Installation): Promise<boolean> {
  const { host, options } = run;
  if (!options.restart || installation.startedByUser || !['stopped', 'failed'].includes(installation.state.phase))
    return false;
  if (options.yes || options.dryRun || options.check) return true;
  return host.terminal.stdin ? consentToStart(run, installation) : false;
}

async function apply(run: Run, { installation, plan, before, earlier, access }: Draft): Promise<void> {
  const { host, options, report, store } = run;
  const journal = newJournal(run, installation, plan, before);
  const tell = tellSteps(run);
  const onStep = (event: StepEvent) => {
    markStep(report, event);
    tell(event);
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
      verified = await verifyLive(run, installation);
      filter = await proveFilter(run, installation, access.allow);
      findings = await askLive(run, () => askAfter(run, installation, verified!, earlier));
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
  await succeed(run, installation, restarts, findings);
  if (error) throw error;
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
