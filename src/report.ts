import type { Check } from './checks/check.ts';
import type { Step } from './engine/plan.ts';
import type { ExitCode } from './errors.ts';
import type { ReachableAddress } from './probes/addresses.ts';
import type { ListenScope } from './probes/listeners.ts';
import type { Setting, Warning } from './rooms/room.ts';

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
  scope: ListenScope;
  listeners: { address: string; port: number; pid: number | null; process: string | null }[];
}
