import { describe, expect, it } from 'vitest';
import { type FileChange, textOf } from '../../../src/actions/file.ts';
import { envFileChange, readEnvFile } from '../../../src/rooms/homebrew/env-file.ts';
import { RecordedHost } from '../../rig/recorded-host.ts';

const ME = { uid: 501, gid: 20, name: 'me', home: '/Users/me' };
const MINE = { uid: 501, gid: 20 };
const FILE = '/Users/me/.homebrew/services/ollama.env';
const OURS = 'OLLAMA_HOST=0.0.0.0:11434';

function mac(text?: string, mode = 0o644, owner = MINE): RecordedHost {
  const host = new RecordedHost(ME);
  host.disk.folder('/Users/me', MINE);
  if (text === undefined) return host;
  host.disk.folder('/Users/me/.homebrew', MINE).folder('/Users/me/.homebrew/services', MINE);
  host.disk.file(FILE, text, { mode, ...owner });
  return host;
}

const planned = (host: RecordedHost) => envFileChange(host, ME, readEnvFile(host, ME), '0.0.0.0:11434');

describe('services/ollama.env as Homebrew reads it', () => {
  it.each<[string, string, string | undefined]>([
    ['the last line wins', 'OLLAMA_HOST=a\nOLLAMA_HOST=b\n', 'b'],
    ['space around it', ' \tOLLAMA_HOST = a \r\n', 'a'],
    ['quotes stay', 'OLLAMA_HOST="a"', '"a"'],
    ['a comment', '# OLLAMA_HOST=a', undefined],
    ['an export is another name', 'export OLLAMA_HOST=a', undefined],
    ['a byte order mark is part of the name', '\uFEFFOLLAMA_HOST=a', undefined],
    ['no name', '=a\nOLLAMA_HOST', undefined],
    ['a value with a sign', 'OLLAMA_HOST=a=b', 'a=b'],
    ['an empty value', 'OLLAMA_HOST=', ''],
  ])('%s', (_, text, value) => {
    expect(readEnvFile(mac(text), ME).value).toBe(value);
  });
});

describe('the change', () => {
  it('is none where the value means the same and Homebrew reads it', () => {
    for (const value of ['0.0.0.0', '"0.0.0.0:11434"', 'http://0.0.0.0:11434'])
      expect(planned(mac(`OLLAMA_HOST=${value}\n`))).toBeUndefined();
  });

  it('makes the file with its folders, for nobody else to write', () => {
    const change = planned(mac()) as FileChange;
    expect(change.to).toMatchObject({ mode: 0o600, ...MINE });
    expect(change.folders.map(({ path, ownership }) => [path, ownership.mode])).toEqual([
      ['/Users/me/.homebrew', 0o755],
      ['/Users/me/.homebrew/services', 0o755],
    ]);
  });

  it.each<[string, number, string, number]>([
    ['A=b', 0o664, `A=b\n${OURS}\n`, 0o644],
    [`${OURS}\n`, 0o666, `${OURS}\n`, 0o644],
    ['OLLAMA_HOST=localhost\r\nA=b\r\n', 0o600, `${OURS}\r\nA=b\r\n`, 0o600],
    ['', 0o644, `${OURS}\n`, 0o644],
  ])('of %j with mode %o', (text, mode, after, mended) => {
    const change = planned(mac(text, mode)) as FileChange;
    expect([textOf(change.to), change.to?.mode]).toEqual([after, mended]);
  });

  it('is made where a link leads, also to a file that is yet to be', () => {
    const host = mac('A=b\n');
    host.disk.drop(FILE);
    host.disk.folder('/Users/me/dotfiles', MINE).symlink(FILE, '../../dotfiles/ollama.env', MINE);
    expect(planned(host)).toMatchObject({ path: '/Users/me/dotfiles/ollama.env', from: null });
  });

  it.each<[string, () => RecordedHost, string]>([
    ["root's file", () => mac('A=b\n', 0o644, { uid: 0, gid: 0 }), 'foreign-owner'],
    [
      "root's folder",
      () => {
        const host = mac();
        host.disk.folder('/Users/me/.homebrew');
        return host;
      },
      'foreign-owner',
    ],
    [
      'a folder in its place',
      () => {
        const host = mac('');
        host.disk.drop(FILE);
        host.disk.folder(FILE, MINE);
        return host;
      },
      'env-file-unreadable',
    ],
  ])('is refused for %s', (_, make, code) => {
    expect(planned(make())).toMatchObject({ code, exit: 4 });
  });
});
