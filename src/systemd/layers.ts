/**
 * Which setting of a variable wins in a service, and what the others are. The order, weak to strong, is that of
 * systemd.exec(5), "Environment Variables in Spawned Processes", and exec_child() in systemd's src/core/execute.c:
 * Environment=, EnvironmentFile=, UnsetEnvironment=, and then what the command line itself sets.
 */
import { basename } from 'node:path/posix';
import type { Files } from '../host/host.ts';
import { type Command, splitCommand, splitCommands } from './command.ts';
import type { UnitFiles } from './drop-ins.ts';
import { hasCurlyQuotes, type Specifiers, unitSpecifiers } from './environment.ts';
import { invalidAssignments, parseEnvironmentFile } from './environment-file.ts';
import { expandPath } from './glob.ts';
import { curlyValue, type Layer, type Place, readService, type ServiceSettings, type UnitProblem } from './service.ts';
import { inByteOrder } from './unit-name.ts';
import { wrapperSets } from './wrapper.ts';

export { type Layer, splitCommand, type UnitProblem };

export interface EnvironmentFileUse {
  /** A file, or the pattern itself when nothing matches it. */
  path: string;
  optional: boolean;
  readable: boolean;
  exists: boolean;
}

export interface UnitEnvironment {
  /** Weak to strong; within a kind in the order systemd applies them. */
  layers: Layer[];
  value: string | undefined;
  problems: UnitProblem[];
  environmentFiles: EnvironmentFileUse[];
  /** The entries of UnsetEnvironment=. */
  unset: string[];
  /** The commands in effect as written, with their prefixes, and their words. */
  execStart: string[];
  execCommands: string[][];
  user: string | undefined;
  /** Unit files and drop-ins that this process may not read; then the rest is only part of the truth. */
  unreadable: string[];
}

export interface ExtraDropIn {
  path: string;
  text: string;
}

/**
 * Models `variable` in the service. `extra` adds a drop-in to the model, or replaces the one of that file name, so
 * that a plan can be judged before it is written. Specifiers that follow from the unit's name need not be given.
 */
export function readEnvironment(
  files: Files,
  unit: UnitFiles,
  variable: string,
  specifiers: Specifiers,
  extra?: ExtraDropIn,
): UnitEnvironment {
  const all = { ...unitSpecifiers(unit.unit), ...specifiers };
  const { sources, unreadable } = readSources(files, unit, extra);
  const settings = readService(sources, variable, all);
  const fromFiles = readEnvironmentFiles(files, unit.root ?? '', settings, variable);
  const commands = settings.execStart.map((place) => ({ ...place, commands: splitCommands(place.text, all) }));
  const layers = [...settings.environment, ...fromFiles.layers, ...unsetLayers(settings.unset, variable)];
  layers.push(...wrapperLayers(commands, variable, decide(layers)?.value));
  const winner = decide(layers);
  if (winner) winner.effective = true;
  return {
    layers,
    value: winner?.value,
    problems: [...settings.problems, ...fromFiles.problems],
    environmentFiles: fromFiles.uses,
    unset: settings.unset.map(({ text }) => text),
    execStart: settings.execStart.map(({ text }) => text),
    execCommands: commands.flatMap((line) => line.commands.map(({ argv }) => argv)),
    user: settings.user,
    unreadable,
  };
}

/** The main file and then the drop-ins, by file name. Masks hold nothing, so they need no care here. */
function readSources(files: Files, unit: UnitFiles, extra?: ExtraDropIn) {
  const dropIns = new Map(unit.dropIns.map((path) => [basename(path), path]));
  if (extra) dropIns.set(basename(extra.path), extra.path);
  const order = inByteOrder([...dropIns.keys()]).map((name) => dropIns.get(name)!);
  const sources: ExtraDropIn[] = [];
  const unreadable: string[] = [];
  for (const path of unit.fragment === undefined ? order : [unit.fragment, ...order]) {
    const text = path === extra?.path ? extra.text : readText(files, path);
    if (text === null) unreadable.push(path);
    else if (text !== undefined) sources.push({ path, text });
  }
  return { sources, unreadable };
}

/** undefined: not there; null: may not be read. */
function readText(files: Files, path: string): string | undefined | null {
  try {
    return files.text(path);
  } catch {
    return null;
  }
}

/** exec_context_load_environment() in systemd's src/core/execute.c. */
function readEnvironmentFiles(files: Files, root: string, settings: ServiceSettings, variable: string) {
  const layers: Layer[] = [];
  const uses: EnvironmentFileUse[] = [];
  const problems: UnitProblem[] = [];
  for (const { text: pattern, optional } of settings.environmentFiles) {
    const paths = expandPath(files, root + pattern);
    if (paths.length === 0) uses.push({ path: root + pattern, optional, readable: false, exists: false });
    for (const path of paths) {
      const text = readText(files, path);
      uses.push({ path, optional, readable: typeof text === 'string', exists: text !== undefined });
      if (typeof text !== 'string') continue;
      problems.push(...fileProblems(path, text, variable));
      for (const { name, value, line } of parseEnvironmentFile(text)) {
        if (name === variable) layers.push({ value, source: path, line, kind: 'EnvironmentFile', effective: false });
      }
    }
  }
  return { layers, uses, problems };
}

function fileProblems(path: string, text: string, variable: string): UnitProblem[] {
  const problems: UnitProblem[] = invalidAssignments(text).map(({ name, value, line }) => {
    const assignment = `${name}=${value}`;
    const message = `Ignoring invalid environment assignment '${assignment}': ${path}`;
    return { path, line, message, kind: hasCurlyQuotes(assignment) ? 'curly-quotes' : 'bad-environment' };
  });
  for (const { name, value, line } of parseEnvironmentFile(text)) {
    if (name === variable && hasCurlyQuotes(value)) problems.push({ path, line, ...curlyValue(name, value) });
  }
  return problems;
}

function unsetLayers(unset: Place[], variable: string): Layer[] {
  const kind = 'UnsetEnvironment';
  return unset
    .filter(({ text }) => text === variable || text.startsWith(`${variable}=`))
    .map(({ text, source, line }) => ({ value: undefined, source, line, kind, effective: false, note: text }));
}

function wrapperLayers(
  lines: (Place & { commands: Command[] })[],
  variable: string,
  before: string | undefined,
): Layer[] {
  return lines.flatMap(({ source, line, commands }) =>
    commands.flatMap((command): Layer[] => {
      const wrapped = wrapperSets(command, variable, before);
      if (!wrapped) return [];
      const note = wrapped.value === undefined ? `${wrapped.by} takes it away` : `set by ${wrapped.by}`;
      return [{ value: wrapped.value, source, line, kind: 'ExecStart', effective: false, note }];
    }),
  );
}

/** Goes through the layers as systemd does and returns the one that has the last word. */
function decide(layers: Layer[]): Layer | undefined {
  let winner: Layer | undefined;
  for (const layer of layers) {
    // `NAME=VALUE` unsets only that very value: env_match() in systemd's src/basic/env-util.c.
    const entry = layer.kind === 'UnsetEnvironment' ? (layer.note ?? '') : '';
    const only = entry.includes('=') ? entry.slice(entry.indexOf('=') + 1) : undefined;
    if (only === undefined || (winner && winner.value === only)) winner = layer;
  }
  return winner;
}
