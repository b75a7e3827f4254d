import { type ChildProcessByStdio, spawn } from 'node:child_process';
import type { Readable } from 'node:stream';
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
 * Runs a program as this process itself, with nothing on its standard input, in a session of its own (see `run`).
 * Loading execa takes longer than all else that a run with nothing to do does, so the plain case goes without it.
 */
export function runPlain(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
  trace.write?.(`run   ${argv.join(' ')}`);
  const [file, ...args] = argv as [string, ...string[]];
  const running = new Promise<RunResult>((resolve) => {
    const env = { ...process.env, ...surroundings(), ...options.env };
    const ending = options.kill ? 'SIGKILL' : 'SIGTERM';
    const child = spawn(file, args, {
      env,
      ...APART,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeout,
      killSignal: ending,
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    });
    const stop = () => child.kill(ending);
    options.signal?.addEventListener('abort', stop, { once: true });
    const parts = { stdout: [] as Buffer[], stderr: [] as Buffer[] };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].on('data', (part: Buffer) => {
        parts[stream].push(part);
      });
    }
    const end = async (code: number | null, error: string | null) => {
      options.signal?.removeEventListener('abort', stop);
      const said = { stdout: await textOf(parts.stdout), stderr: await textOf(parts.stderr) };
      if (code !== 0) trace.write?.(`      exit ${code ?? error} ${said.stderr.trim()}`);
      resolve({ argv, code, ...said, ...(code === null ? { error: error ?? 'EFAILED' } : {}) });
    };
    if (process.platform === 'win32') letGo(child);
    child.on('error', (error: NodeJS.ErrnoException) => end(null, error.code ?? 'EFAILED'));
    child.on('close', (code, signal) => end(code, signal === ending ? 'ETIMEDOUT' : signal));
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
export function letGo(child: ChildProcessByStdio<null, Readable, Readable>): void {
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

/**
 * Runs a program without a shell. A command of ours gets a session of its own, so that a second Ctrl-C
 * at the terminal cannot end the `systemctl restart` of a roll-back half way.
 */
export async function run(argv: readonly string[], options: RunOptions = {}, as: RunAs = {}): Promise<RunResult> {
  if (options.input === undefined && as.uid === undefined && as.terminal !== true && as.env === undefined) {
    return runPlain(argv, options);
  }
  trace.write?.(`run   ${argv.join(' ')}`);
  const { execa } = await import('execa');
  const [file, ...args] = argv as [string, ...string[]];
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.kill ? { killSignal: 'SIGKILL' as const } : {}),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(as.uid === undefined ? {} : { uid: as.uid, gid: as.gid }),
    env: { ...surroundings(), ...as.env, ...options.env },
    ...(as.terminal === true ? {} : APART),
    cleanup: false,
  });
  const code = result.exitCode ?? null;
  if (code !== 0)
    trace.write?.(`      exit ${code ?? result.signal ?? result.code} ${String(result.stderr ?? '').trim()}`);
  const error = result.timedOut ? 'ETIMEDOUT' : code === null ? (result.code ?? result.signal ?? 'EFAILED') : undefined;
  return { argv, code, stdout: result.stdout ?? '', stderr: result.stderr ?? '', ...(error ? { error } : {}) };
}
