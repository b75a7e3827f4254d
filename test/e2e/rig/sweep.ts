import { existsSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { outside, signalProcess, sleep } from './outside.ts';
import { HOSTS, names, ownerOf, PREFIX } from './places.ts';

/** The folders below which control groups live on this machine: one, or two where version 1 is mounted beside version 2. */
export function cgroupRoots(): string[] {
  return mounts()
    .filter(
      (mount) => mount.type === 'cgroup2' || (mount.type === 'cgroup' && /(^|,)name=systemd(,|$)/.test(mount.options)),
    )
    .map((mount) => mount.target);
}

/** Removes every trace of the hosts whose names `chosen` picks: processes, namespaces, mounts, control groups, folders. */
export async function sweep(chosen: (name: string) => boolean): Promise<string[]> {
  const found = [HOSTS, '/run/netns', ...cgroupRoots()].flatMap(names).filter((name) => name.startsWith(PREFIX));
  const hosts = [...new Set(found.map((name) => name.replace(/\.peer\d+$/, '')))].filter(chosen);
  for (const host of hosts) await removeHost(host);
  return hosts;
}

/** Picks the names that belong to a run that `run` picks. */
export function ofRun(run: (key: string) => boolean): (name: string) => boolean {
  return (name) => {
    const key = ownerOf(name);
    return key !== undefined && run(key);
  };
}

/** Kills what runs in one host and removes all that it left on this machine. */
export async function removeHost(name: string): Promise<void> {
  await killGroups(name);
  for (const netns of names('/run/netns').filter((each) => each === name || each.startsWith(`${name}.peer`))) {
    const inside = (await outside(['ip', 'netns', 'pids', netns])).stdout.split('\n').filter(Boolean).map(Number);
    for (const pid of inside) signalProcess(pid, 'SIGKILL');
    await outside(['ip', 'netns', 'del', netns]);
  }
  const dir = `${HOSTS}/${name}`;
  for (const target of mountsBelow(dir).reverse()) {
    const tried = await outside(['umount', target]);
    if (tried.code !== 0) await outside(['umount', '--lazy', target]);
  }
  for (const root of cgroupRoots()) removeGroup(`${root}/${name}`);
  rmSync(`/run/systemd/nspawn/propagate/${name}`, { recursive: true, force: true });
  // Without the mounts this folder is nearly empty; should one still be there, nothing below it may be deleted.
  if (mountsBelow(dir).length === 0) rmSync(dir, { recursive: true, force: true });
}

/** The rig's traces of one host (or of all), in words; empty when nothing is left. */
export function traces(name = PREFIX): string[] {
  return [
    ...mountsBelow(`${HOSTS}/${name}`).map((target) => `mount ${target}`),
    ...names('/run/netns')
      .filter((each) => each.startsWith(name))
      .map((each) => `namespace ${each}`),
    ...cgroupRoots().flatMap((root) =>
      names(root)
        .filter((each) => each.startsWith(name))
        .map((each) => `${root}/${each}`),
    ),
    ...names(HOSTS)
      .filter((each) => each.startsWith(name))
      .map((each) => `folder ${each}`),
    ...names('/run/systemd/nspawn/propagate')
      .filter((each) => each.startsWith(name))
      .map((each) => `propagate ${each}`),
    ...names('/proc')
      .filter((pid) => /^\d+$/.test(pid) && commandLine(pid).includes(`--machine=${name}`))
      .map((pid) => `process ${pid}`),
  ];
}

async function killGroups(name: string): Promise<void> {
  for (let round = 0; round < 200; round += 1) {
    const pids = new Set(cgroupRoots().flatMap((root) => members(`${root}/${name}`)));
    if (pids.size === 0) return;
    for (const pid of pids) signalProcess(pid, 'SIGKILL');
    await sleep(20);
  }
  throw new Error(`processes of ${name} survive SIGKILL`);
}

function members(group: string): number[] {
  if (!existsSync(`${group}/cgroup.procs`)) return [];
  const own = readFileSync(`${group}/cgroup.procs`, 'utf8').split('\n').filter(Boolean).map(Number);
  return [...own, ...subgroups(group).flatMap(members)].filter((pid) => pid > 0);
}

function removeGroup(group: string): void {
  if (!existsSync(group)) return;
  for (const below of subgroups(group)) removeGroup(below);
  rmdirSync(group);
}

function subgroups(group: string): string[] {
  return names(group)
    .map((name) => `${group}/${name}`)
    .filter((each) => existsSync(`${each}/cgroup.procs`));
}

function mountsBelow(dir: string): string[] {
  return mounts()
    .map((mount) => mount.target)
    .filter((target) => target === dir || target.startsWith(dir.endsWith('-') ? dir : `${dir}/`));
}

function mounts(): { target: string; type: string; options: string }[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n').filter(Boolean);
  return lines.map((line) => {
    const [, target, type, options] = line.split(' ');
    return { target: target!, type: type!, options: options! };
  });
}

function commandLine(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
  } catch {
    return '';
  }
}
