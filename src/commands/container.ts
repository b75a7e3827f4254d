import type { Binding } from '../checks/binding.ts';
import type { Findings } from '../checks/container.ts';
import type { Verified } from '../checks/verify.ts';
import { EXIT, SetupError } from '../errors.ts';
import { type HostValue, scopeOf } from '../ollama/host-value.ts';
import type { Installation } from '../rooms/room.ts';
import { mark, sayCheck, sayWarnings } from '../ui/people.ts';
import type { Run } from './before.ts';
import type { Context } from './context.ts';
import type { Report } from './report.ts';

/** Asks from inside of containers for the Ollama that listens so; `own` allows a container of our own. */
export async function askContainers(
  { host, options, people, root }: Context,
  installation: Installation | undefined,
  { scope, listeners }: Pick<Binding, 'scope'> & { listeners: { port: number }[] },
  { port, own = true }: { port: number; own?: boolean },
): Promise<Findings> {
  if (!options.containerCheck) return notAsked('--no-container: no container was asked.');
  people.pending('… Asking Ollama from inside a container');
  // Loaded only where a container is asked: a run with nothing to do does without.
  const { checkContainers } = await import('../checks/container.ts');
  return checkContainers(host, {
    name: options.container,
    pull: options.pull,
    own,
    port: listeners.some((one) => one.port === port) ? port : (listeners[0]?.port ?? port),
    scope,
    log: async () => installation?.log() ?? '',
    root: root(),
  });
}

/** A check that was not made, with the reason. */
export function notAsked(reason: string): Findings {
  const check = { id: 'container', status: 'skip', cause: 'not-asked', summary: reason } as const;
  return { checks: [check], reached: [], failed: [], ways: [], flavours: [] };
}

/** A binding to loopback alone is meant to keep containers out. */
export function isForContainers(wanted: HostValue): boolean {
  return scopeOf(wanted) !== 'loopback';
}

/**
 * Holds what is seen after a change against what was seen before it.
 * @throws SetupError exit 7 when a container was answered before and is not now: then the change has made things worse
 */
export function checkNoneLost(before: Findings | undefined, after: Findings, report: Report): void {
  const lost = before?.reached.filter((who) => after.failed.includes(who)) ?? [];
  if (lost.length === 0) return;
  const relay = report.host.wsl && after.flavours.includes('docker-desktop');
  const code = relay ? 'wsl2-dualstack-not-relayed' : 'container-lost-by-change';
  const why = relay
    ? 'Inside WSL, what listens on all interfaces is not always passed on to Docker Desktop, while 127.0.0.1 is.'
    : 'So the change would have made things worse.';
  throw new SetupError(
    code,
    EXIT.notUp,
    `Before the change Ollama was reached from ${lost.join(', ')}; after it, no more.`,
    {
      meaning: why,
      remedy: 'npx stigmer-setup-ollama doctor',
    },
  );
}

/** The error to end with where Ollama listens as wanted and a container still does not reach it; undefined where all is well. */
export function unreached({ checks }: Findings): SetupError | undefined {
  const failed = checks.find(({ status }) => status === 'fail');
  if (failed === undefined) return undefined;
  return new SetupError(failed.cause ?? 'container-not-reached', EXIT.containerBlocked, failed.summary, {
    meaning: 'Ollama itself listens as wanted, and stays so.',
    remedy: failed.remedy ?? '',
  });
}

/** From inside of containers, before anything is opened; nothing where nobody listens or containers are not meant. */
export async function askBefore(run: Run, installation: Installation, before: Binding): Promise<Findings | undefined> {
  const { options, wanted } = run;
  if (!options.containerCheck || !isForContainers(wanted)) return undefined;
  // One that was named is looked for even so: not after the change is it to turn out that it is not there.
  if (before.listeners.length === 0 && options.container === undefined) return undefined;
  return askContainers(run, installation, before, { port: wanted.port });
}

/** With some engines containers reach what listens on loopback: then nothing has to be opened for them. */
export function warnOfNoNeed({ report }: Run, { scope }: Binding, earlier: Findings | undefined): void {
  const seen = earlier?.checks.find(({ status }) => status === 'pass');
  if (seen === undefined || scope !== 'loopback' || (earlier?.failed.length ?? 0) > 0) return;
  const message = `There may be no need for this: ${seen.summary} With --if-needed nothing is changed then.`;
  report.warnings.push({ code: 'already-reachable', message });
}

/** From inside of containers after the change; nothing where they are not meant. */
export async function askAfter(
  run: Run,
  installation: Installation,
  { binding, version }: Verified,
  earlier: Findings | undefined,
): Promise<Findings | undefined> {
  if (!isForContainers(run.wanted)) return undefined;
  // An engine that could not be asked before is not waited for a second time.
  if (earlier?.flavours.length === 0) return earlier;
  if (version === undefined) return notAsked('Ollama does not answer yet, so no container was asked.');
  try {
    return await askContainers(run, installation, binding, { port: run.wanted.port });
  } catch (error) {
    // It was there before the change, and what became of it is no reason to take that back.
    if (error instanceof SetupError && error.exit === EXIT.usage) return notAsked(error.message);
    throw error;
  }
}

/** What --if-needed is for: a container reaches Ollama as it is. */
export function notNeeded({ report, people }: Run, { checks }: Findings): void {
  report.outcome = 'unchanged';
  report.exitCode = EXIT.ok;
  report.checks.push(...checks);
  for (const check of checks) sayCheck(people, check);
  sayWarnings(people, report);
  people.say(`${mark(people, 'pass')}Nothing to do: containers reach Ollama as it is.`);
}

/**
 * Where nothing had to be changed: configuration management comes by every half hour, and is spared containers unless it names one.
 * @throws SetupError exit 8 when a container does not reach Ollama
 */
export async function checkUnchanged(run: Run, installation: Installation, binding: Binding): Promise<void> {
  const { options, people, report, wanted } = run;
  if (!isForContainers(wanted)) return;
  const spared = options.container === undefined && (options.yes || options.dryRun || options.check);
  const reason = 'Nothing was changed, so no container was asked; doctor asks one.';
  const findings =
    spared && options.containerCheck
      ? notAsked(reason)
      : await askContainers(run, installation, binding, { port: wanted.port });
  report.checks.push(...findings.checks);
  if (!spared && options.containerCheck) for (const check of findings.checks) sayCheck(people, check);
  const error = unreached(findings);
  if (error) throw error;
}
