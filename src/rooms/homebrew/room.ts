import type { Host } from '../../host/host.ts';
import { stateOfJob } from '../job-state.ts';
import type { Given, Installation, Room, Scene, ServiceState, Setting } from '../room.ts';
import { tail } from '../tail.ts';
import { planFor, takeBackMoved } from './plan.ts';
import { brokenPlist, declared } from './refusals.ts';
import { definingFile, findServices, jobsOf, type LoadedJob, type Service } from './service.ts';
import { warningsOf } from './warnings.ts';

const VARIABLE = 'OLLAMA_HOST';

/** Ollama's formula, run by `brew services`. */
export const homebrewRoom: Room = {
  kind: 'homebrew',
  async detect(scene) {
    const services = await findServices(scene.host);
    return services.map((service) => describe(scene, service));
  },
};

function describe(scene: Scene, service: Service): Installation {
  const { host } = scene;
  const { brew, daemon, account, loaded, others, registered } = service;
  const id = `${daemon ? 'root:' : ''}${brew.prefix}/opt/ollama`;
  const target = `homebrew:${id}`;
  const refusal = refusalOf(service);
  const settings = settingsOf(service);
  const state = stateOf(loaded ? [loaded, ...others] : [], account.uid);
  scene.servers = scene.servers.filter(({ pid }) => !state.pids.includes(pid));
  return {
    kind: 'homebrew',
    id,
    target,
    title: `Homebrew's Ollama in ${brew.prefix}${daemon ? ", as root's daemon" : ''}`,
    state,
    settings,
    value: settings.find(({ effective }) => effective)?.value ?? undefined,
    warnings: warningsOf(service),
    needsRoot: daemon && host.user.uid !== 0,
    dormant: loaded === undefined && registered.length === 0 && service.broken === undefined,
    logCommand: `tail -n 50 ${brew.prefix}/var/log/ollama.log`,
    ...(refusal ? { refusal } : {}),
    plan: (request) => refusal ?? planFor(host, service, target, request),
    moved: (done) => takeBackMoved(host, service, done),
    reread: async () => settingsOf(await again(host, service)),
    given: () => given(host, service),
    observe: () => observe(host, service),
    log: async () => tail(host, `${brew.prefix}/var/log/ollama.log`),
  };
}

function refusalOf({ broken, registered }: Service) {
  if (broken) return brokenPlist(broken);
  const nix = registered.find(({ real }) => real.startsWith('/nix/'));
  return nix && declared(nix.path);
}

/** The same service as it is now: its label may be another by now, when brew has registered it. */
async function again(host: Host, service: Service): Promise<Service> {
  const services = await findServices(host);
  return (
    services.find(({ brew, daemon }) => brew.prefix === service.brew.prefix && daemon === service.daemon) ?? service
  );
}

async function observe(host: Host, service: Service): Promise<ServiceState> {
  return stateOf(await jobsOf(host, service), service.account.uid);
}

/** Of two jobs that want the same port, either may be the one that has it. */
function stateOf(jobs: readonly LoadedJob[], uid: number): ServiceState {
  const pids = jobs.map(({ print }) => print.pid).filter((pid) => pid !== undefined);
  return { ...stateOfJob(jobs[0]?.print, uid), pids };
}

/** What launchd gave the process, which is what the file said when it was loaded. */
async function given(host: Host, service: Service): Promise<Given | undefined> {
  const [job] = await jobsOf(host, service);
  const value = job && (job.print.environment[VARIABLE] ?? job.print.inheritedEnvironment[VARIABLE]);
  if (job === undefined || value === undefined) return undefined;
  return { value, evidence: `launchctl print ${job.domain}/${job.label}: ${VARIABLE} => ${value}` };
}

/** In the order of their strength: the file that is loaded, then what `launchctl setenv` gave the whole session. */
function settingsOf(service: Service): Setting[] {
  const { registered, keg, envFile, loaded, keepsEnv } = service;
  const defining = definingFile(service);
  const files = [...registered, ...(keg ? [keg] : [])].filter(({ environment }) => environment[VARIABLE] !== undefined);
  const inherited = loaded?.print.inheritedEnvironment[VARIABLE];
  const isSet = defining?.environment[VARIABLE] !== undefined;
  const settings: Setting[] = files.map((file) => ({
    value: file.environment[VARIABLE] ?? null,
    source: file.real,
    effective: file === defining,
  }));
  if (envFile?.value !== undefined && keepsEnv !== false)
    settings.push({ value: envFile.value, source: envFile.path, effective: false });
  if (inherited !== undefined) settings.push({ value: inherited, source: 'launchctl setenv', effective: !isSet });
  return settings;
}
