import { FileError } from '../errors.ts';
import type { Actor, FileStat, Identity, Ownership, RunOptions, RunResult } from './host.ts';
import { type RunAs, run } from './run.ts';
import { type Tools, toolsOf } from './tools.ts';

/** errno names by the words that coreutils print for them (strerror(3), C locale). */
const ERRNO: [RegExp, string][] = [
  [/No space left on device/, 'ENOSPC'],
  [/Read-only file system/, 'EROFS'],
  [/Permission denied/, 'EACCES'],
  [/Operation not permitted/, 'EPERM'],
  [/Disk quota exceeded/, 'EDQUOT'],
  [/File exists/, 'EEXIST'],
  [/Directory not empty/, 'ENOTEMPTY'],
  [/No such file or directory/, 'ENOENT'],
];

/**
 * The hands of somebody else: every act is one plain program (coreutils), run through `prefix` (sudo and the like) or
 * with another user id. So a user sees exactly what runs as root, and nothing of this program does.
 */
export class CommandActor implements Actor {
  readonly identity: Identity;
  readonly #prefix: readonly string[];
  readonly #as: RunAs;
  readonly #tools: Tools = toolsOf(process.platform);

  constructor(identity: Identity, prefix: readonly string[], as: RunAs) {
    this.identity = identity;
    this.#prefix = prefix;
    this.#as = as;
  }

  run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const env = Object.entries({ ...options.env });
    // sudo drops the environment, so what the command needs is given on the far side of it.
    const inner =
      this.#prefix.length > 0 && env.length > 0 ? ['env', ...env.map(([k, v]) => `${k}=${v}`), ...argv] : argv;
    return run([...this.#prefix, ...inner], options, this.#as);
  }

  async bytes(path: string): Promise<Buffer | undefined> {
    const result = await this.run(this.#tools.read(path));
    if (result.code === 0) return this.#tools.parseRead(result.stdout);
    if (/No such file|Not a directory/.test(result.stderr)) return undefined;
    throw failure(path, result);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    const result = await this.run(this.#tools.stat(path));
    if (result.code !== 0) {
      if (/No such file|Not a directory/.test(result.stderr)) return undefined;
      throw failure(path, result);
    }
    return this.#tools.parseStat(result.stdout);
  }

  async stage(temporary: string, bytes: Buffer, ownership: Ownership): Promise<void> {
    // install(1) takes away what stands in its place. It cannot copy from /dev/stdin: the pipe that Node gives a child is
    // a socket, and a socket cannot be opened by its name (unix(7)); dd reads the one it has.
    await this.#must(temporary, this.#tools.create(this.#owned(ownership), temporary));
    await this.#must(temporary, this.#tools.fill(temporary), bytes);
    if (this.#tools.flush) await run(this.#tools.flush, { timeout: 10_000 });
  }

  async commit(temporary: string, path: string): Promise<void> {
    await this.#must(path, this.#tools.move(temporary, path));
  }

  async append(path: string, text: string): Promise<void> {
    await this.#must(path, ['tee', '-a', '--', path], Buffer.from(text));
  }

  async remove(path: string): Promise<void> {
    await this.#must(path, ['rm', '-f', '--', path]);
  }

  async makeDirectory(path: string, ownership: Ownership): Promise<void> {
    const { mode, uid, gid } = ownership;
    await this.#must(path, ['mkdir', '-m', octal(mode), '--', path]);
    if (this.identity === 'root' && (uid !== 0 || gid !== 0))
      await this.#must(path, ['chown', `${uid}:${gid}`, '--', path]);
  }

  async removeDirectory(path: string): Promise<boolean> {
    const result = await this.run(['rmdir', '--', path]);
    // A read-only file system says so before it looks whether there is anything.
    if (result.code === 0 || !(await this.stat(path))) return true;
    if (/not empty/i.test(result.stderr)) return false;
    throw failure(path, result);
  }

  /** Owner and mode for install(1). A user who is not root owns what he makes and may not give it away. */
  #owned(ownership: Ownership): string[] {
    const mode = ['-m', octal(ownership.mode)];
    return this.identity === 'root' ? [...mode, '-o', String(ownership.uid), '-g', String(ownership.gid)] : mode;
  }

  async #must(path: string, argv: readonly string[], input?: Buffer): Promise<void> {
    const result = await this.run(argv, input ? { input } : {});
    if (result.code !== 0) throw failure(path, result);
  }
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function failure(path: string, result: RunResult): FileError {
  const words = result.stderr.trim().split('\n').at(-1) || result.error || `exit code ${result.code}`;
  const errno = ERRNO.find(([pattern]) => pattern.test(result.stderr))?.[1] ?? result.error ?? 'EIO';
  return new FileError(errno, path, words);
}
