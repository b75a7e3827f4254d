import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { ending, type RunResult, waitFor } from '../../rig/outside.ts';
import { PREFIX_INSIDE, WINE, WINESERVER } from './places.ts';
import { inSpace, type Space } from './space.ts';
import { wineEnvironment } from './template.ts';

/** Added to (or, when undefined, taken from) the environment that a program started now would have. */
export type Environment = Record<string, string | undefined>;

/** How a Windows program is started. */
export interface LaunchOptions {
  /** A Windows path; the user's profile folder unless told. */
  cwd?: string;
  env?: Environment;
  /** Milliseconds; 120 s unless told. */
  timeout?: number;
  /** What its standard input gives; empty unless told. */
  input?: string;
}

/** How a Windows program ended. */
export interface LaunchResult {
  code: number;
  /** As UTF-8; what comes in another code page is in `bytes`. */
  stdout: string;
  stderr: string;
  bytes: { stdout: Buffer; stderr: Buffer };
}

/** What Wine takes over from the Unix side and no Windows has. */
const FOREIGN = ['HOME', 'USER', 'LOGNAME', 'LC_ALL', 'LD_PRELOAD', 'WINESERVER'];

/** Wine on a machine: its server, and the start of programs. */
export class Wine {
  readonly #space: Space;
  readonly #programs: string;
  readonly #user: string;
  #orders = 0;

  constructor(space: Space, programs: string, user: string) {
    this.#space = space;
    this.#programs = programs;
    this.#user = user;
  }

  /** Starts the wineserver, to stay until it is told to end; the first program then starts Wine's services. */
  async start(): Promise<void> {
    await this.#unix(['/bin/sh', '-c', 'exec "$0" -p >/dev/null 2>&1', WINESERVER], {
      LD_PRELOAD: `${this.#programs}/share-port.so`,
    });
  }

  /** What happens when the user signs in: the programs of the Startup folder start. */
  async logOn(): Promise<void> {
    await this.raw(['C:\\windows\\system32\\wineboot.exe'], 120_000, { RIG_LOGON: '1' });
  }

  /** Ends all Windows programs at once, saving the registry. */
  async end(): Promise<void> {
    await this.#unix([WINESERVER, '-k', '-w']);
  }

  /**
   * Runs a Windows program with the environment of a fresh logon. Its output goes to files: what it starts, Wine's own
   * services first of all, would keep a pipe open.
   */
  async raw(argv: readonly string[], timeout?: number, more: Record<string, string> = {}): Promise<RunResult> {
    this.#orders += 1;
    const files = ['out', 'err'].map((part) => `/drive_c/rig/orders/${this.#orders}.${part}`);
    const places = files.map((file) => `${PREFIX_INSIDE}${file}`);
    const script = 'out=$1; err=$2; shift 2; exec "$@" >"$out" 2>"$err"';
    const result = await this.#unix(['/bin/sh', '-c', script, 'sh', ...places, WINE, ...argv], more, timeout);
    const [stdout, stderr] = files.map((file) => {
      const text = readFileSync(`${this.#space.prefix}${file}`, 'utf8');
      rmSync(`${this.#space.prefix}${file}`);
      return text;
    });
    return { ...result, stdout: stdout!, stderr: stderr! };
  }

  /** Runs a program to its end, with its output into files. */
  async run(program: string, args: readonly string[], options: LaunchOptions = {}): Promise<LaunchResult> {
    const order = this.#order(program, args, options, true);
    const result = await this.raw(order.argv, options.timeout ?? 120_000);
    const bytes = { stdout: order.read('stdout'), stderr: order.read('stderr') };
    order.remove();
    const code = Number.parseInt(result.stdout, 10);
    if (Number.isNaN(code)) throw new Error(`${program} did not run: ${ending(result)} ${result.stderr}`);
    return { code, stdout: bytes.stdout.toString(), stderr: bytes.stderr.toString(), bytes };
  }

  /** Starts a program and lets it run; resolves with its Windows process id. */
  async spawn(program: string, args: readonly string[], options: LaunchOptions = {}): Promise<Spawned> {
    const order = this.#order(program, args, options, false);
    const result = await this.raw(order.argv);
    const pid = Number(result.stdout);
    if (result.code !== 0 || !(pid > 0)) throw new Error(`cannot start ${program}: ${result.stdout}${result.stderr}`);
    return {
      pid,
      output: () => `${order.read('stdout')}${order.read('stderr')}`,
      waitForOutput: (pattern) =>
        waitFor(
          () => pattern.exec(`${order.read('stdout')}${order.read('stderr')}`) ?? undefined,
          60_000,
          () => `output ${pattern} of ${program}: ${order.read('stdout')}${order.read('stderr')}`,
        ),
    };
  }

  #unix(argv: readonly string[], more: Record<string, string> = {}, timeout?: number): Promise<RunResult> {
    return inSpace(this.#space, argv, { ...wineEnvironment(PREFIX_INSIDE, this.#user), ...more }, timeout);
  }

  #order(program: string, args: readonly string[], options: LaunchOptions, wait: boolean) {
    this.#orders += 1;
    const name = `C:\\rig\\orders\\${this.#orders}`;
    const outside = `${this.#space.prefix}/drive_c/rig/orders/${this.#orders}`;
    writeFileSync(`${outside}.in`, options.input ?? '');
    for (const part of ['stdout', 'stderr']) writeFileSync(`${outside}.${part}`, '');
    const lines = [
      `command=${[program, ...args].map(quoted).join(' ')}`,
      `cwd=${options.cwd ?? `C:\\users\\${this.#user}`}`,
      `wait=${wait ? 1 : 0}`,
      ...[`stdin=${name}.in`, `stdout=${name}.stdout`, `stderr=${name}.stderr`],
      ...FOREIGN.map((variable) => `unset=${variable}`),
      ...Object.entries(options.env ?? {}).map(([key, value]) =>
        value === undefined ? `unset=${key}` : `env=${key}=${value}`,
      ),
    ];
    writeFileSync(`${outside}.order`, `${lines.join('\n')}\n`);
    return {
      argv: ['C:\\rig\\bin\\launch.exe', `${name}.order`],
      read: (part: 'stdout' | 'stderr') => readFileSync(`${outside}.${part}`),
      remove: () => {
        for (const part of ['in', 'stdout', 'stderr', 'order']) rmSync(`${outside}.${part}`, { force: true });
      },
    };
  }
}

/** A program that was started and not waited for. */
export interface Spawned {
  /** Its Windows process id. */
  pid: number;
  /** What it has printed so far. */
  output(): string;
  waitForOutput(pattern: RegExp): Promise<RegExpExecArray>;
}

/** A word as CommandLineToArgvW reads it back. */
export function quoted(word: string): string {
  if (word !== '' && !/[\s"]/.test(word)) return word;
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}
