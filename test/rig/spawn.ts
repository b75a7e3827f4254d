import { spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, vi } from 'vitest';

// Processes take what time they take on a busy machine; only one that never ends shall be noticed.
vi.setConfig({ testTimeout: 180_000, hookTimeout: 180_000 });

/** The built program (`npm test` builds it first). */
export const DIST = fileURLToPath(new URL('../../dist', import.meta.url));
export const CLI = join(DIST, 'cli.js');

export interface Spawned {
  exit: number | null;
  stdout: string;
  stderr: string;
}

export interface SpawnMore {
  env?: Record<string, string>;
  cli?: string;
  cwd?: string;
  uid?: number;
}

/** An environment in which nothing of whoever runs the tests has a say. */
const ENV = { PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin', HOME: '/nonexistent' };

/** Runs the program without a terminal, to its end. */
export function cli(
  words: readonly string[],
  { env = {}, cli = CLI, cwd = '/', uid }: SpawnMore = {},
): Promise<Spawned> {
  return new Promise((resolve, reject) => {
    const owner = uid === undefined ? {} : { uid, gid: uid };
    const child = spawn(process.execPath, [cli, ...words], { env: { ...ENV, ...env }, cwd, ...owner });
    const said = { stdout: '', stderr: '' };
    for (const stream of ['stdout', 'stderr'] as const) {
      child[stream].setEncoding('utf8').on('data', (text: string) => {
        said[stream] += text;
      });
    }
    child.stdin.end();
    child.on('error', reject);
    child.on('close', (exit) => resolve({ exit, ...said }));
  });
}

const made: string[] = [];
afterAll(() => {
  for (const dir of made.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** A new folder that goes when the tests of the file are done. */
export function temporaryFolder(): string {
  const dir = mkdtempSync(join(tmpdir(), 'stigmer-test-'));
  chmodSync(dir, 0o755);
  made.push(dir);
  return dir;
}

/** A copy of the built program below `dir`, without the parts that `leave` names. */
export function copyOfProgram(dir: string, leave: (name: string) => boolean = () => false): string {
  const dist = join(dir, 'dist');
  cpSync(DIST, dist, { recursive: true, filter: (path) => !leave(path.slice(DIST.length + 1)) });
  return join(dist, 'cli.js');
}

/** Writes files (text), folders (null) and links ({ to }) below a folder. */
export function build(dir: string, tree: Record<string, string | null | { to: string }>): void {
  for (const [name, what] of Object.entries(tree)) {
    const path = join(dir, name);
    mkdirSync(what === null ? path : dirname(path), { recursive: true, mode: 0o755 });
    if (typeof what === 'string') writeFileSync(path, what, { mode: 0o644 });
    else if (what !== null) symlinkSync(what.to, path);
  }
}

/** All that is below a folder, with bytes, modes, owners and the targets of links. */
export function tree(dir: string, at = ''): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of readdirSync(join(dir, at)).sort()) {
    const path = `${at}/${name}`;
    const stat = lstatSync(join(dir, path));
    const owner = `${(stat.mode & 0o7777).toString(8)} ${stat.uid}:${stat.gid}`;
    if (stat.isDirectory()) Object.assign(found, { [path]: `folder ${owner}` }, tree(dir, path));
    else if (stat.isSymbolicLink()) found[path] = `link ${readlinkSync(join(dir, path))}`;
    else found[path] = `file ${owner} ${JSON.stringify(readFileSync(join(dir, path), 'latin1'))}`;
  }
  return found;
}
