import type { Host } from '../../host/host.ts';
import { type Account, accounts, ROOT } from '../../launchd/accounts.ts';
import { findAllLoaded, type Loaded } from '../../launchd/domains.ts';
import { type BrokenJob, isBroken, isJob, type JobFile, readJob } from '../../launchd/jobs.ts';
import { type Brew, findBrews, keepsEnvFile, LABELS } from './brew.ts';
import { type EnvFile, readEnvFile } from './env-file.ts';
import { strangerAt } from './refusals.ts';

/** Ollama's formula as a service: an agent of a user, or (`sudo brew services`) a daemon of root's. */
export interface Service {
  brew: Brew;
  account: Account;
  daemon: boolean;
  /** The label that launchd knows it by, or would. */
  label: string;
  loaded: LoadedJob | undefined;
  /** What is loaded besides, under the other label or in the other domain: it wants the same port. */
  others: LoadedJob[];
  /** The files that launchd reads at boot or login; two of them in the middle of the renaming. */
  registered: JobFile[];
  /** The file in the formula's own folder, from which the former was made. */
  keg: JobFile | undefined;
  /** True when that file is another user's, as on a Mac where one of several has Homebrew. */
  foreignKeg: boolean;
  /** services/ollama.env, for an agent. */
  envFile: EnvFile | undefined;
  /** Whether this Homebrew has such a file at all; undefined when that is not to be had. */
  keepsEnv: boolean | undefined;
  broken: BrokenJob | undefined;
}

/** A job with the label that it is loaded by. */
export type LoadedJob = Loaded & { label: string };

interface Scope {
  account: Account;
  daemon: boolean;
  dir: string;
}

/** Every service of the formula, one that was never started among them. */
export async function findServices(host: Host): Promise<Service[]> {
  const [people, brews] = await Promise.all([accounts(host), findBrews(host)]);
  const agents = people.map((account) => ({ account, daemon: false, dir: `${account.home}/Library/LaunchAgents` }));
  const daemons = { account: ROOT, daemon: true, dir: '/Library/LaunchDaemons' };
  const owner = people[0] ?? ROOT;
  const scopes = [...agents, daemons];
  const found = (await Promise.all(scopes.map((scope) => servicesIn(host, scope, brews, owner)))).flat();
  const idle = brews.filter(({ prefix }) => !found.some(({ brew }) => brew.prefix === prefix));
  const unused = idle.map((brew) => complete(host, brew, { account: owner, daemon: false, dir: '' }, owner, [], []));
  return [...found, ...(await Promise.all(unused))];
}

/** What is registered or loaded under either label. A file tells by its program which Homebrew it belongs to. */
async function servicesIn(host: Host, scope: Scope, brews: Brew[], owner: Account): Promise<Service[]> {
  const [files, jobs] = await Promise.all([
    Promise.all(LABELS.map((label) => readJob(host, `${scope.dir}/${label}.plist`))),
    jobsOf(host, scope),
  ]);
  const present = files.filter((file) => file !== undefined);
  if (present.length === 0 && jobs.length === 0) return [];
  const good = present.filter(isJob);
  const program = jobs[0]?.print.program ?? good[0]?.argv[0] ?? '';
  const prefix = /^(.*)\/(?:opt|Cellar)\/ollama\//.exec(program)?.[1];
  const brew = brews.find((one) => one.prefix === prefix) ?? {
    prefix: prefix ?? brews[0]?.prefix ?? '',
    program: undefined,
  };
  return [await complete(host, brew, scope, owner, present, jobs)];
}

/** What launchd has of it now: first the job that runs. */
export function jobsOf(host: Host, { account, daemon }: Pick<Scope, 'account' | 'daemon'>): Promise<LoadedJob[]> {
  return findAllLoaded(host, LABELS, daemon ? undefined : account.uid);
}

async function complete(
  host: Host,
  brew: Brew,
  { account, daemon }: Scope,
  owner: Account,
  present: (JobFile | BrokenJob)[],
  [loaded, ...others]: LoadedJob[],
): Promise<Service> {
  const [kegs, keepsEnv] = await Promise.all([
    Promise.all(LABELS.map((label) => readJob(host, `${brew.prefix}/opt/ollama/${label}.plist`))),
    keepsEnvFile(host, owner, brew),
  ]);
  const keg = kegs.find(isJob);
  const registered = present.filter(isJob);
  return {
    brew,
    account,
    daemon,
    label: loaded?.label ?? registered[0]?.label ?? keg?.label ?? LABELS[0],
    loaded,
    others,
    registered,
    keg,
    foreignKeg: !daemon && keg !== undefined && strangerAt(host, keg.real, account) !== undefined,
    envFile: daemon ? undefined : readEnvFile(host, account),
    keepsEnv,
    broken: present.find(isBroken),
  };
}

/** The file that launchd has the job from, or will have it from. */
export function definingFile({ loaded, registered, keg }: Service): JobFile | undefined {
  const path = loaded?.print.path;
  const known = [...registered, ...(keg ? [keg] : [])];
  return known.find((file) => file.path === path || file.real === path) ?? registered[0] ?? keg;
}
