import { describe, expect, it } from 'vitest';
import { findUnit } from '../../src/systemd/drop-ins.ts';
import { readEnvironment, splitCommand } from '../../src/systemd/layers.ts';
import { memoryFiles } from './memory.ts';

const FOLDER = '/etc/systemd/system/x.service.d';

/** The variable VAR in x.service with these files; drop-ins by their file name alone. */
function look(contents: Record<string, string>, extra?: { path: string; text: string }) {
  const main = { '/etc/systemd/system/x.service': '[Service]\nExecStart=/bin/x\n' };
  const paths = Object.entries(contents).map(([name, text]) => [
    name.startsWith('/') ? name : `${FOLDER}/${name}`,
    text,
  ]);
  const files = memoryFiles({ ...main, ...Object.fromEntries(paths) });
  return readEnvironment(files, findUnit(files, { manager: 'system' }, 'x.service'), 'VAR', {}, extra);
}

const set = (value: string) => `[Service]\nEnvironment=VAR=${value}\n`;

describe('readEnvironment', () => {
  it('shows every layer, and which one decides', () => {
    const { layers, value } = look({
      'a.conf': '[Service]\nEnvironment=VAR=1\nEnvironmentFile=/e\nUnsetEnvironment=VAR=9\n',
      '/e': '# x\nVAR=2\n',
    });
    expect(value).toBe('2');
    const source = `${FOLDER}/a.conf`;
    expect(layers).toEqual([
      { kind: 'Environment', value: '1', source, line: 2, effective: false },
      { kind: 'EnvironmentFile', value: '2', source: '/e', line: 2, effective: true },
      { kind: 'UnsetEnvironment', value: undefined, source, line: 4, effective: false, note: 'VAR=9' },
    ]);
  });

  it('shows a reset as the layer that decides', () => {
    const { layers, value } = look({ 'a.conf': set('1'), 'b.conf': '[Service]\nEnvironment=\n' });
    expect(value).toBeUndefined();
    expect(layers.map(({ value, effective }) => [value, effective])).toEqual([
      ['1', false],
      [undefined, true],
    ]);
  });

  it('judges a drop-in before it is written, by its place among the others', () => {
    const contents = { '50-a.conf': set('a'), 'override.conf': set('b') };
    expect(look(contents, { path: `${FOLDER}/99-x.conf`, text: set('x') }).value).toBe('b');
    expect(look(contents, { path: `${FOLDER}/zz-x.conf`, text: set('x') }).value).toBe('x');
    expect(
      look(contents, { path: `${FOLDER}/override.conf`, text: set('x') }).layers.map(({ value }) => value),
    ).toEqual(['a', 'x']);
  });

  it('says that a drop-in cannot be read instead of guessing', () => {
    const files = memoryFiles({ '/etc/systemd/system/x.service': set('1'), [`${FOLDER}/a.conf`]: set('2') });
    const denied = {
      ...files,
      text(path: string) {
        if (path.endsWith('a.conf')) throw new Error('EACCES');
        return files.text(path);
      },
    };
    const answer = readEnvironment(denied, findUnit(files, { manager: 'system' }, 'x.service'), 'VAR', {});
    expect(answer).toMatchObject({ value: '1', unreadable: [`${FOLDER}/a.conf`] });
  });

  it('tells missing, unreadable and optional environment files apart', () => {
    const { environmentFiles } = look({
      'a.conf': '[Service]\nEnvironmentFile=/e\nEnvironmentFile=-/none\nEnvironmentFile=/none/*.env\n',
      '/e': '',
    });
    expect(environmentFiles).toEqual([
      { path: '/e', optional: false, exists: true, readable: true },
      { path: '/none', optional: true, exists: false, readable: false },
      { path: '/none/*.env', optional: false, exists: false, readable: false },
    ]);
  });

  it.each([
    ['Environment=“VAR=1”', 'Invalid environment assignment, ignoring: “VAR=1”'],
    ['Environment=VAR=“1”', 'Typographic quotes are part of the value: VAR=“1”'],
    ['Environment=‘VAR=1’', 'Invalid environment assignment, ignoring: ‘VAR=1’'],
  ])('knows typographic quotes: %s', (line, message) => {
    const { problems } = look({ 'a.conf': `[Service]\n${line}\n` });
    expect(problems).toEqual([{ kind: 'curly-quotes', message, line: 2, path: `${FOLDER}/a.conf` }]);
  });

  it('names an export in an environment file', () => {
    const { problems, value } = look({ 'a.conf': '[Service]\nEnvironmentFile=/e\n', '/e': '\nexport VAR=1\n' });
    const message = "Ignoring invalid environment assignment 'export VAR=1': /e";
    expect([problems, value]).toEqual([[{ kind: 'bad-environment', message, line: 2, path: '/e' }], undefined]);
  });

  it('counts lines from the first of a continued one', () => {
    const { layers, problems } = look({ 'a.conf': '[Service]\n# x\nEnvironment=A=1 \\\n  VAR=2 \\\n  3\n' });
    expect([layers[0]?.line, problems[0]?.line]).toEqual([3, 3]);
  });

  it('keeps quiet about specifiers that only systemd knows', () => {
    const { problems, value } = look({ 'a.conf': '[Service]\nEnvironment=VAR=%b\n' });
    expect([value, problems.map(({ message }) => message)]).toEqual([
      undefined,
      ['Specifiers of unknown value in VAR=%b'],
    ]);
  });

  it('forgets commands before an empty ExecStart=, and the user before an empty User=', () => {
    const { execStart, execCommands, user } = look({
      'a.conf': '[Service]\nUser=a\nExecStart=\nExecStart=-/bin/y "a b" %p\nUser=%p\n',
    });
    expect({ execStart, execCommands, user }).toEqual({
      execStart: ['-/bin/y "a b" %p'],
      execCommands: [['/bin/y', 'a b', 'x']],
      user: 'x',
    });
  });
});

describe('splitCommand', () => {
  it.each([
    ['/bin/x serve', ['/bin/x', 'serve']],
    ['-@/bin/x name serve', ['/bin/x', 'serve']],
    ['!!:/bin/x "a b" \'c d\' e\\x20f', ['/bin/x', 'a b', 'c d', 'e f']],
    ['/bin/x ; /bin/y', ['/bin/x']],
    ['/bin/x \\; y', ['/bin/x', ';', 'y']],
    ['/bin/x \\q', ['/bin/x', '\\q']],
    ['/bin/x "open', []],
    ['', []],
  ])('%s', (line, argv) => {
    expect(splitCommand(line)).toEqual(argv);
  });
});

describe('what the command line sets', () => {
  it.each([
    ['/usr/bin/env VAR=x /bin/y', 'x'],
    ['/usr/bin/env -u VAR /bin/y', undefined],
    ['/usr/bin/env A=1 /bin/y VAR=x', '1'],
    ['/bin/bash -lc \'export VAR="x" && exec y\'', 'x'],
    ["/bin/sh -c 'VAR=$VAR exec y'", '1'],
    ["/bin/sh -c 'VAR=$$VAR:2 exec y'", '1:2'],
    ['/usr/bin/env A=1 sh -c "VAR=x y"', 'x'],
    ['/usr/bin/nice /bin/y', '1'],
  ])('%s', (command, value) => {
    expect(look({ 'a.conf': `${set('1')}ExecStart=\nExecStart=${command}\n` }).value).toBe(value);
  });
});
