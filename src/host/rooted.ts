import { FileError } from '../errors.ts';
import { DirectActor } from './direct-actor.ts';
import { realFiles } from './files.ts';
import type { Actor, Files, Host, Identity, Ownership, RunOptions, RunResult } from './host.ts';

const MOST_LINKS = 40;

/**
 * Where a path of the image is on this machine. Links are followed as they would be inside the image (an absolute one
 * starts again at its root), so none of them leads out of it. `last` false leaves a link in the last place alone.
 */
export function resolveIn(root: string, path: string, last: boolean): string {
  const todo = path.split('/').filter(Boolean);
  const done: string[] = [];
  for (let links = 0; todo.length > 0; ) {
    const name = todo.shift() as string;
    if (name === '.') continue;
    if (name === '..') {
      done.pop();
      continue;
    }
    const target = todo.length > 0 || last ? realFiles.link(`${root}/${[...done, name].join('/')}`) : undefined;
    if (target === undefined) {
      done.push(name);
      continue;
    }
    if (++links > MOST_LINKS) throw new FileError('ELOOP', path, `${path} leads through too many links`);
    if (target.startsWith('/')) done.length = 0;
    todo.unshift(...target.split('/').filter(Boolean));
  }
  return `/${done.join('/')}`;
}

/** An offline root file system as a host: its files are those below `root`, and nothing can be run in it. */
export function rootedHost(host: Host, root: string): Host {
  const at = (path: string, last: boolean) => root + resolveIn(root, path, last);
  const files: Files = {
    bytes: (path) => realFiles.bytes(at(path, true)),
    text: (path) => realFiles.text(at(path, true)),
    list: (path) => realFiles.list(at(path, true)),
    stat: (path) => realFiles.stat(at(path, false)),
    link: (path) => realFiles.link(at(path, false)),
    real: (path) => {
      const resolved = resolveIn(root, path, true);
      return realFiles.stat(root + resolved) ? resolved : undefined;
    },
  };
  const actor = new RootedActor(at);
  return Object.create(host, {
    files: { value: files },
    root: { value: root },
    as: { value: (_: Identity) => actor },
    interfaces: { value: () => [] },
  }) as Host;
}

/** Writes below the root only. Its one use of a program is checking a file before the swap, which needs none of the image. */
class RootedActor implements Actor {
  readonly identity = 'self' as const;
  readonly #direct = new DirectActor();
  readonly #at: (path: string, last: boolean) => string;

  constructor(at: (path: string, last: boolean) => string) {
    this.#at = at;
  }

  run(argv: readonly string[], options?: RunOptions): Promise<RunResult> {
    return this.#direct.run(argv, options);
  }
  bytes(path: string) {
    return this.#direct.bytes(this.#at(path, true));
  }
  stat(path: string) {
    return this.#direct.stat(this.#at(path, false));
  }
  stage(temporary: string, bytes: Buffer, ownership: Ownership) {
    return this.#direct.stage(this.#at(temporary, false), bytes, ownership);
  }
  commit(temporary: string, path: string) {
    return this.#direct.commit(this.#at(temporary, false), this.#at(path, false));
  }
  append(path: string, text: string) {
    return this.#direct.append(this.#at(path, false), text);
  }
  remove(path: string) {
    return this.#direct.remove(this.#at(path, false));
  }
  makeDirectory(path: string, ownership: Ownership) {
    return this.#direct.makeDirectory(this.#at(path, false), ownership);
  }
  removeDirectory(path: string) {
    return this.#direct.removeDirectory(this.#at(path, false));
  }
}
