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
import { noBrew } from './refusals.ts';
import { definingFile, type Service } from './service.ts';

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
  const changes = await changesFor(host, service, request.wanted);
  const domain = service.loaded?.domain ?? (await domainFor(host, service.daemon ? undefined : service.account.uid));
  const deactivate = [...wayBack(host, service, domain), ...(await disableAgain(host, service, domain))];
  if (request.bound || !request.restart) return { target, changes, activate: [], deactivate };
  if (!service.loaded && !request.start) return { target, changes, activate: [], deactivate };
  const start = startOf(host, service, domain);
  if (start === undefined) return noBrew(service);
  return { target, changes, activate: [start], deactivate };
}

async function changesFor(host: Host, service: Service, wanted: string): Promise<Change[]> {
  const { account, daemon, keepsEnv } = service;
  const changes: (Change | undefined)[] = [];
  if (!daemon && keepsEnv !== false) changes.push(envFileChange(host, account, wanted));
  for (const file of filesToEdit(service)) changes.push(await setIn(host, service, file, wanted));
  return changes.filter((change) => change !== undefined);
}

/** The keg's file counts where it is copied at a restart (before 6.0.15), or was loaded as it is (`brew services run`). */
function filesToEdit(service: Service): JobFile[] {
  const { registered, keg, loaded, keepsEnv } = service;
  const runs = loaded !== undefined && keg !== undefined && definingFile(service) === keg;
  return [...registered, ...(keg && (keepsEnv !== true || runs) ? [keg] : [])];
}

function setIn(host: Host, service: Service, file: JobFile, wanted: string): Promise<Change | undefined> {
  const now = file.environment[VARIABLE];
  const value = now !== undefined && sameBinding(now, wanted) ? now : wanted;
  const isKeg = file === service.keg;
  return editJob(host, file, service.account, {
    id: isKeg ? 'edit-keg-plist' : `edit-plist${file === service.registered[1] ? '-2' : ''}`,
    title: `Set ${VARIABLE} in ${file.real}${isKeg ? ', which Homebrew copies from' : ''}`,
    variables: [[VARIABLE, value], ...homeFor(service, file)],
    rewritten: true,
  });
}

/** launchd gives a daemon of root's no HOME, and without one Ollama ends at once (cmd/cmd.go, initializeKeypair). */
function homeFor({ daemon }: Service, { userName, environment }: JobFile): [string, string][] {
  return daemon && userName === undefined && environment.HOME === undefined ? [['HOME', '/var/root']] : [];
}

function rightsFor(host: Host, { daemon }: Service): Identity {
  return daemon && host.user.uid !== 0 ? 'root' : 'self';
}

function launchd(
  host: Host,
  service: Service,
  domain: string,
  verb: 'reload' | 'unload',
  id: string,
  plist: string,
): Act {
  const { label } = service;
  const title = {
    restart: `Restart ${label} with its file read anew`,
    start: `Start ${label}`,
    stop: `Stop ${label} again`,
  }[id];
  return {
    type: 'launchd',
    id,
    title: title ?? label,
    identity: rightsFor(host, service),
    verb,
    domain,
    label,
    plist,
    timeout: TIMEOUT,
  };
}

/** How it comes up with the new setting: launchd reads the file anew, or brew registers what never was. */
function startOf(host: Host, service: Service, domain: string): Act | undefined {
  const path = service.loaded?.print.path ?? service.registered[0]?.path;
  if (path !== undefined) return launchd(host, service, domain, 'reload', service.loaded ? 'restart' : 'start', path);
  return brewAct(host, service, 'start', 'start', 'Start it as a service of Homebrew');
}

/** Up as it was if it was up, down if it was not. */
function wayBack(host: Host, service: Service, domain: string): Act[] {
  const { loaded, registered } = service;
  if (loaded) {
    const path = loaded.print.path ?? definingFile(service)?.path ?? '';
    return [launchd(host, service, domain, 'reload', 'restart', path)];
  }
  if (registered[0]) return [launchd(host, service, domain, 'unload', 'stop', registered[0].path)];
  const stop = brewAct(host, service, 'stop', 'stop', 'Stop it again');
  return stop ? [stop] : [];
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
  id: string,
  verb: string,
  title: string,
): Act | undefined {
  if (brew.program === undefined) return undefined;
  const identity = daemon ? 'root' : identityOf(host, account);
  const argv = brewCommand(brew.program, 'services', verb, 'ollama');
  return { type: 'command', id, title, identity, argv, timeout: BREW_TIMEOUT };
}

/**
 * Homebrew copies our value: into the next keg at an upgrade, into the file of the new label at the renaming. What holds
 * it now and is not on record is taken back as well, and what is loaded now is what is restarted.
 */
export async function takeBackMoved(
  host: Host,
  service: Service,
  { wanted, running, subjects }: Done,
): Promise<{ changes: Change[]; activate: Act[] } | undefined> {
  if (!running) return undefined; // it is stopped again, and its files with it
  const files = [...service.registered, ...(service.keg ? [service.keg] : [])];
  const copies = files.filter((file) => file.environment[VARIABLE] === wanted && !subjects.includes(file.real));
  if (copies.length === 0) return undefined;
  const changes: Change[] = [];
  for (const file of copies) changes.push(await withoutVariable(host, file, service.account, VARIABLE));
  const domain = service.loaded?.domain ?? (await domainFor(host, service.daemon ? undefined : service.account.uid));
  const path = service.loaded?.print.path ?? service.registered[0]?.path;
  if (path === undefined) return { changes, activate: [] };
  return { changes, activate: [launchd(host, service, domain, 'reload', 'restart', path)] };
}
