import type { Host } from '../../host/host.ts';
import { type Account, accounts, ROOT } from '../../launchd/accounts.ts';
import { findLoaded, type Loaded } from '../../launchd/domains.ts';
import { type BrokenJob, isBroken, type JobFile, jobsSpeakingOf } from '../../launchd/jobs.ts';
import { isServe, type Scene } from '../room.ts';
import { speaksOfServe } from './program.ts';
import { superviseds } from './supervised.ts';

/** Jobs of other rooms: Homebrew's, the app's login item and the app itself, and the agent that this program writes for it. */
const FOREIGN =
  /^(homebrew\.mxcl|homebrew|sh\.brew)\.ollama$|^com\.ollama\.ollama$|^io\.github\.stigmer\.|^application\./;

/** A job of launchd that runs Ollama. */
export interface Job {
  file: JobFile | BrokenJob;
  label: string;
  daemon: boolean;
  account: Account;
  loaded: Loaded | undefined;
  /** The servers themselves: the job's own process, or children of the shell that it is. */
  servers: number[];
}

interface Folder {
  dir: string;
  daemon: boolean;
  account: Account;
}

/** Every agent and daemon that runs `ollama serve`, but those of the system itself (launchd.plist(5), FILES). */
export async function findJobs(scene: Scene): Promise<Job[]> {
  const { host } = scene;
  const people = await accounts(host);
  const folders: Folder[] = [
    ...people.map((account) => ({ dir: `${account.home}/Library/LaunchAgents`, daemon: false, account })),
    ...people.map((account) => ({ dir: '/Library/LaunchAgents', daemon: false, account })),
    { dir: '/Library/LaunchDaemons', daemon: true, account: ROOT },
  ];
  const jobs = (await Promise.all(folders.map((folder) => jobsIn(host, scene, folder)))).flat();
  const explained = jobs.flatMap(({ servers }) => servers);
  const left = scene.servers.filter(({ pid }) => !explained.includes(pid));
  const others = (await superviseds(host, people, left)).filter(({ label }) => !FOREIGN.test(label));
  return [...jobs.filter(({ file }) => !others.some((other) => other.file.path === file.path)), ...others];
}

async function jobsIn(host: Host, scene: Scene, { dir, daemon, account }: Folder): Promise<Job[]> {
  const files = (await jobsSpeakingOf(host, dir, 'ollama')).filter((file) => !FOREIGN.test(labelOf(file)));
  const jobs = await Promise.all(
    files.map(async (file) => {
      const label = labelOf(file);
      const loaded = await findLoaded(host, label, daemon ? undefined : account.uid);
      return { file, label, daemon, account, loaded, servers: serversOf(scene, loaded) };
    }),
  );
  return jobs.filter(({ file, servers }) => servers.length > 0 || runsServe(host, file));
}

function labelOf(file: JobFile | BrokenJob): string {
  return isBroken(file) ? file.path.slice(file.path.lastIndexOf('/') + 1).replace(/\.plist$/, '') : file.label;
}

function serversOf({ servers }: Scene, loaded: Loaded | undefined): number[] {
  const main = loaded?.print.pid;
  if (main === undefined) return [];
  return servers.filter(({ pid, ppid }) => pid === main || ppid === main).map(({ pid }) => pid);
}

/** Also true for a shell line or script; a file that cannot be read counts by its name, so that it is told and not passed over. */
function runsServe(host: Host, file: JobFile | BrokenJob): boolean {
  if (isBroken(file)) return /ollama/i.test(labelOf(file));
  return isServe(file.argv) || speaksOfServe(host, file.argv);
}
