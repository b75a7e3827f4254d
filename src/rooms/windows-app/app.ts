import { membersOf, type RelaunchAct } from '../../actions/relaunch.ts';
import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { parseHost } from '../../ollama/host-value.ts';
import { type Rights, readRights } from '../../windows/rights.ts';
import { localData } from '../../windows/system.ts';
import { askTasks, named, ownSession, type Task } from '../../windows/tasks.ts';
import type { ServiceState } from '../room.ts';
import { type HostVariable, readHostVariable, surroundings } from '../windows-variable.ts';
import { type Expose, readExpose } from './expose.ts';
import { APP, findInstall, type Install, SERVER } from './install.ts';

/**
 * Ollama's app of Windows (app/ in ollama/ollama): a program with a hidden window that starts the server as its child,
 * and starts it anew a second after it has ended. It hands on the environment that it was started with itself.
 */
export interface App extends Install {
  /** On this desktop. */
  running: Task[];
  /** On others: those of other users, or of this one when this program came by ssh. */
  elsewhere: Task[];
  servers: Task[];
  rights: Rights;
  variable: HostVariable;
  expose: Expose;
  /** True while its setup program runs, as in an upgrade. */
  upgrading: boolean;
}

/** The app's polite end takes up to five seconds for its server (app/server/server.go), and one more for its window. */
const GRACE = 10_000;
const NOWHERE = '\\\\.\\nul';

export async function findApp(host: Host): Promise<App | undefined> {
  const tasks = await askTasks(host);
  const all = named(tasks, APP);
  const install = await findInstall(host, all.length > 0);
  if (install === undefined) return undefined;
  const [variable, expose, rights] = await Promise.all([
    readHostVariable(host),
    readExpose(host),
    readRights(host, ownSession(host, tasks)),
  ]);
  const { apps, servers } = await members(host, portsOf(variable), tasks);
  return {
    ...install,
    running: apps,
    elsewhere: all.filter(({ pid }) => !apps.some((own) => own.pid === pid)),
    servers,
    rights,
    variable,
    expose,
    upgrading: named(tasks, 'OllamaSetup.exe').length > 0,
  };
}

/** The app and its servers as they are now. */
export function members(host: Host, ports: number[], tasks?: Task[]) {
  return membersOf(host, { app: APP, servers: serversOf(host, ports) }, tasks);
}

/** The app notes its server's process (app/server/server.go); before 0.10 it did not. */
function serversOf(host: Host, ports: number[]): RelaunchAct['servers'] {
  return { image: SERVER, pidFile: pidFileOf(host), ports, spare: null };
}

export function pidFileOf(host: Host): string {
  return `${localData(host)}/Ollama/ollama.pid`;
}

/** Where a server of the app may listen, by what it may have been told. */
export function portsOf({ value, user, machine }: HostVariable, ...more: string[]): number[] {
  const values = [undefined, value, user?.data, machine?.data, ...more];
  return [...new Set(values.map((one) => parseHost(one).port))];
}

/** Without a server the app is between two: it tries again each second for as long as it lives. */
export function stateOf(
  { apps, servers }: { apps: readonly Task[]; servers: readonly Task[] },
  uid: number,
): ServiceState {
  const pids = servers.map(({ pid }) => pid);
  if (pids.length > 0) return { phase: 'running', pids, uid };
  return { phase: apps.length > 0 ? 'starting' : 'stopped', pids, uid };
}

/**
 * Ends the app and starts it as its own command line does, hidden and without an upgrade on the way (cmd/start_windows.go).
 * It finds its server on PATH alone (app/server/server.go, `resolvePath`): so its folder comes first there.
 */
export function relaunch(host: Host, { folder }: Install, ports: number[], title: string): RelaunchAct {
  return {
    type: 'relaunch',
    id: 'restart',
    title,
    app: APP,
    servers: serversOf(host, ports),
    grace: GRACE,
    start: {
      file: `${folder}/${APP}`,
      args: ['--hide', '--fast-startup'],
      cwd: folder,
      environment: surroundings(folder.replaceAll('/', '\\')),
      logFile: NOWHERE,
    },
  };
}

/** The app's logs, the newest server's whole. */
export function logFile(host: Host): string {
  return `${localData(host)}/Ollama/server.log`;
}

export function serverLog(host: Host): string {
  try {
    return (host.files.text(logFile(host)) ?? '').trim();
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}
