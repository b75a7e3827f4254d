import type { Host } from '../host/host.ts';
import type { Process } from './processes.ts';

/**
 * A running process as ps tells it, which on macOS it does for the processes of every user. What it does not tell is
 * empty here, and -1 for the group.
 */
export interface PsProcess extends Process {
  /** The words of the process joined by blanks: where one ends cannot be told from a blank in it. */
  args: string;
}

/** One `-o` for each: in POSIX's reading of `pid=,ppid=` the rest of the word is the first column's title. */
const COLUMNS = ['pid', 'ppid', 'uid', 'args'].flatMap((name) => ['-o', `${name}=`]);

/** Every process, or those of `pids` that there are. */
export async function askPs(host: Host, pids?: readonly number[]): Promise<PsProcess[]> {
  if (pids?.length === 0) return [];
  const which = pids === undefined ? ['-axww', ...COLUMNS] : ['-ww', ...COLUMNS, '-p', pids.join(',')];
  return parsePs((await host.ask(['ps', ...which], { timeout: 10_000 })).stdout);
}

/**
 * Reads `ps -o pid= -o ppid= -o uid= -o args=`. Left out are zombies and processes on their way in or out, whose words
 * ps could not read: it prints `<defunct>`, or the name of the program in parentheses (print.c in Apple's adv_cmds).
 */
export function parsePs(stdout: string): PsProcess[] {
  return stdout.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(-?\d+) (.*)$/.exec(line);
    if (!match) return [];
    const [, pid, ppid, uid, args = ''] = match;
    if (args.trim() === '' || /^(?:<defunct>|\(.*\))\s*$/.test(args)) return [];
    return [toProcess(Number(pid), Number(ppid), Number(uid), args.trimEnd())];
  });
}

function toProcess(pid: number, ppid: number, uid: number, args: string): PsProcess {
  const argv = argvOf(args);
  const comm = argv[0]!.slice(argv[0]!.lastIndexOf('/') + 1);
  return { pid, ppid, uid, gid: -1, groups: [], argv, comm, cgroup: '', nested: false, zombie: false, args };
}

/** The words of a line, split at blanks: right only as long as no word holds one. */
export function wordsOf(args: string): string[] {
  return args.split(' ').filter(Boolean);
}

/** The words of a line, with the program in one piece where it is known how its path ends. */
function argvOf(args: string): string[] {
  const folder = serverFolder(args);
  return folder === undefined ? wordsOf(args) : [`${folder}ollama`, ...wordsOf(args.slice(`${folder}ollama`.length))];
}

/**
 * The path before the program of an Ollama server, with its last slash; undefined for another program. A path may hold
 * blanks. What looks like a second path or an option before it makes the line another program's, which only speaks of
 * Ollama: `sudo /usr/local/bin/ollama serve`.
 */
function serverFolder(args: string): string | undefined {
  const folder = /^(|.*?\/)ollama (?:serve|start)(?: |$)/.exec(args)?.[1];
  if (folder === undefined || !folder.includes(' ')) return folder;
  return /^\.{0,2}\//.test(folder) && !/ (?:\.{0,2}\/|-)/.test(folder) ? folder : undefined;
}
