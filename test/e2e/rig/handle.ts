import { readFileSync } from 'node:fs';
import { type GuestCommand, isWrapper } from './guest-command.ts';
import { enter, type Machine } from './machine.ts';
import {
  children,
  killTree,
  limited,
  outside,
  type RunResult,
  type Started,
  signalProcess,
  sleep,
  waitFor,
} from './outside.ts';

/** A command that runs inside a host. */
export class Handle {
  /** Resolves when the command has ended and its output is closed; rejects when its time is up (it is killed then). */
  readonly done: Promise<RunResult>;
  readonly #machine: Machine;
  readonly #command: GuestCommand;
  readonly #started: Started;

  constructor(machine: Machine, command: GuestCommand, started: Started, timeout: number) {
    this.#machine = machine;
    this.#command = command;
    this.#started = started;
    this.done = limited(started, command.words, timeout, () => this.killAll());
    // Who does not wait for the end still must not lose the test process to an unhandled rejection.
    this.done.catch(() => {});
  }

  /** What it has printed so far. */
  get stdout(): string {
    return this.#started.output.stdout;
  }

  get stderr(): string {
    return this.#started.output.stderr;
  }

  /** Writes to its standard input, or types into its terminal. */
  write(text: string): void {
    this.#started.child.stdin!.write(text);
  }

  /** Closes its standard input. */
  end(): void {
    this.#started.child.stdin!.end();
  }

  /** Waits until standard output and standard error together match; resolves with the match. */
  waitForOutput(pattern: RegExp, timeoutMs = 15_000): Promise<RegExpExecArray> {
    const match = () => {
      const found = pattern.exec(this.stdout + this.stderr);
      if (found) return found;
      if (this.#started.child.exitCode !== null)
        throw new Error(`ended without printing ${pattern}:\n${this.#shown()}`);
      return undefined;
    };
    return waitFor(match, timeoutMs, () => `output ${pattern}; so far:\n${this.#shown()}`);
  }

  /** The process of the command itself, by the numbers of this machine. Waits until the command has begun. */
  pid(): Promise<number> {
    const find = async () => {
      let pid = await this.#outermost();
      // Beside the command, a login session's main process has one more child: the one that will close the session.
      if (this.#command.tty && pid !== undefined)
        pid = children(pid).find((each) => !commandLine(each).startsWith('(sd-pam)'));
      return pid !== undefined && !isWrapper(commandLine(pid)) ? pid : undefined;
    };
    return waitFor(find, 10_000, () => `the process of ${this.#command.words.join(' ')}\n${this.#shown()}`);
  }

  /** Signals the command's own process inside the host; false when it is gone already. */
  async signal(signal: NodeJS.Signals): Promise<boolean> {
    if (this.#started.child.exitCode !== null || this.#started.child.signalCode !== null) return false;
    return signalProcess(await this.pid(), signal);
  }

  /** Ends the command as a power failure would: it gets no chance to clean up. What it started lives on. */
  async kill9(): Promise<void> {
    await this.signal('SIGKILL');
  }

  /** Kills the command and everything it started. */
  async killAll(): Promise<void> {
    const { unit } = this.#command;
    if (unit !== undefined && this.#machine.leader !== 0) {
      const main = await this.#outermost();
      if (main !== undefined) killTree(main);
      await outside([...enter(this.#machine), 'systemctl', 'kill', '-s', 'KILL', unit]);
    }
    const { child, done } = this.#started;
    // nsenter ends by itself once what it started has ended; were it killed first, nobody would fetch the remains.
    for (const below of children(child.pid!)) killTree(below);
    await Promise.race([done, sleep(1000)]);
    child.kill('SIGKILL');
  }

  /** The first process inside the host: nsenter's child, or the main process of the login session's service. */
  async #outermost(): Promise<number | undefined> {
    const { unit } = this.#command;
    if (unit === undefined) return children(this.#started.child.pid!)[0];
    const show = ['systemctl', 'show', '--value', '-p', 'MainPID', unit];
    const inside = Number((await outside([...enter(this.#machine), ...show])).stdout);
    return inside > 0 ? outsideNumber(this.#machine, inside) : undefined;
  }

  #shown(): string {
    return `stdout: ${this.stdout}\nstderr: ${this.stderr}`;
  }
}

/** This machine's number of a process that the host knows by `inside`: PID 1's descendants are searched for it. */
export function outsideNumber(machine: Machine, inside: number): number | undefined {
  const search = (pid: number): number | undefined => {
    const own = /^NSpid:.*\t(\d+)$/m.exec(text(`/proc/${pid}/status`))?.[1];
    if (Number(own) === inside) return pid;
    for (const child of children(pid)) {
      const found = search(child);
      if (found !== undefined) return found;
    }
    return undefined;
  };
  return search(machine.leader);
}

function commandLine(pid: number): string {
  return text(`/proc/${pid}/cmdline`);
}

function text(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
