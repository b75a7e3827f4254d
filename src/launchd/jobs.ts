import { FileError } from '../errors.ts';
import type { FileStat, Host } from '../host/host.ts';
import { PlistError } from '../plist/error.ts';
import { type PlistFile, readPlist, valueAt } from '../plist/read.ts';

/** The file that describes a job to launchd (launchd.plist(5)), as it is on disk. */
export interface JobFile {
  path: string;
  /** Where it really is, when `path` leads through links. */
  real: string;
  stat: FileStat;
  label: string;
  /** The words of its program. */
  argv: string[];
  environment: Record<string, string>;
  userName: string | undefined;
  plist: PlistFile;
}

/** A file that launchd cannot read either, or that this user may not. */
export interface BrokenJob {
  path: string;
  why: string;
  line: number | undefined;
  /** True when only rights are missing. */
  forbidden: boolean;
}

/** The job in a file; undefined when there is no such file. */
export async function readJob(host: Host, path: string): Promise<JobFile | BrokenJob | undefined> {
  try {
    const bytes = host.files.bytes(path);
    const real = host.files.real(path);
    const stat = real === undefined ? undefined : host.files.stat(real);
    if (bytes === undefined || real === undefined || stat?.kind !== 'file') return undefined;
    return describe(path, real, stat, await readPlist(bytes));
  } catch (error) {
    if (error instanceof PlistError) return { path, why: error.reason, line: error.line, forbidden: false };
    if (error instanceof FileError) return { path, why: error.message, line: undefined, forbidden: true };
    throw error;
  }
}

export function isBroken(job: JobFile | BrokenJob): job is BrokenJob {
  return 'why' in job;
}

export function isJob(job: JobFile | BrokenJob | undefined): job is JobFile {
  return job !== undefined && !isBroken(job);
}

function describe(path: string, real: string, stat: FileStat, plist: PlistFile): JobFile {
  const text = (key: string) => {
    const value = valueAt(plist, [key]);
    return typeof value === 'string' ? value : undefined;
  };
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\.plist$/, '');
  const words = valueAt(plist, ['ProgramArguments']);
  const program = text('Program');
  const argv = Array.isArray(words) ? words.filter((word) => typeof word === 'string') : [];
  return {
    path,
    real,
    stat,
    label: text('Label') ?? name,
    // Program is what runs; the words only tell it what it is called (launchd.plist(5)).
    argv: program === undefined ? argv : [program, ...argv.slice(1)],
    environment: textsIn(valueAt(plist, ['EnvironmentVariables'])),
    userName: text('UserName'),
    plist,
  };
}

function textsIn(value: unknown): Record<string, string> {
  const pairs = typeof value === 'object' && value !== null ? Object.entries(value) : [];
  return Object.fromEntries(pairs.filter((pair): pair is [string, string] => typeof pair[1] === 'string'));
}

/** Every job file of a folder whose bytes hold `word`: the others need not be understood. */
export async function jobsSpeakingOf(host: Host, dir: string, word: string): Promise<(JobFile | BrokenJob)[]> {
  const paths = host.files
    .list(dir)
    .filter((name) => name.endsWith('.plist'))
    .map((name) => `${dir}/${name}`)
    .filter((path) => speaksOf(host, path, word));
  const jobs = await Promise.all(paths.map((path) => readJob(host, path)));
  return jobs.filter((job) => job !== undefined);
}

function speaksOf(host: Host, path: string, word: string): boolean {
  try {
    return host.files.bytes(path)?.includes(word) ?? false;
  } catch (error) {
    if (error instanceof FileError) return path.includes(word); // not ours to read: its name has to do
    throw error;
  }
}
