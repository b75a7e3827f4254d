import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, type Stats, statSync } from 'node:fs';
import { FileError } from '../errors.ts';
import type { FileStat, Files } from './host.ts';
import { trace } from './trace.ts';

const ABSENT = new Set(['ENOENT', 'ENOTDIR', 'ELOOP', 'ESRCH', 'EINVAL', 'EISDIR']);

/** Runs a reading; undefined when nothing is there, FileError when the system forbids or fails it. */
function reading<T>(path: string, read: () => T): T | undefined {
  try {
    if (trace.write && !path.startsWith('/proc/')) trace.write(`read  ${path}`);
    return read();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? 'EIO';
    if (ABSENT.has(code)) return undefined;
    throw new FileError(code, path, (error as Error).message);
  }
}

/** By UTF-8 bytes. For names without surrogate pairs that is JavaScript's own order, and a hundred times cheaper. */
function inByteOrder(names: string[]): string[] {
  const plain = names.every((name) => !/[\ud800-\udfff]/.test(name));
  return plain ? names.sort() : names.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

/** What Node has for the user of every process on Windows (os.userInfo). */
const NOBODY = -1;

/** Turns Node's `Stats` into ours. */
export function toFileStat(stats: Stats): FileStat {
  const kind = stats.isFile() ? 'file' : stats.isDirectory() ? 'directory' : stats.isSymbolicLink() ? 'link' : 'other';
  const { size, mtimeMs: modified } = stats;
  // Windows has no such owners and bits: what lies in a user's profile is that user's, by inherited access lists.
  if (process.platform === 'win32')
    return { kind, mode: kind === 'directory' ? 0o700 : 0o600, uid: NOBODY, gid: NOBODY, size, modified };
  return { kind, mode: stats.mode & 0o7777, uid: stats.uid, gid: stats.gid, size, modified };
}

/** Folders that only root can put something into; looking twice at each file there would cost a run some milliseconds. */
const OURS_ALONE = /^\/(etc|usr|proc|run\/systemd|lib)\//;

/** Only regular files are opened: a pipe or device that a user put in the way would be read without end. */
function isFile(path: string): boolean {
  return OURS_ALONE.test(path) || statSync(path).isFile();
}

/**
 * Reads the real machine. Synchronous on purpose: a run looks at some hundred small files below /proc and the unit
 * folders, and a promise for each costs more than the reading.
 */
export const realFiles: Files = {
  bytes: (path) => reading(path, () => (isFile(path) ? readFileSync(path) : undefined)),
  text: (path) => reading(path, () => (isFile(path) ? readFileSync(path, 'utf8') : undefined)),
  list(dir) {
    try {
      return inByteOrder(readdirSync(dir));
    } catch {
      return [];
    }
  },
  stat: (path) => reading(path, () => toFileStat(lstatSync(path))),
  link: (path) => reading(path, () => readlinkSync(path)),
  real: (path) => reading(path, () => realpathSync(path)),
};
