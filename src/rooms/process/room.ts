import type { RespawnAct } from '../../actions/respawn.ts';
import type { Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { type Details, detailsOf } from '../../probes/details.ts';
import { findProcesses, type Process } from '../../probes/processes.ts';
import type { Installation, PlanRequest, Refusal, Room, Scene, Setting, Warning } from '../room.ts';
import { tail } from '../tail.ts';

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
    return Promise.all(
      servers.map(async (process, index) => {
        const alike = servers.filter((_, other) => targets[other] === targets[index]);
        const details = await detailsOf(scene.host, process);
        return describe(scene, process, details, alike.length > 1 ? lookAlike(alike) : undefined);
      }),
    );
  },
};

function describe(
  scene: Scene,
  process: Process,
  details: Details | undefined,
  refusal: Refusal | undefined,
): Installation {
  const { host } = scene;
  const settings = settingsOf(process.pid, details);
  return {
    kind: 'process',
    id: String(process.pid),
    target: targetOf(process),
    title: `the hand-run \`ollama serve\`, process ${process.pid}`,
    state: { phase: 'running', pids: [process.pid], uid: process.uid },
    settings,
    value: settings[0]?.value ?? undefined,
    warnings: [
      {
        code: 'not-durable',
        message:
          'Nothing starts this server by itself: the setting lasts until it ends. To make it last, export OLLAMA_HOST where you start it.',
      },
      ...(details && !details.environment ? [unseen()] : []),
    ],
    needsRoot: process.uid !== host.user.uid && host.user.uid !== 0,
    ...(refusal ? { refusal } : {}),
    plan: (request) => refusal ?? plan(scene, process, details, request),
    reread: async () => {
      const now = await running(host, process);
      return settingsOf(now?.pid ?? process.pid, now && (await detailsOf(host, now)));
    },
    observe: async () => {
      const pids = (await twins(host, process)).map(({ pid }) => pid);
      return { phase: pids.length > 0 ? 'running' : 'stopped', pids, uid: process.uid };
    },
    log: async () => tail(host, logFile(scene, process)),
  };
}

/** A hand-run server has one setting: the variable that it was started with. */
function settingsOf(pid: number, details: Details | undefined): Setting[] {
  const value = details?.environment?.[VARIABLE];
  return value === undefined ? [] : [{ value, source: `environment of process ${pid}`, effective: true }];
}

/** By user and words, since the pid is another after every start. */
function targetOf({ uid, argv }: Process): string {
  return `process:${uid}:${argv.join(' ')}`;
}

/** The server keeps its words when it is started anew, but not its pid: the one itself while it lives, else whoever is as it was. */
async function twins(host: Host, process: Process): Promise<Process[]> {
  const words = process.argv.join('\0');
  const alike = (await findProcesses(host, (argv) => argv.join('\0') === words)).filter(
    ({ uid }) => uid === process.uid,
  );
  const same = alike.filter(({ pid }) => pid === process.pid);
  return same.length > 0 ? same : alike;
}

async function running(host: Host, process: Process): Promise<Process | undefined> {
  return (await twins(host, process))[0];
}

function logFile({ stateDir }: Scene, { uid }: Process): string {
  return `${stateDir}/ollama-serve-${uid}.log`;
}

function plan(scene: Scene, process: Process, details: Details | undefined, request: PlanRequest): Plan | Refusal {
  const { host } = scene;
  const target = targetOf(process);
  if (request.bound) return { target, changes: [], activate: [], deactivate: [] };
  if (!details) return notOurs(process);
  if (!request.restart) return onlyRestart(process);
  const { argv, uid, groups } = process;
  const gid = details.gid ?? process.gid;
  const environment = details.environment ?? surroundings(host);
  const cwd = standing(host, details.cwd);
  const start = { file: details.file, argv, cwd, uid, gid, groups, logFile: logFile(scene, process) };
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

/** Where a process's own environment is hidden: that of whoever runs this program, who most likely started it too. */
function surroundings({ env }: Host): Record<string, string> {
  const pairs = Object.entries(env).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return Object.fromEntries(pairs.filter(([name]) => !/^(npm_|NODE|INIT_CWD$|STIGMER_|SUDO_)/.test(name)));
}

function unseen(): Warning {
  const message =
    'The environment of this server cannot be read, so it is started anew with the one of this terminal: variables such as OLLAMA_MODELS have to be set here, if it had any.';
  return { code: 'environment-unseen', message };
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
