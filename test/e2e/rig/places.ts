import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/** The repository's root. */
export const REPO = path.resolve(import.meta.dirname, '../../..');

/** Everything the rig keeps on this machine. */
export const HOME = '/var/tmp/stigmer-e2e';

/** One folder for each host that is up. */
export const HOSTS = `${HOME}/hosts`;

/** What the names of hosts, namespaces and control groups of the rig start with. */
export const PREFIX = 'se2e-';

const RUN = 'STIGMER_E2E_RUN';

/** Marks this process as the owner of every host that it and its children boot. */
export function beginRun(): string {
  const key = `${process.pid}x${startTime(process.pid)}`;
  process.env[RUN] = key;
  return key;
}

/** The run that this process belongs to. */
export function runKey(): string {
  return process.env[RUN] ?? beginRun();
}

let counter = 0;

/** A name for a new host that tells whose it is. */
export function newHostName(): string {
  counter += 1;
  return `${PREFIX}${runKey()}-${process.pid}-${counter}`;
}

/** The run key in a name of the rig, or undefined when it is no name of the rig. */
export function ownerOf(name: string): string | undefined {
  return new RegExp(`^${PREFIX}(\\d+x\\d+)-`).exec(name)?.[1];
}

/** Whether the process that began a run is still there (and is not another one with its number). */
export function runIsAlive(key: string): boolean {
  const [pid, start] = key.split('x');
  return start !== '0' && startTime(Number(pid)) === start;
}

/** The names in a folder; none when there is no such folder. */
export function names(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}

function startTime(pid: number): string {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '0';
  } catch {
    return '0';
  }
}
