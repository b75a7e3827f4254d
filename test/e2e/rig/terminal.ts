import { rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { RunOptions, TestHost } from './host.ts';
import { must, outside, waitFor } from './outside.ts';

/** High enough that nothing scrolls away. */
const HIGH = 200;
const END = /^exit code (\d+)$/m;
/**
 * Says how the command ended, and keeps its screen. Ctrl-C is for all that run in a terminal: what stands between it and
 * the command, which Node's own handling is not impressed by, has to live on.
 */
const KEEP = `trap '' INT; "$@"; echo "exit code $?"; exec sleep 600`;

let opened = 0;

/** A command of a host in a terminal that is emulated by tmux, so that its screen can be seen as a person sees it. */
export class Terminal {
  readonly #socket: string;

  private constructor(socket: string) {
    this.#socket = socket;
  }

  /** Opens a terminal of so many columns with a command in it. `close` it. */
  static async open(
    host: TestHost,
    argv: readonly string[],
    columns: number,
    options: Pick<RunOptions, 'user' | 'env'> & { rows?: number } = {},
  ): Promise<Terminal> {
    opened += 1;
    const terminal = new Terminal(path.join(tmpdir(), `stigmer-e2e-${process.pid}-${opened}.tmux`));
    // What tmux understands, by the name under which a host without tmux knows it.
    const env = { TERM: 'xterm-256color', ...options.env };
    const { rows = HIGH, ...rest } = options;
    const words = ['sh', '-c', KEEP, 'sh', ...host.words(argv, { ...rest, env })];
    const size = ['-x', String(columns), '-y', String(rows)];
    await terminal.#tmux(['new-session', '-d', ...size, ...words, ';', 'set-option', 'status', 'off']);
    await terminal.#tmux(['resize-window', ...size]);
    return terminal;
  }

  /** Presses keys, by the names that tmux(1) has for them: "Enter", "Down", "C-c", "?". */
  async press(...keys: string[]): Promise<void> {
    await this.#tmux(['send-keys', ...keys]);
  }

  /** All that is on the screen, without the blanks at the end of lines and the empty lines at the end. */
  async screen(): Promise<string> {
    const text = await this.#tmux(['capture-pane', '-p']);
    return text.replace(/[^\S\n]+$/gm, '').trimEnd();
  }

  /** The screen with the escape sequences for its colours. */
  async painted(): Promise<string> {
    return (await this.#tmux(['capture-pane', '-p', '-e'])).trimEnd();
  }

  /** Resolves with the screen once it shows that, and what is shown has come to rest. */
  async shows(pattern: RegExp, what = String(pattern)): Promise<string> {
    let last = '';
    const look = async () => {
      const now = await this.screen();
      const rests = now === last;
      last = now;
      return rests && pattern.test(now) ? now : undefined;
    };
    return waitFor(look, 30_000, () => `${what} on the screen:\n${last}`);
  }

  /** Waits for the end of the command; resolves with the screen without this rig's own line. */
  async ended(): Promise<{ code: number; screen: string }> {
    const screen = await this.shows(END, 'the end');
    return { code: Number(END.exec(screen)?.[1]), screen: screen.replace(END, '').trimEnd() };
  }

  async close(): Promise<void> {
    await outside(['tmux', '-S', this.#socket, 'kill-server']);
    rmSync(this.#socket, { force: true });
  }

  #tmux(words: readonly string[]): Promise<string> {
    const env = { PATH: process.env.PATH ?? '', LANG: 'C.UTF-8', TERM: 'xterm-256color' };
    return must(['tmux', '-u', '-S', this.#socket, '-f', '/dev/null', ...words], { env });
  }
}
