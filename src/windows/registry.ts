import { CommandError } from '../actions/command.ts';
import { runName } from '../actions/file.ts';
import { FileError } from '../errors.ts';
import type { Host, RunResult } from '../host/host.ts';
import { answerOf } from './ask.ts';
import { parseRegFile } from './reg-file.ts';
import { backward, program } from './system.ts';

/** A value of the registry; `data` as reg.exe prints it, that of a REG_MULTI_SZ with `\0` between its lines. */
export interface RegistryValue {
  name: string;
  /** REG_SZ and so on: these words are not translated. */
  kind: string;
  data: string;
}

export interface RegistryKey {
  key: string;
  values: RegistryValue[];
}

const TIMEOUT = 15_000;

/**
 * Reads `reg query`: a line for each key, and below it, by four blanks, name, type and data. Nothing in it depends on
 * the language but the name of a key's default value.
 */
export function parseRegQuery(stdout: string): RegistryKey[] {
  const keys: RegistryKey[] = [];
  for (const line of stdout.split(/\r?\n/)) {
    const value = VALUE.exec(line);
    if (/^HKEY_/.test(line)) keys.push({ key: line.trimEnd(), values: [] });
    else if (value) keys.at(-1)?.values.push({ name: value[1]!, kind: value[2]!, data: value[3] ?? '' });
  }
  return keys;
}

/** What stands between the columns is four blanks; up to Windows XP it was a tab. Further blanks belong to the data. */
const VALUE = /^(?: {4}|\t)(\S.*?)(?:\t+| {4,})(REG_[A-Z_]+)(?:(?:\t| {4})(.*))?$/;

function reg(host: Host, words: readonly string[]): Promise<RunResult> {
  return answerOf(host, [program(host, 'reg'), ...words], TIMEOUT);
}

/** The names of a key's subkeys. */
export async function subkeysOf(host: Host, key: string): Promise<string[]> {
  const { stdout } = await reg(host, ['query', key]);
  const below = parseRegQuery(stdout).map((found) => found.key);
  return below.map((path) => path.slice(path.lastIndexOf('\\') + 1)).filter((name) => !key.endsWith(`\\${name}`));
}

/** The values of a key, exact in every letter; undefined where there is no such key. */
export async function readKey(host: Host, key: string): Promise<RegistryValue[] | undefined> {
  return (await exported(host, key)) ?? queryKey(host, key);
}

/** The same in the console's code page, with one program less to start: for what is plain, or is looked for anyway. */
export async function queryKey(host: Host, key: string): Promise<RegistryValue[] | undefined> {
  const { code, stdout } = await reg(host, ['query', key]);
  return code === 0 ? (parseRegQuery(stdout)[0]?.values ?? []) : undefined;
}

/**
 * One value, exact in every letter; null where it is not set. The key is asked for as a whole, since reg.exe gives the
 * same answer, 1, for a value that is not there and for one that it may not read.
 * @throws CommandError when the key cannot be read
 */
export async function readValue(host: Host, key: string, name: string): Promise<RegistryValue | null> {
  const { argv, code, stdout, stderr, error } = await reg(host, ['query', key]);
  if (code !== 0) throw new CommandError(argv, stderr.trim() || stdout.trim() || error || `exit code ${code}`);
  const named = (values: RegistryValue[] | undefined) =>
    values?.find((value) => value.name.toLowerCase() === name.toLowerCase());
  const seen = named(parseRegQuery(stdout)[0]?.values);
  return seen === undefined ? null : (named(await exported(host, key)) ?? seen);
}

/**
 * The key by way of `reg export`. The words of `reg query` come in the console's code page, in which most letters of the
 * world are `?` or, worse, the letter that looks most like them (WideCharToMultiByte(), "best fit").
 */
async function exported(host: Host, key: string): Promise<RegistryValue[] | undefined> {
  let dir: string | undefined;
  try {
    dir = await host.scratch({}, runName(host));
    const file = `${dir}/key.reg`;
    const { code } = await reg(host, ['export', key, backward(file), '/y']);
    const bytes = code === 0 ? host.files.bytes(file) : undefined;
    return bytes && parseRegFile(bytes);
  } catch (error) {
    if (error instanceof FileError) return undefined; // no room for a temporary file: what was printed has to do
    throw error;
  } finally {
    if (dir !== undefined) await host.discard(dir);
  }
}
