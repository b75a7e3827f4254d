import { type Binding, baseOf, bindingOf, describeListener, rivals } from '../checks/binding.ts';
import type { Plan } from '../engine/plan.ts';
import { loaded, version } from '../ollama/api.ts';
import { type HostValue, parseHost } from '../ollama/host-value.ts';
import { reachableAddresses } from '../probes/addresses.ts';
import type { Installation } from '../rooms/room.ts';
import { sayFound } from '../ui/people.ts';
import { type Access, narrow } from './allow.ts';
import type { Context } from './context.ts';
import { warnOfPublic } from './exposure.ts';
import { bindingReport, exposureOf, installationReport, tellPlatform } from './report.ts';

/** What one run of setup knows. */
export interface Run extends Context {
  wanted: HostValue;
  canonical: string;
  /** Whether the words have said who may reach the port. */
  allowed: boolean;
}

/** Asked before it is known who listens there, since the service manager takes its time to answer as well. */
export interface Early {
  base: string;
  answer: Promise<{ version: string } | { failure: string }>;
}

export function askEarly({ host, wanted }: Run): Early {
  const base = `http://127.0.0.1:${wanted.port}`;
  return {
    base,
    answer: host.root === undefined ? version(host, base, 2000) : Promise.resolve({ failure: 'offline' }),
  };
}

/** What is there now: the listeners, and what answers at the first of them. */
export interface Seen {
  before: Binding;
  answer: { version: string } | { failure: string } | undefined;
}

/** What is there now, for the report and for people. */
export async function describeBefore(
  run: Run,
  found: Installation[],
  installation: Installation,
  early: Early,
  access: Access,
): Promise<Seen> {
  const { host, people, report, wanted } = run;
  const ports = [wanted.port, parseHost(installation.value).port];
  const before = await bindingOf(host, installation.state, ports);
  const port = before.listeners[0]?.port;
  const base = baseOf(before);
  const answer =
    port === undefined ? undefined : await (base === early.base ? early.answer : version(host, base, 2000));
  const running = answer && !('failure' in answer) ? answer.version : undefined;
  report.installations = found.map((one) =>
    installationReport(one, one === installation, one === installation ? running : undefined),
  );
  report.before = bindingReport(before);
  report.after = report.before;
  for (const { code, message, mended } of installation.warnings) if (!mended) report.warnings.push({ code, message });
  await tellExposure(run, access);
  const others = before.listeners.length > 0 ? [] : await rivals(host, wanted.port, before.listeners);
  if (others.length > 0) {
    report.warnings.push({
      code: 'port-held',
      message: `Port ${wanted.port} is held by ${others.map(describeListener).join(' and by ')}, which is not ${installation.title}.`,
    });
  }
  sayFound(people, report);
  return { before, answer };
}

/** Who can reach Ollama once it is bound as wanted, into the report. */
export async function tellExposure({ host, report, wanted, canonical }: Run, access: Access): Promise<void> {
  report.exposure = exposureOf(reachableAddresses(host), canonical);
  await tellPlatform(host, report);
  narrow(report, access, wanted.port);
  warnOfPublic(report);
}

/**
 * A restart cuts off whoever is being answered, and unloads models: said before it happens.
 * @returns whether a model is loaded; undefined where nobody was asked or nobody told
 */
export async function warnOfInterruption(run: Run, plan: Plan, before: Binding): Promise<boolean | undefined> {
  const restarts = plan.activate.some(({ id }) => id === 'restart');
  const port = before.listeners[0]?.port;
  if (!restarts || port === undefined) return undefined;
  const models = await loaded(run.host, baseOf(before), 2000);
  if ('failure' in models) return undefined;
  if (models.models.length === 0) return false;
  const names = models.models.map(({ name }) => name).join(', ');
  run.report.warnings.push({
    code: 'model-loaded',
    message: `The restart unloads ${names} and cuts off any answer that is being generated.`,
  });
  return true;
}
