import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** How a command ended. `code` is null when a signal ended it. */
export interface RunResult {
  code: number | null;
  signal: NodeJS.Signals | null;
  stdout: string;
  stderr: string;
}

/** Options for a command on this machine. */
export interface OutsideOptions {
  input?: string | Buffer;
  env?: Record<string, string>;
  cwd?: string;
  /** Milliseconds; then everything it started is killed and the promise rejects. 60 s unless told. */
  timeout?: number;
}

/** A started command and what it has printed so far. */
export interface Started {
  child: ChildProcess;
  output: { stdout: string; stderr: string };
  done: Promise<RunResult>;
}

/** Starts a command on this machine, without a shell. Standard input is a pipe when `input` is a string, else as told. */
export function start(argv: readonly string[], options: OutsideOptions & { stdin?: 'pipe' | 'ignore' } = {}): Started {
  const stdin = options.input === undefined ? (options.stdin ?? 'ignore') : 'pipe';
  const child = spawn(argv[0]!, argv.slice(1), {
    stdio: [stdin, 'pipe', 'pipe'],
    ...(options.env && { env: options.env }),
    ...(options.cwd !== undefined && { cwd: options.cwd }),
  });
  const output = { stdout: '', stderr: '' };
  for (const name of ['stdout', 'stderr'] as const) {
    child[name]!.setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
  }
  // A program that ends without reading its input closes the pipe: that is its right.
  child.stdin?.on('error', () => {});
  if (options.input !== undefined) child.stdin!.end(options.input);
  const done = new Promise<RunResult>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, ...output }));
  });
  return { child, output, done };
}

/** Runs a command on this machine to its end. Rejects when it cannot start or when its time is up. */
export async function outside(argv: readonly string[], options: OutsideOptions = {}): Promise<RunResult> {
  const started = start(argv, options);
  return limited(started, argv, options.timeout ?? 60_000, () => killTree(started.child.pid!));
}

/** The same, but any other end than exit code 0 rejects. Resolves with standard output. */
export async function must(argv: readonly string[], options: OutsideOptions = {}): Promise<string> {
  const result = await outside(argv, options);
  if (result.code === 0) return result.stdout;
  throw new Error(`${argv.join(' ')}: ${ending(result)}\n${result.stdout}${result.stderr}`);
}

/** Waits for a started command for at most `timeout` milliseconds, then calls `kill` and rejects with what it printed. */
export async function limited(
  started: Started,
  argv: readonly string[],
  timeout: number,
  kill: () => unknown,
): Promise<RunResult> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), timeout);
  });
  try {
    const result = await Promise.race([started.done, late]);
    if (result !== 'late') return result;
    await kill();
    await Promise.race([started.done, sleep(2000)]);
    const { stdout, stderr } = started.output;
    throw new Error(`not finished after ${timeout} ms: ${argv.join(' ')}\nstdout: ${stdout}\nstderr: ${stderr}`);
  } finally {
    clearTimeout(timer);
  }
}

/** In words, how a command ended. */
export function ending(result: RunResult): string {
  return result.signal ? `ended by ${result.signal}` : `exit code ${result.code}`;
}

/** The processes that a process started, by the numbers of this machine. */
export function children(pid: number): number[] {
  try {
    const threads = readdirSync(`/proc/${pid}/task`);
    const lists = threads.map((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8'));
    return lists.join(' ').split(/\s+/).filter(Boolean).map(Number);
  } catch {
    return [];
  }
}

/** Signals a process of this machine; false when it is gone. */
export function signalProcess(pid: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ESRCH') return false;
    throw error;
  }
}

/** Kills a process and what it started, the deepest last so that none can start another. */
export function killTree(pid: number): void {
  const below = children(pid);
  signalProcess(pid, 'SIGKILL');
  for (const child of below) killTree(child);
}

/** Resolves after `ms`. */
export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/**
 * How much longer than the time asked for is really waited: a host that its neighbours starve is slow, not wrong, and only
 * a wait that fails anyway takes it.
 */
const PATIENCE = 4;

/** Thrown by a question whose answer will not come any more: no need to wait until time is up. */
export class Hopeless extends Error {}

/**
 * Asks again and again until the answer is neither undefined nor false; rejects with `what` when time is up.
 * A question that throws (a file that is not there yet, a program that does not answer yet) is asked again.
 */
export async function waitFor<T>(
  ask: () => T | Promise<T>,
  timeoutMs: number,
  what: string | (() => string),
): Promise<Exclude<T, undefined | false>> {
  const patience = Math.max(timeoutMs, Math.min(timeoutMs * PATIENCE, 60_000));
  const deadline = performance.now() + patience;
  for (let pause = 10; ; pause = Math.min(pause * 1.3, 200)) {
    let cause: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    } catch (error) {
      if (error instanceof Hopeless) throw error;
      cause = error;
    }
    if (performance.now() > deadline) {
      const awaited = typeof what === 'string' ? what : what();
      throw new Error(`waited ${Math.round(patience)} ms in vain: ${awaited}`, { cause });
    }
    await sleep(pause);
  }
}
