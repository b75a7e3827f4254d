import { FileError } from '../errors.ts';
import type { Host, RunResult } from '../host/host.ts';
import { askNetstatAno } from '../probes/netstat-ano.ts';
import { environmentOf, type Surroundings } from '../windows/environment.ts';
import { commandLineOf, program } from '../windows/system.ts';
import { askTasks, named, ownSession, type Task } from '../windows/tasks.ts';

/**
 * Ends a program of this desktop with the servers that it runs, and starts it anew, as data. Windows tells nobody how a
 * process was started, so they are known by the names of their files and by what they do. By the time of the start the
 * registry holds what was changed: the environment is made of it then, and no value of the user's has to be kept here.
 */
export interface RelaunchAct {
  type: 'relaunch';
  id: string;
  title: string;
  /** The file name of the program with a window, which is asked to close it; null for a server without such a program. */
  app: string | null;
  servers: ServersOf;
  /** Milliseconds that all of them get to end by themselves. */
  grace: number;
  /** Null leaves it at the end. */
  start: Start | null;
}

/** The servers of a program, by the file name of theirs. */
export interface ServersOf {
  image: string;
  /** The file in which the program notes its server's process; where it names one that lives, that is the only one. */
  pidFile: string | null;
  /** Else whoever listens on one of these ports. */
  ports: number[];
  /** The file that names one which is not meant. */
  spare: string | null;
}

export interface Start {
  file: string;
  args: string[];
  cwd: string;
  environment: Surroundings;
  logFile: string;
}

/** Milliseconds between two looks: each takes two programs. */
const PAUSE = 200;
/** What is ended by force is gone at once, unless it waits for a driver: so long may pass without one less of them. */
const FORCED = 10_000;

/** Does it. Throws FileError EBUSY when something does not end, or whatever its start fails with. */
export async function applyRelaunch(host: Host, act: RelaunchAct): Promise<void> {
  const before = await membersOf(host, act);
  const asked = await Promise.all(before.apps.map((task) => end(host, task, [])));
  const servers = new Map(before.servers.map((task) => [task.pid, task]));
  const deadline = host.now() + (asked.some(({ code }) => code === 0) ? act.grace : 0);
  while ((await left(host, act, servers)).length > 0 && host.now() < deadline) await host.sleep(PAUSE);
  await force(host, act, servers);
  if (act.start) await start(host, act.start);
}

/** True when neither the program nor a server of its runs, where it is meant to: it was ended, and not started anew. */
export async function isRelaunchDue(host: Host, act: RelaunchAct): Promise<boolean> {
  if (act.start === null) return false;
  const { apps, servers } = await membersOf(host, act);
  return apps.length === 0 && servers.length === 0;
}

/** The program first, since it would start its server anew; then what it leaves behind. */
async function force(host: Host, act: RelaunchAct, servers: Map<number, Task>): Promise<void> {
  let deadline = 0;
  let fewest = Number.POSITIVE_INFINITY;
  let said = '';
  for (
    let remaining = await left(host, act, servers);
    remaining.length > 0;
    remaining = await left(host, act, servers)
  ) {
    const [first] = remaining as [Task];
    if (remaining.length < fewest) {
      fewest = remaining.length;
      deadline = host.now() + FORCED;
    } else if (host.now() > deadline) {
      const which = `process ${first.pid}`;
      throw new FileError('EBUSY', which, `${which} (${first.image}) does not end${said && `: ${said}`}`);
    }
    const result = await end(host, first, ['/F', '/T']);
    // Of a tree in which one may not be ended none is; Windows' older relatives know no trees at all.
    const plain = result.code === 0 ? result : await end(host, first, ['/F']);
    if (plain.code !== 0) said = plain.stderr.trim() || plain.stdout.trim();
    await host.sleep(PAUSE);
  }
}

/** Without /F a window is asked to close. Not with /T then: a server without a window makes the whole request fail. */
function end(host: Host, { pid }: Task, how: readonly string[]): Promise<RunResult> {
  return host.as('self').run([program(host, 'taskkill'), ...how, '/PID', String(pid)], { timeout: 15_000 });
}

/** Who of them is there still: programs by name, servers by number, since one that has lost its socket is still there. */
async function left(host: Host, act: RelaunchAct, servers: Map<number, Task>): Promise<Task[]> {
  const now = await membersOf(host, act);
  // One that the program has started since is its server as well.
  for (const task of now.servers) servers.set(task.pid, task);
  const alive = [...servers.values()].filter(({ pid, image }) =>
    now.tasks.some((task) => task.pid === pid && task.image === image),
  );
  return [...now.apps, ...alive];
}

/** The programs and servers of this desktop that are meant. Other users have their own. */
export async function membersOf(
  host: Host,
  { app, servers: { image, pidFile, ports, spare } }: Pick<RelaunchAct, 'app' | 'servers'>,
  known?: Task[],
): Promise<{ tasks: Task[]; apps: Task[]; servers: Task[] }> {
  const tasks = known ?? (await askTasks(host));
  const session = ownSession(host, tasks);
  const here = session === undefined ? tasks : tasks.filter((task) => task.session === session);
  const apps = app === null ? [] : named(here, app);
  // The file is this user's, so that whoever it names is, on whatever desktop.
  const note = notedIn(host, pidFile);
  const noted = named(tasks, image).filter(({ pid }) => pid === note);
  const candidates = named(here, image);
  if (noted.length > 0 || candidates.length === 0) return { tasks, apps, servers: noted };
  const spared = notedIn(host, spare);
  // Without the program there is nobody whose servers they could be; one that has none of its own starts at that.
  if (app !== null && apps.length === 0) return { tasks, apps, servers: [] };
  const listeners = (await askNetstatAno(host)).filter(({ port }) => ports.includes(port));
  const servers = candidates.filter(({ pid }) => pid !== spared && listeners.some((listener) => listener.pid === pid));
  return { tasks, apps, servers };
}

function notedIn(host: Host, path: string | null): number | undefined {
  if (path === null) return undefined;
  try {
    return Number((host.files.text(path) ?? '').trim()) || undefined;
  } catch (error) {
    if (error instanceof FileError) return undefined; // being written just now
    throw error;
  }
}

async function start(host: Host, { file, args, cwd, environment, logFile }: Start): Promise<void> {
  const env = await environmentOf(host, environment);
  const { uid, gid } = host.user;
  await host.detach({ file, argv: [file, ...args], cwd, env, uid, gid, logFile });
}

/** The act for people, much as they could type it. */
export function relaunchCommandLine({ app, servers, start }: RelaunchAct): string {
  const stop = app === null ? ['taskkill', '/F', '/IM', servers.image] : ['taskkill', '/IM', app];
  const again = start ? ` & start "" ${commandLineOf([start.file.replaceAll('/', '\\'), ...start.args])}` : '';
  return `${commandLineOf(stop)}${again}`;
}
