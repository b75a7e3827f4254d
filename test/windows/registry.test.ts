import { describe, expect, it } from 'vitest';
import { environmentOf, expanded } from '../../src/windows/environment.ts';
import { parseRegFile } from '../../src/windows/reg-file.ts';
import { parseRegQuery, readKey, readValue, subkeysOf } from '../../src/windows/registry.ts';
import { MACHINE, USER, Windows } from './machine.ts';

const one = (line: string) => parseRegQuery(`\r\nHKEY_CURRENT_USER\\Environment\r\n${line}\r\n\r\n`)[0]?.values[0];

describe('reg query', () => {
  it('tells name, type and data', () => {
    expect(one('    OLLAMA_HOST    REG_SZ    0.0.0.0:11434')).toEqual({
      name: 'OLLAMA_HOST',
      kind: 'REG_SZ',
      data: '0.0.0.0:11434',
    });
  });

  it('keeps the blanks of the data, also at its ends', () => {
    expect(one('    A    REG_SZ      two  words ')?.data).toBe('  two  words ');
    expect(one('    A    REG_SZ    ')?.data).toBe('');
    expect(one('    A    REG_SZ')?.data).toBe('');
    expect(one('    My Name    REG_EXPAND_SZ    %A%\\b')).toEqual({
      name: 'My Name',
      kind: 'REG_EXPAND_SZ',
      data: '%A%\\b',
    });
  });

  it('knows a default value in every language, and several keys', () => {
    const text =
      '\r\nHKEY_LOCAL_MACHINE\\A\r\n    (Standard)    REG_SZ    x\r\n    B    REG_DWORD    0x1\r\n\r\nHKEY_LOCAL_MACHINE\\A\\C D\r\n    E    REG_MULTI_SZ    f=1\\0g=2\r\n';
    expect(parseRegQuery(text).map(({ key, values }) => [key, values.length])).toEqual([
      ['HKEY_LOCAL_MACHINE\\A', 2],
      ['HKEY_LOCAL_MACHINE\\A\\C D', 1],
    ]);
  });

  it('reads what Windows XP printed, with tabs', () => {
    expect(one('\tA\tREG_SZ\tb c')).toEqual({ name: 'A', kind: 'REG_SZ', data: 'b c' });
  });
});

describe('a .reg file', () => {
  it('tells texts, lists and numbers in every letter', () => {
    const windows = new Windows();
    const values: [string, string, string][] = [
      ['A', 'REG_SZ', 'C:\\x "y" 太郎 Łódź'],
      ['P', 'REG_EXPAND_SZ', '%USERPROFILE%\\a very long path that is broken over several lines of the file 太郎'],
      ['L', 'REG_MULTI_SZ', 'a=1\\0b=C:\\é'],
      ['N', 'REG_DWORD', '0x1f'],
      ['E', 'REG_SZ', ''],
    ];
    for (const [name, kind, data] of values) windows.registry.set('HKCU\\X', name, kind, data);
    windows.execute('reg', ['export', 'HKCU\\X', '\\tmp\\x.reg', '/y']);
    const bytes = windows.files.bytes('/tmp/x.reg');
    expect(parseRegFile(bytes!)).toEqual(values.map(([name, kind, data]) => ({ name, kind, data })));
  });

  it('is none when it does not begin as one', () => {
    expect(parseRegFile(Buffer.from('hello'))).toBeUndefined();
  });
});

describe('the registry', () => {
  it('is read exactly, though reg query says another letter', async () => {
    const windows = new Windows();
    windows.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '0.0.0.0\uff1a11434').set(USER, 'M', 'REG_SZ', 'D:\\Łuk');
    expect((await readValue(windows, USER, 'ollama_host'))?.data).toBe('0.0.0.0\uff1a11434');
    expect((await readKey(windows, USER))?.find(({ name }) => name === 'M')?.data).toBe('D:\\Łuk');
    expect(Object.keys(windows.disk.snapshot()).filter((path) => path.endsWith('.reg'))).toEqual([]);
  });

  it('without a value is null, without a key undefined, and closed it is an error', async () => {
    const windows = new Windows();
    expect(await readValue(windows, USER, 'OLLAMA_HOST')).toBeNull();
    expect(await readKey(windows, 'HKCU\\Nowhere')).toBeUndefined();
    await expect(readValue(windows, 'HKCU\\Nowhere', 'A')).rejects.toThrow('unable to find');
  });

  it('tells the subkeys of a key', async () => {
    const windows = new Windows();
    windows.registry.key('HKLM\\S\\A').key('HKLM\\S\\B c').key('HKLM\\S\\A\\D').key('HKLM\\S');
    expect(await subkeysOf(windows, 'HKLM\\S')).toEqual(['A', 'B c']);
  });
});

describe('an environment', () => {
  it('expands by type', () => {
    const env = { UserProfile: 'C:\\Users\\me' };
    expect(expanded({ name: 'a', kind: 'REG_SZ', data: '%USERPROFILE%' }, env)).toBe('%USERPROFILE%');
    expect(expanded({ name: 'a', kind: 'REG_EXPAND_SZ', data: '%USERPROFILE%\\m%NONE%' }, env)).toBe(
      'C:\\Users\\me\\m%NONE%',
    );
  });

  it('is what a login would give, with the folder first on PATH and nothing of npm', async () => {
    const windows = new Windows();
    Object.assign(windows.env, {
      OLLAMA_MODELS: 'C:\\old',
      ollama_debug: '1',
      OLLAMA_HOST: '0.0.0.0:1',
      STIGMER_X: '1',
    });
    windows.registry
      .set(MACHINE, 'OLLAMA_MODELS', 'REG_SZ', 'C:\\machine')
      .set(USER, 'OLLAMA_MODELS', 'REG_EXPAND_SZ', '%USERPROFILE%\\Łódź')
      .set(USER, 'OLLAMA_HOST', 'REG_SZ', '0.0.0.0:11434')
      .set(USER, 'OTHER', 'REG_SZ', 'x');
    const env = await environmentOf(windows, {
      without: ['npm_*', 'NODE_*', 'INIT_CWD', 'STIGMER_*', 'OLLAMA_HOST'],
      fresh: ['OLLAMA_*'],
      path: ['C:\\O'],
    });
    expect(env).toEqual({
      SystemRoot: 'C:\\Windows',
      LOCALAPPDATA: 'C:\\Users\\Jürgen 太郎\\AppData\\Local',
      USERPROFILE: 'C:\\Users\\Jürgen 太郎',
      PATH: 'C:\\O;C:\\Windows\\System32;C:\\Windows;C:\\Program Files\\nodejs',
      OLLAMA_MODELS: 'C:\\Users\\Jürgen 太郎\\Łódź',
      ollama_debug: '1',
      OLLAMA_HOST: '0.0.0.0:11434',
    });
  });
});
