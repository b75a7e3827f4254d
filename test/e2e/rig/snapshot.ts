import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Path to `type mode uid gid sha256` (or the link's target, or `-`). */
export type Snapshot = Map<string, string>;

/** The name of the file with which `fillDisk` fills a disk. */
export const FILLER = '.rig-filler';

/** Names that a snapshot leaves out: the rig's own filler. A booted systemd changes nothing in /etc. */
const IGNORED = new Set([FILLER]);

/** Everything below a folder of a host. `outside` is where this machine sees `dir`. */
export function snapshot(dir: string, outside: string): Snapshot {
  const entries: Snapshot = new Map();
  const walk = (name: string, real: string): void => {
    entries.set(name, describe(real));
    if (!lstatSync(real).isDirectory()) return;
    for (const child of readdirSync(real).sort()) if (!IGNORED.has(child)) walk(`${name}/${child}`, `${real}/${child}`);
  };
  walk(dir, outside);
  return entries;
}

/** The differences in words, one a path, in the order of the paths; empty when both are equal. */
export function diffSnapshots(before: Snapshot, after: Snapshot): string[] {
  const paths = [...new Set([...before.keys(), ...after.keys()])].sort();
  return paths.flatMap((path) => {
    const [was, is] = [before.get(path), after.get(path)];
    if (was === is) return [];
    if (was === undefined) return [`added ${path}: ${is}`];
    return is === undefined ? [`removed ${path}: ${was}`] : [`changed ${path}: ${was} -> ${is}`];
  });
}

function describe(file: string): string {
  const stat = lstatSync(file);
  const owner = `${(stat.mode & 0o7777).toString(8).padStart(4, '0')} ${stat.uid} ${stat.gid}`;
  if (stat.isSymbolicLink()) return `link ${owner} ${readlinkSync(file)}`;
  if (stat.isFile()) return `file ${owner} ${createHash('sha256').update(readFileSync(file)).digest('hex')}`;
  return `${stat.isDirectory() ? 'directory' : 'other'} ${owner} -`;
}
