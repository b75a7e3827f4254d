import type { Files } from './host.ts';

/** The same files, each looked at once: for a pass that reads the same folders for many names. */
export function remember(files: Files): Files {
  return {
    bytes: files.bytes,
    text: once(files.text),
    list: once(files.list),
    stat: once(files.stat),
    link: once(files.link),
    real: once(files.real),
  };
}

/** The function, asked once for each path (or name). */
export function once<T>(read: (path: string) => T): (path: string) => T {
  const known = new Map<string, T>();
  return (path) => {
    const found = known.get(path);
    if (found !== undefined || known.has(path)) return found as T;
    const value = read(path);
    known.set(path, value);
    return value;
  };
}
