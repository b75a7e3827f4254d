import type { Act } from '../../actions/index.ts';
import type { Change, Plan } from '../../engine/plan.ts';
import type { Host, Identity } from '../../host/host.ts';
import { identityOf } from '../../launchd/accounts.ts';
import { domainFor } from '../../launchd/domains.ts';
import { editJob, withoutVariable } from '../../launchd/edit.ts';
import type { JobFile } from '../../launchd/jobs.ts';
import { asker, disabledLabels } from '../../launchd/launchctl.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import type { Done, PlanRequest, Refusal } from '../room.ts';
import { brewCommand } from './brew.ts';
import { envFileChange } from './env-file.ts';
import { noBrew, notTheirs, strangerAt } from './refusals.ts';
import { definingFile, type LoadedJob, type Service } from './service.ts';

const VARIABLE = 'OLLAMA_HOST';
/** A service that is stopped may take launchd's 5 seconds, and a restart waits for that. */
const TIMEOUT = 15_000;
/** brew is written in Ruby and waits for the service. */
const BREW_TIMEOUT = 150_000;

/** The fewest changes after which `wanted` is in force, and stays so as far as this Homebrew lets it. */
export async function planFor(
  host: Host,
  service: Service,
  target: string,
  request: PlanRequest,
): Promise<Plan | Refusal> {
  const changes: Change[] = [];
  for (const change of await changesFor(host, service, request.wanted)) {
    if (change === undefined) continue;
    if ('exit' in change) return change;
    changes.push(change);
  }
  const domain = await domainOf(host, service);
  const deactivate = [...wayBack(host, service, domain), ...(await disableAgain(host, service, domain))];
  if (request.bound || !request.restart) return { target, changes, activate: [], deactivate };
  if (!service.loaded && !request.start) return { target, changes, activate: [], deactivate };
  const start = startOf(host, service, domain);
  if (start === undefined) return noBrew(service, request.wanted);
  const { others } = service;
  const makeRoom = others.map((job, i) => launchd(host, service, job, 'unload', `stop-other${i || ''}`));
  return { target, changes, activate: [...makeRoom, start], deactivate };
}

async function domainOf(host: Host, { loaded, daemon, account }: Service): Promise<string> {
  return loaded?.domain ?? (await domainFor(host, daemon ? undefined : account.uid));
}

async function changesFor(host: Host, service: Service, wanted: string): Promise<(Change | Refusal | undefined)[]> {
  const { account, envFile, keepsEnv } = service;
  const env = envFile && keepsEnv !== false ? envFileChange(host, account, envFile, wanted) : undefined;
  const files: (Change | Refusal | undefined)[] = [];
  for (const file of filesToEdit(service)) files.push(await setIn(host, service, file, wanted));
  return [env, ...files];
}

/**
 * The keg's file counts where it is copied at a restart (before 6.0.15), or was loaded as it is (`brew services run`). For
 * a daemon root would have to write into a folder that is a user's, so there its own file has to do.
 */
function filesToEdit(service: Service): JobFile[] {
  const { registered, keg, loaded, keepsEnv, daemon, foreignKeg } = service;
  const runs = loaded !== undefined && keg !== undefined && definingFile(service) === keg;
  const copied = keepsEnv !== true && !daemon && !foreignKeg;
  return [...registered, ...(keg && (runs || copied) ? [keg] : [])];
}

async function setIn(
  host: Host,
  service: Service,
  file: JobFile,
  wanted: string,
): Promise<Change | Refusal | undefined> {
  const now = file.environment[VARIABLE];
  const value = now !== undefined && sameBinding(now, wanted) ? now : wanted;
  const isKeg = file === service.keg;
  const change = await editJob(host, file, service.account, {
    id: isKeg ? 'edit-keg-plist' : `edit-plist${file === service.registered[1] ? '-2' : ''}`,
    title: `Set ${VARIABLE} in ${file.real}${isKeg ? ', which Homebrew copies from' : ''}`,
    variables: [[VARIABLE, value], ...homeFor(service, file)],
    rewritten: true,
  });
  const strange = change && strangerAt(host, file.real, service.account);
  return strange === undefined ? change : notTheirs(strange, service.account);
}

/** launchd gives a daemon of root's no HOME, and without one Ollama ends at once (cmd/cmd.go, initializeKeypair). */
function homeFor({ daemon }: Service, { userName, environment }: JobFile): [string, string][] {
  return daemon && userName === undefined && environment.HOME === undefined ? [['HOME', '/var/root']] : [];
}

function rightsFor(host: Host, { daemon }: Service): Identity {
  return daemon && host.user.uid !== 0 ? 'root' : 'self';
}

/** A job and where it is, or belongs. */
type Place = Pick<LoadedJob, 'domain' | 'label'> & { print?: { path?: string } };

function launchd(host: Host, service: Service, place: Place, verb: 'reload' | 'unload', id: string): Act {
  const { domain, label } = place;
  const titles: Record<string, string> = {
    restart: `Restart ${label} with its file read anew`,
    start: `Start ${label}`,
    stop: `Stop ${label} again`,
    'restart-other': `Start the other ${label} again`,
  };
  return {
    type: 'launchd',
    id,
    title: titles[id.replace(/\d+$/, '')] ?? `Stop the other ${label}, in ${domain}, which wants the same port`,
    identity: rightsFor(host, service),
    verb,
    domain,
    label,
    plist: place.print?.path ?? pathOf(service),
    timeout: TIMEOUT,
  };
}

/** The file by which launchd has the job, or would have it. */
function pathOf(service: Service): string {
  return service.loaded?.print.path ?? service.registered[0]?.path ?? definingFile(service)?.path ?? '';
}

/** How it comes up with the new setting: launchd reads the file anew, or brew registers what never was. */
function startOf(host: Host, service: Service, domain: string): Act | undefined {
  const { label, loaded, registered } = service;
  if (loaded) return launchd(host, service, loaded, 'reload', 'restart');
  if (registered[0]) return launchd(host, service, { domain, label }, 'reload', 'start');
  return brewAct(host, service, domain, 'start', 'Start it as a service of Homebrew');
}

/** Up as it was if it was up, down if it was not. */
function wayBack(host: Host, service: Service, domain: string): Act[] {
  const { loaded, others, registered, label } = service;
  if (loaded) {
    const again = others.map((job, i) => launchd(host, service, job, 'reload', `restart-other${i || ''}`));
    return [launchd(host, service, loaded, 'reload', 'restart'), ...again];
  }
  if (registered[0]) return [launchd(host, service, { domain, label }, 'unload', 'stop')];
  const stop = brewAct(host, service, domain, 'stop', 'Stop it again');
  return stop ? [stop, ...withoutFolder(host, service)] : [];
}

/** brew makes the folder for its file, where nobody had agents before. */
function withoutFolder(host: Host, { account }: Service): Act[] {
  const dir = `${account.home}/Library/LaunchAgents`;
  if (host.files.stat(dir)) return [];
  const identity = identityOf(host, account);
  const argv = ['rmdir', dir];
  return [
    {
      type: 'command',
      id: 'tidy',
      title: `Remove ${dir} if it is empty`,
      identity,
      argv,
      timeout: TIMEOUT,
      tolerate: true,
    },
  ];
}

/** A label that was switched off stays so for the next login, whatever is loaded now. */
async function disableAgain(host: Host, service: Service, domain: string): Promise<Act[]> {
  const off = (await disabledLabels(asker(host), domain)).get(service.label) === true;
  if (!off) return [];
  const argv = ['launchctl', 'disable', `${domain}/${service.label}`];
  const identity = rightsFor(host, service);
  return [
    { type: 'command', id: 'disable', title: `Disable ${service.label} again`, identity, argv, timeout: TIMEOUT },
  ];
}

function brewAct(
  host: Host,
  { brew, account, daemon }: Service,
  domain: string,
  verb: 'start' | 'stop',
  title: string,
): Act | undefined {
  if (brew.program === undefined) return undefined;
  const identity = daemon ? 'root' : identityOf(host, account);
  const argv = brewCommand(host, account, brew.program, ['services', verb, 'ollama'], domain);
  return { type: 'command', id: verb, title, identity, argv, timeout: BREW_TIMEOUT };
}

/**
 * Homebrew copies our value: into the next keg at an upgrade, into the file of the new label at the renaming. What holds
 * it now and is not on record is taken back as well, and what is loaded now is what is restarted, or stopped.
 */
export async function takeBackMoved(
  host: Host,
  service: Service,
  { wanted, running, subjects }: Done,
): Promise<{ changes: Change[]; activate?: Act[] } | undefined> {
  // Where setup found the value in the service's files already, it is not ours to take out.
  if (running && !subjects.some((path) => path.endsWith('.plist'))) return undefined;
  const { registered, keg, loaded, account, label, foreignKeg } = service;
  // A service that brew has registered for us loses its file to `brew services stop`.
  const wasThere = running || subjects.some((path) => /\/Library\/Launch(?:Agents|Daemons)\//.test(path));
  const holds = (file: JobFile) => file.environment[VARIABLE] === wanted && !subjects.includes(file.real);
  const changes: Change[] = [];
  for (const [i, file] of registered.filter((each) => wasThere && holds(each)).entries())
    changes.push(await withoutVariable(host, file, account, { id: `clear-plist${i || ''}`, name: VARIABLE }));
  if (keg && holds(keg) && !foreignKeg)
    changes.push(await withoutVariable(host, keg, account, { id: 'clear-keg-plist', name: VARIABLE }));
  if (changes.length === 0) return undefined;
  if (!wasThere) return { changes };
  const place = loaded ?? { domain: await domainOf(host, service), label };
  const [verb, id] = running ? (['reload', 'restart'] as const) : (['unload', 'stop'] as const);
  return { changes, activate: [launchd(host, service, place, verb, id)] };
}
