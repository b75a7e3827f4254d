import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';
import type { RunOptions, RunResult } from './host.ts';
import { trace } from './trace.ts';

/**
 * Programs speak in one language, since their words are read. Those of macOS are spread over folders that are not on every
 * PATH (cron(8) and launchd have two of them), so the system's own come last on ours.
 */
function surroundings(): Record<string, string> {
  if (process.platform === 'win32') return {};
  if (process.platform !== 'darwin') return { LC_ALL: 'C.UTF-8' };
  return { LC_ALL: 'en_US.UTF-8', PATH: `${process.env.PATH ?? ''}:/usr/bin:/bin:/usr/sbin:/sbin` };
}

/** Whose process the command becomes; only root may name another user. */
export interface RunAs {
  uid?: number;
  gid?: number;
  env?: Record<string, string>;
  /** True keeps the terminal, for sudo's password prompt; otherwise the command gets a session of its own. */
  terminal?: boolean;
}

/**
 * A command of ours gets a session of its own, so that a second Ctrl-C at the terminal cannot end the restart of a
 * roll-back half way; on Windows that is a console of its own, which nobody sees.
 */
const APART = process.platform === 'win32' ? { windowsHide: true } : { detached: true };

/** Text as programs print it: UTF-8, but on Windows in the console's code page. */
async function textOf(parts: Buffer[]): Promise<string> {
  const bytes = Buffer.concat(parts);
  if (process.platform !== 'win32') return bytes.toString('utf8');
  const { decodeConsole } = await import('./code-page.ts');
  return decodeConsole(bytes);
}

/**
 * Runs a program without a shell, in a session of its own (see APART) and with nothing on its standard input but what
 * `options.input` holds. Never rejects because of how the program fares.
 */
export function run(argv: readonly string[], options: RunOptions = {}, as: RunAs = {}): Promise<RunResult> {
  trace.write?.(`run   ${argv.join(' ')}`);
  const [file, ...args] = argv as [string, ...string[]];
  const running = new Promise<RunResult>((resolve) => {
    const ending = options.kill ? 'SIGKILL' : 'SIGTERM';
    const child = spawn(file, args, {
      env: { ...process.env, ...surroundings(), ...as.env, ...options.env },
      ...(as.terminal === true ? {} : APART),
      stdio: [options.input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'],
      timeout: options.timeout,
      killSignal: ending,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      ...(as.uid === undefined ? {} : { uid: as.uid, gid: as.gid }),
    }) as ChildProcessByStdio<Writable | null, Readable, Readable>;
    const stop = () => child.kill(ending);
    options.signal?.addEventListener('abort', stop, { once: true });
    const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (part: Buffer) => {
        parts[stream].push(part);
      });
    }
    const end = async (code: number | null, error: string | undefined) => {
      options.signal?.removeEventListener('abort', stop);
      const said = { stdout: await textOf(parts.stdout), stderr: await textOf(parts.stderr) };
      if (code !== 0) trace.write?.(`      exit ${code ?? error} ${said.stderr.trim()}`);
      resolve({ argv, code, ...said, ...(error === undefined ? {} : { error }) });
    };
    if (process.platform === 'win32') letGo(child);
    child.on('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? 'EFAILED'));
    child.on('close', (code, signal) => {
      // sudo hands on the signal and ends with a code of its own.
      if (child.killed && code !== 0) return end(code, 'ETIMEDOUT');
      return end(code, code === null ? (signal ?? 'EFAILED') : undefined);
    });
    // A program that ends without reading all of it is no error of ours: its exit code tells what it made of it.
    child.stdin?.on('error', () => undefined).end(options.input);
  });
  return running.catch((error) => notStarted(argv, error));
}

/**
 * Node throws what the system says of a start that failed, but for a few common reasons (ChildProcess.spawn() in
 * lib/internal/child_process.js): on Windows a scanner that holds the file (EBUSY, UNKNOWN) is such a one.
 */
function notStarted(argv: readonly string[], error: NodeJS.ErrnoException): RunResult {
  if (error.syscall === undefined) throw error; // not of the system
  trace.write?.(`      ${error.message}`);
  return { argv, code: null, stdout: '', stderr: '', error: error.code ?? 'EFAILED' };
}

/** How long the output of a program that has ended may pause while it is still under way: so many looks, each after so many milliseconds. */
const LOOKS = 10;
const BETWEEN = 100;

/**
 * Windows hands what is open on to all that a program starts: the desktop that comes up for a message to its windows
 * would hold the pipes for as long as it lives, and be waited for.
 */
export function letGo(child: ChildProcessByStdio<Writable | null, Readable, Readable>): void {
  child.on('exit', () => {
    const streams = [child.stdout, child.stderr];
    let silent = 0;
    // Looks and not time alone: between two of them what has come is read, so that nothing is lost on a PC that is too
    // busy to let this program run for a second.
    const looks = setInterval(() => {
      silent += 1;
      if (silent >= LOOKS) for (const stream of streams) stream.destroy();
    }, BETWEEN);
    for (const stream of streams) stream.on('data', () => (silent = 0));
    child.on('close', () => clearInterval(looks));
  });
}
