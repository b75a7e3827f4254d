import { doctor } from '../../src/commands/doctor.ts';
import { explain } from '../../src/commands/failure.ts';
import type { Report } from '../../src/commands/report.ts';
import { setup } from '../../src/commands/setup.ts';
import { undo } from '../../src/commands/undo.ts';
import type { SetupError } from '../../src/errors.ts';
import { contextFor } from '../rig/context.ts';
import { Death } from '../rig/faults.ts';
import type { RecordedHost } from '../rig/recorded-host.ts';

const COMMANDS = { setup, undo, doctor };

export interface Ran {
  report: Report;
  said: string[];
  /** The exit code of the contract. */
  exit: number;
  error: SetupError | undefined;
}

/** Runs a command on a recorded host to its end, whatever that is. */
export async function run(host: RecordedHost, words: readonly string[]): Promise<Ran> {
  const context = contextFor(host, words);
  const { report, said } = context;
  try {
    await COMMANDS[report.command](context);
    return { report, said, exit: report.exitCode, error: undefined };
  } catch (reason) {
    if (reason instanceof Death) return { report, said, exit: 137, error: undefined };
    const error = explain(reason);
    return { report, said, exit: error.exit, error };
  }
}
