import { expect } from 'vitest';
import { deeds, product, type Ran, setup, unchanged, undo } from './homebrew-kit.ts';
import { diffSnapshots, type Mac, type MacRunOptions } from './rig/mac.ts';

/** What the tests of Ollama.app share: a Mac held against what it was, with the app's settings by their row. */

export const AGENT = 'io.github.stigmer.ollama-host';
export const AGENT_FILE = `/Users/me/Library/LaunchAgents/${AGENT}.plist`;
export const SUPPORT = '/Users/me/Library/Application Support/Ollama';
export const DATABASE = `${SUPPORT}/db.sqlite`;
export const APP = '/Applications/Ollama.app';

/** Everything that an undo has to bring back. */
export interface AppShot {
  files: ReturnType<Mac['snapshot']>;
  row: Record<string, unknown> | undefined;
  setenv: string | undefined;
  agents: string[];
  /** Where it listens: address and port. */
  listeners: string[];
}

/** What the app and its server write as they go; the database is judged by its row. */
const THEIRS =
  /Application Support(\/Ollama(\/|\b.*\bdir)|: directory)|\.ollama\/logs|\.ollama\b|\/var\/log|\.log\b|\.sudo_as_admin_successful/;
const FOLDERS = ['/Users/me', '/Applications', '/Library', '/var/root', '/var/lib'];

export async function shootApp(mac: Mac): Promise<AppShot> {
  const { loaded, setenv } = await mac.launchd();
  return {
    files: mac.snapshot(FOLDERS),
    row: await mac.appRow(),
    setenv: setenv['gui/501']?.OLLAMA_HOST,
    agents: Object.keys(loaded).filter((name) => name.endsWith(AGENT)),
    listeners: listening(mac),
  };
}

export function listening(mac: Mac): string[] {
  const own = mac.listeners().filter(({ port }) => port === 11434 || port === 8080 || port === 80);
  return own.map(({ address, port }) => `${address} ${port}`).sort();
}

/** Row, variable, agents, files and binding as they were; the state folder is among the files. */
export async function expectAppAsBefore(mac: Mac, before: AppShot): Promise<void> {
  const now = await shootApp(mac);
  expect(diffSnapshots(before.files, now.files).filter((line) => !THEIRS.test(line))).toEqual([]);
  expect({ ...now, files: 0 }).toEqual({ ...before, files: 0 });
  expect(mac.calls('osascript')).toEqual([]);
}

/** The app's main process; undefined when it does not run. */
export async function appPid(mac: Mac): Promise<number | undefined> {
  const { stdout } = await mac.run(['/usr/bin/pgrep', '-x', 'Ollama']);
  const [pid] = stdout.trim().split('\n').filter(Boolean).map(Number);
  return pid;
}

/** The app quit as a person can make it quit, and opened again. */
export async function restartApp(mac: Mac, bundle = APP): Promise<void> {
  await quitApp(mac);
  await mac.openApp({ path: bundle });
}

export async function quitApp(mac: Mac): Promise<void> {
  await mac.run(['/usr/bin/pkill', '-x', 'Ollama']);
  await mac.host.waitFor(async () => (await appPid(mac)) === undefined, 5000, 'the end of the app');
}

/** A run that fails as it should: exit code, cause, and no step that is left done. */
export async function fails(
  mac: Mac,
  code: number,
  args: readonly string[],
  options: MacRunOptions = {},
): Promise<Ran> {
  const ran = await product(mac, args, options);
  expect(ran.code, ran.said).toBe(code);
  return ran;
}

/** Writes into the app's database as another program might. */
export function sql(mac: Mac, statement: string): Promise<string> {
  return mac.must(['/usr/bin/sqlite3', '-cmd', '.timeout 5000', DATABASE, statement]);
}

/** Every deed of a run that could be noticed: what launchd was told, and what was opened. */
export function acts({ calls }: Ran): string[] {
  const opened = calls.filter(({ program }) => program === 'open').map(({ args }) => `open ${args.join(' ')}`);
  return [...deeds(calls), ...opened];
}

export interface Life {
  args: readonly string[];
  /** Where it listens afterwards: address and port. */
  bound: string;
  /** What of all that is only done when nothing else depends on it. */
  bundle?: string;
  /** How the setup and the undo are run. */
  how?: MacRunOptions;
}

/** All that the change has to outlast, then the way back. Resolves with the first run. */
export async function life(mac: Mac, { args, bound, bundle = APP, how = {} }: Life): Promise<Ran> {
  const before = await shootApp(mac);
  const first = await setup(mac, args, how);
  await awaitBinding(mac, bound);
  const pid = await appPid(mac);
  const second = await unchanged(mac, ['--yes', ...args], how);
  expect([acts(second), await appPid(mac)]).toEqual([[], pid]);
  await restartApp(mac, bundle);
  await awaitBinding(mac, bound);
  await mac.configure({ loginOrder: 'app first' });
  await mac.reboot();
  await awaitAgent(mac);
  await awaitBinding(mac, bound);
  await mac.logout();
  await mac.configure({ loginOrder: 'agents first' });
  await mac.login();
  await awaitBinding(mac, bound);
  await awaitAgent(mac);
  await undo(mac, [], how);
  await awaitBinding(mac, before.listeners[0] ?? '');
  await expectAppAsBefore(mac, before);
  return first;
}

/** Waits until the app's server listens there and nowhere else, for long enough that whoever would restart it has done so. */
export async function awaitBinding(mac: Mac, bound: string): Promise<void> {
  const told = () => listening(mac).join(', ');
  let since = Date.now();
  const steady = () => {
    if (told() !== bound) since = Date.now();
    return told() === bound && Date.now() - since > 300;
  };
  await mac.host.waitFor(steady, 15_000, `${bound || 'no listener'} instead of ${told()}`);
}

/** The agent has done what it does at a login: it restarts the app some seconds after it set the variable. */
export async function awaitAgent(mac: Mac): Promise<void> {
  const isIdle = async () => ((await mac.loaded())[`gui/501/${AGENT}`]?.pid ?? null) === null;
  await mac.host.waitFor(isIdle, 15_000, 'the end of the agent');
}
