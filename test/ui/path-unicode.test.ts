import { describe, expect, it } from 'vitest';
import { hasUnicode, printable } from '../../src/ui/path-unicode.ts';

describe('whether there is Unicode', () => {
  it.each([
    ['linux', { LANG: 'de_DE.UTF-8', TERM: 'xterm-256color' }, true],
    ['linux', { LANG: 'C.utf8' }, true],
    ['linux', { LANG: 'sr_RS.UTF-8@latin' }, true],
    ['linux', { LANG: 'UTF-8' }, true],
    ['linux', { LANG: 'C' }, false],
    ['linux', { LANG: 'POSIX' }, false],
    ['linux', { LANG: 'de_DE' }, false],
    ['linux', { LANG: 'de_DE.ISO-8859-1' }, false],
    ['linux', { LANG: 'de_DE.UTF-8', LC_CTYPE: 'C' }, false],
    ['linux', { LANG: 'C', LC_CTYPE: 'en_GB.UTF-8' }, true],
    ['linux', { LANG: 'de_DE.UTF-8', LC_CTYPE: 'de_DE.UTF-8', LC_ALL: 'C' }, false],
    ['linux', { LANG: 'C', LC_ALL: 'C.UTF-8' }, true],
    ['linux', { LANG: 'de_DE.UTF-8', LC_ALL: '' }, true],
    ['linux', {}, true],
    ['linux', { TERM: 'linux', LANG: 'de_DE.UTF-8' }, false],
    ['linux', { TERM: 'dumb', LANG: 'de_DE.UTF-8' }, false],
    ['darwin', { LC_CTYPE: 'UTF-8' }, true],
    ['darwin', {}, true],
    ['win32', {}, false],
    ['win32', { LANG: 'de_DE.UTF-8' }, false],
    ['win32', { WT_SESSION: '8d4bb2c4-0000-0000-0000-000000000000' }, true],
    ['win32', { TERM_PROGRAM: 'vscode' }, true],
    ['win32', { ConEmuTask: '{cmd::Cmder}' }, true],
    ['win32', { TERMINAL_EMULATOR: 'JetBrains-JediTerm' }, true],
    ['win32', { TERM: 'xterm-256color' }, true],
    ['win32', { TERM: 'cygwin' }, false],
  ] as [NodeJS.Platform, Record<string, string>, boolean][])('%s %j: %s', (platform, env, expected) => {
    expect(hasUnicode(env, platform)).toBe(expected);
  });
});

describe('what other people called their things', () => {
  it('cannot move the cursor, colour the terminal or turn the line around', () => {
    expect(printable('a\u001b[2J\u001b[31mb\u001b[0m', true)).toBe('ab');
    expect(printable('a\u001b]0;title\u0007b', true)).toBe('ab');
    expect(printable('a\u001b]8;;http://x\u001b\\b', true)).toBe('ab');
    expect(printable('a\r\nb\tc\u0000d', true)).toBe('a b c d');
    expect(printable('a\u202egnp.exe\u2069', true)).toBe('agnp.exe');
    expect(printable('  a   b ', true)).toBe('a b');
  });

  it('is left as it is otherwise', () => {
    expect(printable('データ 👩‍💻 é', true)).toBe('データ 👩‍💻 é');
  });

  it('is as near as ASCII comes', () => {
    expect(printable('Müller’s “café” – a→b…', false)).toBe('Muller\'s "cafe" - a->b...');
    expect(printable('語x', false)).toBe('?x');
  });
});
