import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../src/errors.ts';
import { COMMANDS, FLAGS } from '../src/flags.ts';

const README = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
const rows = README.split('\n').filter((line) => line.startsWith('| '));

describe('the tables of the README', () => {
  it('name every flag, and no other', () => {
    const named = rows.flatMap((row) => [...row.matchAll(/`--([a-z-]+)/g)].map((match) => match[1]));
    const known = FLAGS.map(({ name }) => name as string);
    expect([...new Set(named)].filter((name) => !known.includes(name!))).toEqual([]);
    expect(known.filter((name) => !named.includes(name))).toEqual([]);
  });

  it('name every command, and no other', () => {
    const start = rows.findIndex((row) => row.startsWith('| command |'));
    const commands = rows.slice(start + 2, start + 2 + Object.keys(COMMANDS).length);
    expect(commands.map((row) => /^\| `(\w+)`/.exec(row)?.[1])).toEqual(Object.keys(COMMANDS));
  });

  it('name every exit code', () => {
    const codes = rows.flatMap((row) => (/^\| (\d+(?:, \d+)*) \|/.exec(row)?.[1] ?? '').split(', ').filter(Boolean));
    expect(codes.map(Number)).toEqual(Object.values(EXIT));
  });
});
