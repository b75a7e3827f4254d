import type { Binding } from '../checks/binding.ts';
import { matches } from '../checks/binding.ts';
import type { Findings } from '../checks/container.ts';
import { isEmpty, type Plan } from '../engine/plan.ts';
import { checkInterrupted } from '../engine/transaction.ts';
import { type Installation, isRefusal, type PlanRequest } from '../rooms/room.ts';
import { sayExposure, sayPlan, sayWarnings } from '../ui/people.ts';
import { stepsOf } from '../ui/steps.ts';
import { type Access, accessFor } from './allow.ts';
import { type Run, tellExposure, warnOfInterruption } from './before.ts';
import { consentToSetup } from './consent.ts';
import { askBefore, warnOfNoNeed } from './container.ts';
import { examineFirewalls, warnOfOrigins } from './exposure.ts';
import { openings } from './firewall.ts';
import { UNFINISHED } from './recovery.ts';
import { refused } from './scene.ts';

/** What a plan is made for. */
interface Subject {
  installation: Installation;
  access: Access;
  before: Binding;
  /** What containers saw before anything is opened, where they were asked. */
  earlier: Findings | undefined;
  /** Whether a stopped service is to be started. */
  start: boolean;
}

/** A plan with all that is said of it. */
export interface Draft extends Subject {
  plan: Plan;
  /** Whether a model is in memory, where Ollama told. */
  loaded: boolean | undefined;
}

/**
 * Plans, shows and asks, as often as another choice is made.
 * @returns undefined where there is nothing to do
 * @throws SetupError where it cannot be done, or is not wanted
 */
export async function decide(first: Run, subject: Subject): Promise<Draft | undefined> {
  const { options, report } = first;
  const told = report.warnings.filter(({ code }) => code !== 'public-address');
  let run = first;
  let { access, earlier } = subject;
  for (;;) {
    const draft = await draftOf(run, { ...subject, access, earlier });
    if (!draft) return undefined;
    await show(run, draft);
    if (options.dryRun || options.check || options.yes) return draft;
    const allow = await consentToSetup(run, draft);
    if (allow === undefined) return draft;
    run = { ...run, options: { ...options, allow } };
    access = await accessFor(run, subject.installation);
    earlier = draft.earlier;
    report.warnings = [...told];
    await tellExposure(run, access);
  }
}

async function draftOf(run: Run, subject: Subject): Promise<Draft | undefined> {
  const { host, options, report } = run;
  const { installation, before } = subject;
  const plan = await installation.plan(requestFor(run, subject));
  if (isRefusal(plan)) throw refused(plan);
  plan.changes.push(...(await openings(run)));
  if (isEmpty(plan)) return undefined;
  report.warnings.push(...((await installation.consequences?.(run.canonical)) ?? []));
  const proves = options.restart && !options.dryRun && !options.check;
  const [steps, earlier, loaded] = await Promise.all([
    stepsOf(host, plan),
    subject.earlier ?? (proves ? askBefore(run, installation, before) : undefined),
    warnOfInterruption(run, plan, before),
    examineFirewalls(run),
    warnOfOrigins(host, report),
  ]);
  report.steps = steps;
  checkInterrupted(host);
  warnOfNoNeed(run, before, earlier);
  return { ...subject, plan, earlier, loaded };
}

async function show(run: Run, draft: Draft): Promise<void> {
  const { options, people, report } = run;
  sayPlan(people, report);
  if (!options.yes && !people.quiet) {
    const { sayTerms } = await import('./terms.ts');
    sayTerms(run, draft);
  }
  sayExposure(people, report);
  sayWarnings(people, report);
}

function requestFor(run: Run, { installation, access, before, start }: Subject): PlanRequest {
  const { options, canonical, report } = run;
  const { allow, interfaces } = access;
  // A filter that is in force without its files, or the other way round, is root's alone to see.
  const looks =
    options.allow !== undefined || allow !== 'any' || report.warnings.some(({ code }) => code === UNFINISHED);
  const root = looks && installation.filter ? run.root() : undefined;
  const bound = matches(before, run.wanted);
  return { wanted: canonical, start, restart: options.restart, bound, allow, interfaces, root };
}
