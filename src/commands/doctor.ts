import { baseOf, bindingOf, matches } from '../checks/binding.ts';
import type { Check } from '../checks/check.ts';
import type { Findings } from '../checks/container.ts';
import { listeningElsewhere, notListening } from '../checks/listener.ts';
import { nameRoots } from '../checks/root-cause.ts';
import { verify } from '../checks/verify.ts';
import { checkInterrupted } from '../engine/transaction.ts';
import { EXIT } from '../errors.ts';
import { version } from '../ollama/api.ts';
import { type HostValue, listenAddress, parseHost } from '../ollama/host-value.ts';
import { reachableAddresses } from '../probes/addresses.ts';
import type { Installation, Warning } from '../rooms/room.ts';
import { type People, sayCheck, sayExposure, sayFound } from '../ui/people.ts';
import { askContainers, isForContainers, notAsked } from './container.ts';
import type { Context } from './context.ts';
import { warnOfOrigins } from './exposure.ts';
import { explain } from './failure.ts';
import { pictureOf } from './picture.ts';
import { tellUnfinished } from './recovery.ts';
import { bindingReport, exposureNow, installationReport, tellPlatform } from './report.ts';
import { findInstallations, selectInstallation } from './scene.ts';
import { readWanted } from './wanted.ts';

/** Holds this host against the wanted value and names what is wrong. Changes nothing, needs no root. */
export async function doctor(context: Context): Promise<void> {
  const { host, options, report, store } = context;
  const { value: wanted, canonical } = readWanted(options.host);
  report.wanted.ollamaHost = canonical;
  report.exposure.addresses = reachableAddresses(host);
  tellUnfinished(store, report);
  const [found] = await Promise.all([findInstallations(host, options), tellPlatform(host, report)]);
  const selected = selectInstallation(found, options.target, host.platform);
  const subjects = selected ? [selected] : found;
  report.installations = found.map((one) => installationReport(one, subjects.includes(one), undefined));
  const bound = await lookAtBindings(context, subjects, wanted);
  report.exposure = exposureNow(report);
  const [findings, gates, ...examined] = await Promise.all([
    examineContainers(context, subjects[0], wanted),
    lookAtFirewalls(context, subjects[0], wanted),
    ...subjects.map((one) => examine(context, one, wanted)),
    onWindows(context, wanted, bound),
    warnOfOrigins(host, report),
  ]);
  checkInterrupted(host);
  leaveAside(subjects, examined);
  report.checks = nameRoots(inOrder([...findings.checks, ...(await gates(findings)), ...examined.flat()]));
  await completeRemedies(report.checks);
  forgive(report.checks, findings, report.before.scope);
  const sick = report.checks.some(({ status }) => status === 'fail');
  report.outcome = sick ? 'unhealthy' : 'healthy';
  report.exitCode = sick ? EXIT.wouldChange : EXIT.ok;
  await say(context, findings);
}

/**
 * Where one of several servers listens as wanted, others that do not run, or that run elsewhere, are nobody's trouble; that
 * the one that answers is not the service's is.
 */
function leaveAside(subjects: readonly Installation[], examined: readonly Check[][]): void {
  const of = (index: number, status: Check['status']) =>
    examined[index]?.find((one) => one.id === 'listener' && one.status === status);
  if (!subjects.some((_, index) => of(index, 'pass'))) return;
  for (const [index, { state }] of subjects.entries()) {
    const failed = of(index, 'fail');
    if (failed === undefined || (state.phase !== 'running' && state.phase !== 'stopped')) continue;
    const byHand = failed.cause === 'sd-manual-serve-bypasses-unit';
    for (const check of examined[index] ?? []) if (check.status !== 'pass') check.status = byHand ? 'warn' : 'skip';
  }
}

/** The way that a request takes, from the container to the server; what is set, and by whom, comes last. */
const ORDER = ['container', 'firewall', 'filter', 'exposure', 'listener', 'http', 'environment', 'configuration'];

function inOrder(checks: Check[]): Check[] {
  const place = ({ id }: Check) => (ORDER.indexOf(id) + ORDER.length) % ORDER.length;
  return checks.sort((a, b) => place(a) - place(b));
}

/** Where they listen now: of several that are examined, the report is of one that does. */
async function lookAtBindings({ host, report }: Context, subjects: Installation[], wanted: HostValue) {
  for (const { state, value, examine: other } of subjects) {
    if (other) continue;
    const binding = await bindingOf(host, state, [wanted.port, parseHost(value).port]);
    if (binding.scope !== 'none' && report.before.scope === 'none') report.before = bindingReport(binding);
  }
  report.after = report.before;
  return report.before.scope !== 'none';
}

/** From inside of containers, where somebody listens whom they could reach. */
async function examineContainers(
  context: Context,
  subject: Installation | undefined,
  wanted: HostValue,
): Promise<Findings> {
  const { before } = context.report;
  if (!isForContainers(wanted)) return notAsked('Ollama is meant for this machine alone, so no container was asked.');
  if (subject?.examine) return notAsked('It listens out of sight of this system, so no container was asked.');
  if (before.scope === 'none') return notAsked('Nothing listens, so no container was asked.');
  return askContainers(context, subject, before, { port: wanted.port });
}

/** Who is let in, by the firewalls of this host; what that means for containers is told once they were asked. */
async function lookAtFirewalls(context: Context, subject: Installation | undefined, wanted: HostValue) {
  const { host } = context;
  if (host.platform !== 'linux' || subject?.examine || !isForContainers(wanted)) return async () => [];
  const { firewallChecks, lookAtGates } = await import('./doctor-firewall.ts');
  const gates = await lookAtGates(context, subject, wanted.port);
  return async (findings: Findings) => [...(await firewallChecks(context, gates, findings)), ...gates.checks];
}

/** A container that is answered makes a binding to loopback, or to one address, no more than a warning; to another port a client. */
function forgive(checks: Check[], { reached }: Findings, scope: string): void {
  const known = reached.some((key) => key.startsWith('container '));
  if (reached.length === 0 || (scope === 'all' && !known)) return;
  for (const check of checks) if (check.id === 'listener' && check.status === 'fail') check.status = 'warn';
}

async function examine({ host, report }: Context, installation: Installation, wanted: HostValue): Promise<Check[]> {
  if (installation.examine) return installation.examine(wanted.port);
  const binding = await bindingOf(host, installation.state, [wanted.port, parseHost(installation.value).port]);
  const told = installation.warnings.map(toldOf);
  if (binding.scope === 'none') return [...told, await notListening(host, installation, wanted)];
  const entry = report.installations.find(({ id, kind }) => id === installation.id && kind === installation.kind);
  if (!matches(binding, wanted)) {
    const answer = await version(host, baseOf(binding), 2000);
    if (entry && !('failure' in answer)) entry.version = answer.version;
    return [...told, await listeningElsewhere(host, installation, binding, wanted)];
  }
  try {
    const proof = await verify(host, installation, { wanted, timeout: 2000, onWait: () => {} });
    if (entry) entry.version = proof.version ?? null;
    const fleeting = installation.refusal ? undefined : await installation.fleeting?.(listenAddress(wanted));
    return [...told, ...(fleeting ? [toldOf(fleeting)] : []), ...proof.checks];
  } catch (error) {
    const { message, remedy } = explain(error);
    const cause = 'server-not-running-or-crash-loop';
    return [...told, { id: 'listener', status: 'fail', cause, summary: message, remedy }];
  }
}

function toldOf({ code, message, mayBe, remedy }: Warning): Check {
  const status = mayBe ? 'skip' : 'warn';
  return { id: 'configuration', status, cause: code, summary: message, ...(remedy && { remedy }) };
}

async function onWindows({ host }: Context, wanted: HostValue, bound: boolean): Promise<Check[]> {
  if (host.platform !== 'win32') return [];
  const { windowsChecks } = await import('../checks/windows.ts');
  return windowsChecks(host, wanted, bound);
}

/** What has no remedy of its own gets the one of the guide. */
async function completeRemedies(checks: readonly Check[]): Promise<void> {
  const lacking = checks.filter(({ status, cause, remedy }) => cause && !remedy && ['warn', 'fail'].includes(status));
  if (lacking.length === 0) return;
  const { explanationOf } = await import('../checks/causes.ts');
  for (const check of lacking) {
    const known = explanationOf(check.cause ?? '');
    if (known) check.remedy = known.mend;
  }
}

/** For people: what was found, the way at a glance, and each check. */
async function say({ host, options, people, report }: Context, findings: Findings): Promise<void> {
  if (options.report) {
    const { printReport } = await import('./doctor-report.ts');
    return printReport(people, host, report, pictureOf(host, report, findings));
  }
  sayFound(people, report);
  if (!people.quiet) {
    const { sayPath } = await import('../ui/say-path.ts');
    sayPath(people, host, pictureOf(host, report, findings));
  }
  for (const check of report.checks) if (check.cause !== 'not-asked') sayCheck(people, check);
  if (report.before.scope !== 'none') sayExposure(people, report, 'Who can reach it:');
  await sayMore(people, report.checks);
}

/** What each cause means, for those who have not met it before. */
async function sayMore(people: People, checks: readonly Check[]): Promise<void> {
  const named = new Set(checks.flatMap(({ status, cause }) => (status === 'fail' && cause ? [cause] : [])));
  if (named.size === 0 || people.quiet) return;
  const { explanationOf } = await import('../checks/causes.ts');
  for (const known of [...named].flatMap((cause) => explanationOf(cause) ?? [])) {
    people.say();
    people.say(`${people.colors.bold(known.title)}. ${known.means}`);
    people.say(people.colors.dim(`  ${known.entry}`));
  }
}
