import { expect } from 'vitest';
import { removeKey, setString } from '../../src/plist/edit.ts';
import { PlistError } from '../../src/plist/error.ts';

export const PATH = ['EnvironmentVariables', 'OLLAMA_HOST'];

/** A property list around the text of a dictionary. */
export const document = (dict: string): string =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n${dict}\n</plist>\n`;

export async function set(text: string, value: string, path: readonly string[] = PATH): Promise<string> {
  return (await setString(Buffer.from(text), path, value)).toString();
}

export async function remove(text: string, prune: boolean, path: readonly string[] = PATH): Promise<string> {
  return (await removeKey(Buffer.from(text), path, { prune })).toString();
}

/** The error that something fails with, which has to be a PlistError. */
export async function failure(act: Promise<unknown>): Promise<PlistError> {
  const error = await act.then(
    (value) => expect.fail(`no error, but ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PlistError);
  return error as PlistError;
}
