import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { isatty } from 'node:tty';
import { FileError } from '../errors.ts';
import { CommandActor } from './command-actor.ts';
import { detach } from './detach.ts';
import { DirectActor } from './direct-actor.ts';
import { realFiles } from './files.ts';
import type { Actor, AskOptions, Detached, Host, Identity, RunResult } from './host.ts';
import { get } from './http.ts';
import { lock } from './lock.ts';
import { run } from './run.ts';

/** This machine. `elevation` is the prefix for root's commands (sudo and the like), set once the user has agreed. */
export class RealHost implements Host {
  readonly platform = process.platform;
  readonly root = undefined;
  readonly release = os.release();
  readonly hostname = os.hostname();
  readonly env = process.env;
  readonly pid = process.pid;
  readonly user: Host['user'];
  readonly terminal: Host['terminal'];
  readonly files = realFiles;
  readonly #direct = new DirectActor();
  readonly #interruption = new AbortController();
  readonly interrupted = this.#interruption.signal;
  #elevation: { prefix: readonly string[]; terminal: boolean } | undefined;

  constructor() {
    const { uid, gid, username, homedir } = os.userInfo();
    // HOME on Windows is what a shell of another system made of it.
    const own = process.platform === 'win32' ? undefined : process.env.HOME;
    this.user = { uid, gid, name: username, home: uid === 0 ? homedir : (own ?? homedir) };
    this.terminal = {
      // Asked by number: `process.stdin` would be opened by looking at it.
      stdin: isatty(0),
      stdout: isatty(1),
      stderr: isatty(2),
      // A terminal that was never told its size has none, or 0.
      columns: (isatty(1) ? process.stdout : process.stderr).columns || 80,
    };
  }

  /** From now on SIGINT, SIGTERM and SIGHUP fire `interrupted` instead of ending the process where it stands. */
  catchSignals(): void {
    for (const [signal, exit] of [
      ['SIGINT', 130],
      ['SIGTERM', 143],
      ['SIGHUP', 143],
    ] as const) {
      process.on(signal, () => this.#interruption.abort(exit));
    }
  }

  elevate(prefix: readonly string[], terminal: boolean): void {
    this.#elevation = { prefix, terminal };
  }

  get elevated(): boolean {
    return this.user.uid === 0 || this.#elevation !== undefined;
  }

  as(identity: Identity): Actor {
    if (identity === 'self') return this.#direct;
    if (identity === 'root') {
      if (this.user.uid === 0) return this.#direct;
      if (!this.#elevation) throw new Error('root was asked for without elevation');
      return new CommandActor('root', this.#elevation.prefix, { terminal: this.#elevation.terminal });
    }
    if (identity.uid === this.user.uid) return this.#direct;
    const env = { HOME: identity.home, USER: identity.name, LOGNAME: identity.name };
    return new CommandActor(identity, [], { uid: identity.uid, gid: identity.gid, env });
  }

  ask(argv: readonly string[], options?: AskOptions): Promise<RunResult> {
    return run(argv, options);
  }

  warmUp(changes: boolean): void {
    if (changes) import('./patch.ts').catch(() => undefined); // whoever needs it will meet the same error
  }

  interfaces() {
    return Object.entries(os.networkInterfaces()).flatMap(([name, addresses]) =>
      (addresses ?? []).map(({ address, family, internal, cidr }) => ({ name, address, family, internal, cidr })),
    );
  }

  async scratch(files: Record<string, Buffer>, label: string): Promise<string> {
    let dir = os.tmpdir();
    try {
      dir = mkdtempSync(path.join(dir, `${label}-`));
      for (const [name, bytes] of Object.entries(files)) {
        mkdirSync(path.dirname(path.join(dir, name)), { recursive: true, mode: 0o700 });
        writeFileSync(path.join(dir, name), bytes, { flag: 'wx', mode: 0o600 });
      }
      return dir;
    } catch (error) {
      if (dir !== os.tmpdir()) await this.discard(dir);
      throw new FileError((error as NodeJS.ErrnoException).code ?? 'EIO', dir, (error as Error).message);
    }
  }

  async discard(scratch: string): Promise<void> {
    rmSync(scratch, { recursive: true, force: true });
  }

  get = get;
  lock = lock;
  now = () => Date.now();

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted) return resolve();
      const done = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', done, { once: true });
    });
  }

  kill(pid: number, signal: NodeJS.Signals | 0): boolean {
    try {
      return process.kill(pid, signal);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? 'EPERM';
      if (code === 'ESRCH') return false;
      throw new FileError(code, `process ${pid}`, (error as Error).message);
    }
  }

  detach(order: Detached): Promise<number> {
    return detach(order, this.user.uid);
  }
}
