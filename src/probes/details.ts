import type { Host } from '../host/host.ts';
import { readLink } from './listeners.ts';
import { type Process, readEnvironment } from './processes.ts';

/** What it takes to start a process anew as it was. */
export interface Details {
  /** The program's file. */
  file: string;
  cwd: string;
  /** The group that its user is in first, where the process itself does not tell. */
  gid?: number;
  /** Undefined where it may not be read. */
  environment: Record<string, string> | undefined;
}

/** The program, folder and environment of a process; undefined when it may not be looked into (other users', without root). */
export function detailsOf(host: Host, process: Process): Promise<Details | undefined> {
  return host.platform === 'darwin' ? fromPrograms(host, process) : fromProc(host, process);
}

async function fromProc(host: Host, { pid }: Process): Promise<Details | undefined> {
  const file = (readLink(host, `/proc/${pid}/exe`) ?? '').replace(/ \(deleted\)$/, '');
  const cwd = readLink(host, `/proc/${pid}/cwd`);
  const environment = readEnvironment(host, pid);
  return environment && file && cwd ? { file, cwd, environment } : undefined;
}

/** The group `staff`, which everybody on a Mac is in first. */
const STAFF = 20;

/** lsof(8) and ps(1) of macOS, which tell it of the user's own processes, and to root of all. */
async function fromPrograms(host: Host, { pid, uid, argv }: Process): Promise<Details | undefined> {
  const [cwd, text, environment, gid] = await Promise.all([
    openFile(host, pid, 'cwd'),
    openFile(host, pid, 'txt'),
    environmentByPs(host, pid, argv),
    groupOf(host, uid),
  ]);
  const file = argv[0]?.startsWith('/') ? argv[0] : text;
  return file === undefined || cwd === undefined ? undefined : { file, cwd, gid, environment };
}

async function groupOf(host: Host, uid: number): Promise<number> {
  if (uid === host.user.uid) return host.user.gid;
  const { code, stdout } = await host.ask(['id', '-g', String(uid)], { timeout: 5000 });
  return code === 0 && /^\d+$/.test(stdout.trim()) ? Number(stdout) : STAFF;
}

async function openFile(host: Host, pid: number, what: 'cwd' | 'txt'): Promise<string | undefined> {
  const argv = ['lsof', '-a', '-p', String(pid), '-d', what, '-F', 'n'];
  const { stdout } = await host.ask(argv, { timeout: 10_000 });
  return /^n(\/.*)$/m.exec(stdout)?.[1];
}

/** `ps -E` prints the environment behind the words; for hardened programs it prints none (kern_sysctl.c in Apple's xnu). */
async function environmentByPs(
  host: Host,
  pid: number,
  argv: readonly string[],
): Promise<Record<string, string> | undefined> {
  const { stdout } = await host.ask(['ps', '-E', '-ww', '-o', 'args=', '-p', String(pid)], { timeout: 10_000 });
  const words = argv.join(' ');
  const line = stdout.trim();
  if (!line.startsWith(`${words} `)) return undefined;
  const variables: [string, string][] = [];
  for (const word of line.slice(words.length + 1).split(' ')) {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
    const last = variables.at(-1);
    if (name !== undefined) variables.push([name, value]);
    else if (last) last[1] += ` ${word}`; // a value with a blank in it
  }
  return variables.length > 0 ? Object.fromEntries(variables) : undefined;
}
