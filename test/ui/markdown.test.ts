import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Report } from '../../src/report.ts';
import { reportMarkdown } from '../../src/ui/markdown.ts';
import { block, code, html, prose, table } from '../../src/ui/markdown-escape.ts';
import type { Link } from '../../src/ui/path.ts';
import { redactor } from '../../src/ui/redact.ts';
import { ANNA, HEALTHY, HEALTHY_PATH, PRIVATE, UNHEALTHY, UNHEALTHY_PATH } from './reports.ts';

const golden = (name: string) => readFileSync(new URL(`fixtures/${name}.md`, import.meta.url), 'utf8');
const versions = { version: '1.0.0', node: 'v20.20.2' };
const plain = { ...versions, redact: (text: string) => text };

function annas(report: Report, path: Link[] = []): string {
  return reportMarkdown(report, { ...versions, redact: redactor(ANNA), path });
}

describe('the report', () => {
  it('of a failing host', () => {
    expect(annas(UNHEALTHY, UNHEALTHY_PATH)).toBe(golden('unhealthy'));
  });

  it('of a healthy host', () => {
    const options = { ...versions, redact: redactor(ANNA), path: HEALTHY_PATH, guide: 'https://example.com/guide' };
    expect(reportMarkdown(HEALTHY, options)).toBe(golden('healthy'));
  });

  it('is made of documents as --json prints them', () => {
    const schema = JSON.parse(readFileSync(new URL('../../report.schema.json', import.meta.url), 'utf8'));
    const validate = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);
    for (const report of [UNHEALTHY, HEALTHY]) expect(validate(report) ? [] : validate.errors).toEqual([]);
    const [check] = HEALTHY.checks;
    expect(validate({ ...HEALTHY, checks: [{ ...check, repeat: '' }] })).toBe(false);
  });

  it('tells nothing private of a machine that is full of it', () => {
    expect(JSON.stringify({ UNHEALTHY, UNHEALTHY_PATH })).toMatch(PRIVATE);
    expect(annas(UNHEALTHY, UNHEALTHY_PATH)).not.toMatch(PRIVATE);
  });

  it('shows without redaction what it was given', () => {
    expect(reportMarkdown(UNHEALTHY, { ...plain, path: UNHEALTHY_PATH })).toMatch(PRIVATE);
  });

  it('keeps its own words when users are called like them', () => {
    const users = ['pass', 'fail', 'unhealthy', 'linux', 'default-loopback-bind', 'systemd', 'lan'];
    const text = reportMarkdown(UNHEALTHY, { ...versions, redact: redactor({ ...ANNA, users }) });
    expect(text).toContain(
      '| ✗ fail | `listener` | [default-loopback-bind](docs/troubleshooting.md#default-loopback-bind) |',
    );
    expect(text).toContain('| System | linux ');
    expect(text).toContain('| `systemd` | ');
    expect(text).toContain('doctor: unhealthy\n');
  });

  it('tells an error, and has nothing of what was not looked at', () => {
    const error = { code: 'not-found', message: 'There is no Ollama.', meaning: '', remedy: 'ollama serve' };
    const empty = { ...UNHEALTHY, exitCode: 3 as const, installations: [], checks: [], warnings: [], error };
    const text = annas(empty);
    expect(text).toContain('**`not-found`** There is no Ollama.\n\n```text\nollama serve\n```\n');
    for (const title of ['Checks', 'Installations', 'Settings', 'Warnings', 'The way'])
      expect(text).not.toContain(title);
  });

  it('leaves out the beginning of a log that is too long for an issue', () => {
    const evidence = Array.from({ length: 2000 }, (_, line) => `line ${line}`).join('\n');
    const checks = UNHEALTHY.checks.map((check) => ({ ...check, evidence }));
    const text = annas({ ...UNHEALTHY, checks });
    expect(text.length).toBeLessThan(30_000);
    expect(text).toMatch(/\(\d+ characters before this are left out\)\nline \d+\n/);
    expect(text).toContain('line 1999\n```');
    expect(text).not.toContain('line 5\n');
  });
});

/** The cells of a row as GFM 4.10 divides it: a backslash takes the sign behind it along. */
function cellsOf(row: string): string[] {
  return (row.match(/(?:\\.|[^\\|])+|(?<=\|)(?=\|)/g) ?? []).map((cell) => cell.trim());
}

describe('whatever a host says', () => {
  const unit = fc.constantFrom(
    '\\',
    '|',
    '`',
    '```',
    '*',
    '<',
    '>',
    '&',
    '</details>',
    '#1',
    '@a',
    'a',
    ' ',
    '\n',
    '\u001b[1m',
  );
  const hostile = fc.string({ unit, minLength: 1, maxLength: 30 });

  it('stays in its cell', () => {
    fc.assert(
      fc.property(hostile, fc.constantFrom(prose, code), (text, written) => {
        const rows = table(['a', 'b'], [[`x${written(text)}x`, 'END']]).split('\n');
        expect(rows).toHaveLength(3);
        expect(cellsOf(rows[2]!)).toHaveLength(2);
        expect(cellsOf(rows[2]!)[1]).toBe('END');
      }),
    );
  });

  it('stays in its block', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const lines = block(text).split('\n');
        const fence = /^`+/.exec(lines[0]!)![0];
        const closing = lines.slice(1).findIndex((line) => line.trim().startsWith(fence));
        expect(closing).toBe(lines.length - 2);
      }),
    );
  });

  it('opens and closes nothing in the whole report', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        const checks = UNHEALTHY.checks.map((check) => ({
          ...check,
          summary: text,
          evidence: text,
          repeat: text,
          remedy: text,
        }));
        const outside: string[] = [];
        let fence = '';
        for (const line of reportMarkdown({ ...UNHEALTHY, checks }, plain).split('\n')) {
          const found = /^`{3,}/.exec(line)?.[0] ?? '';
          if (fence === '' && found === '') outside.push(line);
          else if (fence === '') fence = found;
          else if (line === fence) fence = '';
        }
        expect(fence).toBe('');
        const count = (what: RegExp) => outside.join('\n').match(what)?.length ?? 0;
        expect(count(/<details/g)).toBe(checks.length);
        expect(count(/<\/details>/g)).toBe(checks.length);
        expect(count(/<summary>/g)).toBe(checks.length);
      }),
    );
  });
});

describe('what would be made of it', () => {
  it.each([
    ['a*b_c', 'a\\*b\\_c'],
    ['[a](b) | c', '\\[a\\](b) \\| c'],
    ['<b> & "c"', '&lt;b&gt; &amp; "c"'],
    ['- no list', '\\- no list'],
    ['1. no list', '1\\. no list'],
    ['# no head', '\\# no head'],
    ['ask @carla, see #12', 'ask @<!-- -->carla, see #<!-- -->12'],
    ['foo@bar.service', 'foo@bar.service'],
    ['at http://127.0.0.1:11434/a_b.', 'at `http://127.0.0.1:11434/a_b`.'],
    ['two\r\n\tlines', 'two lines'],
    ['\u001b[31mred\u001b[0m\u0000', 'red'],
  ])('%j is %s', (text, markdown) => {
    expect(prose(text)).toBe(markdown);
  });

  it.each([
    ['a_b', '`a_b`'],
    ['a|b', '<code>a&#124;b</code>'],
    ['`a`', '<code>&#96;a&#96;</code>'],
    ['', ''],
  ])('%j as code is %s', (text, markdown) => {
    expect(code(text)).toBe(markdown);
  });

  it('a summary is HTML', () => {
    expect(html('<b> & *c* @d')).toBe('&lt;b&gt; &amp; *c* @<!-- -->d');
  });

  it('a block has a fence that is longer than those in it, and no blank ends', () => {
    expect(block('\n\na\n````\n\n', 'sh')).toBe('`````sh\na\n````\n`````');
    expect(table(['a'], [])).toBe('');
  });
});
