import { type Binding, matches } from '../checks/binding.ts';
import type { Check } from '../checks/check.ts';
import type { Step } from '../engine/plan.ts';
import type { ExitCode } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { parseHost } from '../ollama/host-value.ts';
import type { ReachableAddress } from '../probes/addresses.ts';
import type { Installation, Setting, Warning } from '../rooms/room.ts';

/** The document of `--json`, described by report.schema.json. */
export interface Report {
  schemaVersion: 1;
  tool: { name: 'stigmer-setup-ollama'; version: string };
  command: 'setup' | 'undo' | 'doctor';
  outcome: 'changed' | 'unchanged' | 'planned' | 'rolled-back' | 'failed' | 'healthy' | 'unhealthy';
  changed: boolean;
  exitCode: ExitCode;
  host: { os: 'linux' | 'macos' | 'windows'; wsl: boolean; release: string };
  installations: InstallationReport[];
  wanted: { ollamaHost: string };
  before: BindingReport;
  after: BindingReport;
  steps: Step[];
  checks: Check[];
  exposure: { addresses: ReachableAddress[]; firewall: string; hostHeaderGuard: boolean };
  warnings: Warning[];
  /** Where the receipt is; null when there is none. */
  receipt: string | null;
  /** Present when the exit code is not 0 (or 10): what happened, what it means, what mends it. */
  error?: { code: string; message: string; meaning: string; remedy: string };
}

export interface InstallationReport {
  kind: string;
  id: string;
  selected: boolean;
  version: string | null;
  running: boolean;
  settings: Setting[];
}

export interface BindingReport {
  scope: Binding['scope'];
  listeners: { address: string; port: number; pid: number | null; process: string | null }[];
}

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
    host: { os: OS[host.platform] ?? 'linux', wsl: /microsoft/i.test(host.release), release: host.release },
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

const OS: Record<string, Report['host']['os']> = { linux: 'linux', darwin: 'macos', win32: 'windows' };

export function bindingReport({ scope, listeners }: Binding): BindingReport {
  return { scope, listeners: listeners.map(({ address, port, pid, process }) => ({ address, port, pid, process })) };
}

export function installationReport(
  installation: Installation,
  selected: boolean,
  version: string | undefined,
): InstallationReport {
  const { kind, id, state, settings } = installation;
  return { kind, id, selected, version: version ?? null, running: state.pids.length > 0, settings };
}

/**
 * What a binding opens: the addresses of this machine and who can reach each. Ollama checks the Host header only while
 * it is bound to loopback (allowedHostsMiddleware, server/routes.go in ollama/ollama).
 */
export function exposureOf(addresses: ReachableAddress[], wanted: string): Report['exposure'] {
  const value = parseHost(wanted);
  const all = matches({ scope: 'all', listeners: [listenerAt('::', value.port)] }, value);
  const loopback = matches({ scope: 'loopback', listeners: [listenerAt('127.0.0.1', value.port)] }, value);
  const open = all ? addresses : addresses.filter(({ address }) => address === value.host);
  return { addresses: open, firewall: 'not examined', hostHeaderGuard: loopback };
}

function listenerAt(address: string, port: number) {
  return { address, port, uid: 0, inode: '', pid: null, process: null };
}
