import type { Host } from '../host/host.ts';
import { type Listener, listenerEvidence } from '../probes/listeners.ts';
import { type Binding, describeListener, rivals } from './binding.ts';
import type { Check } from './check.ts';

/**
 * BSD's sockets let one program hold the port on 127.0.0.1 and another on every address: this machine's own clients then
 * talk to the first, and containers to the second.
 */
export async function sharedCheck(host: Host, port: number, { listeners }: Binding): Promise<Check[]> {
  if (host.platform === 'win32') return sharedOnWindows(host, port, listeners);
  if (host.platform !== 'darwin') return [];
  const others = await rivals(host, port, listeners);
  return others.slice(0, 1).map((other) => ({
    id: 'listener',
    status: 'warn',
    cause: 'two-servers-on-port',
    summary: `There is a second listener on the port, ${describeListener(other)}: programs on this Mac may get another server than containers do.`,
    evidence: listenerEvidence(host),
    remedy:
      other.pid === null ? `sudo lsof -nP -iTCP:${port} -sTCP:LISTEN` : `kill ${other.pid}   # if it is not needed`,
  }));
}

/**
 * So do Windows' (MicrosoftDocs/win32, using-so-reuseaddr-and-so-exclusiveaddruse), which are never refused the second
 * socket: there the server that was meant to be replaced may well live on beside the new one.
 */
async function sharedOnWindows(host: Host, port: number, own: readonly Listener[]): Promise<Check[]> {
  const others = await rivals(host, port, own);
  const [other] = others;
  if (other === undefined) return [];
  const ours = own.filter((listener) => listener.port === port);
  const name = (listeners: readonly Listener[]) => [...new Set(listeners.map(describeListener))].join(' and ');
  return [
    {
      id: 'listener',
      status: 'warn',
      cause: 'win-loopback-and-wildcard-share-port',
      summary: `Two programs share port ${port}: ${name(ours)}, and ${name(others)}. Windows gives the connections of an address to whoever holds that very address, so programs on this PC may get another server than containers and other machines do.`,
      evidence: listenerEvidence(host),
      remedy: remedyForShared(other),
    },
  ];
}

/** Who listens in another's stead cannot just be ended: what it forwards to is where it has to be stopped. */
function remedyForShared({ pid, process, port }: Listener): string {
  if (/^wsl(?:relay|host)\.exe$/i.test(process ?? ''))
    return `stop the server on port ${port} inside WSL: wsl -- sudo systemctl stop ollama`;
  if (/^com\.docker\./i.test(process ?? ''))
    return `docker ps --filter publish=${port}   # the container that publishes it`;
  if (/^svchost\.exe$/i.test(process ?? '')) return 'netsh interface portproxy show all   # a rule that is left over';
  return pid === null ? `netstat -ano | findstr :${port}` : `taskkill /F /PID ${pid}   # if it is not needed`;
}
