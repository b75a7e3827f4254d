import type { Host } from '../host/host.ts';
import { type HostValue, sameBinding } from '../ollama/host-value.ts';
import { listenerEvidence } from '../probes/listeners.ts';
import type { Installation } from '../rooms/room.ts';
import { type Binding, describeListener, rivals } from './binding.ts';
import type { Check } from './check.ts';

/** Why nothing of this installation listens: another holds the port, or it does not run. */
export async function notListening(host: Host, installation: Installation, { port }: HostValue): Promise<Check> {
  const holders = await rivals(host, port, []);
  const { phase, reason } = installation.state;
  if (holders.length > 0) {
    return {
      id: 'listener',
      status: 'fail',
      cause: 'port-held',
      summary: `${installation.title} is ${phase}, and port ${port} is held by ${holders.map(describeListener).join(' and by ')}.`,
      evidence: listenerEvidence(host),
      remedy: holders[0]?.pid ? ending(host, holders[0].pid) : whoHolds(host, port),
      repeat: whoHolds(host, port),
    };
  }
  const statusCommand = installation.kind === 'systemd' ? `systemctl status ${installation.id}` : undefined;
  return {
    id: 'listener',
    status: 'fail',
    cause: 'server-not-running-or-crash-loop',
    summary: `${installation.title} is ${phase}${reason ? ` (${reason})` : ''}; nothing listens on port ${port}.`,
    evidence: (await installation.log()) || listenerEvidence(host),
    remedy: installation.logCommand ?? statusCommand ?? 'npx stigmer-setup-ollama',
    repeat: whoHolds(host, port),
  };
}

/** Why it listens elsewhere than it is wanted. */
export function listeningElsewhere(
  host: Host,
  installation: Installation,
  { listeners }: Binding,
  wanted: HostValue,
): Check {
  const { value, settings } = installation;
  const where = listeners.map(({ address, port }) => `${address}:${port}`).join(', ');
  const configured = value !== undefined && sameBinding(value, `${wanted.host}:${wanted.port}`);
  const [cause, why] = configured
    ? [notRestarted(host, installation), 'The setting is right, but the server was not restarted since']
    : value === undefined
      ? (['default-loopback-bind', 'OLLAMA_HOST is not set, so Ollama takes its default'] as const)
      : (['explicit-loopback-left-over', `OLLAMA_HOST is ${value}`] as const);
  return {
    id: 'listener',
    status: 'fail',
    cause,
    summary: `${why}: it listens on ${where} only, where no container can reach it.`,
    evidence: settings.find(({ effective }) => effective)?.source ?? listenerEvidence(host),
    remedy: 'npx stigmer-setup-ollama',
    repeat: whoHolds(host, listeners[0]?.port ?? wanted.port),
  };
}

function ending({ platform }: Host, pid: number): string {
  return platform === 'win32' ? `taskkill /F /PID ${pid}` : `sudo kill ${pid}`;
}

/** The command that tells who listens on a port. */
export function whoHolds({ platform }: Host, port: number): string {
  if (platform === 'win32') return `netstat -ano | findstr :${port}`;
  return platform === 'darwin' ? `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN` : `sudo ss -ltnp 'sport = :${port}'`;
}

function notRestarted({ platform }: Host, { kind }: Installation): string {
  if (platform === 'win32') return 'win-tray-app-not-restarted';
  if (platform === 'darwin')
    return kind === 'ollama-app' ? 'mac-app-not-restarted-after-setenv' : 'mac-job-not-reloaded';
  return 'sd-no-daemon-reload-or-restart';
}
