import { FileError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { askTasks } from '../windows/tasks.ts';
import { askNetstatAno } from './netstat-ano.ts';
import { askPs } from './ps.ts';

/**
 * A running process as /proc tells it (proc(5)), or as far as ps(1) does: that knows neither groups nor control groups,
 * and its words are split at blanks. Only what every user may read, unless said otherwise.
 */
export interface Process {
  pid: number;
  ppid: number;
  uid: number;
  gid: number;
  /** Supplementary groups. */
  groups: number[];
  argv: string[];
  /** The name of the program, at most 15 bytes. */
  comm: string;
  /** The control group below the hierarchy that systemd manages, such as /system.slice/x.service. */
  cgroup: string;
  /** True when it lives in a pid namespace below ours, as the processes of containers do. */
  nested: boolean;
  zombie: boolean;
}

/** Reads one process; undefined when it is gone, is a kernel thread, or is hidden from this user. */
export function readProcess(host: Host, pid: number): Process | undefined {
  const cmdline = read(host, `/proc/${pid}/cmdline`);
  if (!cmdline) return undefined;
  const status = read(host, `/proc/${pid}/status`) ?? '';
  const field = (name: string) => new RegExp(`^${name}:[ \\t]*(.*)$`, 'm').exec(status)?.[1] ?? '';
  return {
    pid,
    ppid: Number(field('PPid')),
    uid: Number(field('Uid').split(/\s+/)[1] ?? -1),
    gid: Number(field('Gid').split(/\s+/)[1] ?? -1),
    groups: field('Groups').split(/\s+/).filter(Boolean).map(Number),
    argv: cmdline.replace(/\0+$/, '').split('\0'),
    comm: field('Name'),
    cgroup: controlGroup(read(host, `/proc/${pid}/cgroup`) ?? ''),
    nested: field('NSpid').split(/\s+/).length > 1,
    zombie: field('State').startsWith('Z'),
  };
}

/** Every running process whose command line `matches`, but this program itself. */
export async function findProcesses(host: Host, matches: (argv: string[]) => boolean): Promise<Process[]> {
  if (host.platform === 'win32')
    return (await askWindows(host)).filter(({ pid, argv }) => pid !== host.pid && matches(argv));
  if (host.platform !== 'darwin') return findInProc(host, matches);
  return (await askPs(host)).filter(({ pid, argv }) => pid !== host.pid && matches(argv));
}

/**
 * Windows tells the words of processes only by way of programs that take about a second to start. So one that listens is
 * taken for a server, `serve`, which none but servers and what they start do; of the others the name is all there is.
 */
async function askWindows(host: Host): Promise<Process[]> {
  const [tasks, listeners] = await Promise.all([askTasks(host), askNetstatAno(host)]);
  const serving = new Set(listeners.map(({ pid }) => pid));
  return tasks.map(({ image, pid }) => ({
    pid,
    ppid: 0,
    uid: -1,
    gid: -1,
    groups: [],
    argv: [image.replace(/\.exe$/i, ''), ...(serving.has(pid) ? ['serve'] : [])],
    comm: image,
    cgroup: '',
    nested: false,
    zombie: false,
  }));
}

/** The same out of /proc: whoever does not match is passed over without reading more of him. */
export function findInProc(host: Host, matches: (argv: string[]) => boolean): Process[] {
  const found: Process[] = [];
  for (const name of host.files.list('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === host.pid) continue;
    const cmdline = read(host, `/proc/${pid}/cmdline`);
    if (!cmdline || !matches(cmdline.replace(/\0+$/, '').split('\0'))) continue;
    const process = readProcess(host, pid);
    if (process && !process.zombie) found.push(process);
  }
  return found;
}

/** The environment that the process was started with; undefined when it may not be read (other users', without root). */
export function readEnvironment(host: Host, pid: number): Record<string, string> | undefined {
  const text = read(host, `/proc/${pid}/environ`);
  if (text === undefined) return undefined;
  const pairs = text.split('\0').filter((pair) => pair.includes('='));
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** The processes in a control group, by way of the cgroup file system (v2, hybrid or v1). */
export function processesOf(host: Host, cgroup: string): number[] {
  if (!cgroup || cgroup === '/') return [];
  for (const mount of ['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified']) {
    const text = read(host, `${mount}${cgroup}/cgroup.procs`);
    if (text) return text.trim().split('\n').map(Number);
  }
  return [];
}

/** systemd's own hierarchy is `name=systemd` on cgroup v1 and hybrid hosts, the unnamed one on v2 (cgroups(7)). */
function controlGroup(text: string): string {
  const lines = text.split('\n').map((line) => line.split(':'));
  const line = lines.find(([, name]) => name === 'name=systemd') ?? lines.find(([id]) => id === '0');
  return line?.slice(2).join(':') ?? '';
}

/** A file below /proc; processes end while one looks, and some files are their owner's only. */
function read(host: Host, path: string): string | undefined {
  try {
    return host.files.text(path);
  } catch (error) {
    if (error instanceof FileError) return undefined;
    throw error;
  }
}
