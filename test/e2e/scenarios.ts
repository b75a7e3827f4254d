import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { expect, it } from 'vitest';
import type { Report } from '../../src/commands/report.ts';
import type { TestHost } from './rig/host.ts';
import { diffSnapshots, type Peer, type RunOptions, type RunResult, type Snapshot, withHost } from './rig/host.ts';
import { REPO } from './rig/places.ts';
import { installProduct, product } from './rig/product.ts';

export type { Report };

/** The service's unit and the drop-in folder that an administrator would use for it. */
export const UNIT = 'ollama.service';
export const FOLDER = '/etc/systemd/system/ollama.service.d';
export const DROP_IN = `${FOLDER}/zz-stigmer-ollama-host.conf`;
export const STATE = '/var/lib/stigmer-setup-ollama';
export const WIDE = '0.0.0.0:11434';
export const LOOPBACK = '127.0.0.1:11434';

const VERSION = (JSON.parse(readFileSync(path.join(REPO, 'package.json'), 'utf8')) as { version: string }).version;

/** Our drop-in to the byte. */
export function dropIn(value = WIDE, ...more: string[]): string {
  return [
    `# Tells Ollama where to listen. Written by stigmer-setup-ollama ${VERSION}.`,
    '# Take it back with: npx stigmer-setup-ollama undo',
    '[Service]',
    `Environment="OLLAMA_HOST=${value}"`,
    ...more,
    '',
  ].join('\n');
}

/** A run of the product with --json. */
export interface Ran extends RunResult {
  report: Report;
}

/** What a unit's manager says of it. */
export interface Facts {
  pid: number;
  active: string;
  since: string;
  environment: string;
}

/** The state of a host before the product ran. */
export interface Mark {
  etc: Snapshot;
  /** The vendor's units, and everybody's home. */
  elsewhere: Snapshot[];
  binding: string[];
  active: string;
}

const WATCHED = ['/usr/lib/systemd', '/home', '/opt', '/srv', '/root'];

/** A freshly booted host with the product on it and a neighbour on the wire. */
export class Stage {
  readonly host: TestHost;
  readonly peer: Peer;
  /** The service that matters here. */
  unit = UNIT;
  /** The user whose own manager runs it; undefined for the system's. */
  owner: string | undefined;
  /** Who runs the product, and where its state is then. */
  operator: RunOptions = {};
  state = STATE;

  constructor(host: TestHost, peer: Peer) {
    this.host = host;
    this.peer = peer;
  }

  /** `setup --yes --json`, more words after it. */
  setup(...words: string[]): Promise<Ran> {
    return this.product('setup', '--yes', '--json', ...words);
  }

  undo(...words: string[]): Promise<Ran> {
    return this.product('undo', '--yes', '--json', ...words);
  }

  /** Any run with --json; its report is held against the schema. */
  async product(...words: string[]): Promise<Ran> {
    const ran = (await product(this.host, words, this.operator)) as Ran;
    const valid = schema();
    if (valid && !valid(ran.report))
      throw new Error(`not what report.schema.json allows: ${JSON.stringify(valid.errors, null, 1)}\n${ran.stdout}`);
    expect(ran.report.exitCode, told(ran)).toBe(ran.code);
    expect(ran.report.error === undefined, told(ran)).toBe(ran.code === 0 || ran.code === 10);
    return ran;
  }

  /** `systemctl` words for the manager that runs the service. */
  async systemctl(...words: string[]): Promise<string> {
    if (this.owner === undefined) return this.host.must(['systemctl', ...words]);
    const result = await this.host.runAs(this.owner, ['systemctl', '--user', ...words]);
    if (result.code !== 0) throw new Error(`systemctl --user ${words.join(' ')}: ${result.stdout}${result.stderr}`);
    return result.stdout;
  }

  async facts(): Promise<Facts> {
    const names = ['MainPID', 'ActiveState', 'ActiveEnterTimestampMonotonic', 'Environment'];
    const text = await this.systemctl('show', this.unit, `--property=${names.join(',')}`);
    const get = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(text)?.[1] ?? '';
    return {
      pid: Number(get('MainPID')),
      active: get('ActiveState'),
      since: get('ActiveEnterTimestampMonotonic'),
      environment: get('Environment'),
    };
  }

  /** Where anything listens, but for what belongs to Debian: "127.0.0.1:11434", "[::]:11434". */
  binding(): string[] {
    return this.host
      .listeners()
      .map(({ address, port }) => `${address.includes(':') ? `[${address}]` : address}:${port}`)
      .sort();
  }

  async mark(): Promise<Mark> {
    const elsewhere = WATCHED.map((dir) => this.host.snapshot(dir));
    const { active } = await this.facts();
    return { etc: this.host.snapshotEtc(), elsewhere, binding: this.binding(), active };
  }

  /** What is not as it was: files of /etc, of the vendor's units and of homes, and the listeners. */
  differences(mark: Mark): string[] {
    const files = WATCHED.flatMap((dir, index) => diffSnapshots(mark.elsewhere[index]!, this.host.snapshot(dir)));
    const [was, is] = [mark.binding.join(' '), this.binding().join(' ')];
    const listeners = was === is ? [] : [`listeners: ${was || 'none'} -> ${is || 'none'}`];
    return [...diffSnapshots(mark.etc, this.host.snapshotEtc()), ...files, ...listeners];
  }

  /** Holds that the host is as it was, and that nothing of the product's is left anywhere. */
  expectAsBefore(mark: Mark): void {
    expect(this.differences(mark)).toEqual([]);
    expect(this.host.exists(this.state), this.state).toBe(false);
    this.expectNoLitter();
  }

  /** Holds that no temporary file or folder of the product is left. */
  expectNoLitter(): void {
    const names = ['/tmp', '/etc/systemd/system', FOLDER].flatMap((dir) =>
      this.host.exists(dir) ? [...this.host.snapshot(dir).keys()] : [],
    );
    expect(names.filter((name) => /\.tmp$|\/stigmer-[^/]*$/.test(name))).toEqual([]);
  }

  /** The environment of a process of the host. */
  environ(pid: number): Record<string, string> {
    const pairs = this.host.read(`/proc/${pid}/environ`).split('\0').filter(Boolean);
    return Object.fromEntries(
      pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]),
    );
  }

  /** The status that an HTTP client on the host gets; 0 when there is no answer. */
  async curl(url: string): Promise<number> {
    const words = ['curl', '-s', '-o', '/dev/null', '-w', '%{http_code}', '--max-time', '3', url];
    return Number((await this.host.run(words)).stdout);
  }

  /** Holds that everybody is answered at the port, or nobody but the host itself. */
  async expectReach(who: 'everybody' | 'this host', port = 11434): Promise<void> {
    const { host, peer } = this;
    const version = `:${port}/api/version`;
    await host.waitFor(async () => (await this.curl(`http://127.0.0.1${version}`)) === 200, 5000, 'an HTTP answer');
    const answer = await peer.get(`http://${peer.hostAddress}${version}`);
    if (who === 'everybody') expect(answer).toMatchObject({ status: 200, body: expect.stringContaining('version') });
    else expect(answer).toMatchObject({ curl: 7 });
  }
}

let compiled: ValidateFunction | null | undefined;

function schema(): ValidateFunction | null {
  const file = path.join(REPO, 'report.schema.json');
  if (compiled === undefined && existsSync(file))
    compiled = new Ajv2020({ strict: false, allErrors: true }).compile(
      JSON.parse(readFileSync(file, 'utf8')) as object,
    );
  return compiled ?? null;
}

/** All that a run said, for the message of a failed expectation. */
export function told({ code, stdout, stderr }: RunResult): string {
  return `exit ${code}\n--- stdout\n${stdout}\n--- stderr\n${stderr}\n---`;
}

/** A test on a host of its own. */
export function scenario(name: string, play: (stage: Stage) => Promise<void>): void {
  it(name, () => onStage(play));
}

/** The same for each row; the first words of a row fill the %s of the name. */
scenario.each =
  <Row extends unknown[]>(rows: Row[]) =>
  (name: string, play: (stage: Stage, ...row: Row) => Promise<void>): void => {
    for (const row of rows) it(name.replace('%s', String(row[0])), () => onStage((stage) => play(stage, ...row)));
  };

async function onStage(play: (stage: Stage) => Promise<void>): Promise<void> {
  await withHost('stage', {}, async (host) => {
    installProduct(host);
    await play(new Stage(host, await host.addPeer()));
  });
}

/** What setup is to do with an Ollama that listens on loopback; each point as in the plainest case unless told. */
export interface Job {
  /** More words for setup. */
  words?: string[];
  wanted?: string;
  /** Every file that is written or edited, with its text afterwards. */
  files?: Record<string, string>;
  /** Where it listens in the end, as `Stage.binding` prints it. */
  binding?: string;
  /** The ids of the steps that are done. */
  steps?: string[];
  warnings?: string[];
  /** Variables that the process has besides. */
  environ?: Record<string, string>;
  /** What `systemctl show -p Environment` holds; false where another layer than Environment= decides. */
  shown?: string | false;
  /** False where the main process is not Ollama itself. */
  main?: boolean;
  /** False where there is nothing that undo could take back. */
  receipt?: boolean;
  /** How the service is before setup: `active` unless told. */
  before?: string;
}

/** `setup`, a second `setup`, and `undo`, with all that has to hold after each. */
export async function wholeJob(stage: Stage, job: Job = {}): Promise<void> {
  const mark = await stage.mark();
  expect(mark.active).toBe(job.before ?? 'active');
  await setUp(stage, mark, job);
  await nothingToDo(stage, job);
  await takenBack(stage, mark);
}

/** Runs setup and holds that it did what the job says, and nothing else. */
export async function setUp(stage: Stage, mark: Mark, job: Job = {}): Promise<Ran> {
  const { wanted = WIDE, files = { [DROP_IN]: dropIn(wanted) }, binding = '[::]:11434' } = job;
  const ran = await stage.setup(...(job.words ?? []));
  const { report } = ran;
  expect(ran.code, told(ran)).toBe(0);
  expect(report, told(ran)).toMatchObject({ outcome: 'changed', changed: true, wanted: { ollamaHost: wanted } });
  expect(report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual(
    (job.steps ?? ['write-drop-in', 'daemon-reload', 'restart']).map((id) => `${id} done`),
  );
  expect(report.warnings.map(({ code }) => code).sort()).toEqual([...(job.warnings ?? [])].sort());
  for (const [file, text] of Object.entries(files)) expect(stage.host.read(file)).toBe(text);
  expectOnly(stage, mark, Object.keys(files));
  expect(stage.binding()).toEqual([binding]);
  const facts = await stage.facts();
  expect(facts.active).toBe('active');
  const shown = job.shown ?? `OLLAMA_HOST=${wanted}`;
  if (shown !== false) expect(facts.environment.replaceAll('"', '').split(' ')).toContain(shown);
  const pid = report.after.listeners[0]?.pid ?? 0;
  if (job.main !== false) expect(pid).toBe(facts.pid);
  expect(stage.environ(pid)).toMatchObject({ OLLAMA_HOST: wanted, ...job.environ });
  const checks = report.checks.map(({ id, status }) => `${id} ${status}`);
  expect(checks, told(ran)).toEqual(expect.arrayContaining(['listener pass', 'environment pass', 'http pass']));
  // These hosts have no container engine.
  expect(checks.filter((check) => !check.endsWith(' pass') && check !== 'container skip')).toEqual([]);
  expect(report.installations.find(({ selected }) => selected)).toMatchObject({ running: true, version: '0.33.0' });
  expect(report.receipt !== null).toBe(job.receipt ?? true);
  if (binding === '[::]:11434') await stage.expectReach('everybody');
  stage.expectNoLitter();
  return ran;
}

/** A run in the wanted state: it changes nothing, restarts nothing, and says so. */
export async function nothingToDo(stage: Stage, job: Job = {}): Promise<Ran> {
  const [mark, facts] = [await stage.mark(), await stage.facts()];
  const ran = await stage.setup(...(job.words ?? []));
  expect(ran.code, told(ran)).toBe(0);
  expect(ran.report, told(ran)).toMatchObject({ outcome: 'unchanged', changed: false, steps: [] });
  expect(ran.report.after).toEqual(ran.report.before);
  expect(stage.differences(mark)).toEqual([]);
  expect(await stage.facts()).toEqual(facts);
  return ran;
}

/** Runs undo and holds that the host is as it was. */
export async function takenBack(stage: Stage, mark: Mark, ...words: string[]): Promise<Ran> {
  const ran = await stage.undo(...words);
  expect(ran.code, told(ran)).toBe(0);
  expect(ran.report, told(ran)).toMatchObject({ outcome: 'changed', changed: true });
  // A service that crashes again and again is seen now in this state, now in that.
  if (mark.active !== 'activating')
    expect((await stage.facts()).active).toBe(mark.active === 'failed' ? 'inactive' : mark.active);
  stage.expectAsBefore(mark);
  return ran;
}

/** Runs setup where it must not touch anything, and holds that it did not. */
export async function refused(stage: Stage, code: number, error: string, ...words: string[]): Promise<Ran> {
  const [mark, facts] = [await stage.mark(), await stage.facts()];
  const ran = await stage.setup(...words);
  expect(ran.code, told(ran)).toBe(code);
  expect(ran.report, told(ran)).toMatchObject({ changed: false, error: { code: error } });
  stage.expectAsBefore(mark);
  if (facts.active === 'active') expect(await stage.facts()).toEqual(facts);
  return ran;
}

/** A run that changed something, saw that it does not do, and put all back. */
export async function rolledBack(stage: Stage, mark: Mark, ran: Ran, exit = 7): Promise<void> {
  expect(ran.code, told(ran)).toBe(exit);
  expect(ran.report, told(ran)).toMatchObject({ outcome: 'rolled-back', changed: false });
  expect(ran.report.steps.map(({ status }) => status)).not.toContain('done');
  stage.expectAsBefore(mark);
}

/** Holds that these files alone (and folders on the way to them) differ from how they were. */
function expectOnly(stage: Stage, mark: Mark, files: string[]): void {
  const changed = stage
    .differences(mark)
    .filter((line) => !line.startsWith('listeners: '))
    .map((line) => /^\w+ (.*?): /.exec(line)?.[1] ?? line)
    .filter((file) => !file.startsWith(stage.state))
    .filter((file) => ![stage.state, ...files].some((path) => path.startsWith(`${file}/`)));
  expect(changed).toEqual([...files].sort());
}
