import { expect } from 'vitest';
import { diffSnapshots, type RunOptions, type Snapshot, type TestHost } from './rig/host.ts';
import { type InstalledOllama, installOllama, type OllamaOptions, waitForListener } from './rig/ollama.ts';
import { installProduct, product } from './rig/product.ts';

export const DROP_IN_DIR = '/etc/systemd/system/ollama.service.d';
export const DROP_IN = `${DROP_IN_DIR}/zz-stigmer-ollama-host.conf`;
export const ROOT_STATE = '/var/lib/stigmer-setup-ollama';
export const RECEIPT = `${ROOT_STATE}/receipts/systemd%3Aollama.service.json`;

/** The parts of the JSON report that these tests read. */
export interface Report {
  outcome: string;
  changed: boolean;
  exitCode: number;
  before: { scope: string };
  after: { scope: string };
  steps: { id: string; status: string; command?: string; diff?: string }[];
  checks: { id: string; status: string; cause?: string }[];
  warnings: { code: string; message: string }[];
  receipt: string | null;
  error?: { code: string; message: string; meaning: string; remedy: string };
}

/** What a host was like before the program was run on it. */
export interface Before {
  etc: Snapshot;
  /** The main process of the service; a restart changes it. */
  mainPid: string;
  installed: InstalledOllama;
}

/** Puts Ollama (and the users that `prepare` makes) and the program on a host, and takes down how it is then. */
export async function prepared(host: TestHost, options: OllamaOptions = {}): Promise<Before> {
  const installed = await installOllama(host, options);
  installProduct(host);
  return { ...(await takeDown(host)), installed };
}

export async function takeDown(host: TestHost): Promise<{ etc: Snapshot; mainPid: string }> {
  return { etc: host.snapshotEtc(), mainPid: await mainPid(host) };
}

export async function mainPid(host: TestHost): Promise<string> {
  return (await host.show('ollama', 'MainPID')).MainPID ?? '0';
}

/** Where port 11434 is open: on every interface, on this machine only, or not at all. */
export function scope(host: TestHost): 'all' | 'loopback' | 'none' {
  const open = host.listeners(11434).map(({ address }) => address);
  if (open.some((address) => address === '::' || address === '0.0.0.0')) return 'all';
  return open.length > 0 ? 'loopback' : 'none';
}

/** Everything of the program's that should not outlast a finished run: half-written files, scratch folders, journals. */
export function remains(host: TestHost, state = ROOT_STATE): string[] {
  const found = ['/etc', '/tmp', ...(host.exists(state) ? [state] : [])].flatMap((dir) => [
    ...host.snapshot(dir).keys(),
  ]);
  return found.filter((path) => /\.tmp$|^\/tmp\/stigmer|\/journal\.json$|\/progress$/.test(path));
}

/** The host is as it was before the program first ran: /etc to the byte, the service up on loopback, no state left. */
export async function expectRestored(host: TestHost, before: Before, state = ROOT_STATE): Promise<void> {
  expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([]);
  expect(remains(host, state)).toEqual([]);
  expect(host.exists(state) ? [...host.snapshot(state).keys()] : 'no state folder').toBe('no state folder');
  expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('active');
  await waitForListener(host);
  expect(scope(host)).toBe('loopback');
}

/** The host was not touched at all: as `expectRestored`, and the service was not even restarted. */
export async function expectUntouched(host: TestHost, before: Before, state = ROOT_STATE): Promise<void> {
  expect(await mainPid(host)).toBe(before.mainPid);
  await expectRestored(host, before, state);
}

/** Ollama is set up: open on every interface by our drop-in alone, and nothing half-made lies about. */
export async function expectSetUp(host: TestHost, before: Before, state = ROOT_STATE): Promise<void> {
  expect(scope(host)).toBe('all');
  expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([
    expect.stringMatching(/^added \/etc\/systemd\/system\/ollama\.service\.d: directory 0755 0 0/),
    expect.stringMatching(
      /^added \/etc\/systemd\/system\/ollama\.service\.d\/zz-stigmer-ollama-host\.conf: file 0644 0 0/,
    ),
  ]);
  expect(remains(host, state)).toEqual([]);
}

/** Runs the program with --json. */
export async function reported(
  host: TestHost,
  args: readonly string[],
  options: RunOptions = {},
): Promise<{ code: number | null; stdout: string; stderr: string; report: Report }> {
  const result = await product(host, [...args, '--json'], options);
  return { ...result, report: result.report as Report };
}

/** A run that has to end with 0; what it said is in the failure. */
export async function succeeds(host: TestHost, args: readonly string[], options: RunOptions = {}): Promise<Report> {
  const { code, report, stderr } = await reported(host, args, options);
  expect(code, `${args.join(' ')}\n${stderr}\n${JSON.stringify(report.error)}`).toBe(0);
  return report;
}

/** Nothing that a person should not see: a stack trace, an internal error, a value that is not there. */
export function expectForPeople(text: string): void {
  expect(text).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
  expect(text).not.toMatch(/itself failed|undefined|\[object |NaN/);
}
