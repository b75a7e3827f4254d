import type { RespawnAct } from '../../actions/respawn.ts';
import type { Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { type Process, readEnvironment, readProcess } from '../../probes/processes.ts';
import type { Installation, PlanRequest, Refusal, Room, Scene, ServiceState, Setting } from '../room.ts';

const VARIABLE = 'OLLAMA_HOST';
/** Ollama finishes what it answers when asked to end; a generation under way may take a while. */
const GRACE = 10_000;

/** An `ollama serve` that nobody supervises: started in a terminal, by a script, in a container without an init. */
export const processRoom: Room = {
  kind: 'process',
  async detect(scene) {
    if (scene.offline) return [];
    const servers = scene.servers.filter(({ nested }) => !nested);
    const targets = servers.map(targetOf);
    return servers.map((process, index) => {
      const alike = servers.filter((_, other) => targets[other] === targets[index]);
      return describe(scene, process, alike.length > 1 ? lookAlike(alike) : undefined);
    });
  },
};

function describe(scene: Scene, process: Process, refusal: Refusal | undefined): Installation {
  const { host } = scene;
  const environment = readEnvironment(host, process.pid);
  return {
    kind: 'process',
    id: String(process.pid),
    target: targetOf(process),
    title: `the hand-run \`ollama serve\`, process ${process.pid}`,
    state: stateOf(host, process),
    settings: settingsOf(host, process.pid),
    value: environment?.[VARIABLE],
    warnings: [
      {
        code: 'not-durable',
        message:
          'Nothing starts this server by itself: the setting lasts until it ends. To make it last, export OLLAMA_HOST where you start it.',
      },
    ],
    needsRoot: process.uid !== host.user.uid && host.user.uid !== 0,
    ...(refusal ? { refusal } : {}),
    plan: (request) => refusal ?? plan(scene, process, environment, request),
    reread: () => settingsOf(host, stateOf(host, process).pids[0] ?? process.pid),
    observe: async () => stateOf(host, process),
    log: async () => tail(host, logFile(scene, process)),
  };
}

/** A hand-run server has one setting: the variable that it was started with. */
function settingsOf(host: Host, pid: number): Setting[] {
  const value = readEnvironment(host, pid)?.[VARIABLE];
  return value === undefined ? [] : [{ value, source: `environment of process ${pid}`, effective: true }];
}

/** By user and words, since the pid is another after every start. */
function targetOf({ uid, argv }: Process): string {
  return `process:${uid}:${argv.join(' ')}`;
}

/** The server keeps its words when it is started anew, but not its pid. */
function stateOf(host: Host, process: Process): ServiceState {
  const same = (candidate: Process | undefined) =>
    candidate?.uid === process.uid && !candidate.zombie && candidate.argv.join('\0') === process.argv.join('\0');
  const now = readProcess(host, process.pid);
  const pids = same(now) ? [process.pid] : twins(host, same);
  return { phase: pids.length > 0 ? 'running' : 'stopped', pids, uid: process.uid };
}

function twins(host: Host, same: (candidate: Process | undefined) => boolean): number[] {
  const pids = host.files.list('/proc').map(Number).filter(Number.isInteger);
  return pids.filter((pid) => same(readProcess(host, pid)));
}

function logFile({ stateDir }: Scene, { uid }: Process): string {
  return `${stateDir}/ollama-serve-${uid}.log`;
}

function plan(
  scene: Scene,
  process: Process,
  environment: Record<string, string> | undefined,
  request: PlanRequest,
): Plan | Refusal {
  const { host } = scene;
  const target = targetOf(process);
  if (request.bound) return { target, changes: [], activate: [], deactivate: [] };
  const file = (readLink(host, `/proc/${process.pid}/exe`) ?? '').replace(/ \(deleted\)$/, '');
  const cwd = readLink(host, `/proc/${process.pid}/cwd`);
  if (!environment || !file || !cwd) return notOurs(process);
  if (!request.restart) return onlyRestart(process);
  const { argv, uid, gid, groups } = process;
  const start = { file, argv, cwd: standing(host, cwd), uid, gid, groups, logFile: logFile(scene, process) };
  const respawn = (title: string, env: Record<string, string>): RespawnAct[] => [
    { type: 'respawn', id: 'restart', title, start: { ...start, env }, grace: GRACE },
  ];
  const words = process.argv.join(' ');
  return {
    target,
    changes: [],
    activate: respawn(`Start \`${words}\` anew with ${VARIABLE}=${request.wanted}`, {
      ...environment,
      [VARIABLE]: request.wanted,
    }),
    deactivate: respawn(`Start \`${words}\` anew as it was`, environment),
  };
}

/** The folder, or where it stood if it is gone: a server reads nothing from it. */
function standing(host: Host, cwd: string): string {
  return cwd.endsWith(' (deleted)') || host.files.stat(cwd) === undefined ? '/' : cwd;
}

/** After a restart nobody could say which of them was which. */
function lookAlike(alike: Process[]): Refusal {
  const pids = alike.map(({ pid }) => pid);
  return {
    code: 'processes-alike',
    exit: 4,
    message: `Processes ${pids.join(' and ')} are the same command of the same user, so they cannot be told apart.`,
    meaning: 'A restart of one could end the other as well, so nothing was changed.',
    remedy: `kill ${pids.at(-1)}   # or whichever is not needed, then run this again`,
  };
}

function notOurs(process: Process): Refusal {
  return {
    code: 'process-of-another-user',
    exit: 5,
    message: `\`ollama serve\` (process ${process.pid}) belongs to user ${process.uid}.`,
    meaning: 'Only that user or root can start it anew with another environment.',
    remedy: 'sudo npx stigmer-setup-ollama',
  };
}

function onlyRestart(process: Process): Refusal {
  return {
    code: 'nothing-to-write',
    exit: 4,
    message: `Process ${process.pid} was started by hand, so there is no configuration to write.`,
    meaning: 'With --no-restart nothing can be done for it.',
    remedy: 'OLLAMA_HOST=0.0.0.0:11434 ollama serve',
  };
}

function tail(host: Host, path: string): string {
  return (host.files.text(path) ?? '').trim().split('\n').slice(-8).join('\n');
}

function readLink(host: Host, path: string): string | undefined {
  try {
    return host.files.link(path);
  } catch {
    return undefined;
  }
}
