import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseEnvironment,
  parseEnvironmentFile,
  quoteEnvironment,
  removeFromEnvironmentFile,
  setInEnvironmentFile,
} from '../../src/systemd/environment.ts';
import { parseShowEnvironment } from '../../src/systemd/systemctl.ts';
import { parseUnit } from '../../src/systemd/unit-file.ts';
import { representable } from '../../src/systemd/words.ts';

/** Every value a unit file can hold, with the characters that matter more often than chance would bring them. */
const value = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ' ',
        '\t',
        '\n',
        '\r',
        '"',
        "'",
        '\\',
        '%',
        '%%',
        '%n',
        '$',
        '`',
        '#',
        ';',
        '=',
        '\\n',
        '\\x41',
        '\ufeff',
      ),
      fc.string({ unit: 'binary', maxLength: 3 }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''))
  .filter(representable);

/** Pieces of environment files, broken ones included. */
const pieces = [
  'VAR',
  '=',
  'VAR=',
  'B=',
  'export ',
  '\n',
  '\n',
  '\r\n',
  '\r',
  ' ',
  '\t',
  '"',
  "'",
  '\\',
  '\\\n',
  '#',
  '# c\\\n',
  ';',
  'a',
  '$',
  '\ufeff',
  'ä',
];
const file = fc.array(fc.constantFrom(...pieces), { maxLength: 25 }).map((parts) => parts.join(''));

/** Where a comment ends in a backslash, the rules before and after systemd 254 can pull in different directions. */
const continuedComment = /[#;][^\r\n]*\\[\r\n]/;

const read = (text: string, commentsContinue: boolean) => parseEnvironmentFile(text, { commentsContinue });
const last = (text: string, name: string, flag: boolean) =>
  read(text, flag).findLast((found) => found.name === name)?.value;
const others = (text: string, flag: boolean) =>
  read(text, flag).flatMap((found) => (found.name === 'VAR' ? [] : [[found.name, found.value]]));

describe('quoteEnvironment', () => {
  it('is read back as what it was, whatever the value', () => {
    fc.assert(
      fc.property(value, (text) => {
        const { assignments, problems } = parseUnit(`[Service]\n${quoteEnvironment('NAME', text)}\n`);
        expect(problems).toEqual([]);
        expect(assignments.map(({ key }) => key)).toEqual(['Environment']);
        const parsed = parseEnvironment(assignments[0]!.value, { n: 'x.service' });
        expect(parsed).toEqual({ assignments: [{ name: 'NAME', value: text }], bad: [], complaints: [] });
      }),
      { numRuns: 1000 },
    );
  });

  it('is one line of printable text', () => {
    fc.assert(fc.property(value, (text) => !/[\x00-\x1f\x7f]/.test(quoteEnvironment('NAME', text))));
  });

  it.each(['a\0b', '\ud800', '\uffff', '\ufdd0'])('refuses what no unit file can hold: %j', (text) => {
    expect(() => quoteEnvironment('NAME', text)).toThrow(RangeError);
  });

  it('refuses a name that is none', () => {
    expect(() => quoteEnvironment('A B', 'x')).toThrow(RangeError);
  });
});

describe('setInEnvironmentFile', () => {
  it('sets the variable and nothing else, under the comment rules of every systemd if there is a way', () => {
    fc.assert(
      fc.property(file, value, (text, wanted) => {
        const edited = setInEnvironmentFile(text, 'VAR', wanted);
        for (const flag of continuedComment.test(text) ? [false] : [true, false]) {
          expect(last(edited, 'VAR', flag)).toBe(wanted);
          expect(others(edited, flag)).toEqual(others(text, flag));
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('changes nothing the second time', () => {
    fc.assert(
      fc.property(file, value, (text, wanted) => {
        fc.pre(!continuedComment.test(text));
        const once = setInEnvironmentFile(text, 'VAR', wanted);
        expect(setInEnvironmentFile(once, 'VAR', wanted)).toBe(once);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps every byte before and after the assignment', () => {
    fc.assert(
      fc.property(file, file, (before, after) => {
        const head = `${before}\n`;
        const tail = `\n${after}`;
        fc.pre(
          !read(`${head}VAR=old${tail}`, true).some(
            ({ name, line }) => name === 'VAR' && line > head.split('\n').length,
          ),
        );
        fc.pre(
          last(`${head}VAR=old${tail}`, 'VAR', true) === 'old' && last(`${head}VAR=old${tail}`, 'VAR', false) === 'old',
        );
        expect(setInEnvironmentFile(`${head}VAR=old${tail}`, 'VAR', 'new')).toBe(`${head}VAR=new${tail}`);
      }),
    );
  });

  it.each([
    ['A=1\r\nVAR=1\r\nB=2\r\n', 'A=1\r\nVAR=2\r\nB=2\r\n'],
    ['A=1\r\n', 'A=1\r\nVAR=2\r\n'],
    ['VAR=0\nVAR=1\n# VAR=x', 'VAR=0\nVAR=2\n# VAR=x'],
    ['A=1\n  VAR = "a\nb"  ', 'A=1\n  VAR=2'],
    ['VAR=a\\\nb\nB=1\n', 'VAR=2\nB=1\n'],
    ['A=1', 'A=1\nVAR=2'],
    ['', 'VAR=2\n'],
    ['#VAR=1\n', '#VAR=1\nVAR=2\n'],
    ['export VAR=1\n', 'export VAR=1\nVAR=2\n'],
    ['\ufeffVAR=1\n', '\ufeffVAR=1\nVAR=2\n'],
    ['# c \\\nVAR=1\n', '# c \\\nVAR=2\nVAR=2\n'],
    ['A="1\n', 'VAR=2\nA="1\n'],
  ])('%j becomes %j', (text, edited) => {
    expect(setInEnvironmentFile(text, 'VAR', '2')).toBe(edited);
  });

  it.each([
    ['0.0.0.0:11434', 'VAR=0.0.0.0:11434'],
    ['[::]:11434', 'VAR=[::]:11434'],
    ['a b', 'VAR="a b"'],
    ['$x`"\\', 'VAR="\\$x\\`\\"\\\\"'],
    ['', 'VAR='],
  ])('writes %j as %s', (text, line) => {
    expect(setInEnvironmentFile('', 'VAR', text)).toBe(`${line}\n`);
  });

  it('refuses NUL', () => {
    expect(() => setInEnvironmentFile('', 'VAR', 'a\0')).toThrow(RangeError);
  });
});

describe('removeFromEnvironmentFile', () => {
  it('takes out every assignment of the variable and nothing else', () => {
    expect(removeFromEnvironmentFile('A=1\r\nVAR="a\nb"\r\n# VAR=1\r\n VAR=2', 'VAR')).toBe('A=1\r\n# VAR=1\r\n');
  });

  it('undoes an addition', () => {
    fc.assert(
      fc.property(file, (before) => {
        const text = before === '' ? '' : `${before}\n`;
        fc.pre(last(text, 'VAR', true) === undefined && last(text, 'VAR', false) === undefined);
        const edited = setInEnvironmentFile(text, 'VAR', 'x');
        fc.pre(edited.startsWith(`${text}VAR=x`));
        expect(removeFromEnvironmentFile(edited, 'VAR')).toBe(text);
      }),
    );
  });
});

describe('parseShowEnvironment', () => {
  it('never fails, whatever is printed', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => parseShowEnvironment(text) instanceof Map));
  });
});

describe('parseUnit', () => {
  it('never fails, and names lines that are there', () => {
    const parts = [
      '[Service]',
      '[Unit]',
      '[x',
      ']',
      '\n',
      '\r\n',
      '\\\n',
      '#',
      ';',
      '=',
      'Environment',
      'VAR',
      ' ',
      '"',
      '\ufeff',
      '\0',
    ];
    const text = fc.array(fc.constantFrom(...parts), { maxLength: 30 }).map((found) => found.join(''));
    fc.assert(
      fc.property(text, (unit) => {
        const lines = unit.split(/\r\n|\n\r|[\r\n\0]/).length;
        const { assignments, problems } = parseUnit(unit);
        for (const { line } of [...assignments, ...problems]) expect(line >= 1 && line <= lines).toBe(true);
      }),
    );
  });
});
