import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Files of a machine by their Windows paths, handled from this one. Capitals do not matter, as on Windows. */
export class WindowsFiles {
  readonly #drive: string;

  /** `drive` is where this machine sees C:. */
  constructor(drive: string) {
    this.#drive = drive;
  }

  /** Where this machine finds a path such as `C:\users\Anna`. What does not exist yet keeps its spelling. */
  outsidePath(file: string): string {
    if (!/^c:[\\/]/i.test(file)) throw new Error(`not a path on C: ${file}`);
    let here = this.#drive;
    for (const part of file.slice(3).split(/[\\/]/).filter(Boolean)) here = path.join(here, spelled(here, part));
    return here;
  }

  exists(file: string): boolean {
    return existsSync(this.outsidePath(file));
  }

  /** A file's text as UTF-8; throws when there is none. */
  read(file: string): string {
    return readFileSync(this.outsidePath(file), 'utf8');
  }

  readBytes(file: string): Buffer {
    return readFileSync(this.outsidePath(file));
  }

  /** Writes a file; folders on the way are made. */
  write(file: string, content: string | Buffer): void {
    const target = this.outsidePath(file);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, content);
  }

  makeDirectory(folder: string): void {
    mkdirSync(this.outsidePath(folder), { recursive: true });
  }

  /** Removes a file or a whole folder; nothing happens when it is not there. */
  remove(file: string): void {
    rmSync(this.outsidePath(file), { recursive: true, force: true });
  }

  /** The names in a folder; none when there is no such folder. */
  list(folder: string): string[] {
    const place = this.outsidePath(folder);
    return existsSync(place) ? readdirSync(place).sort() : [];
  }

  /** The paths of all files below a folder, relative to it, with their contents. */
  tree(folder: string): Map<string, string> {
    const files = new Map<string, string>();
    const walk = (below: string): void => {
      for (const name of this.list(`${folder}\\${below}`)) {
        const each = below === '' ? name : `${below}\\${name}`;
        const place = this.outsidePath(`${folder}\\${each}`);
        if (statSync(place).isDirectory()) walk(each);
        else files.set(each, readFileSync(place, 'latin1'));
      }
    };
    walk('');
    return files;
  }
}

function spelled(folder: string, part: string): string {
  if (existsSync(path.join(folder, part))) return part;
  const names = existsSync(folder) ? readdirSync(folder) : [];
  return names.find((name) => name.toLowerCase() === part.toLowerCase()) ?? part;
}
