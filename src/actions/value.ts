import type { Host, Identity, RunResult } from '../host/host.ts';
import { CommandError } from './command.ts';

/**
 * One value that another program keeps (a row of its database, a variable of the login session), from one to another;
 * null is "not set". The commands are in the change as they will run, so that a journal and a person read the same.
 */
export interface ValueChange {
  type: 'value';
  id: string;
  title: string;
  /** What people know the value by; also what tells it from every other. */
  subject: string;
  identity: Identity;
  from: string | null;
  to: string | null;
  /** Prints the value, or nothing when it is not set. */
  read: string[];
  /** What it says of a value that is not set, where it fails then. */
  absent?: string;
  /** Run before it is set, in either direction; its failure does not matter. */
  prepare?: string[];
  /** Milliseconds that each of the commands may take. */
  timeout?: number;
  /** Makes it `to`. */
  set: string[];
  /** Makes it `from` again. */
  unset: string[];
  /** The file that the value is kept in, where it may not be there yet, or not any more. */
  place?: string;
  /** Starts whatever makes that file. It goes on running, so that the way back has to end it. */
  awaken?: string[];
}

const TIMEOUT = 15_000;
/** A program that is started for the first time makes its database within seconds. */
const AWAKE = 30_000;

/** The value as it is now. Throws CommandError when it cannot be read. */
export async function readValue(host: Host, change: ValueChange): Promise<string | null> {
  return answerOf(await ask(host, change), change);
}

function ask(host: Host, { identity, read, timeout = TIMEOUT }: ValueChange): Promise<RunResult> {
  return host.as(identity).run(read, { timeout });
}

function answerOf(result: RunResult, { absent }: ValueChange): string | null {
  if (result.code !== 0 && absent !== undefined && result.stderr.includes(absent)) return null;
  if (result.code !== 0) throw failed(result);
  const text = result.stdout.replace(/\r?\n$/, '');
  return text === '' ? null : text;
}

function failed({ argv, stderr, stdout, error, code }: RunResult): CommandError {
  return new CommandError(argv, stderr.trim() || stdout.trim() || error || `exit code ${code}`);
}

/** Without its place there is no value, and none to put back. */
export function isGone(host: Host, { place }: ValueChange): boolean {
  return place !== undefined && host.files.stat(place) === undefined;
}

/** Where the value stands with regard to the change. A place that is yet to be made holds the value it begins with. */
export async function inspectValue(host: Host, change: ValueChange): Promise<'done' | 'todo' | 'conflict'> {
  if (isGone(host, change)) return change.awaken ? 'todo' : 'done';
  const result = await ask(host, change);
  if (result.code !== 0 && change.awaken) return 'todo';
  const now = answerOf(result, change);
  if (now === change.to) return 'done';
  return now === change.from ? 'todo' : 'conflict';
}

/** Makes the value what it shall be, and reads it back. Throws CommandError. */
export async function applyValue(host: Host, change: ValueChange): Promise<void> {
  const actor = host.as(change.identity);
  if (change.awaken) await awaken(host, change, change.awaken);
  if (change.prepare) await actor.run(change.prepare, { timeout: TIMEOUT });
  const result = await actor.run(change.set, { timeout: change.timeout ?? TIMEOUT });
  if (result.code !== 0) throw failed(result);
  const now = await readValue(host, change);
  if (now !== change.to) throw new CommandError(change.set, `${change.subject} is ${now ?? 'not set'} afterwards`);
}

async function awaken(host: Host, change: ValueChange, argv: string[]): Promise<void> {
  const actor = host.as(change.identity);
  const isThere = async () => (await actor.run(change.read, { timeout: TIMEOUT })).code === 0;
  if (await isThere()) return;
  const started = await actor.run(argv, { timeout: TIMEOUT });
  if (started.code !== 0) throw failed(started);
  const deadline = host.now() + AWAKE;
  while (!(await isThere())) {
    if (host.interrupted.aborted || host.now() > deadline)
      throw new CommandError(argv, `${change.subject} did not appear`);
    await host.sleep(200, host.interrupted);
  }
}

/** The same change turned round: what takes it back. */
export function invertValue(change: ValueChange): ValueChange {
  const { awaken: _, ...rest } = change;
  const title = `Put back ${change.subject}`;
  return { ...rest, title, from: change.to, to: change.from, set: change.unset, unset: change.set };
}
