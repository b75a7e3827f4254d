import { describe, expect, it } from 'vitest';
import type { ValueChange } from '../../src/actions/value.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { Store } from '../../src/engine/store.ts';
import type { Point } from '../rig/faults.ts';
import { carryOut, changeOf, planOf, recover, STATE, TARGET, takeBack } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

/** A value that a program keeps: here in a file, that a snapshot shows it. */
const VALUE: ValueChange = {
  type: 'value',
  id: 'value',
  title: 'Set the value',
  subject: 'the value',
  identity: 'root',
  from: '0',
  to: '1',
  read: ['read-value'],
  set: ['set-value', '1'],
  unset: ['set-value', '0'],
};

/** A machine on which the plan below makes two folders and a file, changes a file and a value, and takes a file away. */
function machine(): RecordedHost {
  const host = new RecordedHost();
  host.command(['start-new'], {}).command(['start-old'], {});
  host.command(['read-value'], () => ({ stdout: host.files.text('/srv/value') ?? '' }));
  host.command(['set-value'], ([, value = '']) => {
    host.disk.file('/srv/value', `${value}\n`);
    return {};
  });
  host.disk
    .folder('/var/lib')
    .folder('/etc/app')
    .file('/etc/app/env', 'A=1\nB=2\n', { mode: 0o640, uid: 7, gid: 8 })
    .file('/etc/app/old', 'going\n', { mode: 0o600 })
    .file('/srv/value', '0\n');
  return host;
}

function planFor(host: RecordedHost): Plan {
  return planOf([
    changeOf(host, '/etc/new/unit.d/zz.conf', 'ours\n'),
    changeOf(host, '/etc/app/env', 'A=1\nB=3\n'),
    VALUE,
    changeOf(host, '/etc/app/old', null),
  ]);
}

/** The whole machine but for the state folder. */
const system = (host: RecordedHost) => host.disk.snapshot(['/proc', STATE]);

const undisturbed = machine();
const original = undisturbed.disk.snapshot();
await carryOut(undisturbed, planFor(undisturbed));
const ACTS = undisturbed.faults.count;
const finished = system(undisturbed);
undisturbed.revive();
await takeBack(undisturbed);
const UNDO_ACTS = undisturbed.faults.count;

const upTo = (last: number) => Array.from({ length: last }, (_, i) => i + 1);
const POINTS: Point[] = ['before', 'torn', 'after'];
const points = (last: number) => upTo(last).flatMap((n) => POINTS.map((point) => [n, point] as const));

/** A machine on which the plan was carried out. */
async function changed(): Promise<RecordedHost> {
  const host = machine();
  await carryOut(host, planFor(host));
  host.revive();
  return host;
}

/** After whatever happened: undo, as often as it takes a person to see that nothing is left to do. */
async function undo(host: RecordedHost): Promise<void> {
  host.revive();
  await recover(host);
  await takeBack(host);
}

describe('the sweeps mean something', () => {
  it('the plan and its undo do more than a few things', () => {
    expect(ACTS).toBeGreaterThan(20);
    expect(UNDO_ACTS).toBeGreaterThan(10);
    expect(finished).not.toEqual(original);
    expect(undisturbed.disk.snapshot()).toEqual(original);
  });
});

describe('one act fails', () => {
  it.each(points(ACTS))('setup, act %i, %s: all or nothing', async (n, point) => {
    const host = machine();
    host.faults.failAt(n, { point });
    const outcome = await carryOut(host, planFor(host));
    if (outcome.kind === 'rolled-back') expect(host.disk.snapshot()).toEqual(original);
    else {
      // Once the receipt is written, what fails is only tidying up.
      expect(outcome).toEqual({ kind: 'committed' });
      expect(system(host)).toEqual(finished);
      expect(new Store(host, STATE).receipt(TARGET)?.entries).toHaveLength(4);
    }
    await undo(host);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it.each(points(UNDO_ACTS))('undo, act %i, %s: all or nothing, and the next undo does it', async (n, point) => {
    const host = await changed();
    host.faults.failAt(n, { point });
    // Whoever cannot even read the value ends before anything is changed.
    const outcome = await takeBack(host).catch((error: Error) => ({ kind: error.name }));
    if (outcome?.kind === 'rolled-back' || outcome?.kind === 'CommandError') {
      expect(system(host)).toEqual(finished);
      expect(new Store(host, STATE).receipt(TARGET)?.entries).toHaveLength(4);
    } else {
      expect(outcome).toEqual({ kind: 'committed' });
      expect(system(host)).toEqual(original);
    }
    await undo(host);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it('most acts of setup lead to a roll-back', async () => {
    const kinds = await Promise.all(
      upTo(ACTS).map(async (n) => {
        const host = machine();
        host.faults.failAt(n);
        return (await carryOut(host, planFor(host))).kind;
      }),
    );
    expect(kinds.filter((kind) => kind === 'rolled-back').length).toBeGreaterThan(ACTS - 6);
  });
});

describe('Ctrl-C', () => {
  it.each(upTo(ACTS).map((n) => [n]))('at act %i of setup', async (n) => {
    const host = machine();
    host.faults.interruptAt(n);
    const outcome = await carryOut(host, planFor(host));
    if (outcome.kind === 'committed') expect(system(host)).toEqual(finished);
    else {
      expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { name: 'Interrupted', exit: 130 } });
      expect(host.disk.snapshot()).toEqual(original);
    }
  });
});

describe('kill -9', () => {
  it.each(points(ACTS))('at act %i of setup, %s: the next setup ends as if nothing had been', async (n, point) => {
    const host = machine();
    host.faults.dieAt(n, point);
    await carryOut(host, planFor(host)).catch(() => undefined);
    expect(host.faults.dead).toBe(true);
    host.revive();
    await recover(host);
    expect(await carryOut(host, planFor(host))).toEqual({ kind: 'committed' });
    expect(system(host)).toEqual(finished);
    expect(host.files.list(STATE)).toEqual(['receipts']);
    await undo(host);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it.each(points(ACTS))('at act %i of setup, %s: undo brings the original back', async (n, point) => {
    const host = machine();
    host.faults.dieAt(n, point);
    await carryOut(host, planFor(host)).catch(() => undefined);
    await undo(host);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it.each(points(UNDO_ACTS))('at act %i of undo, %s: the next undo brings the original back', async (n, point) => {
    const host = await changed();
    host.faults.dieAt(n, point);
    await takeBack(host).catch(() => undefined);
    expect(host.faults.dead).toBe(true);
    await undo(host);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it.each(points(UNDO_ACTS))('at act %i of undo, %s: setup again, then undo', async (n, point) => {
    const host = await changed();
    host.faults.dieAt(n, point);
    await takeBack(host).catch(() => undefined);
    host.revive();
    await recover(host);
    expect(await carryOut(host, planFor(host))).toEqual({ kind: 'committed' });
    expect(system(host)).toEqual(finished);
    await undo(host);
    expect(host.disk.snapshot()).toEqual(original);
  });
});

describe('where not even the folders above the state folder are there', () => {
  /** The home of a user who never ran anything that keeps state, or an image without /var/lib. */
  function bare(): RecordedHost {
    const host = machine();
    host.disk.drop('/var');
    return host;
  }
  const before = bare().disk.snapshot();

  it('they go with it', async () => {
    const host = bare();
    expect(await carryOut(host, planFor(host))).toEqual({ kind: 'committed' });
    expect(host.files.stat(STATE)?.mode).toBe(0o700);
    // Root's /var is for everybody to read.
    expect(host.files.stat('/var/lib')?.mode).toBe(0o755);
    await undo(host);
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('but not when somebody has put something there since', async () => {
    const host = bare();
    await carryOut(host, planFor(host));
    host.disk.file('/var/lib/theirs', 'x');
    await undo(host);
    expect(host.files.list('/var/lib')).toEqual(['theirs']);
  });

  it.each(points(ACTS + 3))('act %i of setup fails, %s', async (n, point) => {
    const host = bare();
    host.faults.failAt(n, { point });
    const outcome = await carryOut(host, planFor(host));
    if (outcome.kind === 'rolled-back') expect(host.disk.snapshot()).toEqual(before);
    else expect(outcome).toEqual({ kind: 'committed' });
    await undo(host);
    expect(host.disk.snapshot()).toEqual(before);
  });
});

describe('two things go wrong', () => {
  it('a roll-back that cannot be made is told, with what is where', async () => {
    const host = machine();
    host.command(['start-new'], { code: 1, stderr: 'no' }).command(['start-old'], { code: 1, stderr: 'neither' });
    const outcome = await carryOut(host, planFor(host));
    expect(outcome).toMatchObject({ kind: 'rollback-failed', stuck: ['back'] });
    expect(system(host)).toEqual(original);
    expect(new Store(host, STATE).journal()).toBeDefined();
  });
});
