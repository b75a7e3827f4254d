import type { Host } from '../host/host.ts';
import { mustAnswer } from './ask.ts';
import { program } from './system.ts';

/** A process as tasklist.exe tells it to every user: no path, no words, no parent. */
export interface Task {
  /** The name of its program's file, such as `ollama app.exe`. */
  image: string;
  pid: number;
  /** Whose desktop it belongs to; 0 is that of services, and of whoever came by ssh. */
  session: number;
}

/**
 * Every process, this program itself among them: an answer without it is not whole.
 * @throws CommandError when there is none: nothing can be said then of who runs
 */
export async function askTasks(host: Host): Promise<Task[]> {
  const isWhole = (stdout: string) => parseTasks(stdout).some(({ pid }) => pid === host.pid);
  return parseTasks(await mustAnswer(host, [program(host, 'tasklist'), '/FO', 'CSV', '/NH'], 15_000, isWhole));
}

/** Reads `tasklist /FO CSV /NH`. What it says where there is nothing is translated, and does not begin with a quote. */
export function parseTasks(stdout: string): Task[] {
  return stdout.split(/\r?\n/).flatMap((line) => {
    const [, image = '', pid, session] = /^"((?:[^"]|"")*)","(\d+)","[^"]*","(\d+)"/.exec(line) ?? [];
    return pid === undefined
      ? []
      : [{ image: image.replaceAll('""', '"'), pid: Number(pid), session: Number(session) }];
  });
}

/** The processes of a program; the names of files are the same in upper and lower case. */
export function named(tasks: readonly Task[], image: string): Task[] {
  return tasks.filter((task) => task.image.toLowerCase() === image.toLowerCase());
}

/** The session that this program runs in; undefined when it is not told. */
export function ownSession({ pid }: Host, tasks: readonly Task[]): number | undefined {
  return tasks.find((task) => task.pid === pid)?.session;
}
