import type { FileStat } from './host.ts';

/** The plain programs by which files are looked at and changed with somebody else's rights, as the platform has them. */
export interface Tools {
  stat(path: string): string[];
  parseStat(stdout: string): FileStat;
  read(path: string): string[];
  parseRead(stdout: string): Buffer;
  /** Makes an empty file with the owner and mode that `owned` has as words of install(1). */
  create(owned: readonly string[], path: string): string[];
  /** Gets the bytes on its standard input. */
  fill(path: string): string[];
  /** What has them on the disk then, if `fill` does not; anybody may run it, and it need not be there. */
  flush?: string[];
  move(from: string, to: string): string[];
}

export function toolsOf(platform: NodeJS.Platform): Tools {
  return platform === 'darwin' ? BSD : GNU;
}

const GNU_KINDS: Record<string, FileStat['kind']> = {
  'regular file': 'file',
  'regular empty file': 'file',
  directory: 'directory',
  'symbolic link': 'link',
};

/** coreutils: `-T` keeps a folder that came up at the target from being moved into. */
const GNU: Tools = {
  stat: (path) => ['stat', '-c', '%F|%a|%u|%g|%s|%Y', '--', path],
  parseStat(stdout) {
    const [kind = '', mode = '0', uid, gid, size, modified] = stdout.trim().split('|');
    return {
      kind: GNU_KINDS[kind] ?? 'other',
      mode: Number.parseInt(mode, 8),
      uid: Number(uid),
      gid: Number(gid),
      size: Number(size),
      modified: Number(modified) * 1000,
    };
  },
  read: (path) => ['base64', '--', path],
  parseRead: (stdout) => Buffer.from(stdout, 'base64'),
  create: (owned, path) => ['install', ...owned, '-T', '--', '/dev/null', path],
  fill: (path) => ['dd', `of=${path}`, 'conv=notrunc,fsync', 'status=none'],
  move: (from, to) => ['mv', '-f', '-T', '--', from, to],
};

const BSD_KINDS: Record<string, FileStat['kind']> = { '-': 'file', d: 'directory', l: 'link' };

/** What POSIX has of them, since a Mac may have GNU's before its own on PATH: of stat(1) they share no option. */
const BSD: Tools = {
  stat: (path) => ['ls', '-ldn', path],
  parseStat(stdout) {
    const [letters = '', , uid, gid, size] = stdout.trim().split(/\s+/);
    return {
      kind: BSD_KINDS[letters[0] ?? ''] ?? 'other',
      mode: modeOf(letters.slice(1, 10)),
      uid: Number(uid),
      gid: Number(gid),
      size: Number(size),
      modified: 0, // ls tells it to the minute only, and nobody asks
    };
  },
  read: (path) => ['od', '-An', '-v', '-tx1', path],
  parseRead: (stdout) => Buffer.from(stdout.replaceAll(/\s/g, ''), 'hex'),
  create: (owned, path) => ['install', ...owned, '/dev/null', path],
  fill: (path) => ['dd', `of=${path}`, 'conv=notrunc'],
  flush: ['sync'], // POSIX's dd knows no `fsync`
  move: (from, to) => ['mv', '-f', from, to],
};

/** `rwxr-xr-t` as permission bits (ls(1)). */
function modeOf(letters: string): number {
  const bits = [...letters].reduce((sum, letter) => (sum << 1) | (/[rwxst]/.test(letter) ? 1 : 0), 0);
  const special = [2, 5, 8].reduce((sum, at) => (sum << 1) | (/[sStT]/.test(letters[at] ?? '') ? 1 : 0), 0);
  return (special << 9) | bits;
}
