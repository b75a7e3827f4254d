import { FileError } from '../errors.ts';
import type { Actor, Host, Identity, Ownership } from '../host/host.ts';
import { sha256 } from './hash.ts';
import { checkFolders } from './safe-path.ts';
import { type Validation, validate } from './validate.ts';

/** A file as it was or shall be: its bytes (base64), owner and permission bits. */
export interface FileState extends Ownership {
  content: string;
}

/** A line of ours in a file that may hold others' lines, and the line that stood there before (null: none did). */
export interface LineEdit {
  ours: string;
  was: string | null;
}

/** A key of ours in a property list that may hold others' keys, and its value before it (null: it was not there). */
export interface Assignment {
  keys: string[];
  was: string | null;
  /** True where a program writes the file anew as it goes, so that a change since is not somebody's edit. */
  rewritten: boolean;
}

/**
 * One file, from one state to another; null is "no such file". The change carries both sides, so its inverse is the
 * same change turned round, and all of it is data that a journal can keep.
 */
export interface FileChange {
  type: 'file';
  id: string;
  title: string;
  path: string;
  identity: Identity;
  from: FileState | null;
  to: FileState | null;
  /** Folders that exist only with the file, outermost first: made before it, removed after it when empty. */
  folders: { path: string; ownership: Ownership }[];
  lines: LineEdit[];
  /** For a property list, whose lines say nothing by themselves: the key that is ours in it. */
  assignment?: Assignment;
  /** How to check the new bytes before they take the file's place. */
  validate?: Validation;
}

/** The hash by which a state is recognised later. */
export function fingerprint(state: FileState | null): string {
  if (state === null) return 'absent';
  return sha256(Buffer.from(state.content, 'base64'));
}

/** The text of a state; empty when there is no file. */
export function textOf(state: FileState | null): string {
  return state === null ? '' : Buffer.from(state.content, 'base64').toString('utf8');
}

/** A state out of text. */
export function stateOf(text: string, ownership: Ownership): FileState {
  return stateOfBytes(Buffer.from(text), ownership);
}

/** A state out of bytes. */
export function stateOfBytes(bytes: Buffer, { mode, uid, gid }: Ownership): FileState {
  return { content: bytes.toString('base64'), mode, uid, gid };
}

/** What stands at a path now. Throws FileError for anything that is not a regular file. */
export async function readState(actor: Actor, path: string): Promise<FileState | null> {
  const stat = await actor.stat(path);
  if (!stat) return null;
  if (stat.kind !== 'file') throw new FileError('EINVAL', path, `${path} is a ${stat.kind}, not a file`);
  const bytes = await actor.bytes(path);
  if (bytes === undefined) return null;
  return { content: bytes.toString('base64'), mode: stat.mode, uid: stat.uid, gid: stat.gid };
}

/** The folders above `path` that are still missing, outermost first, each to be made with `ownership`. */
export function missingFolders(host: Host, path: string, ownership: Ownership): FileChange['folders'] {
  const missing: FileChange['folders'] = [];
  for (let dir = parent(path); dir !== '/' && !host.files.stat(dir); dir = parent(dir)) {
    missing.unshift({ path: dir, ownership });
  }
  return missing;
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}

/** The same change turned round: what takes it back. */
export function invert(change: FileChange): FileChange {
  const { validate: _, ...rest } = change;
  return { ...rest, title: `Put back ${change.path}`, from: change.to, to: change.from };
}

/** True when the file that a change takes away is gone, and an empty folder that was made for it is still there. */
export function leavesFolder(host: Host, { to, folders }: FileChange): boolean {
  const isEmpty = (path: string) => host.files.stat(path)?.kind === 'directory' && host.files.list(path).length === 0;
  return to === null && folders.some(({ path }) => isEmpty(path));
}

/** Where the machine stands with regard to a change: already done, still as planned, or changed by somebody else. */
export async function inspect(host: Host, change: FileChange): Promise<'done' | 'todo' | 'conflict'> {
  const now = await readState(host.as(change.identity), change.path);
  if (same(now, change.to)) return leavesFolder(host, change) ? 'todo' : 'done';
  return same(now, change.from) ? 'todo' : 'conflict';
}

function same(a: FileState | null, b: FileState | null): boolean {
  if (a === null || b === null) return a === b;
  return a.content === b.content && a.mode === b.mode && a.uid === b.uid && a.gid === b.gid;
}

/** What tells this run's temporary files from another's. */
export function runName({ pid }: Host): string {
  return `stigmer-${pid}`;
}

/** The name that a file has until it is whole; kept in the journal by way of `run`, so that a later run can remove it. */
export function temporaryName(path: string, run: string): string {
  const dir = parent(path);
  return `${dir === '/' ? '' : dir}/.${path.slice(path.lastIndexOf('/') + 1)}.${run}.tmp`;
}

/** Throws FileError when somebody without the right to could steer where the change ends. Nothing is written for it. */
export function checkPlace(host: Host, { path, identity }: FileChange): void {
  const privileged = identity !== 'self' || host.user.uid === 0;
  if (privileged && host.root === undefined) checkFolders(host, path, identity);
}

/** Makes the change: whole, or not at all. Throws FileError, or ValidationError when the new bytes are refused. */
export async function applyFile(host: Host, change: FileChange, run: string): Promise<void> {
  const actor = host.as(change.identity);
  checkPlace(host, change);
  if (change.to === null) {
    await actor.remove(change.path);
    for (const folder of [...change.folders].reverse()) {
      if (!(await actor.removeDirectory(folder.path))) break;
    }
    return;
  }
  for (const folder of change.folders) {
    if (!(await actor.stat(folder.path))) await actor.makeDirectory(folder.path, folder.ownership);
  }
  const temporary = temporaryName(change.path, run);
  try {
    const staged = actor.stage(temporary, Buffer.from(change.to.content, 'base64'), change.to);
    const checked = change.validate ? validate(host, change.validate, run) : undefined;
    for (const part of await Promise.allSettled([staged, checked])) if (part.status === 'rejected') throw part.reason;
    await actor.commit(temporary, change.path);
  } catch (error) {
    await actor.remove(temporary).catch(() => undefined);
    throw error;
  }
}
