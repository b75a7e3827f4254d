/**
 * Differential: what a real systemd 252 made of each case (fixtures/recorded.json, written by record.py) against what
 * this reader makes of it.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path/posix';
import { describe, expect, it } from 'vitest';
import { findUnit } from '../../src/systemd/drop-ins.ts';
import { parseEnvironmentFile } from '../../src/systemd/environment.ts';
import { readEnvironment } from '../../src/systemd/layers.ts';
import { parseShow, parseShowEnvironment } from '../../src/systemd/systemctl.ts';
import { memoryFiles } from './memory.ts';

interface Case {
  name: string;
  unit: string;
  files: Record<string, string>;
  links: Record<string, string>;
  /** What the case was made to give VAR, by quoteEnvironment() or setInEnvironmentFile(). */
  value?: string;
  real: { show: string; environment: Record<string, string> | null; log: [string | null, number, string][] };
}

const recorded: { version: string; cases: Case[] } = JSON.parse(
  readFileSync(new URL('fixtures/recorded.json', import.meta.url), 'utf8'),
);

/** What the recording host answers for the specifiers that do not follow from the unit's name. */
const SPECIFIERS = {
  ...{ t: '/run', S: '/var/lib', C: '/var/cache', L: '/var/log', E: '/etc', T: '/tmp', V: '/var/tmp' },
  ...{ u: 'root', U: '0', g: 'root', G: '0', h: '/root', s: '/bin/bash' },
};

/** Every variable that is set or looked for in a case. */
function variables({ files, real }: Case): string[] {
  const written = Object.values(files).flatMap((text) => text.match(/[A-Za-z_][A-Za-z0-9_]*(?==)/g) ?? []);
  return [...new Set([...written, ...Object.keys(real.environment ?? {}), 'VAR'])];
}

/** The recording host has a merged /usr and shows the older path. */
const merged = (path: string | undefined) => (path ?? '').replace(/^\/lib\//, '/usr/lib/');

/** Raw bytes that are no UTF-8 stand in the record as lone surrogates. */
const clean = (text: string) => text.replace(/[\ufffd\p{Surrogate}\p{Noncharacter_Code_Point}]+/gu, '\ufffd');

function withoutShell(environment: Record<string, string>): Record<string, string> {
  const { PWD, OLDPWD, SHLVL, _, ...rest } = environment;
  return rest;
}

function set(values: Iterable<readonly [string, string | undefined]>): Record<string, string> {
  return Object.fromEntries([...values].filter((pair): pair is [string, string] => pair[1] !== undefined));
}

function look(entry: Case) {
  const files = memoryFiles(entry.files, entry.links);
  const unit = findUnit(files, { manager: 'system' }, entry.unit);
  const answers = new Map(variables(entry).map((name) => [name, readEnvironment(files, unit, name, SPECIFIERS)]));
  return { files, unit, answers, any: answers.get('VAR')!, shown: parseShow(entry.real.show)[0]! };
}

/** Up to 253, systemd continues a comment that ends in a backslash; this reader follows the newer rule. */
const OLD_COMMENT = /^[ \t]*[#;].*\\$/m;
const same = ({ files }: Case) => !Object.values(files).some((text) => OLD_COMMENT.test(text));

describe(recorded.version, () => {
  const cases = recorded.cases.map((entry) => [entry.name, entry] as const);

  it.each(cases)('the files of: %s', (_, entry) => {
    const { files, unit, shown } = look(entry);
    const state = shown.get('LoadState');
    expect(unit.unit).toBe(shown.get('Id'));
    expect(unit.fragment ?? '').toBe(merged(shown.get('FragmentPath')));
    expect(unit.masked).toBe(state === 'masked');
    // A main file that cannot be read makes systemd forget the drop-ins too.
    const dropIns = (state === 'error' ? [] : unit.dropIns).map(
      (path) => files.real(dirname(path)) + path.slice(path.lastIndexOf('/')),
    );
    expect(dropIns).toEqual((shown.get('DropInPaths') ?? '').split(' ').filter(Boolean).map(merged));
  });

  it.each(cases.filter(([, { real }]) => real.show.includes('LoadState=loaded')))('Environment= of: %s', (_, entry) => {
    const { answers, any, shown } = look(entry);
    const last = [...answers].map(([name, { layers }]) => {
      return [name, layers.findLast((layer) => layer.kind === 'Environment')?.value] as const;
    });
    expect(set(last)).toEqual(Object.fromEntries(parseShowEnvironment(shown.get('Environment')!)));
    expect(any.unset.join(' ')).toBe(shown.get('UnsetEnvironment')!.replaceAll('"', ''));
  });

  it.each(cases.filter(([, entry]) => same(entry)))('the process of: %s', (_, entry) => {
    const { answers, any, shown } = look(entry);
    const fails = any.environmentFiles.some(({ optional, exists }) => !optional && !exists);
    if (shown.get('LoadState') === 'loaded') expect(entry.real.environment === null).toBe(fails);
    for (const { layers } of answers.values())
      expect(layers.filter(({ effective }) => effective).length).toBeLessThan(2);
    if (!entry.real.environment) return;
    const values = [...answers].map(([name, { value }]) => [name, value] as const);
    expect(set(values)).toEqual(withoutShell(entry.real.environment));
  });

  it.each(cases.filter(([, { value }]) => value !== undefined))('what was written: %s', (_, { real, value }) => {
    expect(real.environment?.VAR).toBe(value);
  });

  it.each(cases.filter(([, entry]) => same(entry)))('the log of: %s', (_, entry) => {
    const { any } = look(entry);
    const ours = any.problems.filter(({ message }) => !message.startsWith('Typographic'));
    const messages = new Set(ours.map(({ message }) => clean(message)));
    // The journal keeps nothing dependable of messages with a line feed in them.
    if ([...messages].some((message) => message.includes('\n'))) return;
    expect(messages).toEqual(new Set(entry.real.log.map(([, , message]) => clean(message))));
  });

  it.each(cases.filter(([name, { real }]) => name.startsWith('file: ') && real.environment))('%s', (_, entry) => {
    const text = entry.files['/run/probe-env/a.env']!;
    const read = parseEnvironmentFile(text, { commentsContinue: true });
    expect(Object.fromEntries(read.map(({ name, value }) => [name, value]))).toEqual(entry.real.environment);
  });
});
