import type { Host, Identity } from '../host/host.ts';

/** One program to run, as data. What it does is not undone by itself: a plan says what runs on the way back. */
export interface CommandAct {
  type: 'command';
  id: string;
  title: string;
  identity: Identity;
  argv: string[];
  env?: Record<string, string>;
  /** Milliseconds. */
  timeout: number;
  /** True when a failure of this program does not matter. */
  tolerate?: boolean;
}

/** A program of the plan ended with an error; `output` is what it said. */
export class CommandError extends Error {
  override name = 'CommandError';
  readonly argv: readonly string[];
  readonly output: string;
  /** True when it is certain that it has changed nothing, so that there is nothing to make good. */
  readonly untouched: boolean;

  constructor(argv: readonly string[], output: string, { untouched = false } = {}) {
    super(`\`${argv.join(' ')}\` failed: ${output}`);
    this.argv = argv;
    this.output = output;
    this.untouched = untouched;
  }
}

/** Runs it. Throws CommandError unless it ends with 0 or its failure is tolerated. */
export async function applyCommand(host: Host, act: CommandAct, signal?: AbortSignal): Promise<void> {
  const options = { timeout: act.timeout, ...(act.env ? { env: act.env } : {}), ...(signal ? { signal } : {}) };
  const result = await host.as(act.identity).run(act.argv, options);
  if (result.code === 0 || act.tolerate === true) return;
  const said = result.stderr.trim() || result.stdout.trim();
  throw new CommandError(act.argv, said || result.error || `exit code ${result.code}`);
}
