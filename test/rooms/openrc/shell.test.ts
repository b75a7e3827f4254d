import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { exportIn, setsLater, variableIn } from '../../../src/rooms/openrc/shell.ts';

const NAME = 'OLLAMA_HOST';
const ALL = '0.0.0.0:11434';
const of = (...texts: string[]) => {
  const found = variableIn(texts, NAME);
  return found && [found.value, found.exported];
};

describe('what sh makes of conf.d', () => {
  it.each([
    ['export OLLAMA_HOST=a', ['a', true]],
    ['export OLLAMA_HOST="a:1"  # why', ['a:1', true]],
    ["export OLLAMA_HOST='a'", ['a', true]],
    ['  export X=1 OLLAMA_HOST=a Y=2', ['a', true]],
    ['OLLAMA_HOST=a', ['a', false]],
    ['OLLAMA_HOST=a; export OLLAMA_HOST', ['a', true]],
    ['export OLLAMA_HOST\nOLLAMA_HOST=a', ['a', true]],
    ['set -a\nOLLAMA_HOST=a\nset +a', ['a', true]],
    ['export OLLAMA_HOST=a\nexport OLLAMA_HOST=b', ['b', true]],
    ['export OLLAMA_HOST=a\n# export OLLAMA_HOST=b', ['a', true]],
    ['export OLLAMA_HOST=a\nOLLAMA_HOST=b', ['b', true]],
    ['if true; then\n  export OLLAMA_HOST=a\nfi', ['a', true]],
    ['export OLLAMA_HOST=a\nunset OLLAMA_HOST', undefined],
    ['export OLLAMA_HOST=$(hostname)', [undefined, true]],
    ['export OLLAMA_HOST=$ADDRESS', [undefined, true]],
    ['export OLLAMA_HOST="\\$x"', ['$x', true]],
    ['# export OLLAMA_HOST=a', undefined],
    ['X=#OLLAMA_HOST=a', undefined],
    ['export OLLAMA_HOST=a#b', ['a#b', true]],
    ['OLLAMA_HOST=a ollama serve', undefined],
    ['echo OLLAMA_HOST=a', undefined],
    ['export OLLAMA_ORIGINS="OLLAMA_HOST=a"', undefined],
    ['export \\\n  OLLAMA_HOST=a', ['a', true]],
    ['output_log="/x"\nexport OLLAMA_HOST="[::]:11434"\nfoo() { bar; }\n', ['[::]:11434', true]],
    ['', undefined],
  ])('%j', (text, expected) => {
    expect(of(text)).toEqual(expected);
  });

  it('takes a later file for the stronger one, unless that only gives a default', () => {
    expect(of('export OLLAMA_HOST=a', 'export OLLAMA_HOST=b')).toEqual(['b', true]);
    expect(of('export OLLAMA_HOST=a', 'OLLAMA_HOST=b')).toEqual(['b', true]);
    expect(of('export OLLAMA_HOST=a', 'export OLLAMA_HOST=${OLLAMA_HOST:-b}')).toEqual(['a', true]);
    expect(of('', 'export OLLAMA_HOST="${OLLAMA_HOST:-b}"')).toEqual(['b', true]);
    expect(of('OLLAMA_HOST=a', ': "${OLLAMA_HOST:=b}"\nexport OLLAMA_HOST')).toEqual(['a', true]);
    expect(of('', ': ${OLLAMA_HOST:=b}\nexport OLLAMA_HOST')).toEqual(['b', true]);
  });

  it('tells what is for one command alone, or comes with a call', () => {
    expect(setsLater('start() {\n  OLLAMA_HOST=a start-stop-daemon --start\n}', NAME)).toBe(true);
    expect(setsLater('command="/usr/bin/env"\ncommand_args="OLLAMA_HOST=a ollama serve"', NAME)).toBe(true);
    expect(setsLater('supervise_daemon_args="--env OLLAMA_HOST=a"', NAME)).toBe(true);
    expect(setsLater('start-stop-daemon --env OLLAMA_HOST=a -- x', NAME)).toBe(true);
    expect(setsLater('start_pre() {\n  export OLLAMA_HOST=a\n}', NAME)).toBe(true);
    expect(setsLater('f ( ) { if a; then b; fi; export OLLAMA_HOST=a; }', NAME)).toBe(true);
    expect(setsLater('f() {\n  a\n}\nexport OLLAMA_HOST=a', NAME)).toBe(false);
    expect(setsLater('if a; then export OLLAMA_HOST=a; fi', NAME)).toBe(false);
    expect(setsLater('export OLLAMA_HOST=a', NAME)).toBe(false);
    expect(setsLater('# OLLAMA_HOST=a ollama', NAME)).toBe(false);
  });
});

describe.skipIf(process.platform === 'win32')('a shell', () => {
  const REPORT = "\nif env | grep -q '^OLLAMA_HOST='; then printf '%s' \"$OLLAMA_HOST\"; else printf none; fi";
  it.each([
    "a=1; export OLLAMA_HOST='a b' # c",
    'export OLLAMA_HOST="a\\"b"',
    'OLLAMA_HOST=a\nexport X=1 OLLAMA_HOST',
    'export OLLAMA_HOST=a;unset OLLAMA_HOST',
    'set -a; OLLAMA_HOST=a',
    'OLLAMA_HOST=a',
    'OLLAMA_HOST=a true',
    ': ${OLLAMA_HOST:=a}; export OLLAMA_HOST',
    'export OLLAMA_HOST=a\\\nb',
    'case x in\n  y) export OLLAMA_HOST=a ;;\n  *) true ;;\nesac\nexport OLLAMA_HOST=b',
    'f() { export OLLAMA_HOST=z; }\nexport OLLAMA_HOST=b # }',
    'export OLLAMA_HOST=\'a\'"b"c',
  ])('reads the same out of %j', (text) => {
    const said = execFileSync('env', ['-i', `PATH=${process.env.PATH}`, 'sh', '-c', text + REPORT], {
      encoding: 'utf8',
    });
    const [value, exported] = of(text.replace(/^f\(\).*\n/, '')) ?? [];
    expect(exported ? value : 'none').toBe(said);
    const edited = exportIn(text, NAME, ALL);
    const then = execFileSync('env', ['-i', `PATH=${process.env.PATH}`, 'sh', '-c', edited + REPORT], {
      encoding: 'utf8',
    });
    expect(then).toBe(ALL);
  });
});

describe('the edit', () => {
  const ours = `export OLLAMA_HOST="${ALL}"`;
  it.each([
    ['', `${ours}\n`],
    ['a=1\n', `a=1\n${ours}\n`],
    ['a=1', `a=1\n${ours}\n`],
    ['  OLLAMA_HOST=x # why\nb=2\n', `  ${ours} # why\nb=2\n`],
    ["export OLLAMA_HOST='x'\nb=2\n", `${ours}\nb=2\n`],
    ['export OLLAMA_HOST=x b=2\n', `export OLLAMA_HOST=x b=2\n${ours}\n`],
    ['if a; then export OLLAMA_HOST=x; fi\n', `if a; then export OLLAMA_HOST=x; fi\n${ours}\n`],
    ['# export OLLAMA_HOST="0.0.0.0"\n', `# export OLLAMA_HOST="0.0.0.0"\n${ours}\n`],
  ])('%j', (text, expected) => {
    const edited = exportIn(text, NAME, ALL);
    expect(edited).toBe(expected);
    expect(of(edited)).toEqual([ALL, true]);
  });

  it('refuses a value that a shell would read otherwise', () => {
    expect(() => exportIn('', NAME, 'a"b')).toThrow(RangeError);
  });
});
