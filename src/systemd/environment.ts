/** The words of an Environment= line: systemd.exec(5), config_parse_environ() in systemd's src/core/load-fragment.c. */
import type { Problem } from './unit-file.ts';
import { fromBytes, nextWord, representable, toBytes } from './words.ts';

export { parseEnvironmentFile, removeFromEnvironmentFile, setInEnvironmentFile } from './environment-file.ts';

export interface EnvAssignment {
  name: string;
  value: string;
}

/** What the specifiers of systemd.unit(5) stand for, by their letter. */
export interface Specifiers {
  [letter: string]: string | undefined;
}

export interface ParsedEnvironment {
  assignments: EnvAssignment[];
  /** What systemd ignores: invalid words, or the rest of the line from an open quote or bad escape on. */
  bad: string[];
  /** The same in the words of systemd's log. */
  complaints: Omit<Problem, 'line'>[];
}

/** The value of one Environment= line. Words before a broken one count, as in systemd. */
export function parseEnvironment(value: string, specifiers: Specifiers): ParsedEnvironment {
  const parsed: ParsedEnvironment = { assignments: [], bad: [], complaints: [] };
  readWords(value, specifiers, {
    word: (word) => {
      const [, name, content] = /^([A-Za-z_][A-Za-z0-9_]*)=(.*)$/s.exec(word) ?? [];
      if (name !== undefined && content !== undefined) parsed.assignments.push({ name, value: content });
      else complain(parsed, word, `Invalid environment assignment, ignoring: ${word}`, 'bad-environment');
    },
    bad: (text, message, kind) => complain(parsed, text, message, kind),
  });
  return parsed;
}

function complain(parsed: ParsedEnvironment, text: string, message: string, kind: Problem['kind']): void {
  parsed.bad.push(text);
  parsed.complaints.push({ message, kind: hasCurlyQuotes(text) ? 'curly-quotes' : kind });
}

/** The typographic quotes that word processors and web pages put in place of " and '. */
export const hasCurlyQuotes = (text: string): boolean => /[\u2018\u2019\u201c\u201d]/.test(text);

interface WordReader {
  word(word: string): void;
  bad(text: string, message: string, kind: Problem['kind']): void;
}

/** Words with their specifiers expanded, as Environment= and UnsetEnvironment= take them. */
export function readWords(value: string, specifiers: Specifiers, reader: WordReader): void {
  const bytes = toBytes(value);
  let at = 0;
  for (;;) {
    const word = nextWord(bytes, at);
    if (word === undefined) return;
    if (word === 'broken') {
      reader.bad(show(bytes.slice(at)), `Invalid syntax, ignoring: ${value}`, 'bad-syntax');
      return;
    }
    at = word.next;
    const expanded = expandBytes(word.bytes, specifiers);
    const text = expanded === undefined ? undefined : fromBytes(expanded);
    const raw = show(word.bytes);
    if (text !== undefined) reader.word(text);
    else if (expanded !== undefined) {
      reader.bad(raw, `Invalid environment assignment, ignoring: ${raw}`, 'bad-environment');
    } else reader.bad(raw, unresolved(raw), 'bad-environment');
  }
}

/** All letters of systemd.unit(5), "Specifiers". systemd has a value for these even where the caller gave none. */
const LETTERS = 'aAbBcCdDEfgGhHiIjJlLmMnNopPqrRsStTuUvVwWyY';

function unresolved(raw: string): string {
  const used = [...raw.matchAll(/%([A-Za-z0-9%])/g)].map(([, letter]) => letter!);
  return used.every((letter) => letter === '%' || LETTERS.includes(letter))
    ? `Specifiers of unknown value in ${raw}`
    : `Failed to resolve specifiers in ${raw}, ignoring: Invalid slot`;
}

const show = (bytes: string): string => Buffer.from(bytes, 'latin1').toString('utf8');

/**
 * Specifiers replaced by what they stand for; undefined when one is not known. A percent sign before anything but a
 * letter or digit stays: specifier_printf() in systemd's src/shared/specifier.c.
 */
export function expandSpecifiers(text: string, specifiers: Specifiers): string | undefined {
  let known = true;
  const expanded = text.replace(/%([A-Za-z0-9%])/g, (_, letter: string) => {
    if (letter === '%') return '%';
    const value = specifiers[letter];
    if (value === undefined) known = false;
    return value ?? '';
  });
  return known ? expanded : undefined;
}

function expandBytes(bytes: string, specifiers: Specifiers): string | undefined {
  if (!bytes.includes('%')) return bytes;
  const encoded: Specifiers = {};
  for (const [letter, value] of Object.entries(specifiers)) if (value !== undefined) encoded[letter] = toBytes(value);
  return expandSpecifiers(bytes, encoded);
}

/** The specifiers that follow from the name of the unit alone: systemd.unit(5), "Specifiers". */
export function unitSpecifiers(unit: string): Specifiers {
  const name = unit.replace(/\.[^.]*$/, '');
  const [prefix = '', instance = ''] = split(name);
  const last = prefix.slice(prefix.lastIndexOf('-') + 1);
  return {
    n: unit,
    N: name,
    p: prefix,
    P: unescapeName(prefix),
    i: instance,
    I: unescapeName(instance),
    j: last,
    J: unescapeName(last),
    f: `/${unescapeName(instance || prefix)}`,
  };
}

function split(name: string): [string, string] {
  const at = name.indexOf('@');
  return at < 0 ? [name, ''] : [name.slice(0, at), name.slice(at + 1)];
}

/** A dash stands for a slash, \xNN for a byte: unit_name_unescape() in systemd's src/basic/unit-name.c. */
function unescapeName(name: string): string {
  const bytes = toBytes(name).replace(/-|\\x([0-9a-f]{2})/gi, (_, code?: string) =>
    code === undefined ? '/' : String.fromCharCode(Number.parseInt(code, 16)),
  );
  return show(bytes);
}

/** A replacement character is escaped too, so that a reader can take a bare one for broken UTF-8. */
const ESCAPES: Record<string, string> = {
  '%': '%%',
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\t': '\\t',
  '\r': '\\r',
  '\ufffd': '\\ufffd',
};

/**
 * One line `Environment="NAME=value"` that systemd reads back exactly. Throws a RangeError for what no unit file can
 * hold: a bad name, NUL, lone surrogates, Unicode's noncharacters.
 */
export function quoteEnvironment(name: string, value: string): string {
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) throw new RangeError(`Not the name of a variable: ${name}`);
  if (!representable(value)) throw new RangeError(`A unit file cannot hold this value of ${name}`);
  const escaped = value.replace(/[\x01-\x1f\x7f%"\\\ufffd]/g, (character) => {
    return ESCAPES[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
  return `Environment="${name}=${escaped}"`;
}
