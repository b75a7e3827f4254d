import type { RunOptions, RunResult } from './host.ts';
import { trace } from './trace.ts';

/** Whose process the command becomes; only root may name another user. */
export interface RunAs {
  uid?: number;
  gid?: number;
  env?: Record<string, string>;
  /** True keeps the terminal, for sudo's password prompt; otherwise the command gets a session of its own. */
  terminal?: boolean;
}

/**
 * Runs a program without a shell. A command of ours gets a session of its own, so that a second Ctrl-C
 * at the terminal cannot end the `systemctl restart` of a roll-back half way.
 */
export async function run(argv: readonly string[], options: RunOptions = {}, as: RunAs = {}): Promise<RunResult> {
  trace.write?.(`run   ${argv.join(' ')}`);
  const { execa } = await import('execa');
  const [file, ...args] = argv as [string, ...string[]];
  const result = await execa(file, args, {
    reject: false,
    stripFinalNewline: false,
    ...(options.input === undefined ? { stdin: 'ignore' as const } : { input: options.input }),
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    ...(options.signal === undefined ? {} : { cancelSignal: options.signal }),
    ...(as.uid === undefined ? {} : { uid: as.uid, gid: as.gid }),
    env: { LC_ALL: 'C.UTF-8', ...as.env, ...options.env },
    detached: as.terminal !== true,
    cleanup: false,
  });
  const code = result.exitCode ?? null;
  if (code !== 0)
    trace.write?.(`      exit ${code ?? result.signal ?? result.code} ${String(result.stderr ?? '').trim()}`);
  const error = result.timedOut ? 'ETIMEDOUT' : code === null ? (result.code ?? result.signal ?? 'EFAILED') : undefined;
  return { argv, code, stdout: result.stdout ?? '', stderr: result.stderr ?? '', ...(error ? { error } : {}) };
}
