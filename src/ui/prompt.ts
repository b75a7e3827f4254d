import { Interrupted } from '../engine/transaction.ts';
import type { Host } from '../host/host.ts';

/** A question at the terminal. The prompt library is loaded only here, when somebody is really asked. */
async function asking<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    // Ctrl-C at a prompt arrives as this error and not as a signal, since the terminal is in raw mode.
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError'].includes(error.name))
      throw new Interrupted(AbortSignal.abort(130));
    throw error;
  }
}

/** One yes/no question, shown as (Y/n) or (y/N). */
export function confirm(host: Host, message: string, byDefault: boolean): Promise<boolean> {
  return asking(async () => {
    const inquirer = await import('./inquirer.ts');
    return inquirer.confirm({ message, default: byDefault }, { output: process.stderr, signal: host.interrupted });
  });
}

/** A list of which the first entry is taken with Enter. */
export function choose<T>(host: Host, message: string, choices: { name: string; value: T }[]): Promise<T> {
  return asking(async () => {
    const inquirer = await import('./inquirer.ts');
    return inquirer.select<T>({ message, choices }, { output: process.stderr, signal: host.interrupted });
  });
}
