import { FileError } from '../errors.ts';
import type { Host, RunResult } from '../host/host.ts';
import { USER } from '../windows/environment.ts';
import { type RegistryValue, readKey, readValue } from '../windows/registry.ts';
import { commandLineOf, program } from '../windows/system.ts';
import { CommandError } from './command.ts';

/** What a value of the registry holds: its type and, as reg.exe writes them, its data. */
export interface RegistryData {
  kind: 'REG_SZ' | 'REG_EXPAND_SZ' | 'REG_MULTI_SZ';
  data: string;
}

/** One value of Windows' registry, from one to another; null is "not there". */
export interface RegistryChange {
  type: 'registry';
  id: string;
  title: string;
  /** What people know the value by; also what tells it from every other. */
  subject: string;
  identity: 'self';
  key: string;
  name: string;
  from: RegistryData | null;
  to: RegistryData | null;
}

const TIMEOUT = 15_000;
/** Whoever is told that the environment has changed may be a program that hangs, and each is waited for. */
const TOLD = 40_000;
/** setx.exe cuts off what is longer (MicrosoftDocs/windowsserverdocs, setx). */
const LONGEST = 1024;

/** Where the value stands with regard to the change. Throws CommandError when it cannot be read. */
export async function inspectRegistry(host: Host, change: RegistryChange): Promise<'done' | 'todo' | 'conflict'> {
  const now = await readValue(host, change.key, change.name);
  if (same(now, change.to)) return 'done';
  return same(now, change.from) ? 'todo' : 'conflict';
}

function same(now: RegistryValue | null, side: RegistryData | null): boolean {
  if (now === null || side === null) return now === side;
  return now.kind === side.kind && now.data === side.data;
}

/** Makes the value what it shall be, tells the desktop, and reads it back. Throws CommandError, or FileError EACCES. */
export async function applyRegistry(host: Host, change: RegistryChange): Promise<void> {
  const announced = isAnnounced(change) && (await isDone(host, change, announcing(host, change)));
  if (announced) return;
  const argv = plainly(host, change);
  const result = await host.as('self').run(argv, { timeout: TIMEOUT });
  const now = await readValue(host, change.key, change.name);
  if (!same(now, change.to)) throw failed(change, result);
  if (change.key === USER) await announce(host);
}

/**
 * setx.exe writes what the user's next programs begin with and tells the desktop of it (WM_SETTINGCHANGE). It takes
 * neither a type nor the wish to remove something, and a value with % in it becomes a REG_EXPAND_SZ.
 */
function isAnnounced({ key, to }: RegistryChange): boolean {
  return key === USER && to?.kind === 'REG_SZ' && !/[%"]|^$/.test(to.data) && to.data.length < LONGEST;
}

function announcing(host: Host, { name, to }: RegistryChange): string[] {
  return [program(host, 'setx'), name, to?.data ?? ''];
}

/** A desktop that was slow to hear of it is no failure: what counts is what is there then. */
async function isDone(host: Host, change: RegistryChange, argv: string[]): Promise<boolean> {
  await host.as('self').run(argv, { timeout: TOLD });
  return same(await readValue(host, change.key, change.name), change.to);
}

/** `/f` is needed: without it reg.exe waits for an answer. */
function plainly(host: Host, { key, name, to }: RegistryChange): string[] {
  const reg = program(host, 'reg');
  if (to === null) return [reg, 'delete', key, '/v', name, '/f'];
  return [reg, 'add', key, '/v', name, '/t', to.kind, '/d', to.data, '/f'];
}

/** reg.exe has one exit code for everything; a part of the machine's registry is closed to all but administrators. */
function failed({ key, subject }: RegistryChange, { argv, code, stdout, stderr, error }: RunResult): Error {
  const said = stderr.trim() || stdout.trim() || error || `exit code ${code}`;
  if (code === 1 && key.startsWith('HKLM')) return new FileError('EACCES', subject, said);
  return new CommandError(argv, code === 0 ? `${subject} is not as it was set` : said);
}

const SIGNAL = 'STIGMER_ANNOUNCE';

/**
 * Tells the desktop that the user's environment has changed, for which Windows has no program but setx.exe: it sets a
 * variable of the user's to what it holds already. Where none is plain enough for that it sets one of ours, which goes
 * at once. The change itself is made by then, so that none of it may fail.
 */
async function announce(host: Host): Promise<void> {
  const actor = host.as('self');
  const plain = (await readKey(host, USER))?.find(isPlain);
  const [name, data] = plain ? [plain.name, plain.data] : [SIGNAL, '1'];
  await actor.run([program(host, 'setx'), name, data], { timeout: TOLD });
  if (!plain) await actor.run([program(host, 'reg'), 'delete', USER, '/v', SIGNAL, '/f'], { timeout: TIMEOUT });
}

function isPlain({ name, kind, data }: RegistryValue): boolean {
  return (
    kind === 'REG_SZ' &&
    name.toLowerCase() !== 'path' &&
    /^\w+$/.test(name) &&
    /^[\w.:/, -]{1,200}$/.test(data) &&
    !data.startsWith('/')
  );
}

/** The same change turned round: what takes it back. */
export function invertRegistry(change: RegistryChange): RegistryChange {
  return { ...change, title: `Put back ${change.subject}`, from: change.to, to: change.from };
}

/** The text by which what the change makes is recognised later. */
export function fingerprintOfRegistry(side: RegistryData | null): string {
  return side === null ? 'absent' : `${side.kind} ${side.data}`;
}

/** What takes it back where it still is what this program made it; a value that somebody has set since is theirs. */
export async function reversalOfRegistry(
  host: Host,
  change: RegistryChange,
  ours: readonly string[],
): Promise<RegistryChange | undefined> {
  const now = await readValue(host, change.key, change.name);
  const is = now === null ? 'absent' : `${now.kind} ${now.data}`;
  if (same(now, change.from) || !(ours.includes(is) || same(now, change.to))) return undefined;
  const standing = now === null ? null : { kind: now.kind as RegistryData['kind'], data: now.data };
  return { ...invertRegistry(change), from: standing };
}

/** The change as a command line that a person can paste. */
export function registryCommandLine(host: Host, change: RegistryChange): string {
  return commandLineOf(isAnnounced(change) ? announcing(host, change) : plainly(host, change));
}

/** What one side of the change looks like to a person. */
export function printRegistry(side: RegistryData | null): string {
  return side === null ? 'not set' : `${side.data.replaceAll('\\0', ' | ')} (${side.kind})`;
}
