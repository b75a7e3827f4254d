import { distance } from 'fastest-levenshtein';
import { EXIT, SetupError } from './errors.ts';

/** The one of the candidates that was most likely meant. */
export function nearest(word: string, candidates: string[]): string {
  return candidates.reduce((best, candidate) => (distance(word, candidate) < distance(word, best) ? candidate : best));
}

/** Words that were not understood: exit 2. */
export function usage(message: string, hint?: string): SetupError {
  return new SetupError('usage', EXIT.usage, message, {
    meaning: 'Nothing was changed.',
    remedy: hint ?? 'npx stigmer-setup-ollama --help',
  });
}

/** The value of a flag that takes one of a few words. */
export function oneOf<T extends string>(flag: string, word: string | undefined, all: readonly T[]): T | undefined {
  const value = all.find((one) => one === word);
  if (word === undefined || value !== undefined) return value;
  throw usage(`--${flag} is "${word}", but must be one of: ${all.join(', ')}.`, `--${flag} ${nearest(word, [...all])}`);
}
