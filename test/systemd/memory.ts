import { dirname, join } from 'node:path/posix';
import type { FileStat, Files } from '../../src/host/host.ts';

/** A file system in memory: regular files and links, with the folders they need. */
export function memoryFiles(contents: Record<string, string>, links: Record<string, string> = {}): Files {
  const entries = new Set<string>(['/']);
  for (const path of [...Object.keys(contents), ...Object.keys(links)]) {
    for (let at = path; at !== '/'; at = dirname(at)) entries.add(at);
  }
  const resolve = (path: string, hops = 0): string | undefined => {
    let at = '/';
    for (const part of path.split('/').filter(Boolean)) {
      const target = links[join(at, part)];
      if (target === undefined) at = join(at, part);
      else if (hops > 20) return undefined;
      else at = resolve(target.startsWith('/') ? target : join(at, target), hops + 1) ?? '/gone';
    }
    return entries.has(at) || at === '/dev/null' ? at : undefined;
  };
  const text = (path: string): string | undefined => {
    const real = resolve(path);
    // What is no UTF-8 stands in the record as a lone surrogate; a decoder makes U+FFFD of it.
    return real === undefined ? undefined : contents[real]?.replace(/\p{Surrogate}/gu, '\ufffd');
  };
  const parent = (path: string) => resolve(dirname(path));
  const stat = (path: string): FileStat | undefined => {
    const at = join(parent(path) ?? '/gone', path.slice(path.lastIndexOf('/') + 1));
    const kind = at in links ? 'link' : at in contents ? 'file' : entries.has(at) ? 'directory' : undefined;
    return kind && { kind, mode: 0o644, uid: 0, gid: 0, size: contents[at]?.length ?? 0, modified: 0 };
  };
  return {
    text,
    stat,
    bytes: (path) => {
      const found = text(path);
      return found === undefined ? undefined : Buffer.from(found);
    },
    list: (dir) => {
      const real = resolve(dir);
      const names = [...entries].filter((path) => path !== '/' && dirname(path) === real);
      return names.map((path) => path.slice(path.lastIndexOf('/') + 1)).sort();
    },
    link: (path) => links[join(parent(path) ?? '/gone', path.slice(path.lastIndexOf('/') + 1))],
    real: (path) => resolve(path),
  };
}
