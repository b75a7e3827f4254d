import { closeSync, openSync, writeSync } from 'node:fs';
import type { TestHost } from './host.ts';
import { FILLER } from './snapshot.ts';

/** Mounts a small disk of its own at a folder inside the host. With `copy`, what was there is there again. */
export async function mountTmpfs(
  host: TestHost,
  dir: string,
  megabytes: number,
  options: { copy?: boolean } = {},
): Promise<void> {
  if (!host.exists(dir)) host.makeDirectory(dir);
  const stat = host.stat(dir)!;
  const owner = `mode=${(stat.mode & 0o7777).toString(8)},uid=${stat.uid},gid=${stat.gid}`;
  const aside = `/run/rig-copy-${Date.now()}`;
  if (options.copy) await host.must(['cp', '-a', dir, aside]);
  await host.must(['mount', '-t', 'tmpfs', '-o', `size=${Math.round(megabytes * 1024)}k,${owner}`, 'rig-disk', dir]);
  if (!options.copy) return;
  await host.must(['cp', '-a', `${aside}/.`, dir]);
  host.remove(aside);
}

/** Makes a file or folder read-only inside the host, as an immutable system has it: writing fails with EROFS. */
export async function remountReadOnly(host: TestHost, target: string): Promise<void> {
  await host.must(['mount', '--bind', target, target]);
  await host.must(['mount', '-o', 'remount,bind,ro', target]);
}

/** Takes away the topmost mount at a folder of the host (what `remountReadOnly` or `mountTmpfs` put there). */
export async function unmount(host: TestHost, target: string): Promise<void> {
  await host.must(['umount', '--lazy', target]);
}

/** Writes to the disk mounted at `dir` until not one byte more fits. Resolves with a function that makes room again. */
export async function fillDisk(host: TestHost, dir: string): Promise<() => void> {
  const mounted = await host.run(['mountpoint', '-q', dir]);
  if (mounted.code !== 0) throw new Error(`${dir} is no disk of its own: mountTmpfs first`);
  const file = `${dir}/${FILLER}`;
  const descriptor = openSync(host.outsidePath(file), 'w', 0o600);
  const block = Buffer.alloc(64 * 1024);
  try {
    for (;;) writeSync(descriptor, block);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
  } finally {
    closeSync(descriptor);
  }
  return () => host.remove(file);
}
