import type { RelaunchAct } from '../../actions/relaunch.ts';
import { membersOf } from '../../actions/relaunch.ts';
import type { Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { parseHost } from '../../ollama/host-value.ts';
import { askNetstatAno } from '../../probes/netstat-ano.ts';
import type { Process } from '../../probes/processes.ts';
import { answerOf } from '../../windows/ask.ts';
import { portNote } from '../../windows/ports.ts';
import { readRights } from '../../windows/rights.ts';
import { forward, localData, systemFolder, variableOf } from '../../windows/system.ts';
import type { Installation, PlanRequest, Refusal, Room, Scene } from '../room.ts';
import { tail } from '../tail.ts';
import { refusalOfElevated } from '../windows-elevated.ts';
import {
  clientsWarning,
  type HostVariable,
  readHostVariable,
  refusalOfClosed,
  scopeWarnings,
  settingsOf,
  surroundings,
  VARIABLE,
  variableChange,
} from '../windows-variable.ts';

const KIND = 'process';
const SERVER = 'ollama.exe';
const TARGET = `${KIND}:ollama serve`;

/** An `ollama serve` that nobody supervises: started in a terminal, or by a script. */
export const windowsProcessRoom: Room = {
  kind: KIND,
  async detect(scene) {
    if (scene.host.platform !== 'win32' || scene.offline) return [];
    const left = scene.servers.filter(({ comm }) => comm.toLowerCase() === SERVER);
    if (left.length === 0) return [];
    const variable = await readHostVariable(scene.host);
    const servers = await serving(scene.host, left, variable);
    return servers.map((process) => describe(scene, process, variable, servers));
  },
};

/** Who runs a model may listen as well, on some port of loopback: the server is whoever has a port that was asked for. */
async function serving(host: Host, candidates: Process[], variable: HostVariable): Promise<Process[]> {
  const ports = portsOf(variable);
  const known = (await askNetstatAno(host)).filter(({ port }) => ports.includes(port));
  const on = candidates.filter(({ pid }) => known.some((listener) => listener.pid === pid));
  return on.length > 0 || candidates.length > 1 ? on : candidates;
}

function portsOf({ value }: HostVariable, ...more: string[]): number[] {
  return [...new Set([undefined, value, ...more].map((one) => parseHost(one).port))];
}

function describe(scene: Scene, process: Process, variable: HostVariable, all: Process[]): Installation {
  const { host } = scene;
  const refusal = all.length > 1 ? lookAlike(all) : undefined;
  const { pid, uid } = process;
  let act: Pick<RelaunchAct, 'servers'> = { servers: serversOf(host, portsOf(variable)) };
  let restarted = false;
  return {
    kind: KIND,
    id: String(pid),
    target: TARGET,
    title: `the hand-run \`ollama serve\`, process ${pid}`,
    state: { phase: 'running', pids: [pid], uid },
    // What the running one was given is not told: these are for whoever is started next.
    settings: settingsOf(host, variable, true),
    value: undefined,
    warnings: [...scopeWarnings(variable), unseen()],
    needsRoot: false,
    ...(refusal ? { refusal } : {}),
    consequences: async (wanted) => clientsWarning(wanted, ''),
    plan: async (request) => {
      act = { servers: serversOf(host, portsOf(variable, request.wanted)) };
      restarted = request.restart && !request.bound;
      return refusal ?? plan(scene, variable, act.servers, request);
    },
    moved: async ({ wanted }) => {
      act = { servers: serversOf(host, portsOf(variable, wanted)) };
      restarted = true;
      const file = await programOf(host, pid);
      return file === undefined
        ? undefined
        : { changes: [], activate: [respawn(scene, act.servers, file, 'as it was')] };
    },
    reread: async () => settingsOf(host, await readHostVariable(host)),
    observe: async () => {
      if (!restarted) return { phase: (await isAlive(host, pid)) ? 'running' : 'stopped', pids: [pid], uid };
      const { servers, tasks } = await membersOf(host, { app: null, ...act });
      // Before it listens it is only one of its name; one that has just been started is among them.
      const pids = servers.map((task) => task.pid);
      const coming = tasks.some(({ image }) => image.toLowerCase() === SERVER);
      return { phase: pids.length > 0 ? 'running' : coming ? 'starting' : 'stopped', pids, uid };
    },
    log: async () =>
      [tail(host, logFile(scene)), ...(await portNote(host, portsOf(variable)))].filter(Boolean).join('\n'),
  };
}

async function isAlive(host: Host, pid: number): Promise<boolean> {
  const { tasks } = await membersOf(host, { app: null, servers: serversOf(host, []) });
  return tasks.some((task) => task.pid === pid);
}

/** By the ports that it may have; the app's own is noted in a file, and is not meant. */
function serversOf(host: Host, ports: number[]): RelaunchAct['servers'] {
  return { image: SERVER, pidFile: null, ports, spare: `${localData(host)}/Ollama/ollama.pid` };
}

async function plan(
  scene: Scene,
  variable: HostVariable,
  servers: RelaunchAct['servers'],
  { wanted, bound, restart }: PlanRequest,
): Promise<Plan | Refusal> {
  const { host } = scene;
  const closed = refusalOfClosed(variable, wanted);
  if (closed) return closed;
  const change = variableChange(variable, wanted);
  const changes = change ? [change] : [];
  if (bound || !restart) return { target: TARGET, changes, activate: [], deactivate: [] };
  const [pid] = scene.servers.filter(({ comm }) => comm.toLowerCase() === SERVER).map((one) => one.pid);
  const file = await programOf(host, pid ?? 0);
  if (file === undefined) return notFound(wanted);
  const refusal = refusalOfElevated(await readRights(host, undefined));
  if (refusal) return refusal;
  const act = (how: string) => [respawn(scene, servers, file, how)];
  return { target: TARGET, changes, activate: act(`with ${VARIABLE}=${wanted}`), deactivate: act('as it was') };
}

/** A program of the console has no window that could be asked to close: it is ended by force, as Ctrl-C cannot be sent to another's. */
function respawn(scene: Scene, servers: RelaunchAct['servers'], file: string, how: string): RelaunchAct {
  const folder = file.slice(0, file.lastIndexOf('/'));
  return {
    type: 'relaunch',
    id: 'restart',
    title: `Start \`ollama serve\` anew ${how}`,
    app: null,
    servers,
    grace: 0,
    start: {
      file,
      args: ['serve'],
      cwd: folder,
      environment: surroundings(folder.replaceAll('/', '\\')),
      logFile: logFile(scene),
    },
  };
}

/** Where its program is: what PowerShell says of the process itself, since nothing quicker knows, else PATH. */
async function programOf(host: Host, pid: number): Promise<string | undefined> {
  const shell = `${systemFolder(host)}\\WindowsPowerShell\\v1.0\\powershell.exe`;
  const script = `[Console]::OutputEncoding=[Text.Encoding]::UTF8; (Get-Process -Id ${pid} -ErrorAction SilentlyContinue).Path`;
  const { stdout } = await answerOf(host, [shell, '-NoProfile', '-NonInteractive', '-Command', script], 20_000);
  const told = forward(stdout.trim());
  if (told.toLowerCase().endsWith(`/${SERVER}`)) return told;
  const path = (variableOf(host.env, 'PATH') ?? '').split(';').filter((dir) => /^[A-Za-z]:[\\/]/.test(dir));
  const places = [...path.map((dir) => forward(dir).replace(/\/+$/, '')), `${localData(host)}/Programs/Ollama`];
  return places.map((dir) => `${dir}/${SERVER}`).find((file) => host.files.stat(file)?.kind === 'file');
}

function logFile({ stateDir }: Scene): string {
  return `${stateDir}/ollama-serve.log`;
}

function unseen() {
  const message =
    'Nothing starts this server by itself, and Windows does not tell what environment it was started with: it is started anew, without a window, with the one of this terminal and the variables of the registry. A terminal that was opened earlier still has the old ones.';
  return { code: 'not-durable', message };
}

/** After a restart nobody could say which of them was which. */
function lookAlike(alike: Process[]): Refusal {
  const pids = alike.map(({ pid }) => pid);
  return {
    code: 'processes-alike',
    exit: 4,
    message: `Processes ${pids.join(' and ')} are both \`ollama serve\`, so they cannot be told apart.`,
    meaning: 'A restart of one could end the other as well, so nothing was changed.',
    remedy: `taskkill /F /PID ${pids.at(-1)}   # or whichever is not needed, then run this again`,
  };
}

function notFound(wanted: string): Refusal {
  return {
    code: 'program-not-found',
    exit: 4,
    message: 'An Ollama server runs, but its program was found neither by its process nor on PATH.',
    meaning: 'Without it the server cannot be started anew. Nothing was changed.',
    remedy: `setx ${VARIABLE} ${wanted}   # then end the server and start it again in a new terminal`,
  };
}
