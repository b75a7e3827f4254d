import { describe, expect, it } from 'vitest';
import type { Point } from '../rig/faults.ts';
import { STATE } from '../rig/plans.ts';
import { DROP_IN, SystemdHost, UNIT } from '../rig/systemd-host.ts';
import { run } from './runs.ts';

/** The whole job on a machine with systemd, with something going wrong at every one of its acts. */

const SETUP = ['--yes'];
const UNDO = ['undo', '--yes'];
const BEFORE = { phase: 'active', value: undefined };
const AFTER = { phase: 'active', value: '0.0.0.0:11434' };

const machine = () => new SystemdHost();
const system = (host: SystemdHost) => host.disk.snapshot(['/proc', '/sys', '/run', STATE]);

const undisturbed = machine();
const original = undisturbed.disk.snapshot();
await run(undisturbed, SETUP);
const finished = system(undisturbed);
const ACTS = undisturbed.faults.count;
undisturbed.revive();
await run(undisturbed, UNDO);
const UNDO_ACTS = undisturbed.faults.count;

const points = (last: number) =>
  Array.from({ length: last }, (_, i) => i + 1).flatMap((n) =>
    (['before', 'torn', 'after'] as Point[]).map((point) => [n, point] as const),
  );

async function changed(): Promise<SystemdHost> {
  const host = machine();
  await run(host, SETUP);
  host.revive();
  return host;
}

it('setup and undo do what they are for', async () => {
  const host = machine();
  const { exit, report } = await run(host, SETUP);
  expect(exit).toBe(0);
  expect(report).toMatchObject({
    outcome: 'changed',
    changed: true,
    before: { scope: 'loopback' },
    after: { scope: 'all' },
  });
  expect(host.service).toEqual(AFTER);
  expect(host.files.text(DROP_IN)).toContain('[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0:11434"\n');
  expect(host.done.filter(({ op }) => op === 'run').map(({ what }) => what.split(' ').slice(0, 3).join(' '))).toEqual([
    expect.stringMatching(/^systemd-analyze verify/),
    'systemctl --no-ask-password daemon-reload',
    'systemctl --no-ask-password restart',
  ]);
  host.revive();
  expect(await run(host, SETUP)).toMatchObject({ exit: 0, report: { outcome: 'unchanged', changed: false } });
  expect(host.done).toEqual([]);
  expect(await run(host, UNDO)).toMatchObject({
    exit: 0,
    report: { outcome: 'changed', after: { scope: 'loopback' } },
  });
  expect(host.disk.snapshot()).toEqual(original);
  expect(host.service).toEqual(BEFORE);
  expect(await run(host, UNDO)).toMatchObject({ exit: 0, report: { outcome: 'unchanged' } });
  expect(ACTS).toBeGreaterThan(12);
  expect(UNDO_ACTS).toBeGreaterThan(8);
});

describe.each(points(ACTS))('setup, act %i, %s', (n, point) => {
  it('fails: the old service runs again on the old files, or it is done', async () => {
    const host = machine();
    host.faults.failAt(n, { point });
    const { exit, report } = await run(host, SETUP);
    if (exit === 0) {
      expect(system(host)).toEqual(finished);
      expect(host.service).toEqual(AFTER);
      expect(report.changed).toBe(true);
    } else {
      expect(exit).toBe(6);
      expect(report).toMatchObject({ outcome: 'rolled-back', changed: false });
      expect(host.disk.snapshot()).toEqual(original);
      expect(host.service).toEqual(BEFORE);
    }
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });

  it('is the last one before kill -9: setup again ends as if nothing had been', async () => {
    const host = machine();
    host.faults.dieAt(n, point);
    await run(host, SETUP);
    expect(host.faults.dead).toBe(true);
    host.revive();
    expect(await run(host, SETUP)).toMatchObject({ exit: 0 });
    expect(system(host)).toEqual(finished);
    expect(host.service).toEqual(AFTER);
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });

  it('is the last one before kill -9: undo brings everything back', async () => {
    const host = machine();
    host.faults.dieAt(n, point);
    await run(host, SETUP);
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });
});

describe.each(points(UNDO_ACTS))('undo, act %i, %s', (n, point) => {
  it('fails: nothing is lost, and the next undo does it', async () => {
    const host = await changed();
    host.faults.failAt(n, { point });
    const { exit } = await run(host, UNDO);
    if (exit === 0) expect(system(host)).toEqual(original);
    else expect(system(host)).toEqual(finished);
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });

  it('is the last one before kill -9: the next undo does it', async () => {
    const host = await changed();
    host.faults.dieAt(n, point);
    await run(host, UNDO);
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });

  it('is the last one before kill -9: setup again, and undo again', async () => {
    const host = await changed();
    host.faults.dieAt(n, point);
    await run(host, UNDO);
    host.revive();
    expect(await run(host, SETUP)).toMatchObject({ exit: 0 });
    expect(system(host)).toEqual(finished);
    expect(host.service).toEqual(AFTER);
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });
});

describe('Ctrl-C', () => {
  it.each(Array.from({ length: ACTS }, (_, i) => [i + 1]))('at act %i of setup: taken back, or done', async (n) => {
    const host = machine();
    host.faults.interruptAt(n);
    const { exit } = await run(host, SETUP);
    if (exit === 0) expect([system(host), host.service]).toEqual([finished, AFTER]);
    else {
      expect(exit).toBe(130);
      expect([host.disk.snapshot(), host.service]).toEqual([original, BEFORE]);
    }
  });
});

describe('a value that Ollama does not take', () => {
  it('is taken back at once, not after the time limit', async () => {
    const host = machine();
    host.survives = (value) => value === undefined;
    const start = host.now();
    const { exit, error, report } = await run(host, ['--yes', '--host', '127.0.0.1:11500', '--timeout', '60']);
    expect(exit).toBe(7);
    expect(error?.code).toBe('not-up');
    expect(report.outcome).toBe('rolled-back');
    expect(host.now() - start).toBeLessThan(15_000);
    expect([host.disk.snapshot(), host.service]).toEqual([original, BEFORE]);
  });

  it('stays with --keep-on-failure, and undo takes it back', async () => {
    const host = machine();
    host.survives = (value) => value === undefined;
    const { exit, report } = await run(host, ['--yes', '--keep-on-failure']);
    expect(exit).toBe(7);
    expect(report).toMatchObject({ outcome: 'failed', changed: true });
    expect(system(host)).toEqual(finished);
    host.revive();
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect([host.disk.snapshot(), host.service]).toEqual([original, BEFORE]);
  });
});

describe('several runs with different values', () => {
  it('leave the last one, and undo brings back what was there before the first', async () => {
    const files = { [`${UNIT}.d/override.conf`]: '[Service]\nEnvironment="OLLAMA_HOST=127.0.0.1:11500"\n' };
    const host = new SystemdHost(files);
    const before = host.disk.snapshot();
    for (const value of ['0.0.0.0:11434', '0.0.0.0:11600', '127.0.0.1:11434']) {
      expect(await run(host, ['--yes', '--host', value])).toMatchObject({ exit: 0 });
      expect(host.service).toEqual({ phase: 'active', value });
    }
    expect(host.files.list(`${UNIT}.d`)).toHaveLength(2);
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(before);
    expect(host.service).toEqual({ phase: 'active', value: '127.0.0.1:11500' });
  });
});

describe('an edit by hand in between', () => {
  it('of another line stays, and only our line goes', async () => {
    const host = await changed();
    host.disk.file(DROP_IN, `${host.files.text(DROP_IN)}Environment=OLLAMA_DEBUG=1\n`);
    expect(await run(host, ['undo'])).toMatchObject({ exit: 2, error: { code: 'edited-since' } });
    expect(await run(host, UNDO)).toMatchObject({ exit: 0, report: { warnings: [{ code: 'edited-since' }] } });
    expect(host.files.text(DROP_IN)).toMatch(/^# [^\n]+\n# [^\n]+\n\[Service\]\nEnvironment=OLLAMA_DEBUG=1\n$/);
    expect(host.service).toEqual(BEFORE);
  });

  it('of our line is theirs: nothing is changed', async () => {
    const host = await changed();
    host.disk.file(DROP_IN, (host.files.text(DROP_IN) ?? '').replace('0.0.0.0', '10.0.0.1'));
    const before = host.disk.snapshot();
    expect(await run(host, UNDO)).toMatchObject({ exit: 4, error: { code: 'edited-since' } });
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('that deletes our file is what undo would have done', async () => {
    const host = await changed();
    host.disk.drop(DROP_IN);
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.disk.snapshot()).toEqual(original);
    expect(host.service).toEqual(BEFORE);
  });
});

describe('a stopped service', () => {
  it('is started with --yes, and stopped again by undo', async () => {
    const host = new SystemdHost({}, { running: false });
    const before = host.disk.snapshot();
    expect(await run(host, SETUP)).toMatchObject({
      exit: 0,
      report: { before: { scope: 'none' }, after: { scope: 'all' } },
    });
    expect(host.service).toEqual(AFTER);
    expect(await run(host, UNDO)).toMatchObject({ exit: 0, report: { after: { scope: 'none' } } });
    expect(host.service.phase).toBe('inactive');
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('is stopped again by undo, also after a second run that found it running', async () => {
    const host = new SystemdHost({}, { running: false });
    const before = host.disk.snapshot();
    expect(await run(host, SETUP)).toMatchObject({ exit: 0 });
    expect(await run(host, ['--yes', '--host', '127.0.0.1:11500'])).toMatchObject({ exit: 0 });
    expect(await run(host, UNDO)).toMatchObject({ exit: 0 });
    expect(host.service.phase).toBe('inactive');
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('stays stopped with --no-restart', async () => {
    const host = new SystemdHost({}, { running: false });
    expect(await run(host, ['--yes', '--no-restart'])).toMatchObject({ exit: 0, report: { changed: true } });
    expect(host.service.phase).toBe('inactive');
    expect(host.done.filter(({ op, what }) => op === 'run' && !what.startsWith('systemd-analyze'))).toEqual([]);
  });
});

describe('what changes nothing', () => {
  it.each([
    ['--dry-run', 0],
    ['--check', 10],
  ])('%s ends with %i and the whole plan', async (flag, code) => {
    const host = machine();
    const { exit, report } = await run(host, [flag]);
    expect(exit).toBe(code);
    expect(report).toMatchObject({ outcome: 'planned', changed: false });
    expect(report.steps.map(({ id }) => id)).toEqual(['write-drop-in', 'daemon-reload', 'restart']);
    expect(report.steps[0]?.diff).toContain('+Environment="OLLAMA_HOST=0.0.0.0:11434"');
    expect(host.done).toEqual([]);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it('undo --dry-run', async () => {
    const host = await changed();
    const before = host.disk.snapshot();
    const { exit, report } = await run(host, ['undo', '--dry-run']);
    expect(exit).toBe(0);
    expect(report).toMatchObject({ outcome: 'planned', changed: false });
    expect(report.steps[0]?.diff).toContain('-Environment="OLLAMA_HOST=0.0.0.0:11434"');
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('another run that holds the lock', async () => {
    const host = machine();
    host.lockedBy = { pid: 77, command: 'setup', since: '2030-01-01T00:00:00.000Z' };
    for (const words of [SETUP, UNDO]) {
      const { exit, error } = await run(host, words);
      expect(exit).toBe(11);
      expect(error?.message).toContain('process 77');
    }
    expect(host.disk.snapshot()).toEqual(original);
  });

  it.each(['--host=0.0.0.0:abc', '--host=http://0.0.0.0'])('a value that Ollama would misread: %s', async (flag) => {
    const host = machine();
    expect(await run(host, ['--yes', flag])).toMatchObject({ exit: 2 });
    expect(host.done).toEqual([]);
  });

  it('no terminal and no --yes', async () => {
    const host = machine();
    expect(await run(host, [])).toMatchObject({ exit: 2, error: { code: 'no-terminal' } });
    expect(host.disk.snapshot()).toEqual(original);
  });
});
