import type { Act } from '../../actions/index.ts';
import type { Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { domainFor, findLoaded } from '../../launchd/domains.ts';
import { editJob } from '../../launchd/edit.ts';
import { isBroken, type JobFile, readJob } from '../../launchd/jobs.ts';
import { asker, disabledLabels } from '../../launchd/launchctl.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import { valueAt } from '../../plist/read.ts';
import { findProcesses } from '../../probes/processes.ts';
import { stateOfJob } from '../job-state.ts';
import { unreadablePlist } from '../plist-refusals.ts';
import {
  type Given,
  type Installation,
  isServe,
  type PlanRequest,
  type Refusal,
  type Room,
  type Scene,
  type ServiceState,
  type Setting,
} from '../room.ts';
import { tail } from '../tail.ts';
import { findJobs, type Job } from './jobs.ts';
import { setsItself } from './program.ts';
import { declared, ofAnother, setInProgram } from './refusals.ts';

const VARIABLE = 'OLLAMA_HOST';
const TIMEOUT = 15_000;

/** Any other agent or daemon of launchd whose program runs `ollama serve`. */
export const launchdRoom: Room = {
  kind: 'launchd',
  async detect(scene) {
    const jobs = await findJobs(scene);
    return jobs.map((job) => describe(scene, job));
  },
};

function describe(scene: Scene, job: Job): Installation {
  const { host } = scene;
  const { file, label, daemon } = job;
  const state = stateOf(job);
  const target = `launchd:${daemon ? 'system' : 'agent'}/${label}`;
  const refusal = isBroken(file) ? unreadablePlist(file) : undefined;
  const settings = isBroken(file) ? [] : settingsOf(job, file);
  scene.servers = scene.servers.filter(({ pid }) => !job.servers.includes(pid));
  return {
    kind: 'launchd',
    id: label,
    target,
    title: `the launchd ${daemon ? 'daemon' : 'agent'} ${label}`,
    state,
    settings,
    value: settings.find(({ effective }) => effective)?.value ?? undefined,
    warnings: [],
    needsRoot: isForeign(host, job) || (host.user.uid !== 0 && !isBroken(file) && file.stat.uid !== host.user.uid),
    logCommand: logFile(file)
      ? `tail -n 50 '${logFile(file)}'`
      : `launchctl print ${job.loaded?.domain ?? 'system'}/${label}`,
    ...(refusal ? { refusal } : {}),
    plan: (request) => (isBroken(file) ? unreadablePlist(file) : plan(host, job, file, target, request)),
    reread: async () => {
      const now = await readJob(host, file.path);
      return now === undefined || isBroken(now) ? [] : settingsOf(job, now);
    },
    given: () => given(host, job),
    observe: () => observe(host, job),
    log: async () => tail(host, logFile(file)),
  };
}

function stateOf({ loaded, servers, account }: Pick<Job, 'loaded' | 'servers' | 'account'>): ServiceState {
  const state = stateOfJob(loaded?.print, account.uid);
  return servers.length > 0 ? { ...state, pids: servers } : state;
}

async function observe(host: Host, job: Job): Promise<ServiceState> {
  const loaded = await findLoaded(host, job.label, job.daemon ? undefined : job.account.uid);
  const main = loaded?.print.pid;
  const serving = main === undefined ? [] : await findProcesses(host, isServe);
  const servers = serving.filter(({ pid, ppid }) => pid === main || ppid === main).map(({ pid }) => pid);
  return stateOf({ loaded, servers, account: job.account });
}

/** What is written down elsewhere; no reason to refuse where Ollama listens as wanted. */
function refusalOf(host: Host, { account }: Job, file: JobFile, { bound, wanted }: PlanRequest): Refusal | undefined {
  if (bound) return undefined;
  if (file.real.startsWith('/nix/')) return declared(file.path, wanted);
  const where = setsItself(host, file.argv, VARIABLE);
  if (where !== undefined) return setInProgram(file.path, where);
  const atHome = file.real.startsWith(`${account.home}/`) && file.stat.uid !== account.uid;
  return atHome ? ofAnother(file, account.name) : undefined;
}

/** True where only root may tell launchd: of the system's domain, and of another user's. */
function isForeign({ user }: Host, { daemon, account }: Job): boolean {
  return user.uid !== 0 && (daemon || account.uid !== user.uid);
}

async function plan(
  host: Host,
  job: Job,
  file: JobFile,
  target: string,
  request: PlanRequest,
): Promise<Plan | Refusal> {
  const { label, daemon, account, loaded } = job;
  const refusal = refusalOf(host, job, file, request);
  if (refusal) return refusal;
  const now = file.environment[VARIABLE];
  // Where its own command or Nix has it as wanted, the file has nothing to add.
  const settled =
    request.bound && (file.real.startsWith('/nix/') || setsItself(host, file.argv, VARIABLE) !== undefined);
  const isSet = settled || (now !== undefined && sameBinding(now, request.wanted));
  const edit = isSet
    ? undefined
    : await editJob(host, file, isForeign(host, job) || daemon ? undefined : account, {
        id: 'edit-plist',
        title: `Set ${VARIABLE} in ${file.real}`,
        variables: [[VARIABLE, request.wanted]],
        rewritten: false,
      });
  const uid = daemon ? undefined : account.uid;
  const nearest = loaded?.domain ?? (await domainFor(host, uid));
  // Nobody is at the screen, and the job is for there only: it is started when somebody logs in, and not by us.
  const waits = nearest.startsWith('user/') && loaded === undefined && !isForBackground(file);
  const domain = waits ? `gui/${account.uid}` : nearest;
  const identity = isForeign(host, job) ? ('root' as const) : ('self' as const);
  const path = loaded?.print.path ?? file.path;
  const act = (id: string, verb: 'reload' | 'unload', title: string): Act => ({
    type: 'launchd',
    id,
    title,
    identity,
    verb,
    domain,
    label,
    plist: path,
    timeout: TIMEOUT,
  });
  const off = (await disabledLabels(asker(host), domain)).get(label) === true;
  const disable: Act[] = off
    ? [
        {
          type: 'command',
          id: 'disable',
          title: `Disable ${label} again`,
          identity,
          argv: ['launchctl', 'disable', `${domain}/${label}`],
          timeout: TIMEOUT,
        },
      ]
    : [];
  const restart = act('restart', 'reload', `Restart ${label} with its file read anew`);
  const starts = request.start && loaded === undefined && !waits;
  const wanted = request.restart && !request.bound && (loaded !== undefined || starts);
  const activate = wanted ? [loaded ? restart : act('start', 'reload', `Start ${label}`)] : [];
  // What was not started by us is not ours to stop: whoever has started it since gets the old file read.
  const back = wanted && !loaded ? act('stop', 'unload', `Stop ${label} again`) : restart;
  return { target, changes: edit ? [edit] : [], activate, deactivate: [back, ...disable] };
}

/** Without the key an agent is for the session at the screen (launchd.plist(5), LimitLoadToSessionType). */
function isForBackground({ plist }: JobFile): boolean {
  const types = valueAt(plist, ['LimitLoadToSessionType']);
  return Array.isArray(types) ? types.includes('Background') : types === 'Background';
}

/** In the order of their strength: the job's own variables, then what `launchctl setenv` gave the whole session. */
function settingsOf({ loaded }: Job, file: JobFile): Setting[] {
  const own = file.environment[VARIABLE];
  const inherited = loaded?.print.inheritedEnvironment[VARIABLE];
  return [
    ...(own === undefined ? [] : [{ value: own, source: file.real, effective: true }]),
    ...(inherited === undefined
      ? []
      : [{ value: inherited, source: 'launchctl setenv', effective: own === undefined }]),
  ];
}

async function given(host: Host, { label, daemon, account }: Job): Promise<Given | undefined> {
  const loaded = await findLoaded(host, label, daemon ? undefined : account.uid);
  const value = loaded && (loaded.print.environment[VARIABLE] ?? loaded.print.inheritedEnvironment[VARIABLE]);
  if (loaded === undefined || value === undefined) return undefined;
  return { value, evidence: `launchctl print ${loaded.domain}/${label}: ${VARIABLE} => ${value}` };
}

function logFile(file: Job['file']): string | undefined {
  if (isBroken(file)) return undefined;
  const { StandardErrorPath: err, StandardOutPath: out } = file.plist.value;
  return [err, out].find((path): path is string => typeof path === 'string');
}
