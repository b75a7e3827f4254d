import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/commands/report.ts';
import { image, STATE_ENV } from '../rig/image.ts';
import { cli } from '../rig/spawn.ts';
import { SystemdHost } from '../rig/systemd-host.ts';
import { run } from './runs.ts';

const schema = JSON.parse(readFileSync(new URL('../../report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: true, strictRequired: false, allErrors: true, allowUnionTypes: true }).compile(
  schema,
);

/** What is wrong with a document; nothing for a valid one. */
function problems(document: unknown): string[] {
  return validate(document)
    ? []
    : (validate.errors ?? []).map((e) => `${e.instancePath} ${e.message} ${JSON.stringify(e.params)}`);
}

type Json = { [key: string]: unknown };

/** The document of the contract's page, with one of each where that gives a choice. */
const example = (): Json => ({
  schemaVersion: 1,
  tool: { name: 'stigmer-setup-ollama', version: '1.0.0' },
  command: 'setup',
  outcome: 'changed',
  changed: true,
  exitCode: 0,
  host: { os: 'linux', wsl: false, release: '6.1.0-18-amd64' },
  installations: [
    {
      kind: 'systemd',
      id: 'ollama.service',
      selected: true,
      version: '0.32.3',
      running: true,
      settings: [
        {
          value: '127.0.0.1:11434',
          source: '/etc/systemd/system/ollama.service.d/override.conf',
          effective: true,
        },
      ],
    },
  ],
  wanted: { ollamaHost: '0.0.0.0:11434' },
  before: { scope: 'loopback', listeners: [{ address: '127.0.0.1', port: 11434, pid: 782, process: 'ollama' }] },
  after: { scope: 'all', listeners: [{ address: '::', port: 11434, pid: 6574, process: 'ollama' }] },
  steps: [{ id: 'write-drop-in', title: 'Write it', path: '/etc/x', diff: '--- /dev/null\n', status: 'done' }],
  checks: [
    {
      id: 'listener',
      status: 'fail',
      cause: 'bound-to-loopback',
      summary: 'It listens on loopback.',
      evidence: '/proc/net/tcp',
      remedy: 'npx stigmer-setup-ollama',
    },
  ],
  exposure: {
    addresses: [{ interface: 'en0', address: '192.168.1.20', reach: 'lan' }],
    firewall: 'not examined',
    hostHeaderGuard: false,
  },
  warnings: [{ code: 'public-address', message: 'It is on the internet.' }],
  receipt: '/var/lib/stigmer-setup-ollama/receipts/systemd%3Aollama.service.json',
});

/** Every object in a document, by its path. */
function objects(value: unknown, path: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [];
  const inside = Object.entries(value).flatMap(([key, one]) =>
    objects(one, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  return Array.isArray(value) ? inside : [path, ...inside];
}

const at = (document: unknown, path: (string | number)[]): Json =>
  path.reduce((value, key) => (value as Json)[key], document) as Json;

describe('the example of the contract', () => {
  it('validates', () => {
    expect(problems(example())).toEqual([]);
  });

  it('validates with null where something is not known', () => {
    const document = example();
    at(document, ['before', 'listeners', 0]).pid = null;
    at(document, ['before', 'listeners', 0]).process = null;
    at(document, ['installations', 0]).version = null;
    at(document, ['installations', 0, 'settings', 0]).value = null;
    document.receipt = null;
    expect(problems(document)).toEqual([]);
  });

  it('validates with a command instead of a diff, and with a check of the fewest fields', () => {
    const document = example();
    document.steps = [{ id: 'restart', title: 'Restart it', status: 'planned', command: 'systemctl restart x' }];
    document.checks = [{ id: 'http', status: 'pass', summary: 'It answers.' }];
    expect(problems(document)).toEqual([]);
  });

  it.each(objects(example()).map((path) => [path.join('.') || 'the document', path] as const))(
    'does not with a field that nobody knows in %s',
    (_, path) => {
      const document = example();
      at(document, path).surprise = 1;
      expect(problems(document)).not.toEqual([]);
    },
  );

  const OPTIONAL = ['path', 'diff', 'cause', 'evidence', 'remedy'];
  const fields = objects(example()).flatMap((path) => Object.keys(at(example(), path)).map((key) => [...path, key]));

  it.each(fields.map((path) => [path.join('.'), path] as const))('without %s: as the contract has it', (_, path) => {
    const document = example();
    const key = path.at(-1)!;
    delete at(document, path.slice(0, -1))[key];
    expect(problems(document).length > 0).toBe(!OPTIONAL.includes(String(key)));
  });

  it.each(fields.map((path) => [path.join('.'), path] as const))(
    'does not with another kind of value in %s',
    (_, path) => {
      const document = example();
      at(document, path.slice(0, -1))[path.at(-1)!] = [[]];
      expect(problems(document)).not.toEqual([]);
    },
  );

  it.each<[string, (string | number)[], unknown]>([
    ['another version of the schema', ['schemaVersion'], 2],
    ['another tool', ['tool', 'name'], 'x'],
    ['a command without JSON', ['command'], 'demo'],
    ['an outcome that is none', ['outcome'], 'ok'],
    ['an exit code that is none', ['exitCode'], 12],
    ['a scope that is none', ['after', 'scope'], 'wildcard'],
    ['port 0', ['after', 'listeners', 0, 'port'], 0],
    ['a port beyond the last', ['after', 'listeners', 0, 'port'], 65536],
    ['a port with a fraction', ['after', 'listeners', 0, 'port'], 1.5],
    ['pid 0', ['after', 'listeners', 0, 'pid'], 0],
    ['a step that is under way', ['steps', 0, 'status'], 'begun'],
    ['a cause that is a sentence', ['checks', 0, 'cause'], 'Bound to loopback'],
    ['a reach that is none', ['exposure', 'addresses', 0, 'reach'], 'loopback'],
    ['a system that is none', ['host', 'os'], 'darwin'],
    ['a receipt that is no path', ['receipt'], 'receipt.json'],
  ])('does not with %s', (_, path, value) => {
    const document = example();
    at(document, path.slice(0, -1))[path.at(-1)!] = value;
    expect(problems(document)).not.toEqual([]);
  });

  it('says what went wrong exactly when something did', () => {
    const error = { code: 'no-ollama', message: 'None.', meaning: '', remedy: '' };
    const failed = { ...example(), outcome: 'failed', changed: false, exitCode: 3 };
    expect(problems({ ...failed, error })).toEqual([]);
    expect(problems(failed)).not.toEqual([]);
    expect(problems({ ...example(), error })).not.toEqual([]);
    expect(problems({ ...example(), outcome: 'planned', exitCode: 10 })).toEqual([]);
    expect(problems({ ...failed, error: { ...error, cause: {} } })).not.toEqual([]);
    expect(problems({ ...failed, error: { ...error, code: 'No Ollama' } })).not.toEqual([]);
  });

  it('is what the code calls a report', () => {
    const report: Report = example() as unknown as Report;
    expect(report.steps[0]?.status).toBe('done');
  });
});

describe('what the built program prints', () => {
  /** One document and nothing else on standard output. */
  const document = (stdout: string): Json => {
    expect(stdout.endsWith('}\n')).toBe(true);
    return JSON.parse(stdout) as Json;
  };

  it('setup --json --dry-run --root', async () => {
    const { exit, stdout } = await cli(['setup', '--json', '--dry-run', '--root', image()], { env: STATE_ENV });
    const printed = document(stdout);
    expect(problems(printed)).toEqual([]);
    expect(printed).toMatchObject({ command: 'setup', outcome: 'planned', changed: false, exitCode: exit });
    expect(exit).toBe(0);
  });

  it('setup --json --yes --root, then again, then undo', async () => {
    const root = image();
    const outcomes = ['changed', 'unchanged', 'changed', 'unchanged'];
    for (const [i, words] of [['setup'], ['setup'], ['undo'], ['undo']].entries()) {
      const { exit, stdout } = await cli([...words, '--json', '--yes', '--root', root], { env: STATE_ENV });
      expect(problems(document(stdout))).toEqual([]);
      expect([exit, document(stdout).outcome]).toEqual([0, outcomes[i]]);
    }
  });

  it('setup --json --check --root', async () => {
    const { exit, stdout } = await cli(['--json', '--check', '--root', image()], { env: STATE_ENV });
    expect([exit, problems(document(stdout))]).toEqual([10, []]);
  });

  it.each([
    ['setup', ['--json', '--no-such-flag']],
    ['setup', ['--no-such-flag', '--json']],
    ['undo', ['undo', '--no-such-flag', '--json']],
    ['doctor', ['doctor', '--no-such-flag', '--json']],
    ['setup', ['--json', '--timeout', 'soon']],
  ])('%s with words that it does not know: %j', async (command, words) => {
    const { exit, stdout, stderr } = await cli(words);
    const printed = document(stdout);
    expect(problems(printed)).toEqual([]);
    expect(exit).toBe(2);
    expect(printed).toMatchObject({
      command,
      outcome: 'failed',
      exitCode: 2,
      changed: false,
      error: { code: 'usage' },
    });
    expect(stderr).toContain((printed.error as Json).message);
  });

  it('undo --json --root with nothing to undo', async () => {
    const { exit, stdout } = await cli(['undo', '--json', '--yes', '--root', image()], { env: STATE_ENV });
    const printed = document(stdout);
    expect(problems(printed)).toEqual([]);
    expect([exit, printed.outcome, printed.changed]).toEqual([0, 'unchanged', false]);
  });

  it('setup --json where there is no Ollama, or no image', async () => {
    for (const root of [image({}), '/nonexistent']) {
      const { exit, stdout } = await cli(['--json', '--yes', '--root', root], { env: STATE_ENV });
      expect(problems(document(stdout))).toEqual([]);
      expect(document(stdout)).toMatchObject({ exitCode: exit, outcome: 'failed' });
    }
  });

  it('--json by the environment', async () => {
    const env = { ...STATE_ENV, STIGMER_SETUP_OLLAMA_JSON: '1' };
    const { stdout } = await cli(['--check', '--root', image()], { env });
    expect(problems(document(stdout))).toEqual([]);
  });
});

describe('what the commands report on a machine with systemd', () => {
  const fails = (host: SystemdHost) => {
    host.survives = (value) => value === undefined;
  };
  const locked = (host: SystemdHost) => {
    host.lockedBy = { pid: null, command: null, since: null };
  };
  const silent = (host: SystemdHost) => {
    host.answers = false;
  };
  it.each<[string, string[], (host: SystemdHost) => void, number]>([
    ['done', ['--yes'], () => {}, 0],
    ['planned', ['--check'], () => {}, 10],
    ['not up, and taken back', ['--yes'], fails, 7],
    ['not up, and kept', ['--yes', '--keep-on-failure'], fails, 7],
    ['failed, and taken back', ['--yes'], (host) => host.faults.failAt(9), 6],
    ['locked', ['--yes'], locked, 11],
    ['interrupted', ['--yes'], (host) => host.faults.interruptAt(9), 130],
    ['silent', ['--yes', '--timeout', '1'], silent, 0],
    ['nothing to undo', ['undo', '--yes'], () => {}, 0],
    ['unhealthy', ['doctor'], () => {}, 10],
    ['healthy', ['doctor', '--host', '127.0.0.1'], () => {}, 0],
    ['healthy, and silent', ['doctor', '--host', '127.0.0.1'], silent, 0],
  ])('%s: %j', async (_, words, prepare, code) => {
    const host = new SystemdHost();
    prepare(host);
    const { report, error, exit } = await run(host, words);
    expect(exit).toBe(code);
    // As `run` of src/commands/run.ts does with what is thrown.
    report.exitCode = error?.exit ?? report.exitCode;
    if (error)
      report.error = { code: error.code, message: error.message, meaning: error.meaning, remedy: error.remedy };
    expect(problems(JSON.parse(JSON.stringify(report)))).toEqual([]);
  });
});
