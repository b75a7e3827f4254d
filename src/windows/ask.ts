import { CommandError } from '../actions/command.ts';
import type { Host, RunResult } from '../host/host.ts';

/** How much longer than the first time a program may take that is asked again. */
const PATIENCE = 4;

/**
 * What a program of Windows answers. One that ran out of time, could not be started just now, or whose answer cannot be
 * whole, is asked again with more patience: on a busy PC each takes many seconds to start, and "no answer" is never to be
 * taken for "there is nothing".
 * @param timeout milliseconds for the first time
 * @param isWhole whether this can be all of the answer; one that is not there, or forbidden, is an answer without it
 * @throws CommandError when there was no whole answer the second time either
 */
export async function answerOf(
  host: Host,
  argv: readonly string[],
  timeout: number,
  isWhole: (answer: RunResult) => boolean = () => true,
): Promise<RunResult> {
  let answer = await host.ask(argv, { timeout });
  if (isComplete(answer, isWhole)) return answer;
  if (!host.interrupted.aborted) answer = await host.ask(argv, { timeout: timeout * PATIENCE });
  if (isComplete(answer, isWhole)) return answer;
  throw noAnswer(answer);
}

/** The same of one without which there is no going on: any other exit code than 0 is no answer. Throws CommandError. */
export async function mustAnswer(
  host: Host,
  argv: readonly string[],
  timeout: number,
  isWhole: (stdout: string) => boolean,
): Promise<string> {
  const answer = await answerOf(host, argv, timeout, ({ code, stdout }) => code === 0 && isWhole(stdout));
  if (answer.code !== 0) throw noAnswer(answer);
  return answer.stdout;
}

function isComplete(answer: RunResult, isWhole: (answer: RunResult) => boolean): boolean {
  return answer.code === null ? LASTING.has(answer.error) : isWhole(answer);
}

/** Why a program cannot be started, now or a moment later. */
const LASTING = new Set<string | undefined>(['ENOENT', 'EACCES', 'EPERM']);

function noAnswer({ argv, code, stdout, stderr, error }: RunResult): CommandError {
  const said = stderr.trim() || stdout.trim().split(/\r?\n/)[0];
  const why = error === 'ETIMEDOUT' ? 'it did not answer in time' : said || error || `exit code ${code}`;
  return new CommandError(argv, why, { untouched: true });
}
