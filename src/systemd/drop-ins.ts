/**
 * Which files make up a unit: systemd.unit(5), unit_file_build_name_map() in systemd's src/basic/unit-file.c and
 * unit_file_find_dropin_paths() in src/shared/dropin.c.
 */
import { basename, join } from 'node:path/posix';
import type { Files } from '../host/host.ts';
import { type Scope, unitDirectories } from './directories.ts';
import { type Entry, type Lookup, openLookup, quiet, readEntry } from './lookup.ts';
import { dropInFolders, inByteOrder, instantiate, isServiceName, parseName, templateOf } from './unit-name.ts';

export { type Scope, unitDirectories };

export interface UnitFiles {
  /** The unit's main name, which systemd shows as its Id: what an alias leads to. */
  unit: string;
  /** Its main file, if any; for a masked unit the masking link or empty file. */
  fragment: string | undefined;
  masked: boolean;
  /** The drop-ins in the order they are applied, masking links and empty files included, as DropInPaths= shows them. */
  dropIns: string[];
  /** All its names, the main one first. */
  names: string[];
  /** The root these paths lie below, when it is not that of this machine. */
  root?: string;
}

const FOLLOW_MAX = 8;

export function findUnit(files: Files, scope: Scope, unit: string): UnitFiles {
  const lookup = openLookup(files, scope);
  const fragment = findFragment(lookup, unit) ?? viaTemplate(lookup, unit);
  const { instance } = parseName(unit);
  const main = fragment === undefined ? unit : instantiate(basename(fragment), instance);
  const names = [...new Set([main, unit, ...aliases(lookup, fragment, instance)])];
  return {
    unit: main,
    fragment,
    masked: fragment !== undefined && isMask(lookup, fragment),
    // Without a main file systemd knows no such unit and reads no drop-ins.
    dropIns: fragment === undefined ? [] : findDropIns(lookup, names),
    names,
    ...(lookup.root && { root: lookup.root }),
  };
}

/**
 * Every service there is a file for, under its own name (aliases are left out, masked ones not), with the strongest
 * path of each. `wanted` spares the look at links of names that do not matter.
 */
export function listUnits(
  files: Files,
  scope: Scope,
  wanted: (unit: string) => boolean = () => true,
): { unit: string; path: string }[] {
  const lookup = openLookup(files, scope);
  const units = new Map<string, string>();
  const aliased = new Set<string>();
  for (const [directory, names] of lookup.contents) {
    for (const unit of names) {
      if (!isServiceName(unit) || units.has(unit) || aliased.has(unit) || !wanted(unit)) continue;
      const entry = readEntry(lookup, directory, unit);
      if (entry === undefined) continue;
      if ('alias' in entry) aliased.add(unit);
      else units.set(unit, entry.path);
    }
  }
  return [...units].map(([unit, path]) => ({ unit, path }));
}

/** The main file of a name, through aliases. */
function findFragment(lookup: Lookup, unit: string): string | undefined {
  let name = unit;
  for (let hop = 0; hop < FOLLOW_MAX; hop++) {
    const template = hop > 0 ? templateOf(name) : undefined;
    const entry = findEntry(lookup, name) ?? (template && findEntry(lookup, template));
    if (!entry) return undefined;
    if ('path' in entry) return entry.path;
    name = entry.alias;
  }
  return undefined;
}

function viaTemplate(lookup: Lookup, unit: string): string | undefined {
  const template = templateOf(unit);
  return template && findFragment(lookup, template);
}

function findEntry(lookup: Lookup, unit: string): Entry | undefined {
  for (const [directory, names] of lookup.contents) {
    const entry = names.has(unit) ? readEntry(lookup, directory, unit) : undefined;
    if (entry) return entry;
  }
  return undefined;
}

/**
 * The other names of a main file, as far as they matter: only names that bring drop-in folders of their own are
 * looked at, for the links of all units are many.
 */
function aliases(lookup: Lookup, fragment: string | undefined, instance: string | undefined): string[] {
  if (fragment === undefined) return [];
  const entries = new Set([...lookup.contents.values()].flatMap((names) => [...names]));
  const folders = new Set([...entries].filter((name) => name.endsWith('.service.d')));
  if (folders.size === 0) return [];
  const brings = (name: string) => dropInFolders(name).some((folder) => folders.has(folder));
  return [...entries]
    .filter((name) => name !== basename(fragment) && isServiceName(name))
    .map((name) => ({ name, full: instantiate(name, instance) }))
    .filter(({ name, full }) => brings(full) && findFragment(lookup, name) === fragment)
    .map(({ full }) => full)
    .filter((full) => parseName(full).instance === instance);
}

/** null_or_empty_path() in systemd's src/basic/stat-util.c; needs no right to read the file. */
function isMask({ files }: Lookup, path: string): boolean {
  const real = quiet(() => files.real(path));
  if (real === '/dev/null' || quiet(() => files.link(path)) === '/dev/null') return true;
  const stat = real === undefined ? undefined : quiet(() => files.stat(real));
  return stat?.kind === 'file' && stat.size === 0;
}

/** Over all folders by file name in byte order; of equal names that of the strongest folder. */
function findDropIns(lookup: Lookup, names: string[]): string[] {
  const found = new Map<string, string>();
  const seen = new Set<string>();
  const add = (folderNames: string[]) => {
    for (const [directory, contents] of lookup.contents) {
      for (const folder of folderNames) {
        const path = join(directory, folder);
        if (!contents.has(folder) || seen.has(path)) continue;
        seen.add(path);
        for (const file of lookup.files.list(path)) {
          if (file.endsWith('.conf') && !file.startsWith('.') && !found.has(file)) found.set(file, join(path, file));
        }
      }
    }
  };
  for (const name of names) add(dropInFolders(name));
  // The weakest of all, for every service: systemd.unit(5), "top-level drop-in".
  add(['service.d']);
  return inByteOrder([...found.keys()]).map((file) => found.get(file)!);
}
