/** Wildcards in EnvironmentFile=: systemd.exec(5), glob(7), safe_glob() in systemd's src/basic/glob-util.c. */
import type { Files } from '../host/host.ts';
import { inByteOrder } from './unit-name.ts';

/** The existing paths that an absolute pattern stands for, in byte order; without wildcards the path itself. */
export function expandPath(files: Files, pattern: string): string[] {
  if (!/[*?[\\]/.test(pattern)) return exists(files, pattern) ? [pattern] : [];
  let paths = [''];
  for (const part of pattern.split('/').filter(Boolean)) {
    paths = paths.flatMap((path) => {
      if (!/[*?[]/.test(part)) return [`${path}/${part.replace(/\\(.)/g, '$1')}`];
      const match = toPattern(part);
      return files
        .list(path || '/')
        .filter((name) => match.test(name) && (part.startsWith('.') || !name.startsWith('.')))
        .map((name) => `${path}/${name}`);
    });
  }
  return inByteOrder(paths.filter((path) => exists(files, path)));
}

/** A path that may not be looked at counts as there. */
function exists(files: Files, path: string): boolean {
  try {
    return files.stat(path) !== undefined;
  } catch {
    return true;
  }
}

/** One part of a path as a regular expression. */
function toPattern(part: string): RegExp {
  const source = part.replace(
    /\\(.)|\[([!^]?)(\]?[^\]]*)\]|([*?])|([^A-Za-z0-9])/g,
    (_, quoted, not, set, wild, other) => {
      if (wild) return wild === '*' ? '.*' : '.';
      if (set !== undefined) return `[${not ? '^' : ''}${set.replace(/[\\\]^]/g, '\\$&')}]`;
      return `\\${quoted ?? other}`.replace(/^\\([A-Za-z0-9])/, '$1');
    },
  );
  try {
    return new RegExp(`^${source}$`, 's');
  } catch {
    return /^\b$/;
  }
}
