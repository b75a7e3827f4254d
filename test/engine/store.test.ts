import { describe, expect, it } from 'vitest';
import { fingerprintOf } from '../../src/actions/change.ts';
import { type FileChange, fingerprint } from '../../src/actions/file.ts';
import { Store } from '../../src/engine/store.ts';
import { FileError } from '../../src/errors.ts';
import { changeOf, commandOf, journalOf, planOf, STATE, TARGET } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const PATH = '/etc/app/env';

function machine(): RecordedHost {
  const host = new RecordedHost();
  host.disk.folder('/var/lib').file(PATH, 'one\n', { mode: 0o640 });
  return host;
}

/** Notes a run that gives the file this text, and does as if it had been carried out. */
async function record(host: RecordedHost, text: string, more: Parameters<typeof journalOf>[2] = {}) {
  const change = changeOf(host, PATH, text, { lines: [{ ours: text.trim(), was: null }] });
  const plan = { ...planOf([change]), deactivate: [commandOf('back', 'start', `before-${text.trim()}`)] };
  await new Store(host, STATE).record(journalOf(plan, 'setup', more));
  host.disk.file(PATH, text, { mode: 0o640 });
  return change;
}

describe('the journal', () => {
  it('is read back as it was written, is its owner’s only, and goes without a trace', async () => {
    const host = machine();
    const before = host.disk.snapshot();
    const store = new Store(host, STATE);
    const journal = journalOf(planOf([changeOf(host, PATH, 'two\n')]));
    await store.begin(journal);
    await store.note('write', 'begun');
    expect(store.journal()).toEqual(journal);
    expect(store.progress()).toBe('write begun');
    expect(host.files.stat(STATE)).toMatchObject({ mode: 0o700, uid: 0, gid: 0 });
    expect(host.files.stat(`${STATE}/journal.json`)).toMatchObject({ mode: 0o600 });
    expect(host.files.list(STATE)).toEqual(['journal.json', 'progress']);
    await store.end();
    await store.tidy();
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('tells the last step that was begun', async () => {
    const host = machine();
    const store = new Store(host, STATE);
    expect(store.progress()).toBeUndefined();
    await store.begin(journalOf(planOf([])));
    expect(store.progress()).toBeUndefined();
    await store.note('one', 'begun');
    await store.note('two', 'begun');
    expect(store.progress()).toBe('two begun');
  });

  it.each([
    ['no JSON', '{"journalVersion":1'],
    ['another version', '{"journalVersion":2}'],
    ['another kind of value', 'null'],
    ['empty', ''],
  ])('that is damaged (%s) is refused by name', async (_, text) => {
    const host = machine();
    host.disk.folder(STATE, { mode: 0o700 }).file(`${STATE}/journal.json`, text);
    const read = () => new Store(host, STATE).journal();
    expect(read).toThrow(FileError);
    expect(read).toThrow(`${STATE}/journal.json was not written by this version of the program, or was damaged`);
  });
});

describe('the receipt', () => {
  it('of one run holds the original and what was put in its place', async () => {
    const host = machine();
    const change = await record(host, 'two\n');
    const store = new Store(host, STATE);
    expect(store.receipt(TARGET)).toEqual({
      receiptVersion: 1,
      target: TARGET,
      createdAt: '2030-01-01T00:00:00.000Z',
      updatedAt: '2030-01-01T00:00:00.000Z',
      tool: '1.2.3',
      wanted: 'wanted',
      before: { was: 'before' },
      entries: [{ change, ours: [fingerprint(change.to)] }],
      deactivate: [commandOf('back', 'start', 'before-two')],
    });
    expect(host.files.stat(store.receiptPath(TARGET))).toMatchObject({ mode: 0o600 });
    expect(host.files.stat(`${STATE}/receipts`)).toMatchObject({ mode: 0o700 });
  });

  it('keeps the first original, the first state and the first way back over any number of runs', async () => {
    const host = machine();
    const first = await record(host, 'two\n', { tool: '1.0.0', before: { was: 'first' } });
    await host.sleep(60_000);
    const second = await record(host, 'three\n', { tool: '2.0.0', before: { was: 'second' }, wanted: 'other' });
    const receipt = new Store(host, STATE).receipt(TARGET);
    expect(receipt).toMatchObject({
      createdAt: '2030-01-01T00:00:00.000Z',
      updatedAt: '2030-01-01T00:01:00.000Z',
      tool: '2.0.0',
      wanted: 'other',
      before: { was: 'first' },
      deactivate: [{ argv: ['start', 'before-two'] }],
    });
    expect(receipt?.entries).toEqual([
      {
        change: { ...first, to: second.to, lines: [...first.lines, ...second.lines] },
        ours: [fingerprint(first.to), fingerprint(second.to)],
      },
    ]);
  });

  it('does not grow when the same values come again and again', async () => {
    const host = machine();
    for (let run = 0; run < 3; run++) {
      await record(host, 'two\n');
      await record(host, 'three\n');
    }
    const [entry] = new Store(host, STATE).receipt(TARGET)?.entries ?? [];
    expect(entry?.ours).toHaveLength(2);
    expect((entry?.change as FileChange | undefined)?.lines).toHaveLength(2);
  });

  it('knows the newest of very many states', async () => {
    const host = machine();
    for (let run = 0; run < 30; run++) await record(host, `value ${run}\n`);
    const [entry] = new Store(host, STATE).receipt(TARGET)?.entries ?? [];
    expect(entry?.ours.at(-1)).toBe(entry && fingerprintOf(entry.change));
    expect(entry?.ours.length).toBeLessThanOrEqual(20);
  });

  it('does not take for ours what a run found with an edit of somebody in it', async () => {
    const host = machine();
    await record(host, 'ours\n');
    host.disk.file(PATH, 'ours\ntheirs\n', { mode: 0o640 });
    const line = { ours: 'next', was: 'ours' };
    const change = changeOf(host, PATH, 'next\ntheirs\n', { lines: [line] });
    await new Store(host, STATE).record(journalOf(planOf([change])));
    const [entry] = new Store(host, STATE).receipts()[0]!.entries;
    expect(entry?.ours).not.toContain(fingerprintOf(change));
    // What a line of ours has replaced that was ours itself is not what undo puts back.
    expect(entry?.change).toMatchObject({ lines: [{ ours: 'ours' }, { ours: 'next', was: null }] });
  });

  it('adds a second file and remembers every folder that was made', async () => {
    const host = machine();
    const store = new Store(host, STATE);
    await store.record(journalOf(planOf([changeOf(host, '/a/b/one', '1')])));
    host.disk.folder('/a');
    await store.record(journalOf(planOf([changeOf(host, '/a/b/one', '1'), changeOf(host, '/c/two', '2')])));
    const entries = store.receipt(TARGET)?.entries ?? [];
    const files = entries.map(({ change }) => change as FileChange);
    expect(files.map(({ path, folders }) => [path, folders.map((folder) => folder.path)])).toEqual([
      ['/a/b/one', ['/a', '/a/b']],
      ['/c/two', ['/c']],
    ]);
  });

  it('is one for each installation, whatever it is called', async () => {
    const host = machine();
    const store = new Store(host, STATE);
    const targets = ['systemd:a.service', 'process:0:/opt/x y/serve', 'systemd-user:../../etc/passwd', 'k:.hidden'];
    for (const target of targets) await store.record(journalOf(planOf([], target)));
    expect(
      store
        .receipts()
        .map(({ target }) => target)
        .sort(),
    ).toEqual([...targets].sort());
    for (const target of targets) expect(store.receiptPath(target)).toMatch(/\/receipts\/[^/]+\.json$/);
    await store.forget(targets[0]!);
    expect(store.receipt(targets[0]!)).toBeUndefined();
    expect(store.receipts()).toHaveLength(3);
  });

  it('that is damaged is refused, not passed over', async () => {
    const host = machine();
    host.disk.file(`${STATE}/receipts/x.json`, '{"receiptVersion":7}');
    expect(() => new Store(host, STATE).receipts()).toThrow(FileError);
  });

  it('other files beside it are passed over', async () => {
    const host = machine();
    host.disk.file(`${STATE}/receipts/.x.json.new.tmp`, '{').file(`${STATE}/receipts/notes.txt`, 'mine');
    expect(new Store(host, STATE).receipts()).toEqual([]);
  });
});

describe('the state folder', () => {
  it.each([
    ['of another user', { uid: 1000, mode: 0o700 }],
    ['that others may write', { mode: 0o720 }],
  ])('%s is not written to', async (_, ownership) => {
    const host = machine();
    host.disk.folder(STATE, ownership);
    await expect(new Store(host, STATE).begin(journalOf(planOf([])))).rejects.toMatchObject({ errno: 'EPERM' });
    expect(host.files.list(STATE)).toEqual([]);
  });

  it('that is a link is not followed', async () => {
    const host = machine();
    host.disk.folder('/elsewhere').symlink(STATE, '/elsewhere');
    await expect(new Store(host, STATE).begin(journalOf(planOf([])))).rejects.toMatchObject({ errno: 'EPERM' });
    expect(host.files.list('/elsewhere')).toEqual([]);
  });

  it('stays while something of somebody is in it', async () => {
    const host = machine();
    const store = new Store(host, STATE);
    await store.begin(journalOf(planOf([])));
    host.disk.file(`${STATE}/server.log`, 'words');
    await store.end();
    await store.tidy();
    await store.sweep();
    expect(host.files.list(STATE)).toEqual(['server.log']);
  });
});
