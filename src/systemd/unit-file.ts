/** Reads unit files and drop-ins: systemd.syntax(7), config_parse() in systemd's src/shared/conf-parser.c. */
import { representable, strip } from './words.ts';

export interface Assignment {
  section: string;
  key: string;
  value: string;
  /** The first physical line, counted from 1. */
  line: number;
}

export interface Problem {
  /** The first physical line, counted from 1. (systemd's log names the last one of a continued line.) */
  line: number;
  /** systemd's own words, without the path and line in front. */
  message: string;
  kind:
    | 'outside-section'
    | 'unknown-section'
    | 'bad-section-header'
    | 'unknown-key'
    | 'bad-syntax'
    | 'bad-environment'
    | 'curly-quotes';
}

export interface ParsedUnit {
  assignments: Assignment[];
  problems: Problem[];
}

interface Line {
  text: string;
  line: number;
}

/** The sections of a service: service_vtable.sections in systemd's src/core/service.c. */
const SECTIONS = new Set(['Unit', 'Service', 'Install']);

/** The text of a unit file or drop-in, as a service's is read. What systemd ignores is a problem, no assignment. */
export function parseUnit(text: string): ParsedUnit {
  const parsed: ParsedUnit = { assignments: [], problems: [] };
  // undefined: before any section; null: in a section that is ignored.
  let section: string | null | undefined;
  for (const { text: content, line } of logicalLines(text)) {
    if (!isClean(content)) {
      const message = `String is not UTF-8 clean, ignoring assignment: ${content}`;
      parsed.problems.push({ line, message, kind: 'bad-syntax' });
      // config_parse() returns at the first error of this kind: the rest of the file does not count.
      break;
    }
    if (content.startsWith('[')) {
      const header = readHeader(content);
      if ('problem' in header) parsed.problems.push({ line, ...header.problem });
      // A bad header ends the reading: config_parse() returns at the first error.
      if (header.section === undefined) break;
      section = header.section;
    } else if (section === undefined) {
      const message = 'Assignment outside of section. Ignoring.';
      parsed.problems.push({ line, message, kind: 'outside-section' });
    } else if (section !== null) readAssignment(parsed, section, content, line);
  }
  return parsed;
}

/** A replacement character is what a decoder leaves of bytes that are no UTF-8; nobody writes one into a unit file. */
const isClean = (content: string): boolean => !content.includes('\ufffd') && representable(content);

/** Lines with continuations joined, comments and empty lines left out, blanks stripped: systemd.syntax(7). */
function* logicalLines(text: string): Generator<Line> {
  let joined: Line | undefined;
  let markSeen = false;
  for (const [index, physical] of physicalLines(text).entries()) {
    // Comments are skipped inside a continued line too, and this comes before the byte order mark is taken off.
    if (/^[ \t]*[#;]/.test(physical)) continue;
    let content = physical;
    if (!markSeen && content.startsWith('\ufeff')) {
      content = content.slice(1);
      markSeen = true;
    }
    joined = { text: (joined?.text ?? '') + content, line: joined?.line ?? index + 1 };
    if (/\\*$/.exec(joined.text)![0].length % 2 === 1) {
      joined.text = `${joined.text.slice(0, -1)} `;
      continue;
    }
    yield* stripped(joined);
    joined = undefined;
  }
  if (joined) yield* stripped(joined);
}

function* stripped({ text, line }: Line): Generator<Line> {
  const content = strip(text);
  if (content) yield { text: content, line };
}

/** The line ends that read_line() of systemd's src/basic/fileio.c knows: CR, LF and NUL and their pairs. */
function physicalLines(text: string): string[] {
  const lines = text.split(/\r\n\0?|\n\r\0?|[\n\r]\0?|\0/);
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

type Header = { section: string | null | undefined } | { section: null | undefined; problem: Omit<Problem, 'line'> };

function readHeader(content: string): Header {
  const kind = 'bad-section-header';
  if (!content.endsWith(']')) {
    return { section: undefined, problem: { kind, message: `Invalid section header '${content}'` } };
  }
  const name = content.slice(1, -1);
  if (/[\x01-\x1f\x7f"'\\]/.test(name)) {
    return { section: undefined, problem: { kind, message: `Bad characters in section header '${content}'` } };
  }
  if (SECTIONS.has(name)) return { section: name };
  // Sections of other programs: systemd.unit(5), "If a section name is prefixed with X-, it is ignored".
  if (name.startsWith('X-')) return { section: null };
  return { section: null, problem: { kind: 'unknown-section', message: `Unknown section '${name}'. Ignoring.` } };
}

function readAssignment(parsed: ParsedUnit, section: string, content: string, line: number): void {
  const equals = content.indexOf('=');
  if (equals < 1) {
    const missing = equals < 0 ? "Missing '='" : "Missing key name before '='";
    parsed.problems.push({ line, message: `${missing}, ignoring line.`, kind: 'bad-syntax' });
    return;
  }
  const key = strip(content.slice(0, equals));
  if (isUnknown(section, key)) {
    const message = `Unknown key '${key}' in section [${section}], ignoring.`;
    parsed.problems.push({ line, message, kind: 'unknown-key' });
  } else parsed.assignments.push({ section, key, value: strip(content.slice(equals + 1)), line });
}

/** Keys that belong to [Service] and that people put elsewhere, or misspell. */
const SERVICE_KEYS = ['Environment', 'EnvironmentFile', 'UnsetEnvironment', 'PassEnvironment', 'ExecStart', 'User'];
const SPELLED = SERVICE_KEYS.slice(0, 4);

/**
 * The unknown keys that matter here, not all: the full list is systemd's src/core/load-fragment-gperf.gperf.in. The
 * keys of that list are made of letters and digits, and none is written in capitals only.
 */
function isUnknown(section: string, key: string): boolean {
  if (key.startsWith('X-')) return false;
  if (/[^A-Za-z0-9]/.test(key) || /^[A-Z0-9]+$/.test(key)) return true;
  if (SERVICE_KEYS.includes(key)) return section !== 'Service';
  return SPELLED.some((known) => known.toLowerCase() === key.toLowerCase() || distance(known, key) <= 2);
}

/** How many letters have to be changed, added or left out to turn one word into the other (Levenshtein). */
function distance(a: string, b: string): number {
  if (Math.abs(a.length - b.length) > 2) return 3;
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}
