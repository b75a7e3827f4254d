import {
  chmodSync,
  chownSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  type Stats,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';

/** Owner and mode of a file that the rig writes. */
export interface WriteOptions {
  mode?: number;
  uid?: number;
  gid?: number;
}

/**
 * Files of a host, handled from this machine. Links are followed as the host itself would follow them: what they name
 * is looked for below the host's root, so that no link leads out of it.
 */
export class GuestFiles {
  readonly #root: () => string;

  /** `root` tells where the host's root file system is at the moment. */
  constructor(root: () => string) {
    this.#root = root;
  }

  /** Where this machine finds a path of the host. The last part is not followed when `last` is false. */
  outsidePath(file: string, last = true): string {
    const root = this.#root();
    const left = file.split('/').filter(Boolean);
    const done: string[] = [];
    for (let links = 0; left.length > 0; ) {
      const part = left.shift()!;
      if (part === '.') continue;
      if (part === '..') {
        done.pop();
        continue;
      }
      const here = path.join(root, ...done, part);
      const followed = (left.length > 0 || last) && lstat(here)?.isSymbolicLink();
      if (!followed) {
        done.push(part);
        continue;
      }
      links += 1;
      if (links > 40) throw new Error(`too many links: ${file}`);
      const target = readlinkSync(here);
      if (target.startsWith('/')) done.length = 0;
      left.unshift(...target.split('/').filter(Boolean));
    }
    return path.join(root, ...done);
  }

  /** A file's text; throws when there is none. */
  read(file: string): string {
    return readFileSync(this.outsidePath(file), 'utf8');
  }

  /** Whether anything stands at the path itself, a dangling link too. */
  exists(file: string): boolean {
    return this.stat(file) !== undefined;
  }

  /** What stands at the path itself (links are not followed). */
  stat(file: string): Stats | undefined {
    return lstat(this.outsidePath(file, false));
  }

  /** Writes a file of root's with mode 0644, unless told otherwise; folders on the way are made. */
  write(file: string, text: string | Buffer, options: WriteOptions = {}): void {
    const target = this.outsidePath(file);
    mkdirSync(path.dirname(target), { recursive: true, mode: 0o755 });
    writeFileSync(target, text);
    chownSync(target, options.uid ?? 0, options.gid ?? 0);
    chmodSync(target, options.mode ?? 0o644);
  }

  /** Makes a folder, and those on the way to it. */
  makeDirectory(dir: string, options: WriteOptions = {}): void {
    const target = this.outsidePath(dir);
    mkdirSync(target, { recursive: true, mode: 0o755 });
    chownSync(target, options.uid ?? 0, options.gid ?? 0);
    chmodSync(target, options.mode ?? 0o755);
  }

  /** Removes a file, a link or a whole folder; nothing happens when it is not there. */
  remove(file: string): void {
    rmSync(this.outsidePath(file, false), { recursive: true, force: true });
  }

  /** Makes a link at `file` with the given words in it. */
  symlink(target: string, file: string): void {
    const place = this.outsidePath(file, false);
    mkdirSync(path.dirname(place), { recursive: true, mode: 0o755 });
    symlinkSync(target, place);
  }
}

function lstat(file: string): Stats | undefined {
  return lstatSync(file, { throwIfNoEntry: false });
}
