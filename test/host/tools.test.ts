import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { toolsOf } from '../../src/host/tools.ts';

const tools = toolsOf('darwin');
let dir = '';
beforeEach(() => {
  dir = mkdtempSync(path.join(os.tmpdir(), 'tools-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

const run = (argv: string[], input?: Buffer) =>
  execFileSync(argv[0]!, argv.slice(1), { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'ignore'] });

describe('what a Mac is looked at with', () => {
  it.each([
    ['-rw-r--r--', 'file', 0o644],
    ['-rw-r--r--@', 'file', 0o644],
    ['-rw-------+', 'file', 0o600],
    ['-rwsr-xr-x', 'file', 0o4755],
    ['-rwSr--r--', 'file', 0o4644],
    ['-rwxr-sr-x', 'file', 0o2755],
    ['-rw-r-Sr--', 'file', 0o2644],
    ['drwxrwxrwt', 'directory', 0o1777],
    ['drwxrwx--T', 'directory', 0o1770],
    ['----------', 'file', 0],
    ['lrwxr-xr-x', 'link', 0o755],
    ['srwxr-xr-x', 'other', 0o755],
    ['prw-r--r--', 'other', 0o644],
  ])('%s', (letters, kind, mode) => {
    const stat = tools.parseStat(`${letters}  1 501  20  913 Sep  3 10:11 /Users/me/a file.plist\n`);
    expect(stat).toMatchObject({ kind, mode, uid: 501, gid: 20, size: 913 });
  });

  it('is right about what there is', () => {
    const file = path.join(dir, 'a file with blanks');
    writeFileSync(file, 'five!');
    symlinkSync(file, path.join(dir, 'link'));
    for (const mode of [0o644, 0o600, 0o4755, 0o1777, 0o000]) {
      chmodSync(file, mode);
      const stat = tools.parseStat(run(tools.stat(file)));
      expect(stat).toMatchObject({ kind: 'file', mode, size: 5, uid: process.getuid?.(), gid: process.getgid?.() });
    }
    expect(tools.parseStat(run(tools.stat(path.join(dir, 'link')))).kind).toBe('link');
    expect(tools.parseStat(run(tools.stat(dir))).kind).toBe('directory');
  });

  it('reads any bytes', () => {
    const file = path.join(dir, 'bytes');
    const bytes = Buffer.from(Array.from({ length: 4096 }, (_, at) => (at < 64 ? 0 : (at * 7) % 256)));
    for (const each of [bytes, Buffer.alloc(0), Buffer.from('*\n')]) {
      writeFileSync(file, each);
      expect(tools.parseRead(run(tools.read(file))).equals(each)).toBe(true);
    }
  });

  it('writes a file with its mode, whole, over the one that was there', () => {
    const [temporary, file] = [path.join(dir, '.new'), path.join(dir, 'old')];
    writeFileSync(file, 'old');
    run(tools.create(['-m', '0640'], temporary));
    run(tools.fill(temporary), Buffer.from('new'));
    run(tools.move(temporary, file));
    expect(tools.parseStat(run(tools.stat(file)))).toMatchObject({ mode: 0o640, size: 3 });
    expect(() => tools.parseStat(run(tools.stat(temporary)))).toThrow();
  });
});

it('moves into no folder on Linux', () => {
  const { create, move } = toolsOf('linux');
  mkdirSync(path.join(dir, 'folder'));
  run(create(['-m', '0600'], path.join(dir, 'file')));
  expect(() => run(move(path.join(dir, 'file'), path.join(dir, 'folder')))).toThrow();
});
