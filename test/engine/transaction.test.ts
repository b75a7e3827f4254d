import { describe, expect, it } from 'vitest';
import { CommandError } from '../../src/actions/command.ts';
import { Store } from '../../src/engine/store.ts';
import { ConflictError, Interrupted, type StepEvent } from '../../src/engine/transaction.ts';
import { FileError } from '../../src/errors.ts';
import { carryOut, changeOf, commandOf, planOf, recover, STATE, TARGET, takeBack } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const ENV = '/etc/app/env';
const NEW = '/etc/app/unit.d/zz.conf';

function machine(): RecordedHost {
  const host = new RecordedHost();
  host.command(['start-new'], {}).command(['start-old'], {});
  host.disk.folder('/var/lib').file(ENV, 'A=1\n', { mode: 0o640, uid: 7, gid: 8 });
  return host;
}

const planFor = (host: RecordedHost) => planOf([changeOf(host, NEW, 'ours\n'), changeOf(host, ENV, 'A=2\n')]);
const system = (host: RecordedHost) => host.disk.snapshot(['/proc', STATE]);
/** Which act of an undisturbed run this is, from 1. */
async function actOf(act: string): Promise<number> {
  const host = machine();
  await carryOut(host, planFor(host));
  return host.done.findIndex(({ op, what }) => `${op} ${what}` === act) + 1;
}

const statuses = (events: StepEvent[]) => events.map(({ id, status }) => `${id} ${status}`);
const commands = (host: RecordedHost) => host.done.filter(({ op }) => op === 'run').map(({ what }) => what);

describe('a plan that is carried out', () => {
  it('keeps owner and mode, makes the folders, and ends with a receipt and nothing else', async () => {
    const host = machine();
    expect(await carryOut(host, planFor(host))).toEqual({ kind: 'committed' });
    expect(host.files.text(NEW)).toBe('ours\n');
    expect(host.files.text(ENV)).toBe('A=2\n');
    expect(host.files.stat(ENV)).toMatchObject({ mode: 0o640, uid: 7, gid: 8 });
    expect(host.files.stat('/etc/app/unit.d')).toMatchObject({ kind: 'directory', mode: 0o755 });
    expect(host.files.list(STATE)).toEqual(['receipts']);
    expect(host.files.list('/etc/app/unit.d')).toEqual(['zz.conf']);
  });

  it('has the journal on disk before the first change, and the files written before the restart', async () => {
    const host = machine();
    await carryOut(host, planFor(host));
    const order = host.done.map(({ op, what }) => `${op} ${what}`);
    const at = (what: string) => order.indexOf(what);
    expect(at(`commit ${STATE}/journal.json`)).toBeGreaterThan(-1);
    expect(at(`commit ${STATE}/journal.json`)).toBeLessThan(at('makeDirectory /etc/app/unit.d'));
    expect(at(`commit ${NEW}`)).toBeLessThan(at(`commit ${ENV}`));
    expect(at(`commit ${ENV}`)).toBeLessThan(at('run start-new'));
    const receipt = order.findIndex((act) => act.startsWith(`commit ${STATE}/receipts/`));
    expect(receipt).toBeGreaterThan(at('run start-new'));
    expect(at(`remove ${STATE}/journal.json`)).toBeGreaterThan(receipt);
  });

  it('tells every step as it begins and ends', async () => {
    const host = machine();
    const events: StepEvent[] = [];
    await carryOut(host, planFor(host), { events });
    const ids = [`write-${NEW}`, `write-${ENV}`, 'restart'];
    expect(statuses(events)).toEqual(ids.flatMap((id) => [`${id} begun`, `${id} done`]));
  });

  it('leaves alone what is as wanted already', async () => {
    const host = machine();
    const plan = planFor(host);
    host.disk.file(ENV, 'A=2\n', { mode: 0o640, uid: 7, gid: 8 });
    const events: StepEvent[] = [];
    await carryOut(host, plan, { events });
    expect(statuses(events)).toContain(`write-${ENV} unchanged`);
    expect(host.done.filter(({ what }) => what === ENV)).toEqual([]);
  });

  it('runs nothing when it is not to be activated', async () => {
    const host = machine();
    await carryOut(host, planFor(host), { activate: false });
    expect(commands(host)).toEqual([]);
    expect(host.files.text(ENV)).toBe('A=2\n');
  });

  it('acts with the rights that each change asks for', async () => {
    const host = new RecordedHost({ uid: 1000, gid: 1000, name: 'ann', home: '/home/ann' });
    host.command(['start-new'], {});
    host.disk.folder('/var/lib', { uid: 1000, gid: 1000 }).folder('/etc/app');
    expect(await carryOut(host, planFor(host))).toEqual({ kind: 'committed' });
    expect(host.done.find(({ op, what }) => op === 'commit' && what === NEW)?.identity).toBe('root');
    expect(host.done.filter(({ what }) => what.startsWith(STATE)).map(({ identity }) => identity)).not.toContain(
      'root',
    );
  });
});

describe('a plan that fails', () => {
  it('is taken back in reverse order, and the old service is started with the old files', async () => {
    const host = machine();
    const original = host.disk.snapshot();
    let seen = {};
    host.command(['start-new'], { code: 1, stderr: 'Job failed.\n' });
    host.command(['start-old'], () => {
      seen = system(host);
      return {};
    });
    const events: StepEvent[] = [];
    const looked: string[] = [];
    const verifyOld = async () => void looked.push('looked');
    const outcome = await carryOut(host, planFor(host), { events, verifyOld });
    expect(outcome.kind).toBe('rolled-back');
    expect(outcome).toHaveProperty('reason', expect.any(CommandError));
    expect(outcome).toHaveProperty('reason.message', '`start-new` failed: Job failed.');
    expect(statuses(events).slice(-4)).toEqual([
      'restart failed',
      `write-${ENV} reverted`,
      `write-${NEW} reverted`,
      'back reverted',
    ]);
    expect(seen).toEqual(original);
    expect(looked).toEqual(['looked']);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it('before anything was restarted starts nothing', async () => {
    const host = machine();
    const outcome = await carryOut(host, planOf([changeOf(host, NEW, 'ours\n'), changeOf(host, '/etc/app', null)]));
    expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { errno: 'EINVAL', path: '/etc/app' } });
    expect(commands(host)).toEqual([]);
    expect(host.files.list('/etc/app')).toEqual(['env']);
  });

  it('in its proof is taken back', async () => {
    const host = machine();
    const original = host.disk.snapshot();
    const reason = new Error('not up');
    const outcome = await carryOut(host, planFor(host), { verify: () => Promise.reject(reason) });
    expect(outcome).toEqual({ kind: 'rolled-back', reason });
    expect(commands(host)).toEqual(['start-new', 'start-old']);
    expect(host.disk.snapshot()).toEqual(original);
  });

  it('in its proof is kept, with a receipt, when that is wanted', async () => {
    const host = machine();
    const reason = new Error('not up');
    const outcome = await carryOut(host, planFor(host), { verify: () => Promise.reject(reason), keepOnFailure: true });
    expect(outcome).toEqual({ kind: 'kept', reason });
    expect(host.files.text(ENV)).toBe('A=2\n');
    expect(new Store(host, STATE).receipt(TARGET)?.entries).toHaveLength(2);
    expect(new Store(host, STATE).journal()).toBeUndefined();
  });

  it('before its proof is taken back even so', async () => {
    const host = machine();
    const original = host.disk.snapshot();
    host.command(['start-new'], { code: 1 });
    expect(await carryOut(host, planFor(host), { keepOnFailure: true })).toMatchObject({ kind: 'rolled-back' });
    expect(host.disk.snapshot()).toEqual(original);
  });

  it('tries the way back once more, since a helper may be hit by the Ctrl-C that began it', async () => {
    const host = machine();
    let tries = 0;
    host.command(['start-new'], { code: 1 }).command(['start-old'], () => ({ code: ++tries === 1 ? 1 : 0 }));
    expect(await carryOut(host, planFor(host))).toMatchObject({ kind: 'rolled-back' });
    expect(tries).toBe(2);
  });
});

describe('somebody else is at work', () => {
  it('between plan and apply: nothing is changed', async () => {
    const host = machine();
    const plan = planFor(host);
    host.disk.file(ENV, 'theirs\n');
    const outcome = await carryOut(host, plan);
    expect(outcome.kind).toBe('rolled-back');
    expect(outcome).toHaveProperty('reason', expect.any(ConflictError));
    expect(host.files.text(ENV)).toBe('theirs\n');
    expect(host.files.stat(NEW)).toBeUndefined();
  });

  it('between apply and roll-back: their edit stays, and the rest is taken back', async () => {
    const host = machine();
    const verify = async () => {
      host.disk.file(ENV, 'theirs\n');
      throw new Error('not up');
    };
    const outcome = await carryOut(host, planFor(host), { verify });
    expect(outcome).toMatchObject({ kind: 'rollback-failed', stuck: [ENV], reason: { message: 'not up' } });
    expect(host.files.text(ENV)).toBe('theirs\n');
    expect(host.files.stat('/etc/app/unit.d')).toBeUndefined();
    expect(new Store(host, STATE).journal()?.plan.changes).toHaveLength(2);
  });

  it('a file beside ours keeps the folder', async () => {
    const host = machine();
    await carryOut(host, planFor(host));
    host.disk.file('/etc/app/unit.d/theirs.conf', 'x');
    await takeBack(host);
    expect(host.files.list('/etc/app/unit.d')).toEqual(['theirs.conf']);
  });
});

describe('being asked to end', () => {
  it('before the first change: nothing was done', async () => {
    const host = machine();
    const original = host.disk.snapshot();
    host.interrupt(143);
    const outcome = await carryOut(host, planFor(host));
    expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { exit: 143 } });
    expect(host.disk.snapshot()).toEqual(original);
    expect(commands(host)).toEqual([]);
  });

  it.each([true, false])('during the proof: taken back, whatever is to be kept (%s)', async (keepOnFailure) => {
    const host = machine();
    const original = host.disk.snapshot();
    const verify = async () => host.interrupt(130);
    const outcome = await carryOut(host, planFor(host), { verify, keepOnFailure });
    expect(outcome).toHaveProperty('reason', expect.any(Interrupted));
    expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { exit: 130 } });
    expect(host.disk.snapshot()).toEqual(original);
  });

  it('during a command that it ends: that is no failure of the command', async () => {
    const host = machine();
    host.command(['start-new'], () => {
      host.interrupt(130);
      return { code: null, error: 'SIGTERM' };
    });
    const events: StepEvent[] = [];
    const outcome = await carryOut(host, planFor(host), { events });
    expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { name: 'Interrupted' } });
    expect(statuses(events)).not.toContain('restart failed');
    expect(commands(host)).toEqual(['start-new', 'start-old']);
  });
});

describe('a run that was cut short', () => {
  it('is adopted: its originals go into the receipt, its half-written files and empty folders go', async () => {
    const host = machine();
    const plan = planFor(host);
    host.faults.dieAt(await actOf(`commit ${NEW}`));
    await carryOut(host, plan).catch(() => undefined);
    expect(host.files.list('/etc/app/unit.d')).toEqual(['.zz.conf.stigmer-4242.tmp']);
    host.revive();
    await recover(host);
    expect(host.files.stat('/etc/app/unit.d')).toBeUndefined();
    expect(new Store(host, STATE).journal()).toBeUndefined();
    expect(new Store(host, STATE).receipt(TARGET)?.entries.map(({ change }) => change.from)).toEqual(
      plan.changes.map(({ from }) => from),
    );
  });

  it('of undo does not become a receipt', async () => {
    const host = machine();
    await carryOut(host, planFor(host));
    host.revive();
    const before = new Store(host, STATE).receipt(TARGET);
    host.faults.dieAt(5);
    await takeBack(host).catch(() => undefined);
    host.revive();
    await recover(host);
    expect(new Store(host, STATE).receipt(TARGET)).toEqual(before);
  });
});

describe('a plan with acts only', () => {
  it('is taken back by its own acts', async () => {
    const host = machine();
    host.command(['two'], { code: 3, stdout: 'words on the wrong stream\n' });
    const plan = { ...planOf([]), activate: [commandOf('one', 'start-new'), commandOf('two', 'two')] };
    const outcome = await carryOut(host, plan);
    expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { output: 'words on the wrong stream' } });
    expect(commands(host)).toEqual(['start-new', 'two', 'start-old']);
  });

  it('goes on when a failure does not matter', async () => {
    const host = machine();
    const act = { ...commandOf('one', 'missing'), tolerate: true };
    const plan = { ...planOf([]), activate: [act, commandOf('two', 'start-new')] };
    expect(await carryOut(host, plan)).toEqual({ kind: 'committed' });
  });
});

it('a state folder that others may write is not used, and nothing is changed', async () => {
  const host = machine();
  host.disk.folder(STATE, { mode: 0o777 });
  const before = host.disk.snapshot();
  const outcome = await carryOut(host, planFor(host));
  expect(outcome).toHaveProperty('reason', expect.any(FileError));
  expect(outcome).toMatchObject({ kind: 'rolled-back', reason: { errno: 'EPERM', path: STATE } });
  expect({ ...host.disk.snapshot(), [STATE]: before[STATE] }).toEqual(before);
});
