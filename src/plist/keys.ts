/** Rules on the keys of a dictionary that hold for both kinds of property list. */
import { PlistError } from './error.ts';

/** Where the key stands, or -1. Readers do not agree on which of two equal keys counts, so that none is edited. */
export function positionOf(keys: readonly string[], key: string): number {
  const at = keys.indexOf(key);
  if (at >= 0 && keys.indexOf(key, at + 1) >= 0) {
    throw new PlistError(`the key ${key} is there twice, and which of the two counts is not certain`);
  }
  return at;
}

/** Where a new key belongs: in its alphabetical place if the others are sorted by their bytes, else at the end. */
export function placeFor(keys: readonly string[], key: string): number {
  const sorted = keys.every((other, index) => index === 0 || byBytes(keys[index - 1]!, other) <= 0);
  const at = sorted ? keys.findIndex((other) => byBytes(other, key) > 0) : -1;
  return at < 0 ? keys.length : at;
}

const byBytes = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));

/** Throws for a key or value that XML 1.0 has no way to write; a launchd job has no use for one in a binary list either. */
export function demandWritable(texts: readonly string[]): void {
  const odd = texts.find((text) => UNWRITABLE.test(text));
  if (odd !== undefined) throw new PlistError(`a property list cannot hold the text ${JSON.stringify(odd)}`);
}

/** What is no Char of XML 1.0, section 2.2. */
export const UNWRITABLE = /[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]|\p{Surrogate}/u;

export const notDict = (path: readonly string[]): PlistError =>
  new PlistError(`${path.join('.')} is no dictionary, so that nothing can be set in it`);
