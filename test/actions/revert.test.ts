import { describe, expect, it } from 'vitest';
import { applyChange } from '../../src/actions/change.ts';
import { type FileChange, fingerprint, textOf } from '../../src/actions/file.ts';
import { reversalOf } from '../../src/actions/revert.ts';
import { changeOf } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const DROP_IN = '/etc/systemd/system/x.service.d/zz.conf';
const ENV = '/etc/default/x';
const OURS = 'Environment="HOST=all"';
const WRITTEN = `# Written by a program.\n[Service]\n${OURS}\n`;

/** A machine on which a run made the drop-in and changed a line of the environment file. */
function machine(env = 'A=1\nHOST=local\nB=2\n') {
  const host = new RecordedHost();
  host.disk.folder('/etc/systemd/system').file(ENV, env, { mode: 0o640, gid: 8 });
  const dropIn = changeOf(host, DROP_IN, WRITTEN, { lines: [{ ours: OURS, was: null }] });
  const edited = changeOf(host, ENV, env.replace('HOST=local', 'HOST=all'), {
    lines: [{ ours: 'HOST=all', was: 'HOST=local' }],
  });
  host.disk.file(DROP_IN, WRITTEN).file(ENV, textOf(edited.to), { mode: 0o640, gid: 8 });
  return { host, dropIn, edited };
}

const ask = (host: RecordedHost, change: FileChange, ours = [fingerprint(change.to)]) => reversalOf(host, change, ours);

describe('untouched since', () => {
  it('what was made goes, with its folder', async () => {
    const { host, dropIn } = machine();
    expect(await ask(host, dropIn)).toMatchObject({
      kind: 'change',
      change: { path: DROP_IN, from: dropIn.to, to: null, folders: [{ path: '/etc/systemd/system/x.service.d' }] },
    });
  });

  it('what was changed becomes the original, owner and mode with it', async () => {
    const { host, edited } = machine();
    expect(await ask(host, edited)).toMatchObject({ kind: 'change', change: { from: edited.to, to: edited.from } });
  });

  it('any earlier state that this program wrote counts as its own', async () => {
    const { host, edited } = machine();
    const older = { ...edited, to: { ...edited.to!, content: Buffer.from('newer').toString('base64') } };
    const reversal = await ask(host, older, [fingerprint(edited.to), fingerprint(older.to)]);
    expect(reversal).toMatchObject({ kind: 'change', change: { from: edited.to, to: edited.from } });
  });

  it('a mode that somebody changed since is not kept: the original had its own', async () => {
    const { host, edited } = machine();
    host.disk.file(ENV, textOf(edited.to), { mode: 0o600, gid: 8 });
    const reversal = await ask(host, edited);
    expect(reversal).toMatchObject({ kind: 'change', change: { from: { mode: 0o600 }, to: { mode: 0o640 } } });
  });
});

describe('already as before', () => {
  it('deleted by hand what we had made', async () => {
    const { host, dropIn } = machine();
    host.disk.drop(DROP_IN);
    expect(await ask(host, dropIn)).toMatchObject({ kind: 'change', change: { from: null, to: null } });
    host.disk.drop('/etc/systemd/system/x.service.d');
    expect(await ask(host, dropIn)).toEqual({ kind: 'nothing' });
  });

  it('put back by hand what we had changed', async () => {
    const { host, edited } = machine();
    host.disk.file(ENV, textOf(edited.from), { mode: 0o640, gid: 8 });
    expect(await ask(host, edited)).toEqual({ kind: 'nothing' });
  });
});

it('an original that was deleted by hand since comes back', async () => {
  const { host, edited } = machine();
  host.disk.drop(ENV);
  expect(await ask(host, edited)).toMatchObject({ kind: 'change', change: { from: null, to: edited.from } });
});

it('a folder of ours that stayed when our file was deleted by hand goes', async () => {
  const { host, dropIn } = machine();
  host.disk.drop(DROP_IN);
  const reversal = await ask(host, dropIn);
  if (reversal.kind !== 'change') throw new Error(`it is ${reversal.kind}`);
  expect(reversal.change).toMatchObject({ from: null, to: null, folders: dropIn.folders });
  await applyChange(host, reversal.change, 'run');
  expect(host.files.list('/etc/systemd/system')).toEqual([]);
});

describe('edited by somebody since', () => {
  const editOf = async (change: FileChange, host: RecordedHost) => {
    const reversal = await ask(host, change);
    if (reversal.kind !== 'edited') throw new Error(`it is ${reversal.kind}`);
    return reversal;
  };

  it('only our line goes, and their lines stay byte for byte', async () => {
    const { host, dropIn } = machine();
    host.disk.file(DROP_IN, `${WRITTEN}\tEnvironment=THEIRS=1 \n`, { mode: 0o600, uid: 5 });
    const { change } = await editOf(dropIn, host);
    expect(textOf(change!.to)).toBe('# Written by a program.\n[Service]\n\tEnvironment=THEIRS=1 \n');
    expect(change).toMatchObject({ to: { mode: 0o600, uid: 5 }, folders: [] });
  });

  it('our line becomes what stood there, wherever it is now', async () => {
    const { host, edited } = machine();
    host.disk.file(ENV, 'NEW=0\nB=2\nHOST=all\n', { mode: 0o640, gid: 8 });
    expect(textOf((await editOf(edited, host)).change!.to)).toBe('NEW=0\nB=2\nHOST=local\n');
  });

  it('an edit of our line itself is theirs: nothing is offered', async () => {
    const { host, dropIn, edited } = machine();
    host.disk.file(DROP_IN, WRITTEN.replace('all', '10.0.0.1')).file(ENV, 'A=1\nHOST=all,really\nB=2\n');
    expect((await editOf(dropIn, host)).change).toBeUndefined();
    expect((await editOf(edited, host)).change).toBeUndefined();
  });

  it.each([
    ['commented out', `#${OURS}`],
    ['as part of a longer line', `${OURS} "OTHER=1"`],
    ['indented', ` ${OURS}`],
  ])('our line %s is no longer ours', async (_, line) => {
    const { host, dropIn } = machine();
    host.disk.file(DROP_IN, `[Service]\n${line}\n`);
    expect((await editOf(dropIn, host)).change).toBeUndefined();
  });

  it('line ends of Windows stay as they are', async () => {
    const { host, edited, dropIn } = machine();
    host.disk.file(ENV, 'A=1\r\nHOST=all\r\nC=3\r\n').file(DROP_IN, `${WRITTEN.replaceAll('\n', '\r\n')}X=1\r\n`);
    expect(textOf((await editOf(edited, host)).change!.to)).toBe('A=1\r\nHOST=local\r\nC=3\r\n');
    expect(textOf((await editOf(dropIn, host)).change!.to)).toBe('# Written by a program.\r\n[Service]\r\nX=1\r\n');
  });

  it('a last line without an end stays without', async () => {
    const { host, edited } = machine();
    host.disk.file(ENV, 'C=3\nHOST=all');
    expect(textOf((await editOf(edited, host)).change!.to)).toBe('C=3\nHOST=local');
  });

  it('a file of ours from which only something was taken away goes whole, with its folder', async () => {
    const { host, dropIn } = machine();
    host.disk.file(DROP_IN, `[Service]\n\n${OURS}\n`);
    const { change } = await editOf(dropIn, host);
    expect(change).toMatchObject({ to: null, folders: dropIn.folders });
  });

  it('a file that was there before us never goes, even when nothing else is left in it', async () => {
    const { host, edited } = machine('HOST=local\n');
    host.disk.file(ENV, 'HOST=all\n\n');
    expect(textOf((await editOf(edited, host)).change!.to)).toBe('HOST=local\n\n');
  });

  it('shows their edit as a change from what we wrote to what is there', async () => {
    const { host, dropIn } = machine();
    host.disk.file(DROP_IN, `${WRITTEN}X=1\n`);
    const { theirs } = await editOf(dropIn, host);
    expect([textOf(theirs.from), textOf(theirs.to)]).toEqual([WRITTEN, `${WRITTEN}X=1\n`]);
  });

  it('every value that we ever wrote is known, and one line of ours is taken out for each', async () => {
    const { host, dropIn } = machine();
    const older = 'Environment="HOST=10.0.0.1"';
    const change = { ...dropIn, lines: [{ ours: older, was: null }, ...dropIn.lines] };
    host.disk.file(DROP_IN, `[Service]\n${older}\nX=1\n`);
    expect(textOf((await editOf(change, host)).change!.to)).toBe('[Service]\nX=1\n');
  });
});
