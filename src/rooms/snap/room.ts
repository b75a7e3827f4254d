import type { Act } from '../../actions/index.ts';
import type { ValueChange } from '../../actions/value.ts';
import type { Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import { findInProc, type Process } from '../../probes/processes.ts';
import { parseShow } from '../../systemd/systemctl.ts';
import type { ServiceState, Setting } from '../room.ts';
import { type Installation, isServe, type PlanRequest, type Refusal, type Scene } from '../room.ts';

const UNIT = 'snap.ollama.listener.service';

/** snapd runs the hook and restarts services within a change that it waits for itself. */
const TIMEOUT = 150_000;
const READ = ['snap', 'get', 'ollama', 'host'];
/** snapd starts nothing that systemd has given up, and a hook that cannot start it has the setting put back by snapd. */
const RESET = ['systemctl', 'reset-failed', UNIT];
/** What `snap get` says of a key that is not set (overlord/configstate/config in canonical/snapd). */
const ABSENT = 'has no "host" configuration option';

/** The setting `host`; undefined for a user who may not read it, and why. */
interface Answer {
  value: string | null | undefined;
  failure: string;
}

function isSnaps({ cgroup, argv }: Process): boolean {
  return cgroup.endsWith(`/${UNIT}`) || argv[0]?.startsWith('/snap/ollama/') === true;
}

/** The snap: its launcher exports OLLAMA_HOST from the snap's own setting over anything that systemd gives it. */
export async function detectSnap(scene: Scene): Promise<Installation[]> {
  const { host } = scene;
  const running = scene.servers.filter(isSnaps);
  scene.servers = scene.servers.filter((server) => !running.includes(server));
  const [answer, state] = await Promise.all([ask(host), stateOf(host, running)]);
  const settings = settingsOf(answer);
  const target = 'snap:ollama';
  return [
    {
      kind: 'snap',
      id: 'ollama',
      target,
      title: 'the ollama snap',
      state,
      settings,
      value: answer.value ?? undefined,
      warnings: [],
      needsRoot: host.user.uid !== 0,
      logCommand: 'snap logs ollama',
      plan: (request) => plan(host, target, state, answer, request),
      reread: async () => settingsOf(await ask(host)),
      observe: () => stateOf(host, findInProc(host, isServe).filter(isSnaps)),
      log: () => log(host),
      reasons: async (words) => (words === undefined ? [{ code: 'snap-host-setting', message: told(answer) }] : []),
    },
  ];
}

/** Only root may read it, unless polkit lets somebody (daemon/api_snap_conf.go in canonical/snapd). */
async function ask(host: Host): Promise<Answer> {
  const { code, stdout, stderr, error } = await host.ask(READ, { timeout: 20_000 });
  if (code === 0) return { value: stdout.trim() || null, failure: '' };
  if (stderr.includes(ABSENT)) return { value: null, failure: '' };
  return { value: undefined, failure: stderr.trim().replace(/^error: /, '') || error || 'snap does not answer' };
}

function told({ value }: Answer): string {
  const is = value === undefined ? 'only root may read' : value === null ? 'is not set' : `is ${value}`;
  return `The snap keeps its address in a setting of its own, \`host\`, which ${is}`;
}

function settingsOf({ value }: Answer): Setting[] {
  return value === undefined || value === null ? [] : [{ value, source: READ.join(' '), effective: true }];
}

const PHASES: Record<string, ServiceState['phase']> = { failed: 'failed', activating: 'starting', inactive: 'stopped' };

async function stateOf(host: Host, running: readonly Process[]): Promise<ServiceState> {
  const pids = running.map(({ pid }) => pid);
  const uid = running[0]?.uid ?? 0;
  if (pids.length > 0) return { phase: 'running', pids, uid };
  const words = ['show', UNIT, '--property=ActiveState,SubState,Result'];
  const { stdout } = await host.ask(['systemctl', ...words], { timeout: 20_000 });
  const shown = parseShow(stdout)[0];
  const result = shown?.get('Result') ?? 'success';
  const again = shown?.get('SubState') === 'auto-restart';
  // Between its launcher and its server there is a moment with neither.
  const phase = again ? 'restarting' : shown?.get('ActiveState') === 'active' ? 'starting' : undefined;
  return {
    phase: phase ?? PHASES[shown?.get('ActiveState') ?? ''] ?? 'stopped',
    pids,
    uid,
    ...(result === 'success' ? {} : { reason: `Result=${result}` }),
  };
}

async function log(host: Host): Promise<string> {
  const argv = ['journalctl', '-u', UNIT, '-n', '8', '--no-pager', '-o', 'cat'];
  const { code, stdout } = await host.ask(argv, { timeout: 5000 });
  return code === 0 ? stdout.trim() : '';
}

function plan(
  host: Host,
  target: string,
  { phase, pids }: ServiceState,
  { value, failure }: Answer,
  { wanted, restart, start, bound }: PlanRequest,
): Plan | Refusal {
  if (value === undefined) {
    // Its launcher takes the address from nowhere else.
    return bound ? { target, changes: [], activate: [], deactivate: [] } : notReadable(failure);
  }
  const changes = value !== null && sameBinding(value, wanted) ? [] : [changeOf(value, wanted)];
  const running = pids.length > 0 || phase === 'starting' || phase === 'restarting';
  // Later revisions have a hook that restarts the server whenever a setting is changed (snap/hooks in mz2/ollama-snap).
  const hook = host.files.real('/snap/ollama/current/meta/hooks/configure') !== undefined;
  if (hook && changes.length > 0 && (running ? !restart : !start)) return restartsItself(wanted);
  const itself = hook && changes.length > 0;
  const deactivate = running ? acts('restart', itself) : acts('stop');
  const activate =
    !restart || (bound && !itself) || !(running || start) ? [] : acts(running ? 'restart' : 'start', itself);
  return { target, changes, activate, deactivate };
}

function changeOf(from: string | null, to: string): ValueChange {
  const assign = (value: string) => ['snap', 'set', 'ollama', `host=${value}`];
  return {
    type: 'value',
    id: 'snap-set',
    title: `Set the snap's host to ${to}`,
    subject: 'host of the ollama snap',
    identity: 'root',
    from,
    to,
    read: READ,
    absent: ABSENT,
    prepare: RESET,
    timeout: TIMEOUT,
    set: assign(to),
    unset: from === null ? ['snap', 'unset', 'ollama', 'host'] : assign(from),
  };
}

/** `itself`: the server was restarted with the change, and is only seen to run. */
function acts(id: 'restart' | 'start' | 'stop', itself = false): Act[] {
  const title = {
    restart: 'Restart the ollama snap',
    start: 'Start the ollama snap',
    stop: 'Stop the ollama snap again',
  };
  const command = { type: 'command', identity: 'root', timeout: TIMEOUT } as const;
  const argv = ['snap', id === 'restart' && itself ? 'start' : id, 'ollama'];
  const clear = { ...command, id: 'reset-failed', title: 'Clear its start limit', argv: RESET, tolerate: true };
  return [...(id === 'stop' ? [] : [clear]), { ...command, id, title: title[id], argv }];
}

function notReadable(failure: string): Refusal {
  const denied = failure.includes('access denied');
  return {
    code: 'snap-host-setting',
    exit: denied ? 5 : 4,
    message: `The ollama snap keeps its address in a setting of its own, which cannot be read: ${failure}.`,
    meaning: 'Without knowing what to put back, nothing was changed.',
    remedy: denied ? 'sudo npx stigmer-setup-ollama' : 'sudo snap get ollama host',
  };
}

function restartsItself(wanted: string): Refusal {
  return {
    code: 'snap-restarts-itself',
    exit: 4,
    message: 'This snap (re)starts Ollama by itself as soon as a setting is changed.',
    meaning: 'That was not to happen, so nothing was changed.',
    remedy: `sudo snap set ollama host=${wanted}   # when it may be restarted`,
  };
}
