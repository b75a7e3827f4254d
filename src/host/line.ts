import { createInterface } from 'node:readline/promises';

/**
 * A line that somebody types, on a terminal that can do nothing but lines; undefined where the input has ended.
 * @throws AbortError once `signal` fires
 */
export async function readLine(question: string, signal: AbortSignal): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output: process.stderr, terminal: false });
  const ended = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  try {
    return await Promise.race([lines.question(question, { signal }), ended]);
  } finally {
    lines.close();
  }
}
