import { stripVTControlCharacters } from 'node:util';
import fc from 'fast-check';
import pc from 'picocolors';
import { describe, expect, it } from 'vitest';
import { table } from '../../src/ui/table.ts';
import { cells } from '../../src/ui/width.ts';
import { labelled, wrap, wrapDiff } from '../../src/ui/wrap.ts';

const lines = (text: string, columns: number) => wrap(text, columns).split('\n');

describe('a line that is too long', () => {
  it('is broken at blanks, and goes on deeper than it began', () => {
    expect(lines('    listens on   127.0.0.1:11434 (this machine only)', 40)).toEqual([
      '    listens on   127.0.0.1:11434 (this',
      '      machine only)',
    ]);
    expect(lines('✓ Let systemd read the changed files (0.1 s)', 40)).toEqual([
      '✓ Let systemd read the changed files',
      '  (0.1 s)',
    ]);
  });

  it('is left alone where it fits, to the last cell', () => {
    expect(wrap('a'.repeat(40), 40)).toBe('a'.repeat(40));
    expect(wrap('語'.repeat(20), 40)).toBe('語'.repeat(20));
    expect(lines('語'.repeat(21), 40)).toHaveLength(2);
    expect(wrap('', 40)).toBe('');
    expect(wrap('one\n  two', 40)).toBe('one\n  two');
  });

  it('is cut where there is no blank, behind a slash rather than elsewhere', () => {
    expect(lines('✓ Write /etc/systemd/system/ollama.service.d/zz-stigmer-ollama-host.conf', 40)).toEqual([
      '✓ Write',
      '  /etc/systemd/system/ollama.service.d/',
      '  zz-stigmer-ollama-host.conf',
    ]);
  });

  it('counts wide and combining characters, and no colours', () => {
    const { green } = pc.createColors(true);
    expect(lines('/home/データ/モデル and e\u0301e\u0301', 22)).toEqual([
      '/home/データ/モデル',
      '  and e\u0301e\u0301',
    ]);
    const painted = green('the whole of this line is green and long');
    expect(wrap(painted, 40)).toBe(painted);
    expect(lines(painted, 30).map(stripVTControlCharacters)).toEqual(['the whole of this line is', '  green and long']);
  });

  it('that begins with a colour and blanks has no empty line before it', () => {
    const { dim } = pc.createColors(true);
    const found = lines(dim('  docs/troubleshooting.md#default-loopback-bind'), 40).map(stripVTControlCharacters);
    expect(found).toEqual(['  docs/troubleshooting.md#default-loop', '    back-bind']);
  });

  it('at every width nothing is lost, and no line is wider than the terminal', () => {
    const word = fc.string({
      unit: fc.constantFrom('a', '語', 'e\u0301', '😀', '/', '\u001b[32m', '\u001b[39m'),
      maxLength: 90,
      minLength: 0,
    });
    fc.assert(
      fc.property(
        fc.array(word),
        fc.integer({ min: 0, max: 8 }),
        fc.integer({ min: 20, max: 130 }),
        (words, indent, columns) => {
          const text = ' '.repeat(indent) + words.join(' ');
          const found = lines(text, columns);
          for (const line of found) expect(cells(line.trimEnd())).toBeLessThanOrEqual(columns);
          expect(found.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
        },
      ),
    );
  });
});

it('what is to be copied is never broken', () => {
  expect(labelled('Take it back with:', 'npx stigmer-setup-ollama undo', 48)).toHaveLength(1);
  expect(labelled('Take it back with:', 'npx stigmer-setup-ollama undo', 47)).toEqual([
    'Take it back with:',
    '  npx stigmer-setup-ollama undo',
  ]);
});

it('a line of a diff goes on where no sign can be', () => {
  expect(wrapDiff('+++ /etc/systemd/system/ollama.service', 20)).toEqual([
    '+++ /etc/systemd/sys',
    ' tem/ollama.service',
  ]);
  expect(wrapDiff('-short', 20)).toEqual(['-short']);
  expect(wrapDiff(' ', 20)).toEqual([' ']);
  expect(wrapDiff('', 20)).toEqual(['']);
  const minus = `+${'a'.repeat(19)}-b`;
  expect(wrapDiff(minus, 20)).toEqual([`+${'a'.repeat(19)}`, ' -b']);
});

describe('a table', () => {
  const rows = [
    ['before', '127.0.0.1:11434 (this machine only)', 'not set'],
    ['after', '[::]:11434 (all interfaces)', '0.0.0.0:11434'],
  ];

  it('has its columns under each other', () => {
    expect(table(['listens on', 'OLLAMA_HOST'], rows, 80)).toEqual([
      '        listens on                           OLLAMA_HOST',
      'before  127.0.0.1:11434 (this machine only)  not set',
      'after   [::]:11434 (all interfaces)          0.0.0.0:11434',
    ]);
  });

  it('is folded where it is too wide', () => {
    expect(table(['listens on', 'OLLAMA_HOST'], rows, 57)).toEqual([
      'before',
      '  listens on: 127.0.0.1:11434 (this machine only)',
      '  OLLAMA_HOST: not set',
      'after',
      '  listens on: [::]:11434 (all interfaces)',
      '  OLLAMA_HOST: 0.0.0.0:11434',
    ]);
  });

  it('counts what is wide', () => {
    expect(
      table(
        ['x'],
        [
          ['語', 'a'],
          ['b', 'c'],
        ],
        80,
      ),
    ).toEqual(['    x', '語  a', 'b   c']);
  });
});
