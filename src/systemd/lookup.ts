/** The folders of units and what stands in them: unit_file_build_name_map() in systemd's src/basic/unit-file.c. */
import { basename, dirname, join } from 'node:path/posix';
import type { Files } from '../host/host.ts';
import { type Scope, unitDirectories } from './directories.ts';
import { isServiceName, parseName } from './unit-name.ts';

/** The unit directories with their contents, each read once. */
export interface Lookup {
  files: Files;
  root: string;
  directories: string[];
  /** The names in each directory, for directories that have any. */
  contents: Map<string, Set<string>>;
  /** The directories under every path they go by, to tell an alias from a link that leads elsewhere. */
  known: Set<string>;
}

export function openLookup(files: Files, scope: Scope): Lookup {
  const directories = unitDirectories(scope, files);
  const contents = new Map<string, Set<string>>();
  const known = new Set(directories);
  for (const directory of directories) {
    const names = files.list(directory);
    if (names.length === 0) continue;
    contents.set(directory, new Set(names));
    known.add(quiet(() => files.real(directory)) ?? directory);
  }
  // A merged /usr hides this one from the list, but links may still be written with it.
  if (scope.manager === 'system') known.add(`${scope.root ?? ''}/lib/systemd/system`);
  return { files, root: (scope.root ?? '').replace(/\/+$/, ''), directories, contents, known };
}

/** A unit file, or another name for one. */
export type Entry = { path: string } | { alias: string };

/** What an entry of a unit directory is; undefined for links that systemd passes over. */
export function readEntry(lookup: Lookup, directory: string, unit: string): Entry | undefined {
  const path = join(directory, unit);
  const target = linkTarget(lookup, path);
  if (target === undefined || !inUnitDirectory(lookup, target)) return { path };
  const alias = basename(target);
  return mayAlias(unit, alias) ? { alias } : undefined;
}

/** Where a link points as an absolute path, with the root in front. */
function linkTarget({ files, root }: Lookup, path: string): string | undefined {
  const written = quiet(() => files.link(path));
  if (written === undefined) return undefined;
  const target = written.startsWith('/') ? join(root || '/', written) : join(dirname(path), written);
  const directory = quiet(() => files.real(dirname(target)));
  return directory === undefined ? target : join(directory, basename(target));
}

function inUnitDirectory({ known }: Lookup, path: string): boolean {
  for (let directory = dirname(path); directory !== '/' && directory !== '.'; directory = dirname(directory)) {
    if (known.has(directory)) return true;
  }
  return false;
}

/** unit_validate_alias_symlink_or_warn(): both plain, templates or the same instance, or an instance of a template. */
function mayAlias(unit: string, target: string): boolean {
  if (unit === target || !isServiceName(target)) return false;
  const from = parseName(unit).instance;
  const to = parseName(target).instance;
  return from === to || (Boolean(from) && to === '');
}

/** What may not be looked at counts as not there: the search goes on. */
export function quiet<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch {
    return undefined;
  }
}
