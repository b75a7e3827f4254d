import type { Host } from '../host/host.ts';
import { type HostValue, sameBinding } from '../ollama/host-value.ts';
import { type Listener, listenerEvidence } from '../probes/listeners.ts';
import type { Installation, Warning } from '../rooms/room.ts';
import { type Binding, describeListener, rivals } from './binding.ts';
import type { Check } from './check.ts';
import type { Reason } from './reason.ts';

/** Why nothing of this installation listens: another holds the port, or it does not run. */
export async function notListening(host: Host, installation: Installation, { port }: HostValue): Promise<Check> {
  const holders = await rivals(host, port, []);
  const [pid] = installation.state.pids;
  if (installation.kind === 'container' && pid !== undefined) {
    const { publishedCheck } = await import('./published.ts');
    const check = await publishedCheck(host, installation, pid, port, holders);
    if (check) return check;
  }
  return holders.length > 0 ? heldByAnother(host, installation, port, holders) : down(host, installation, port);
}

async function heldByAnother(
  host: Host,
  installation: Installation,
  port: number,
  holders: Listener[],
): Promise<Check> {
  const { phase } = installation.state;
  const { holderReason } = await import('./port-holder.ts');
  const reason = await holderReason(host, installation, holders);
  return {
    id: 'listener',
    status: 'fail',
    cause: reason?.cause ?? 'port-held',
    summary: `${installation.title} is ${phase}, and ${reason?.why ?? `port ${port} is held by ${holders.map(describeListener).join(' and by ')}`}.`,
    evidence: reason?.evidence ?? listenerEvidence(host),
    remedy: reason?.remedy ?? (holders[0]?.pid ? ending(host, holders[0].pid) : whoHolds(host, port)),
    repeat: whoHolds(host, port),
  };
}

async function down(host: Host, installation: Installation, port: number): Promise<Check> {
  const { phase, reason: words } = installation.state;
  const log = await installation.log();
  const { downReason } = await import('./down-reason.ts');
  const [first] = (await installation.reasons?.(log)) ?? [];
  const told = ofWarning(first);
  const ofValue = downReason(host, installation, log);
  // That it is not started again is what came of the cause, where that is known.
  const reason = told?.cause === 'sd-exit1-not-restarted' ? (ofValue ?? told) : (told ?? ofValue);
  const verb = phase === 'stopped' ? 'sudo systemctl start' : 'systemctl status';
  const statusCommand = installation.kind === 'systemd' ? `${verb} ${installation.id}` : undefined;
  const ownCommand = installation.logCommand ?? statusCommand ?? 'npx stigmer-setup-ollama';
  // A cause that has a remedy of its own gets that of the guide.
  const remedy = reason ? reason.remedy : ownCommand;
  return {
    id: 'listener',
    status: 'fail',
    cause: reason?.cause ?? 'server-not-running-or-crash-loop',
    summary: `${installation.title} is ${phase}${words ? ` (${words})` : ''}${reason ? `: ${reason.why}` : ''}; nothing listens on port ${port}.`,
    evidence: reason?.evidence ?? (log || listenerEvidence(host)),
    ...(remedy && { remedy }),
    repeat: whoHolds(host, port),
  };
}

const SCOPES = {
  loopback: 'where no container can reach it',
  address: 'and whoever calls another address is refused',
  all: 'where nobody looks for it',
  none: 'where nobody is',
};

/** Why it listens elsewhere than it is wanted. */
export async function listeningElsewhere(
  host: Host,
  installation: Installation,
  { listeners, scope }: Binding,
  wanted: HostValue,
): Promise<Check> {
  const where = listeners.map(({ address, port }) => `${address}:${port}`).join(', ');
  const { cause, why, evidence, remedy } = await whyElsewhere(host, installation, wanted);
  return {
    id: 'listener',
    status: 'fail',
    cause,
    summary: `${why}: ${installation.title} listens on ${where} only, ${SCOPES[scope]}.`,
    evidence: evidence ?? installation.settings.find(({ effective }) => effective)?.source ?? listenerEvidence(host),
    remedy: remedy ?? 'npx stigmer-setup-ollama',
    repeat: whoHolds(host, listeners[0]?.port ?? wanted.port),
  };
}

async function whyElsewhere(host: Host, installation: Installation, wanted: HostValue): Promise<Reason> {
  const { value, refusal } = installation;
  if (value !== undefined && sameBinding(value, `${wanted.host}:${wanted.port}`)) {
    const why = 'The setting is right, but the server was not restarted since';
    return { cause: notRestarted(host, installation), why };
  }
  const [first] = (await installation.reasons?.()) ?? [];
  const told = ofWarning(first);
  if (told) return told;
  if (value !== undefined) return (await import('./value-reason.ts')).narrowValue(value, wanted);
  if (refusal && OWN_SETTING.has(refusal.code)) {
    return { cause: refusal.code, why: refusal.message.replace(/\.$/, ''), remedy: refusal.remedy };
  }
  const { shellExport } = await import('./shell-export.ts');
  const why = 'OLLAMA_HOST is not set, so Ollama takes its default';
  return shellExport(host, installation) ?? { cause: 'default-loopback-bind', why };
}

/** Ways of running Ollama whose setting is kept where this program does not write: that is what has to be known first. */
const OWN_SETTING = new Set(['runit-void-run-script', 'nixos-module-host-option']);

function ofWarning(warning: Warning | undefined): Reason | undefined {
  return warning && { cause: warning.code, why: warning.message };
}

function ending({ platform }: Host, pid: number): string {
  return platform === 'win32' ? `taskkill /F /PID ${pid}` : `sudo kill ${pid}`;
}

/** The command that tells who listens on a port. */
function whoHolds({ platform }: Host, port: number): string {
  if (platform === 'win32') return `netstat -ano | findstr :${port}`;
  return platform === 'darwin' ? `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN` : `sudo ss -ltnp 'sport = :${port}'`;
}

function notRestarted({ platform }: Host, { kind }: Installation): string {
  if (platform === 'win32') return 'win-tray-app-not-restarted';
  if (platform === 'darwin')
    return kind === 'ollama-app' ? 'mac-app-not-restarted-after-setenv' : 'mac-job-not-reloaded';
  return 'sd-no-daemon-reload-or-restart';
}
