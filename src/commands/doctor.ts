import { bindingOf, describeListener, matches, rivals } from '../checks/binding.ts';
import type { Check } from '../checks/check.ts';
import { verify } from '../checks/verify.ts';
import { checkInterrupted } from '../engine/transaction.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { checkWanted, type HostValue, parseHost, sameBinding } from '../ollama/host-value.ts';
import { reachableAddresses } from '../probes/addresses.ts';
import { listenerEvidence } from '../probes/listeners.ts';
import type { Installation } from '../rooms/room.ts';
import { sayCheck, sayFound } from '../ui/people.ts';
import { askContainers, isForContainers, notAsked } from './container.ts';
import type { Context } from './context.ts';
import { explain } from './failure.ts';
import { tellUnfinished } from './recovery.ts';
import { bindingReport, exposureOf, installationReport, tellPlatform } from './report.ts';
import { findInstallations, selectInstallation } from './scene.ts';

/** Holds this host against the wanted value and names what is wrong. Changes nothing, needs no root. */
export async function doctor(context: Context): Promise<void> {
  const { host, options, people, report, store } = context;
  const wanted = checkWanted(options.host);
  if ('refused' in wanted)
    throw new SetupError(wanted.code, EXIT.usage, `--host: ${wanted.refused}`, { remedy: '--host 0.0.0.0:11434' });
  report.wanted.ollamaHost = wanted.canonical;
  report.exposure = exposureOf(reachableAddresses(host), wanted.canonical);
  await tellPlatform(host, report);
  tellUnfinished(store, report);
  const found = await findInstallations(host, options);
  const selected = selectInstallation(found, options.target, host.platform);
  const subjects = selected ? [selected] : found;
  report.installations = found.map((one) => installationReport(one, subjects.includes(one), undefined));
  for (const one of subjects) report.checks.push(...(await examine(context, one, wanted.value)));
  if (host.platform === 'win32') {
    const { windowsChecks } = await import('../checks/windows.ts');
    report.checks.push(...(await windowsChecks(host, wanted.value, report.before.scope !== 'none')));
  }
  sayFound(people, report);
  await examineContainers(context, subjects[0], wanted.value);
  for (const check of report.checks) if (check.cause !== 'not-asked') sayCheck(people, check);
  const sick = report.checks.some(({ status }) => status === 'fail');
  report.outcome = sick ? 'unhealthy' : 'healthy';
  report.exitCode = sick ? EXIT.wouldChange : EXIT.ok;
}

/** The last rung: from inside a container. One that is answered makes a loopback binding no more than a warning. */
async function examineContainers(
  context: Context,
  subject: Installation | undefined,
  wanted: HostValue,
): Promise<void> {
  const { host, report } = context;
  if (!isForContainers(wanted)) return;
  const { checks, reached } =
    report.before.scope === 'none'
      ? notAsked('Nothing listens, so no container was asked.')
      : await askContainers(context, subject, report.before, { port: wanted.port });
  checkInterrupted(host);
  if (reached.length > 0 && report.before.scope === 'loopback') {
    for (const check of report.checks) if (check.id === 'listener' && check.status === 'fail') check.status = 'warn';
  }
  report.checks.push(...checks);
}

async function examine(context: Context, installation: Installation, wanted: HostValue): Promise<Check[]> {
  const { host, report } = context;
  if (installation.examine) return installation.examine();
  const binding = await bindingOf(host, installation.state, [wanted.port, parseHost(installation.value).port]);
  // Of several, the one that listens.
  if (binding.scope !== 'none' || report.before.scope === 'none') report.before = bindingReport(binding);
  report.after = report.before;
  const ignored: Check[] = installation.warnings.map(({ code, message }) => ({
    id: 'configuration',
    status: 'warn',
    cause: code,
    summary: message,
  }));
  if (binding.scope === 'none') return [...ignored, await notRunning(context, installation, wanted)];
  if (!matches(binding, wanted)) return [...ignored, boundElsewhere(context, installation, wanted)];
  try {
    const { checks, version } = await verify(host, installation, { wanted, timeout: 2000, onWait: () => {} });
    const selected = report.installations.find(({ id, kind }) => id === installation.id && kind === installation.kind);
    if (selected) selected.version = version ?? null;
    return [...ignored, ...checks];
  } catch (error) {
    const { message, remedy } = explain(error);
    return [
      ...ignored,
      { id: 'listener', status: 'fail', cause: 'server-not-running-or-crash-loop', summary: message, remedy },
    ];
  }
}

async function notRunning({ host }: Context, installation: Installation, wanted: HostValue): Promise<Check> {
  const holders = await rivals(host, wanted.port, []);
  const { phase, reason } = installation.state;
  if (holders.length > 0) {
    return {
      id: 'listener',
      status: 'fail',
      cause: 'port-held',
      summary: `${installation.title} is ${phase}, and port ${wanted.port} is held by ${holders.map(describeListener).join(' and by ')}.`,
      evidence: listenerEvidence(host),
      remedy: holders[0]?.pid ? ending(host, holders[0].pid) : whoHolds(host, wanted.port),
    };
  }
  return {
    id: 'listener',
    status: 'fail',
    cause: 'server-not-running-or-crash-loop',
    summary: `${installation.title} is ${phase}${reason ? ` (${reason})` : ''}; nothing listens on port ${wanted.port}.`,
    evidence: (await installation.log()) || listenerEvidence(host),
    remedy:
      installation.logCommand ??
      (installation.kind === 'systemd' ? `systemctl status ${installation.id}` : 'npx stigmer-setup-ollama'),
  };
}

function ending({ platform }: Host, pid: number): string {
  return platform === 'win32' ? `taskkill /F /PID ${pid}` : `sudo kill ${pid}`;
}

function whoHolds({ platform }: Host, port: number): string {
  if (platform === 'win32') return `netstat -ano | findstr :${port}`;
  return platform === 'darwin' ? `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN` : `sudo ss -ltnp 'sport = :${port}'`;
}

function notRestarted({ platform }: Host, { kind }: Installation): string {
  if (platform === 'win32') return 'win-tray-app-not-restarted';
  return kind === 'ollama-app' ? 'mac-app-not-restarted-after-setenv' : 'sd-no-daemon-reload-or-restart';
}

function boundElsewhere({ host, report }: Context, installation: Installation, wanted: HostValue): Check {
  const configured =
    installation.value !== undefined && sameBinding(installation.value, `${wanted.host}:${wanted.port}`);
  const where = report.before.listeners.map(({ address, port }) => `${address}:${port}`).join(', ');
  const cause = configured
    ? notRestarted(host, installation)
    : installation.value === undefined
      ? 'default-loopback-bind'
      : 'explicit-loopback-left-over';
  const why = configured
    ? 'The setting is right, but the server was not restarted since'
    : installation.value === undefined
      ? 'OLLAMA_HOST is not set, so Ollama takes its default'
      : `OLLAMA_HOST is ${installation.value}`;
  return {
    id: 'listener',
    status: 'fail',
    cause,
    summary: `${why}: it listens on ${where} only, where no container can reach it.`,
    evidence: installation.settings.find(({ effective }) => effective)?.source ?? listenerEvidence(host),
    remedy: 'npx stigmer-setup-ollama',
  };
}
