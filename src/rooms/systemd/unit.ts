import type { Host } from '../../host/host.ts';
import { processesOf } from '../../probes/processes.ts';
import { findUnit, type UnitFiles } from '../../systemd/drop-ins.ts';
import type { Specifiers } from '../../systemd/environment.ts';
import { readEnvironment, type UnitEnvironment } from '../../systemd/layers.ts';
import { parseShow, parseShowEnvironmentLines } from '../../systemd/systemctl.ts';
import type { ServiceState } from '../room.ts';
import { ask, type Manager, passwd } from './manager.ts';

export const VARIABLE = 'OLLAMA_HOST';

/** A unit that runs Ollama: what its files say, and what the manager says of it (undefined when it cannot be asked). */
export interface Unit {
  name: string;
  manager: Manager;
  files: UnitFiles;
  environment: UnitEnvironment;
  shown: Map<string, string> | undefined;
  /** OLLAMA_HOST in the manager's own environment, looked up only where the files do not set it. */
  inherited: string | undefined;
}

const PROPERTIES = [
  'Id',
  'LoadState',
  'LoadError',
  'ActiveState',
  'SubState',
  'Result',
  'UnitFileState',
  'FragmentPath',
  'MainPID',
  'ControlGroup',
  'NRestarts',
  'ExecMainStatus',
  'NeedDaemonReload',
];

/** What the manager knows of these units, in one call; no entry for what it does not answer. */
export async function show(host: Host, manager: Manager, names: string[]): Promise<Map<string, Map<string, string>>> {
  if (!manager.live || names.length === 0) return new Map();
  const result = await ask(host, manager, 'show', ...names, `--property=${PROPERTIES.join(',')}`);
  if (result.code !== 0) return new Map();
  return new Map(parseShow(result.stdout).map((unit, index) => [names[index] ?? unit.get('Id') ?? '', unit]));
}

/** `systemctl set-environment` and DefaultEnvironment= reach a service as its weakest layer (systemd.exec(5)). */
export async function managerValue(host: Host, manager: Manager): Promise<string | undefined> {
  if (!manager.live) return undefined;
  const result = await ask(host, manager, 'show-environment');
  return parseShowEnvironmentLines(result.stdout).get(VARIABLE);
}

/** Reads what the files say, now and not as they were at the last daemon-reload; `extra` as in readEnvironment. */
export function readUnit(
  host: Host,
  manager: Manager,
  name: string,
  extra?: { path: string; text: string },
  files = host.files,
): { files: UnitFiles; environment: UnitEnvironment } {
  const unit = findUnit(files, manager.scope, name);
  const words = specifiers(host, manager, name);
  return { files: unit, environment: readEnvironment(files, unit, VARIABLE, words, extra) };
}

/** The specifiers of systemd.unit(5) that occur in environments. */
export function specifiers(host: Host, manager: Manager, name: string): Specifiers {
  const base = name.replace(/\.service$/, '');
  const at = base.indexOf('@');
  const { user, kind } = manager;
  const system = kind === 'systemd';
  return {
    '%': '%',
    n: name,
    N: base,
    p: at < 0 ? base : base.slice(0, at),
    i: at < 0 ? '' : base.slice(at + 1),
    I: at < 0 ? '' : base.slice(at + 1),
    u: user.name,
    U: String(user.uid),
    g: user.name,
    G: String(user.gid),
    h: user.home,
    H: host.hostname,
    l: host.hostname.split('.')[0],
    v: host.release,
    t: system ? '/run' : `/run/user/${user.uid}`,
    S: system ? '/var/lib' : `${user.home}/.local/state`,
    C: system ? '/var/cache' : `${user.home}/.cache`,
    L: system ? '/var/log' : `${user.home}/.local/state/log`,
    E: system ? '/etc' : manager.scope.configHome,
    T: '/tmp',
    V: '/var/tmp',
  };
}

/** The manager's words for a unit's state, as one of ours. */
export function stateOf(host: Host, unit: Unit): ServiceState {
  const { shown } = unit;
  const get = (key: string) => shown?.get(key) ?? '';
  const main = Number(get('MainPID') || 0);
  const members = processesOf(host, get('ControlGroup'));
  const pids = main > 0 ? [main, ...members.filter((pid) => pid !== main)] : members;
  const state: ServiceState = {
    phase: phaseOf(get('ActiveState'), get('SubState')),
    pids,
    uid: ownerOf(host, unit, main),
  };
  const reason = reasonOf(get('Result'), get('ExecMainStatus'), Number(get('NRestarts') || 0));
  return {
    ...state,
    ...(reason && state.phase !== 'running' ? { reason } : {}),
  };
}

function phaseOf(active: string, sub: string): ServiceState['phase'] {
  if (active === 'active' || active === 'reloading') return 'running';
  if (active === 'activating') return sub === 'auto-restart' ? 'restarting' : 'starting';
  return active === 'failed' ? 'failed' : 'stopped';
}

function reasonOf(result: string, status: string, restarts: number): string | undefined {
  if (!result || result === 'success') return undefined;
  const again = restarts > 0 ? `, restarted ${restarts} times` : '';
  return `Result=${result}, exit status ${status || '0'}${again}`;
}

/** The user of the running process; else the one of `User=`, so that a listener can be told by its owner without root. */
function ownerOf(host: Host, { manager, environment }: Unit, main: number): number | undefined {
  const status = main > 0 ? readStatus(host, main) : undefined;
  const uid = /^Uid:\s+\d+\s+(\d+)/m.exec(status ?? '')?.[1];
  if (uid !== undefined) return Number(uid);
  if (manager.kind === 'systemd-user') return manager.user.uid;
  const name = environment.user;
  if (name === undefined) return 0;
  return /^\d+$/.test(name) ? Number(name) : passwd(host).find((account) => account.name === name)?.uid;
}

function readStatus(host: Host, pid: number): string | undefined {
  try {
    return host.files.text(`/proc/${pid}/status`);
  } catch {
    return undefined;
  }
}

/** The names of what systemd ignores; all else is `sd-malformed-environment-line`. */
export const PROBLEM_CODES: Record<string, string> = {
  'outside-section': 'sd-dropin-without-section-header',
  'curly-quotes': 'sd-curly-quotes',
};
