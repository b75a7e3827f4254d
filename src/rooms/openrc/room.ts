import type { Act } from '../../actions/index.ts';
import type { Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { findInProc, type Process } from '../../probes/processes.ts';
import type { ServiceState, Setting, Warning } from '../room.ts';
import { type Installation, isServe, type PlanRequest, type Refusal, type Scene } from '../room.ts';
import { tail } from '../tail.ts';
import { changesFor, ownFile, textsOf } from './changes.ts';
import {
  findServices,
  isMarked,
  isSupervised,
  levelOf,
  readService,
  type Service,
  serversOf,
  setting,
  VARIABLE,
} from './service.ts';
import { variableIn } from './shell.ts';

/** Stopping waits for what is answered: start-stop-daemon's default is 5 s and a kill, and others may depend on it. */
const TIMEOUT = 120_000;

/** Ollama under OpenRC (Gentoo, Artix, Alpine): the init script takes its environment from /etc/conf.d. */
export async function detectOpenrc(scene: Scene): Promise<Installation[]> {
  return findServices(scene).map((service) => {
    const running = scene.offline ? [] : serversOf(scene.host, service, scene.servers);
    scene.servers = scene.servers.filter((server) => !running.includes(server));
    return describe(scene, service, running);
  });
}

function describe(scene: Scene, service: Service, running: Process[]): Installation {
  const { host } = scene;
  const { name, live } = service;
  const settings = settingsOf(service);
  const target = `openrc:${name}`;
  const log = setting(service, 'error_log') ?? setting(service, 'output_log');
  const idle = levelOf(host, name) === undefined;
  return {
    kind: 'openrc',
    id: name,
    target,
    title: `the OpenRC service ${name}`,
    state: stateOf(host, service, running),
    settings,
    value: settings.find(({ effective }) => effective)?.value ?? undefined,
    warnings: idle && running.length > 0 ? [notEnabled(name)] : [],
    needsRoot: !scene.offline && host.user.uid !== 0,
    dormant: live && idle && running.length === 0,
    logCommand: log ? `tail -n 50 ${log}` : `rc-service ${name} status`,
    plan: (request) => plan(scene, service, target, running.length > 0, request),
    reread: () => settingsOf(readService(host, name, live)),
    observe: () => observe(host, service),
    log: async () => tail(host, log),
    reasons: async (words) => (words === undefined ? reasonsOf(service) : []),
  };
}

/** The last of the files that set it, and whether the server gets to see it. */
function settingsOf({ sources }: Service): Setting[] {
  const texts = textsOf(sources);
  const found = variableIn(texts, VARIABLE);
  return sources.flatMap(({ path, text = '' }, index) => {
    const here = variableIn([text], VARIABLE);
    if (here === undefined) return [];
    return [{ value: here.value ?? null, source: path, effective: found?.index === index && found.exported }];
  });
}

function stateOf(host: Host, service: Service, running: readonly Process[]): ServiceState {
  const pids = running.map(({ pid }) => pid);
  const uid = running[0]?.uid;
  if (pids.length > 0) return { phase: 'running', pids, uid };
  if (isMarked(host, service, 'starting')) return { phase: 'starting', pids, uid };
  if (isMarked(host, service, 'failed')) return { phase: 'failed', pids, uid, reason: 'it failed to start' };
  if (!isMarked(host, service, 'started')) return { phase: 'stopped', pids, uid };
  if (isSupervised(host, service)) return { phase: 'starting', pids, uid };
  return { phase: 'failed', pids, uid, reason: 'it has crashed' };
}

/** Between the return of rc-service and the start of the program there is a moment in which nobody is to be seen. */
async function observe(host: Host, service: Service): Promise<ServiceState> {
  for (let look = 0; ; look++) {
    const state = stateOf(host, service, serversOf(host, service, findInProc(host, isServe)));
    if (state.reason !== 'it has crashed' || look === 5) return state;
    await host.sleep(100, host.interrupted);
  }
}

function plan(
  scene: Scene,
  service: Service,
  target: string,
  running: boolean,
  { wanted, restart, start, bound }: PlanRequest,
): Plan | Refusal {
  const { name, live, unreadable } = service;
  if (unreadable !== undefined) return notReadable(name, unreadable);
  const changes = changesFor(scene, service, wanted);
  if (!Array.isArray(changes)) return changes;
  const deactivate = live ? [running ? act(name, 'restart') : act(name, 'stop')] : [];
  if (!live || !restart || bound || !(running || start)) return { target, changes, activate: [], deactivate };
  return { target, changes, activate: [act(name, running ? 'restart' : 'start')], deactivate };
}

function act(name: string, verb: 'restart' | 'start' | 'stop'): Act {
  const title = { restart: `Restart ${name}`, start: `Start ${name}`, stop: `Stop ${name} again` }[verb];
  // As root it may not be on PATH; a service that has crashed is only "started" again after a restart.
  const argv = ['/sbin/rc-service', name, verb === 'start' ? 'restart' : verb];
  return { type: 'command', id: verb, title, identity: 'root', argv, timeout: TIMEOUT };
}

function notReadable(name: string, path: string): Refusal {
  return {
    code: 'environment-file-unreadable',
    exit: 5,
    message: `${name} takes its environment from ${path}, which this user may not read.`,
    meaning: 'Without it there is no telling what the service will use, so nothing was changed.',
    remedy: 'sudo npx stigmer-setup-ollama',
  };
}

function notEnabled(name: string): Warning {
  const message = `${name} is in no runlevel, so it will not start at boot: sudo rc-update add ${name} default`;
  return { code: 'not-enabled', message };
}

/** OpenRC passes on nothing that a profile exports (env_filter in src/shared/misc.c), and of its files only what they export. */
function reasonsOf(service: Service): Warning[] {
  const { path } = ownFile(service);
  const found = variableIn(textsOf(service.sources), VARIABLE);
  if (found?.exported) return [];
  const what = found ? `sets ${VARIABLE} without exporting it` : `exports no ${VARIABLE}`;
  return [{ code: 'openrc-confd', message: `OpenRC gives Ollama what ${path} exports, and that ${what}` }];
}
