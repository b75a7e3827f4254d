import { dirname } from 'node:path';
import { runName } from '../actions/file.ts';
import type { RespawnAct } from '../actions/respawn.ts';
import { reversalOf } from '../actions/revert.ts';
import { verify } from '../checks/verify.ts';
import type { Plan } from '../engine/plan.ts';
import { type Journal, Store } from '../engine/store.ts';
import { transact } from '../engine/transaction.ts';
import { EXIT, type ExitCode, SetupError } from '../errors.ts';
import type { Files, Host } from '../host/host.ts';
import { rootedHost } from '../host/rooted.ts';
import { models, version } from '../ollama/api.ts';
import { parseHost } from '../ollama/host-value.ts';
import { listeningSockets } from '../probes/listeners.ts';
import { findProcesses } from '../probes/processes.ts';
import { type Installation, isRefusal, type ServiceState } from '../rooms/room.ts';
import { systemdRoom } from '../rooms/systemd/room.ts';
import { mark, type People, sayDiff, sayStep } from '../ui/people.ts';
import { diffOf } from '../ui/steps.ts';

const UNIT = `[Unit]
Description=Ollama Service

[Service]
ExecStart=/usr/local/bin/ollama serve
Environment="OLLAMA_FLASH_ATTENTION=1"
`;
/** Stands for "an address that others can reach": the demo opens nothing beyond loopback. */
const OTHER = '127.0.0.2';

/** A host in a temporary folder with one unit, and a real server process that takes its environment from that unit. */
interface Stage {
  host: Host;
  machine: Host;
  dir: string;
  port: number;
  people: People;
}

/** The whole job on a stand-in: reproduce the failure, plan, apply, verify, undo. Leaves nothing behind. */
export async function demo(machine: Host, people: People): Promise<ExitCode> {
  if (machine.platform !== 'linux') {
    throw new SetupError('demo-platform', EXIT.usage, 'The demo runs on Linux only so far.', {
      meaning: 'Nothing was changed.',
    });
  }
  const library = '[{"name":"llama3.2:3b","size":2019393189},{"name":"qwen3:8b","size":5225388164}]';
  const files = { 'models.json': Buffer.from(library), 'etc/systemd/system/ollama.service': Buffer.from(UNIT) };
  const dir = await machine.scratch(files, 'stigmer-demo');
  const stage: Stage = { host: stageHost(machine, dir), machine, dir, port: await freePort(machine), people };
  try {
    await play(stage);
    return EXIT.ok;
  } finally {
    for (const { pid } of await servers(stage)) machine.kill(pid, 'SIGKILL');
    await machine.discard(dir);
  }
}

/** Files are those of the folder, processes and sockets those of the machine. */
function stageHost(machine: Host, dir: string): Host {
  const inside = rootedHost(machine, dir);
  const pick = (path: string): Files => (path.startsWith('/proc/') || path === '/proc' ? machine.files : inside.files);
  const files: Files = {
    bytes: (path) => pick(path).bytes(path),
    text: (path) => pick(path).text(path),
    list: (path) => pick(path).list(path),
    stat: (path) => pick(path).stat(path),
    link: (path) => pick(path).link(path),
    real: (path) => pick(path).real(path),
  };
  return Object.create(inside, { files: { value: files } }) as Host;
}

async function play(stage: Stage): Promise<void> {
  const { people, host, machine, dir, port } = stage;
  const { bold, green, dim } = people.colors;
  people.say(bold('A stand-in Ollama, its unit in a temporary folder, on loopback only'));
  people.exactly(dim(`  ${dir}/etc/systemd/system/ollama.service`));
  await machine.detach(spawnOf(stage, `127.0.0.1:${port}`));
  await untilAnswering(stage, `http://127.0.0.1:${port}`);
  const installation = await find(stage);
  await agentTries(stage, 'An agent that comes from elsewhere');
  people.say();
  people.say(bold(`setup --host ${OTHER}:${port}`));
  const store = new Store(host, '/state');
  const plan = await planFor(stage, installation);
  for (const change of plan.changes) sayDiff(people, await diffOf(change));
  await carryOut(stage, installation, store, journalOf(stage, plan, 'setup'), `${OTHER}:${port}`);
  await agentTries(stage, 'The same agent');
  people.say();
  people.say(bold('undo'));
  const receipt = store.receipt(plan.target);
  const reversals = await Promise.all(
    (receipt?.entries ?? []).map(({ change, ours }) => reversalOf(host, change, ours)),
  );
  const changes = reversals.flatMap((reversal) => (reversal.kind === 'change' ? [reversal.change] : []));
  const back: Plan = { target: plan.target, changes, activate: plan.deactivate, deactivate: plan.activate };
  await carryOut(stage, installation, store, journalOf(stage, back, 'undo'), `127.0.0.1:${port}`);
  await agentTries(stage, 'The agent');
  const same =
    host.files.text('/etc/systemd/system/ollama.service') === UNIT &&
    host.files.list('/etc/systemd/system').length === 1;
  if (!same) throw new Error('the demo did not put its folder back as it was');
  people.say(mark(people, 'pass') + green('The folder is byte for byte as it was.'));
}

/** Apply, restart, verify: the engine's own way, with the stand-in's process in the place of systemd's. */
async function carryOut(
  stage: Stage,
  installation: Installation,
  store: Store,
  journal: Journal,
  wanted: string,
): Promise<void> {
  const { host, people } = stage;
  const outcome = await transact({
    host,
    store,
    journal,
    activate: true,
    keepOnFailure: false,
    onStep: (event) => sayStep(people, event),
    verify: async () => {
      const { binding } = await verify(host, installation, {
        wanted: parseHost(wanted),
        timeout: 10_000,
        onWait: () => {},
      });
      for (const { address, port, pid } of binding.listeners)
        people.say(`  process ${pid} listens on ${address}:${port}`);
    },
    verifyOld: async () => {},
  });
  if (outcome.kind !== 'committed') throw outcome.reason;
}

/** The installation as the systemd room finds it in the folder, with the real server process put in. */
async function find(stage: Stage): Promise<Installation> {
  const scene = {
    host: stage.host,
    offline: true,
    version: __VERSION__,
    stateDir: '/state',
    servers: [],
    listeners: [],
  };
  const [installation] = await systemdRoom.detect(scene);
  if (!installation) throw new Error('the demo did not find its own unit');
  const observe = async (): Promise<ServiceState> => {
    const pids = (await servers(stage)).map(({ pid }) => pid);
    return { phase: pids.length > 0 ? 'running' : 'starting', pids, uid: stage.host.user.uid };
  };
  return { ...installation, state: await observe(), observe };
}

async function planFor(stage: Stage, installation: Installation): Promise<Plan> {
  const wanted = `${OTHER}:${stage.port}`;
  const plan = await installation.plan({ wanted, start: false, restart: false, bound: false });
  if (isRefusal(plan)) throw new Error(plan.message);
  const respawn = (title: string, value: string): RespawnAct[] => [
    { type: 'respawn', id: 'restart', title, start: spawnOf(stage, value), grace: 5000 },
  ];
  return {
    ...plan,
    activate: respawn('Restart the stand-in', wanted),
    deactivate: respawn('Restart the stand-in', `127.0.0.1:${stage.port}`),
  };
}

function spawnOf({ dir, machine }: Stage, value: string) {
  const argv = [
    process.execPath,
    `${dirname(machine.files.real(process.argv[1] ?? '') ?? '')}/stand-in.js`,
    'serve',
    dir,
  ];
  const env = { PATH: '/usr/bin:/bin', OLLAMA_HOST: value };
  const { uid, gid } = machine.user;
  return { file: process.execPath, argv, cwd: dir, env, uid, gid, logFile: `${dir}/server.log` };
}

async function servers({ machine, dir }: Stage) {
  return findProcesses(machine, (argv) => argv.at(-1) === dir && argv.at(-2) === 'serve');
}

async function agentTries({ machine, port, people }: Stage, who: string): Promise<void> {
  const base = `http://${OTHER}:${port}`;
  const answer = await models(machine, base, 2000);
  if ('failure' in answer)
    people.say(`${mark(people, 'fail')}${who} asks ${base}: All connection attempts failed (${answer.failure})`);
  else people.say(`${mark(people, 'pass')}${who} asks ${base}: ${answer.count} models, the first is ${answer.first}`);
}

async function untilAnswering({ machine }: Stage, base: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    if (!('failure' in (await version(machine, base, 1000)))) return;
    await machine.sleep(25);
  }
  throw new Error('the stand-in did not start');
}

/** A port that is free on both addresses, since the real Ollama may hold its own. */
async function freePort(machine: Host): Promise<number> {
  const taken = new Set(listeningSockets(machine).map(({ port }) => port));
  for (let port = 21_434; port < 31_434; port++) if (!taken.has(port)) return port;
  throw new Error('no free port between 21434 and 31434');
}

function journalOf({ machine, port }: Stage, plan: Plan, operation: Journal['operation']): Journal {
  const startedAt = new Date(machine.now()).toISOString();
  const run = runName(machine);
  return {
    journalVersion: 1,
    run,
    operation,
    startedAt,
    tool: __VERSION__,
    plan,
    before: null,
    wanted: `${OTHER}:${port}`,
  };
}
