import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import {
  applyFile,
  fingerprint,
  inspect,
  invert,
  missingFolders,
  readState,
  stateOf,
  temporaryName,
  textOf,
} from '../../src/actions/file.ts';
import { ValidationError } from '../../src/actions/validate.ts';
import { changeOf } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const PATH = '/etc/app/env';
const RUN = 'run-1';

function machine(): RecordedHost {
  const host = new RecordedHost();
  host.disk.file(PATH, 'A=1\n', { mode: 0o640, uid: 7, gid: 8 });
  return host;
}

describe('a change', () => {
  it('goes by way of a temporary file in the same folder', async () => {
    const host = machine();
    await applyFile(host, changeOf(host, PATH, 'A=2\n'), RUN);
    expect(host.done.map(({ op, what }) => `${op} ${what}`)).toEqual([
      'stage /etc/app/.env.run-1.tmp',
      `commit ${PATH}`,
    ]);
    expect(host.files.text(PATH)).toBe('A=2\n');
    expect(host.files.stat(PATH)).toMatchObject({ mode: 0o640, uid: 7, gid: 8 });
  });

  it('and its inverse leave everything as it was, whichever it is', async () => {
    for (const [path, text] of [
      [PATH, 'A=2\n'],
      [PATH, ''],
      [PATH, null],
      ['/etc/new/deep/er/file', 'x'],
      ['/top', 'x'],
    ] as const) {
      const host = machine();
      const before = host.disk.snapshot();
      const change = changeOf(host, path, text);
      expect(await inspect(host, change)).toBe('todo');
      await applyFile(host, change, RUN);
      expect(host.disk.snapshot()).not.toEqual(before);
      expect(await inspect(host, change)).toBe('done');
      expect(await inspect(host, invert(change))).toBe('todo');
      await applyFile(host, invert(change), RUN);
      expect(host.disk.snapshot()).toEqual(before);
    }
  });

  it('turned round twice is itself, but for the check and the title', () => {
    const host = machine();
    const change = changeOf(host, PATH, 'x', { validate: { files: {}, argv: [], blame: 'x' } });
    const { validate: _, title: __, ...rest } = change;
    expect(invert(invert(change))).toEqual({ ...rest, title: `Put back ${PATH}` });
  });

  it.each(['before', 'torn', 'after'] as const)('that fails while it is written (%s) leaves no file', async (point) => {
    for (const n of [1, 2]) {
      const host = machine();
      const before = host.disk.snapshot();
      host.faults.failAt(n, { point, errno: 'EDQUOT' });
      await expect(applyFile(host, changeOf(host, PATH, 'A=2\n'), RUN)).rejects.toMatchObject({ errno: 'EDQUOT' });
      // A rename that reports an error after it was done is the one thing that the transaction has to mend.
      if (n === 1 || point !== 'after') expect(host.disk.snapshot()).toEqual(before);
      expect(host.files.list('/etc/app')).toEqual(['env']);
    }
  });

  it('replaces a link that was planted in the meantime instead of following it', async () => {
    const host = machine();
    const change = changeOf(host, '/etc/app/new', 'ours');
    host.disk.file('/etc/passwd', 'root').symlink('/etc/app/new', '/etc/passwd');
    host.disk.symlink(temporaryName('/etc/app/new', RUN), '/etc/passwd');
    await applyFile(host, change, RUN);
    expect(host.files.text('/etc/passwd')).toBe('root');
    expect(host.files.stat('/etc/app/new')?.kind).toBe('file');
  });

  it('is checked before the swap, and refused whole', async () => {
    const host = machine();
    const before = host.disk.snapshot();
    const complaint = { code: 1, stderr: 'env:1: Missing =' };
    host.command(['check'], () => {
      expect(host.files.text(PATH)).toBe('A=1\n');
      return complaint;
    });
    const change = changeOf(host, PATH, 'bad\n', { validate: { files: {}, argv: ['check'], blame: 'env' } });
    await expect(applyFile(host, change, RUN)).rejects.toThrow(ValidationError);
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('with root’s rights is not made below a folder of somebody else', async () => {
    const host = machine();
    host.disk.folder('/etc/app', { mode: 0o777 });
    await expect(applyFile(host, changeOf(host, PATH, 'x'), RUN)).rejects.toMatchObject({ errno: 'EPERM' });
    expect(host.done).toEqual([]);
  });

  it('with one’s own rights is nobody’s business but one’s own', async () => {
    const host = new RecordedHost({ uid: 1000, gid: 1000, name: 'ann', home: '/home/ann' });
    host.disk.folder('/shared', { mode: 0o777 }).file('/shared/x', 'a', { uid: 1000, gid: 1000 });
    await applyFile(host, changeOf(host, '/shared/x', 'b', { identity: 'self' }), RUN);
    expect(host.files.text('/shared/x')).toBe('b');
  });

  it('that takes a file away stops at the first folder that somebody uses', async () => {
    const host = machine();
    const change = changeOf(host, '/a/b/c/file', 'x');
    await applyFile(host, change, RUN);
    host.disk.file('/a/b/theirs', 'y');
    await applyFile(host, invert(change), RUN);
    expect(host.files.list('/a/b')).toEqual(['theirs']);
  });
});

describe('where the machine stands', () => {
  it.each([
    ['another content', 'A=9\n', { mode: 0o640, uid: 7, gid: 8 }],
    ['another mode', 'A=1\n', { mode: 0o644, uid: 7, gid: 8 }],
    ['another owner', 'A=1\n', { mode: 0o640, uid: 0, gid: 8 }],
    ['another group', 'A=1\n', { mode: 0o640, uid: 7, gid: 0 }],
  ])('%s than planned for is a conflict', async (_, text, ownership) => {
    const host = machine();
    const change = changeOf(host, PATH, 'A=2\n');
    host.disk.file(PATH, text, ownership);
    expect(await inspect(host, change)).toBe('conflict');
  });

  it('a file where none was planned for is a conflict, and none where one was', async () => {
    const host = machine();
    const [made, edited] = [changeOf(host, '/etc/app/new', 'x'), changeOf(host, PATH, 'A=2\n')];
    host.disk.file('/etc/app/new', 'theirs').drop(PATH);
    expect(await inspect(host, made)).toBe('conflict');
    expect(await inspect(host, edited)).toBe('conflict');
  });

  it('a link or a folder in the place of a file is an error, not followed', async () => {
    const host = machine();
    host.disk.symlink('/etc/app/link', PATH);
    await expect(readState(host.as('root'), '/etc/app/link')).rejects.toMatchObject({ errno: 'EINVAL' });
    await expect(readState(host.as('root'), '/etc/app')).rejects.toThrow('/etc/app is a directory, not a file');
    expect(await readState(host.as('root'), '/etc/none')).toBeNull();
  });
});

it('a fingerprint is the SHA-256 of the bytes, and no file has one of its own', () => {
  const ownership = { mode: 0o644, uid: 0, gid: 0 };
  expect(fingerprint(stateOf('x\n', ownership))).toBe(createHash('sha256').update('x\n').digest('hex'));
  expect(fingerprint(null)).not.toBe(fingerprint(stateOf('', ownership)));
  expect(textOf(null)).toBe('');
  expect(textOf(stateOf('ä\n', ownership))).toBe('ä\n');
});

it('temporary names are hidden, stay in the folder, and tell the run', () => {
  expect(temporaryName('/etc/x.d/zz.conf', 'stigmer-7')).toBe('/etc/x.d/.zz.conf.stigmer-7.tmp');
  expect(temporaryName('/zz.conf', 'stigmer-7')).toBe('/.zz.conf.stigmer-7.tmp');
});

it('the folders that are missing come outermost first', () => {
  const host = machine();
  const ownership = { mode: 0o755, uid: 1, gid: 2 };
  expect(missingFolders(host, '/etc/app/a/b/file', ownership)).toEqual([
    { path: '/etc/app/a', ownership },
    { path: '/etc/app/a/b', ownership },
  ]);
  expect(missingFolders(host, PATH, ownership)).toEqual([]);
  expect(missingFolders(host, '/file', ownership)).toEqual([]);
});
