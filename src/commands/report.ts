import type { Binding } from '../checks/binding.ts';
import type { Host } from '../host/host.ts';
import { parseHost, scopeOf } from '../ollama/host-value.ts';
import type { ReachableAddress } from '../probes/addresses.ts';
import { applicationFirewall, productVersion } from '../probes/macos.ts';
import type { BindingReport, InstallationReport, Report } from '../report.ts';
import type { Installation } from '../rooms/room.ts';
import { wslVersion } from '../wsl/wsl.ts';

export type { BindingReport, InstallationReport, Report } from '../report.ts';

export const NO_BINDING: Binding = { scope: 'none', listeners: [] };

/** An empty report of a command, to be filled as the run goes on. */
export function newReport(host: Host, command: Report['command'], wanted: string, version: string): Report {
  return {
    schemaVersion: 1,
    tool: { name: 'stigmer-setup-ollama', version },
    command,
    outcome: 'failed',
    changed: false,
    exitCode: 1,
    host: { os: OS[host.platform] ?? 'linux', wsl: wslVersion(host) !== undefined, release: host.release },
    installations: [],
    wanted: { ollamaHost: wanted },
    before: bindingReport(NO_BINDING),
    after: bindingReport(NO_BINDING),
    steps: [],
    checks: [],
    exposure: { addresses: [], firewall: 'not examined', hostHeaderGuard: true },
    warnings: [],
    receipt: null,
  };
}

/** What only the system's own programs tell: the version of a Mac as people know it, and the firewall. */
export async function tellPlatform(host: Host, report: Report): Promise<void> {
  if (host.platform === 'win32') {
    const { firewallOnWindows } = await import('../windows/firewall.ts');
    report.exposure.firewall = await firewallOnWindows(host, 'ollama.exe', parseHost(report.wanted.ollamaHost).port);
    return;
  }
  if (report.host.wsl) {
    const { reachInWsl } = await import('../wsl/reach.ts');
    report.exposure.addresses = await reachInWsl(host, report.exposure.addresses);
  }
  if (host.platform !== 'darwin') return;
  const [version, firewall] = await Promise.all([productVersion(host), applicationFirewall(host)]);
  report.host.release = version ?? host.release;
  report.exposure.firewall = firewall;
}

const OS: Record<string, Report['host']['os']> = { linux: 'linux', darwin: 'macos', win32: 'windows' };

export function bindingReport({ scope, listeners }: Binding): BindingReport {
  return { scope, listeners: listeners.map(({ address, port, pid, process }) => ({ address, port, pid, process })) };
}

export function installationReport(
  installation: Installation,
  selected: boolean,
  version: string | undefined,
): InstallationReport {
  const { kind, id, state, settings, examine } = installation;
  // One on another system has no processes here.
  const running = state.pids.length > 0 || (examine !== undefined && state.phase === 'running');
  return { kind, id, selected, version: version ?? null, running, settings };
}

/**
 * What a binding opens: the addresses of this machine and who can reach each. Ollama checks the Host header only while
 * it is bound to loopback (allowedHostsMiddleware, server/routes.go in ollama/ollama).
 */
export function exposureOf(addresses: ReachableAddress[], wanted: string): Report['exposure'] {
  const value = parseHost(wanted);
  return opened(addresses, scopeOf(value), [value.host]);
}

/** What is open as it is; where nothing listens, what the wanted binding would open. */
export function exposureNow({ before, exposure, wanted }: Report): Report['exposure'] {
  const { scope, listeners } = before;
  if (scope === 'none') return { ...exposureOf(exposure.addresses, wanted.ollamaHost), firewall: exposure.firewall };
  const hosts = listeners.map(({ address }) => address);
  return { ...opened(exposure.addresses, scope, hosts), firewall: exposure.firewall };
}

function opened(addresses: ReachableAddress[], scope: string, hosts: readonly string[]): Report['exposure'] {
  const open = scope === 'all' ? addresses : addresses.filter(({ address }) => hosts.includes(address));
  return { addresses: open, firewall: 'not examined', hostHeaderGuard: scope === 'loopback' };
}
