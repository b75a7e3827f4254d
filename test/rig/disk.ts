import { FileError } from '../../src/errors.ts';
import type { FileStat, Files, Ownership } from '../../src/host/host.ts';

/** What stands at a path. */
export type Entry = Ownership & { modified: number } & (
    | { kind: 'file'; bytes: Buffer }
    | { kind: 'directory' }
    | { kind: 'link'; target: string }
  );

const ROOT: Ownership = { mode: 0o755, uid: 0, gid: 0 };
const MOST_LINKS = 40;

/** A file system in memory: files, folders and symbolic links with owner, mode and time, and errors as Linux gives them. */
export class Disk {
  readonly #entries = new Map<string, Entry>([['/', { kind: 'directory', ...ROOT, modified: 0 }]]);
  readonly #forbidden = new Set<string>();
  readonly #clock: () => number;

  constructor(clock: () => number = () => 0) {
    this.#clock = clock;
  }

  /** Puts a file there, with the folders that it needs. */
  file(path: string, content: string | Buffer, ownership: Partial<Ownership> = {}): this {
    this.#parents(path);
    this.#set(path, { kind: 'file', bytes: Buffer.from(content), ...ROOT, mode: 0o644, ...ownership });
    return this;
  }

  folder(path: string, ownership: Partial<Ownership> = {}): this {
    this.#parents(path);
    this.#set(path, { kind: 'directory', ...ROOT, ...ownership });
    return this;
  }

  symlink(path: string, target: string, ownership: Partial<Ownership> = {}): this {
    this.#parents(path);
    this.#set(path, { kind: 'link', target, ...ROOT, mode: 0o777, ...ownership });
    return this;
  }

  /** Takes a path and all below it away, whatever it is. */
  drop(path: string): void {
    for (const name of [...this.#entries.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.#entries.delete(name);
    }
  }

  /** From now on this path may not be read. */
  forbid(path: string): void {
    this.#forbidden.add(path);
  }

  /** Everything but times, to compare: path → what is there. Nothing below the folders in `without` is in it. */
  snapshot(without: readonly string[] = ['/proc', '/sys', '/run']): Record<string, string> {
    const left = [...this.#entries].filter(([path]) => !without.some((dir) => `${path}/`.startsWith(`${dir}/`)));
    const words = left.map(([path, entry]) => {
      const content = entry.kind === 'file' ? JSON.stringify(entry.bytes.toString('latin1')) : '';
      const target = entry.kind === 'link' ? `-> ${entry.target}` : '';
      return [path, `${entry.kind} ${entry.mode.toString(8)} ${entry.uid}:${entry.gid} ${content}${target}`] as const;
    });
    return Object.fromEntries(words.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  readonly files: Files = {
    bytes: (path) => this.#read(path),
    text: (path) => this.#read(path)?.toString('utf8'),
    list: (dir) => this.#list(dir),
    stat: (path) => this.#stat(path),
    link: (path) => {
      this.#allow(path);
      const entry = this.#at(path);
      return entry?.kind === 'link' ? entry.target : undefined;
    },
    real: (path) => {
      const real = this.#walk(path, true);
      return real !== undefined && this.#entries.has(real) ? real : undefined;
    },
  };

  /** creat(2) with O_EXCL, after an unlink(2): a link that was planted under this name is not followed. */
  write(path: string, bytes: Buffer, { mode, uid, gid }: Ownership): void {
    const real = this.#target(path);
    if (this.#entries.get(real)?.kind === 'directory') throw new FileError('EISDIR', path, `${path}: EISDIR`);
    this.#set(real, { kind: 'file', bytes: Buffer.from(bytes), mode, uid, gid });
  }

  /** rename(2). */
  rename(from: string, to: string): void {
    const [source, target] = [this.#target(from), this.#target(to)];
    const entry = this.#entries.get(source);
    if (!entry) throw new FileError('ENOENT', from, `${from}: ENOENT`);
    if (this.#entries.get(target)?.kind === 'directory') throw new FileError('EISDIR', to, `${to}: EISDIR`);
    this.#entries.delete(source);
    this.#entries.set(target, entry);
  }

  append(path: string, text: string, ownership: Ownership): void {
    const real = this.#walk(path, true) ?? path;
    const entry = this.#entries.get(real);
    if (entry?.kind === 'file') {
      this.#set(real, { ...entry, bytes: Buffer.concat([entry.bytes, Buffer.from(text)]) });
    } else this.write(path, Buffer.from(text), ownership);
  }

  /** unlink(2); nothing to do is no error. */
  unlink(path: string): void {
    const real = this.#walk(path, false);
    const kind = real === undefined ? undefined : this.#entries.get(real)?.kind;
    if (kind === 'directory') throw new FileError('EISDIR', path, `${path}: EISDIR`);
    if (real !== undefined) this.#entries.delete(real);
  }

  mkdir(path: string, { mode, uid, gid }: Ownership): void {
    const real = this.#target(path);
    if (this.#entries.has(real)) throw new FileError('EEXIST', path, `${path}: EEXIST`);
    this.#set(real, { kind: 'directory', mode, uid, gid });
  }

  /** rmdir(2): false when something is in it. */
  rmdir(path: string): boolean {
    const real = this.#walk(path, false);
    const entry = real === undefined ? undefined : this.#entries.get(real);
    if (real === undefined || !entry) return true;
    if (entry.kind !== 'directory') throw new FileError('ENOTDIR', path, `${path}: ENOTDIR`);
    if (this.#list(real).length > 0) return false;
    this.#entries.delete(real);
    return true;
  }

  /** The folder that a new name at `path` would be in. */
  folderOf(path: string): Entry | undefined {
    const real = this.#walk(parent(path), true);
    return real === undefined ? undefined : this.#entries.get(real);
  }

  #set(path: string, entry: DistributiveOmit<Entry, 'modified'>): void {
    this.#entries.set(path, { ...entry, modified: this.#clock() });
  }

  #parents(path: string): void {
    for (let dir = parent(path); dir !== '/' && !this.#entries.has(dir); dir = parent(dir)) {
      this.#set(dir, { kind: 'directory', ...ROOT });
    }
  }

  #allow(path: string): void {
    const real = this.#walk(path, true);
    if (this.#forbidden.has(path) || (real !== undefined && this.#forbidden.has(real))) {
      throw new FileError('EACCES', path, `${path}: EACCES`);
    }
  }

  #at(path: string): Entry | undefined {
    const real = this.#walk(path, false);
    return real === undefined ? undefined : this.#entries.get(real);
  }

  #read(path: string): Buffer | undefined {
    this.#allow(path);
    const real = this.#walk(path, true);
    const entry = real === undefined ? undefined : this.#entries.get(real);
    return entry?.kind === 'file' ? Buffer.from(entry.bytes) : undefined;
  }

  #list(dir: string): string[] {
    const real = this.#walk(dir, true);
    if (real === undefined || this.#forbidden.has(real) || this.#forbidden.has(dir)) return [];
    const inside = [...this.#entries.keys()].filter((path) => path !== '/' && parent(path) === real);
    return inside
      .map((path) => path.slice(path.lastIndexOf('/') + 1))
      .sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  }

  #stat(path: string): FileStat | undefined {
    const entry = this.#at(path);
    if (!entry) return undefined;
    const { kind, mode, uid, gid, modified } = entry;
    return { kind, mode, uid, gid, modified, size: entry.kind === 'file' ? entry.bytes.length : 0 };
  }

  /** The physical path of a name that is about to be made or replaced: its folder has to be there. */
  #target(path: string): string {
    const real = this.#walk(path, false);
    if (real === undefined || this.#entries.get(parent(real))?.kind !== 'directory') {
      throw new FileError('ENOENT', path, `${path}: ENOENT`);
    }
    return real;
  }

  /** path_resolution(7); undefined when a folder on the way is missing. The last name need not be there. */
  #walk(path: string, last: boolean): string | undefined {
    const todo = path.split('/').filter(Boolean);
    let at = '';
    for (let links = 0; todo.length > 0; ) {
      const name = todo.shift()!;
      if (name === '.') continue;
      if (name === '..') {
        at = at.slice(0, Math.max(at.lastIndexOf('/'), 0));
        continue;
      }
      if (this.#entries.get(at || '/')?.kind !== 'directory') return undefined;
      const entry = this.#entries.get(`${at}/${name}`);
      if (entry?.kind === 'link' && (todo.length > 0 || last)) {
        if (++links > MOST_LINKS) return undefined;
        if (entry.target.startsWith('/')) at = '';
        todo.unshift(...entry.target.split('/').filter(Boolean));
      } else at = `${at}/${name}`;
    }
    return at || '/';
  }
}

type DistributiveOmit<T, K extends PropertyKey> = T extends unknown ? Omit<T, K> : never;

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf('/')) || '/';
}
