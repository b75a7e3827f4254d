import type { Plan } from '../../engine/plan.ts';
import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { processesOf } from '../../probes/processes.ts';
import {
  type Done,
  type Installation,
  isRefusal,
  type Moved,
  type PlanRequest,
  type Refusal,
  type Room,
  type Scene,
  type ServiceState,
  type Setting,
  type Warning,
} from '../room.ts';
import { activation, deactivation, isStarted, reload } from './acts.ts';
import { changesFor } from './changes.ts';
import { detectUnits } from './detect.ts';
import type { FilterPart } from './filter.ts';
import { filterDropIn, filterNow } from './filter-now.ts';
import { busEnvironment, type Manager, systemManager, userManagers } from './manager.ts';
import { refusalOf } from './refusals.ts';
import { PROBLEM_CODES, readUnit, show, stateOf, type Unit } from './unit.ts';

/** Services of the system's manager. */
export const systemdRoom: Room = {
  kind: 'systemd',
  detect: (scene) => detect(scene, systemManager(scene.host, scene.offline)),
};

/** Services of a user's own manager (`systemctl --user`), Homebrew's on Linux among them. */
export const systemdUserRoom: Room = {
  kind: 'systemd-user',
  async detect(scene) {
    if (scene.offline) return [];
    const found = await Promise.all(userManagers(scene.host).map((manager) => detect(scene, manager)));
    return found.flat();
  },
};

async function detect(scene: Scene, manager: Manager): Promise<Installation[]> {
  const units = await detectUnits(scene, manager);
  return units.map((unit) => describe(scene, unit));
}

function describe(scene: Scene, unit: Unit): Installation {
  const { host } = scene;
  const { manager } = unit;
  const id = manager.own ? unit.name : `${manager.user.name}/${unit.name}`;
  const refusal = refusalOf(host, unit);
  return {
    kind: manager.kind,
    id,
    target: `${manager.kind}:${id}`,
    title: `the systemd ${manager.kind === 'systemd' ? 'service' : 'user service'} ${id}`,
    state: stateOf(host, unit),
    settings: settingsOf(unit),
    value: unit.environment.value ?? unit.inherited,
    warnings: warningsOf(host, unit),
    needsRoot: manager.identity === 'root' && host.user.uid !== 0,
    ...(refusal ? { refusal } : {}),
    ...(manager.kind === 'systemd' ? filtering(scene, unit) : {}),
    plan: (request) => refusal ?? plan(scene, unit, id, request),
    exported: async () => (await import('./exported.ts')).exportedHere(host, unit),
    reread: () => settingsOf({ ...readUnit(host, manager, unit.name), inherited: unit.inherited }),
    members: () => processesOf(host, unit.shown?.get('ControlGroup') ?? ''),
    observe: () => observe(host, unit),
    log: () => log(host, unit),
    fleeting: async (wanted) => (await import('./reasons.ts')).fleetingOf(host, unit, wanted),
    reasons: async (words) => (await import('./reasons.ts')).reasonsOf(host, unit, words),
  };
}

async function plan(scene: Scene, unit: Unit, id: string, request: PlanRequest): Promise<Plan | Refusal> {
  const address = changesFor(scene.host, unit, request.wanted, scene.version);
  if (!Array.isArray(address)) return address;
  const filter = await filterPart(scene, unit, request);
  if (isRefusal(filter)) return filter;
  const changes = [...filter.changes, ...address];
  const activate = activation(unit, request, address.length > 0 || filter.reload);
  // The start of the service loads the filter by itself.
  const starts = activate.some((act) => act.id === 'restart' || act.id === 'start');
  const more = filter.activate.filter((act) => !(starts && act.id === 'load-filter'));
  const whole = activate.length === 0 && filter.stale ? [reload(unit)] : activate;
  return {
    target: `${unit.manager.kind}:${id}`,
    changes,
    activate: [...whole, ...more],
    deactivate: [...deactivation(unit), ...filter.deactivate],
  };
}

/** Loaded only where a filter is wanted, is there, or may have been left: a plain run does without. */
async function filterPart(scene: Scene, unit: Unit, request: PlanRequest): Promise<FilterPart | Refusal> {
  const any = request.allow === undefined || request.allow === 'any';
  const plain = any && request.root === undefined && filterNow(scene.host, unit) === undefined;
  if (plain || unit.manager.kind !== 'systemd')
    return { changes: [], activate: [], deactivate: [], reload: false, stale: false };
  const { filterFor } = await import('./filter.ts');
  return filterFor(scene, unit, request);
}

/** A filter needs the system's own manager: only that starts a program with root's rights beside the service. */
function filtering(scene: Scene, unit: Unit): Pick<Installation, 'filter' | 'moved'> {
  const { host } = scene;
  return {
    filter: {
      now: filterNow(host, unit),
      interfaces: async () => (await import('./filter.ts')).namedBridges(host, unit),
      isLoaded: async (root) => (await import('../../firewall/allow.ts')).isLoaded(host, root, unit.name),
    },
    moved: (done) => moved(scene, unit, done),
  };
}

async function moved(scene: Scene, unit: Unit, done: Done): Promise<Moved | undefined> {
  if (!done.subjects.includes(filterDropIn(unit))) return undefined;
  const { movedFilter } = await import('./filter.ts');
  return movedFilter(scene, unit, done);
}

async function observe(host: Host, unit: Unit): Promise<ServiceState> {
  const shown = await show(host, unit.manager, [unit.name]);
  return stateOf(host, { ...unit, shown: shown.get(unit.name) ?? unit.shown });
}

async function log(host: Host, { manager, name }: Unit): Promise<string> {
  const user = manager.kind === 'systemd-user' ? ['--user'] : [];
  const argv = ['journalctl', ...user, '-u', name, '-n', '8', '--no-pager', '-o', 'cat'];
  const options = { timeout: 5000, env: user.length > 0 ? busEnvironment(manager) : {} };
  const result = await (typeof manager.identity === 'object'
    ? host.as(manager.identity).run(argv, options)
    : host.ask(argv, options));
  return result.code === 0 ? result.stdout.trim() : '';
}

function settingsOf({ environment, inherited }: Pick<Unit, 'environment' | 'inherited'>): Setting[] {
  const layers = environment.layers.map(({ value, source, effective }) => ({
    value: value ?? null,
    source,
    effective,
  }));
  if (environment.value !== undefined || inherited === undefined) return layers;
  return [...layers, { value: inherited, source: 'systemctl set-environment', effective: true }];
}

function warningsOf(host: Host, unit: Unit): Warning[] {
  const warnings: Warning[] = [];
  for (const { kind, path, line, message } of unit.environment.problems) {
    warnings.push({
      code: PROBLEM_CODES[kind] ?? 'sd-malformed-environment-line',
      message: `systemd ignores ${path}:${line}: ${message}`,
    });
  }
  warnings.push(...inInstallersFile(host, unit));
  if (unit.manager.live && unit.shown?.get('UnitFileState') === 'disabled') {
    const scope = unit.manager.kind === 'systemd' ? 'sudo systemctl' : 'systemctl --user';
    const remedy = `${scope} enable ${unit.name}`;
    const message = `${unit.name} is not enabled, so it will not start at boot: ${remedy}`;
    warnings.push({ code: 'not-enabled', message, remedy });
  }
  if (unit.manager.kind === 'systemd-user' && isStarted(unit) && !lingers(host, unit.manager)) {
    const { name } = unit.manager.user;
    const remedy = `loginctl enable-linger ${name}`;
    const message = `${unit.name} ends when ${name} logs out and does not start at boot: ${remedy}`;
    warnings.push({ code: 'no-linger', message, remedy });
  }
  return warnings;
}

/** scripts/install.sh of ollama/ollama writes this file anew at every run, under this description. */
const INSTALLERS = '/etc/systemd/system/ollama.service';

/** A setting in the file that the next run of the installer writes over. */
function inInstallersFile({ files }: Host, { environment }: Unit): Warning[] {
  const setting = environment.layers.find(({ effective }) => effective);
  if (setting?.source !== INSTALLERS || setting.kind !== 'Environment') return [];
  if (files.stat(INSTALLERS)?.kind !== 'file') return [];
  if (!/^Description=Ollama Service\s*$/m.test(files.text(INSTALLERS) ?? '')) return [];
  const message = `OLLAMA_HOST is set in ${INSTALLERS} itself, which Ollama's installer writes anew at the next upgrade: in a drop-in it stays.`;
  return [{ code: 'sd-unit-overwritten-by-upgrade', message, mended: true }];
}

/** loginctl(1) keeps lingering as a file of the user's name. */
function lingers(host: Host, manager: Manager): boolean {
  try {
    return host.files.stat(`/var/lib/systemd/linger/${manager.user.name}`) !== undefined;
  } catch (error) {
    if (error instanceof FileError) return true; // not ours to see, so nothing is claimed
    throw error;
  }
}
