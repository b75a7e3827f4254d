/** What the files of a service say about its environment, gathered in the order systemd reads them. */
import { normalize } from 'node:path/posix';
import { expandSpecifiers, hasCurlyQuotes, parseEnvironment, readWords, type Specifiers } from './environment.ts';
import { type Assignment, type Problem, parseUnit } from './unit-file.ts';

export interface Layer {
  /** undefined: this layer takes the variable away (reset or unset). */
  value: string | undefined;
  /** The path of the file it stands in. */
  source: string;
  line: number;
  kind: 'Environment' | 'EnvironmentFile' | 'UnsetEnvironment' | 'ExecStart';
  /** Whether this one decides what the process sees. True for one layer, or for none when nothing is set. */
  effective: boolean;
  note?: string;
}

export interface UnitProblem extends Problem {
  path: string;
}

/** A piece of text and where it stands. */
export interface Place {
  text: string;
  source: string;
  line: number;
}

export interface ServiceSettings {
  /** The assignments and resets of the one variable by Environment=. */
  environment: Layer[];
  environmentFiles: (Place & { optional: boolean })[];
  unset: Place[];
  execStart: Place[];
  user: string | undefined;
  problems: UnitProblem[];
}

/** What a setting is read with. */
interface Reading {
  settings: ServiceSettings;
  variable: string;
  specifiers: Specifiers;
  source: string;
}

type Reader = (reading: Reading, assignment: Assignment) => void;

/** Keys of [Service] that matter here; an empty value forgets what came before: systemd.exec(5), systemd.service(5). */
const READERS: Record<string, Reader> = {
  Environment: readEnvironmentLine,
  EnvironmentFile: readEnvironmentFileLine,
  UnsetEnvironment: readUnsetLine,
  ExecStart: ({ settings, source }, { value, line }) => {
    settings.execStart = value === '' ? [] : [...settings.execStart, { text: value, source, line }];
  },
  User: ({ settings, specifiers }, { value }) => {
    settings.user = expandSpecifiers(value, specifiers) || undefined;
  },
};

export function readService(
  sources: { path: string; text: string }[],
  variable: string,
  specifiers: Specifiers,
): ServiceSettings {
  const settings: ServiceSettings = {
    environment: [],
    environmentFiles: [],
    unset: [],
    execStart: [],
    user: undefined,
    problems: [],
  };
  for (const { path, text } of sources) {
    const { assignments, problems } = parseUnit(text);
    settings.problems.push(...problems.map((problem) => ({ ...problem, path })));
    for (const assignment of assignments) {
      if (assignment.section !== 'Service') continue;
      READERS[assignment.key]?.({ settings, variable, specifiers, source: path }, assignment);
    }
  }
  return settings;
}

function complain({ settings, source }: Reading, line: number, problem: Omit<Problem, 'line'>): void {
  settings.problems.push({ ...problem, line, path: source });
}

function readEnvironmentLine(reading: Reading, { value, line }: Assignment): void {
  const { settings, variable, specifiers, source } = reading;
  const layer = { source, line, kind: 'Environment' as const, effective: false };
  if (value === '') {
    // Worth showing only where there was something to forget.
    const note = 'an empty Environment= forgets all before it';
    if (settings.environment.at(-1)?.value !== undefined)
      settings.environment.push({ ...layer, value: undefined, note });
    return;
  }
  const { assignments, complaints } = parseEnvironment(value, specifiers);
  for (const complaint of complaints) complain(reading, line, complaint);
  for (const assignment of assignments) {
    if (assignment.name !== variable) continue;
    settings.environment.push({ ...layer, value: assignment.value });
    if (hasCurlyQuotes(assignment.value)) complain(reading, line, curlyValue(variable, assignment.value));
  }
}

/** config_parse_unit_env_file(): the whole value is one path, quotes belong to it. */
function readEnvironmentFileLine(reading: Reading, { value, line }: Assignment): void {
  const { settings, specifiers, source } = reading;
  if (value === '') {
    settings.environmentFiles = [];
    return;
  }
  const expanded = expandSpecifiers(value, specifiers);
  const path = expanded?.replace(/^-/, '');
  const bad = (message: string) => complain(reading, line, { message, kind: 'bad-syntax' });
  if (path === undefined) bad(`Failed to resolve unit specifiers in '${value}', ignoring: Invalid slot`);
  else if (!path.startsWith('/')) bad(`EnvironmentFile= path is not absolute, ignoring: ${path}`);
  else if (path.split('/').includes('..')) bad(`EnvironmentFile= path is not normalized, ignoring: ${path}`);
  else {
    const text = normalize(path).replace(/(.)\/$/, '$1');
    settings.environmentFiles.push({ text, optional: expanded!.startsWith('-'), source, line });
  }
}

function readUnsetLine(reading: Reading, { value, line }: Assignment): void {
  const { settings, specifiers, source } = reading;
  if (value === '') {
    settings.unset = [];
    return;
  }
  readWords(value, specifiers, {
    word: (text) => {
      if (/^[A-Za-z_][A-Za-z0-9_]*(?:=|$)/.test(text)) settings.unset.push({ text, source, line });
      else {
        const message = `Invalid environment name or assignment UnsetEnvironment, ignoring: ${text}`;
        complain(reading, line, { message, kind: hasCurlyQuotes(text) ? 'curly-quotes' : 'bad-environment' });
      }
    },
    bad: (_, message, kind) => {
      const garbage = `Trailing garbage in UnsetEnvironment, ignoring: ${value}`;
      complain(reading, line, { message: kind === 'bad-syntax' ? garbage : message, kind });
    },
  });
}

/** Not systemd's words: to it such a quote is a letter as any other. */
export const curlyValue = (name: string, value: string): Omit<Problem, 'line'> => ({
  kind: 'curly-quotes',
  message: `Typographic quotes are part of the value: ${name}=${value}`,
});
