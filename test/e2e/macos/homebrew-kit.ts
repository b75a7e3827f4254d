import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Report } from '../../../src/commands/report.ts';
import type { Snapshot } from '../rig/host.ts';
import { type Call, diffSnapshots, type Mac, type MacRunOptions } from './rig/mac.ts';

/** What the tests of Homebrew's service share: the product run and judged, and a Mac held against what it was. */

export const AGENTS = '/Users/me/Library/LaunchAgents';
export const ENV_FILE = '/Users/me/.homebrew/services/ollama.env';
export const STATE = '/Users/me/Library/Application Support/stigmer-setup-ollama';
export const OLD = 'homebrew.mxcl.ollama';
export const NEW = 'sh.brew.ollama';

const schema = JSON.parse(readFileSync(new URL('../../../report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true }).compile(
  schema,
);

/** A run of the product with its report, and what it called. */
export interface Ran {
  code: number | null;
  report: Report;
  /** What it said to people. */
  said: string;
  calls: Call[];
}

/** Runs the product with --json; the document and the text for people are judged on the way. */
export async function product(mac: Mac, args: readonly string[], options: MacRunOptions = {}): Promise<Ran> {
  mac.forgetCalls();
  const { code, stderr, report } = options.tty
    ? await atTerminal(mac, args, options)
    : await mac.product([...args, '--json'], options);
  const words = `${args.join(' ')}\n${stderr}`;
  expect(validate(report) ? [] : validate.errors, words).toEqual([]);
  expect((report as Report).exitCode, words).toBe(code);
  expect(stderr, words).not.toMatch(/undefined|NaN|\[object|^\s+at .*[:(]/m);
  return { code, report: report as Report, said: stderr, calls: mac.calls() };
}

/** At a terminal all comes by one stream; the document is the last. */
async function atTerminal(mac: Mac, args: readonly string[], options: MacRunOptions) {
  const words = ['/bin/sh', '-c', 'stigmer-setup-ollama "$@" --json >/tmp/report.json', 'sh', ...args];
  const { code, stdout } = await mac.run(words, options);
  return { code, stderr: stdout, report: JSON.parse(mac.host.read('/tmp/report.json')) as unknown };
}

/** setup that has to succeed and to change something. */
export async function setup(mac: Mac, args: readonly string[] = [], options: MacRunOptions = {}): Promise<Ran> {
  const ran = await product(mac, ['--yes', ...args], options);
  expect([ran.code, ran.report.outcome], ran.said).toEqual([0, 'changed']);
  return ran;
}

export async function undo(mac: Mac, args: readonly string[] = [], options: MacRunOptions = {}): Promise<Ran> {
  const ran = await product(mac, ['undo', '--yes', ...args], options);
  expect([ran.code, ran.report.outcome], ran.said).toEqual([0, 'changed']);
  return ran;
}

/** A run that finds everything as wanted, and touches nothing. */
export async function unchanged(mac: Mac, args: readonly string[] = ['--yes'], options: MacRunOptions = {}) {
  const pid = (await mac.server())?.pid;
  const ran = await product(mac, args, options);
  expect([ran.code, ran.report.outcome, ran.report.changed], ran.said).toEqual([0, 'unchanged', false]);
  expect(deeds(ran.calls)).toEqual([]);
  expect((await mac.server())?.pid).toBe(pid);
  return ran;
}

const LOOKS = ['print', 'print-disabled', 'list', 'managername', 'getenv', 'manageruid'];

/** The calls that change something, without those of a program that our own called. */
export function deeds(calls: readonly Call[]): string[] {
  const ours = calls.filter(({ parent }) => !parent.some((word) => word.endsWith('/bin/brew')));
  const acting = ours.filter(
    ({ program, args }) =>
      (program === 'launchctl' && !LOOKS.includes((args[0] === 'asuser' ? args[3] : args[0]) ?? '')) ||
      (program === 'brew' && args[0] === 'services' && !['list', 'info'].includes(args[1] ?? '')),
  );
  return acting.map(({ program, args }) => `${program} ${args.join(' ')}`);
}

/** The state that an undo has to bring back. */
export interface Shot {
  files: Snapshot;
  disabled: Record<string, Record<string, boolean>>;
  loaded: string[];
  listeners: string[];
}

const FOLDERS = ['/Users/me', '/Library', '/var/root', '/var/lib', '/opt/homebrew'];
const INTEL = ['/usr/local/bin', '/usr/local/opt', '/usr/local/Cellar'];

export async function shoot(mac: Mac): Promise<Shot> {
  const { disabled, loaded } = await mac.launchd();
  const off = Object.entries(disabled).map(([domain, labels]) => [
    domain,
    Object.fromEntries(Object.entries(labels).filter(([, isOff]) => isOff)),
  ]);
  return {
    files: mac.snapshot([...FOLDERS, ...INTEL]),
    disabled: Object.fromEntries(off.filter(([, labels]) => Object.keys(labels as object).length > 0)),
    loaded: Object.entries(loaded)
      .filter(([, { draining }]) => !draining)
      .map(([name, { path }]) => `${name} ${path}`)
      .sort(),
    listeners: mac.listeners(11434).map(({ address }) => address),
  };
}

/** Bytes, modes and owners of all files (but logs), labels, and the binding: all as it was. */
export async function expectAsBefore(mac: Mac, before: Shot): Promise<void> {
  const now = await shoot(mac);
  const changed = diffSnapshots(before.files, now.files).filter(
    (line) => !/\/var\/log\b|\.log\b|sudo_as_admin/.test(line),
  );
  expect(changed).toEqual([]);
  expect({ ...now, files: 0 }).toEqual({ ...before, files: 0 });
}

/** `brew services restart ollama`, by whoever. */
export async function brewRestart(mac: Mac, options: Parameters<Mac['brew']>[1] = {}): Promise<void> {
  const { code, stdout, stderr } = await mac.brew(['services', 'restart', 'ollama'], options);
  expect(code, stdout + stderr).toBe(0);
}

export const codes = ({ report }: Ran): string[] => report.warnings.map(({ code }) => code);
/** What the checks name, but for the one from a container: which engine is on this machine is no matter of a Mac's. */
export const causes = ({ report }: Ran): (string | undefined)[] =>
  report.checks.filter(({ id }) => id !== 'container').map(({ cause }) => cause);
