import type { Host } from '../../host/host.ts';
import type { Account } from '../../launchd/accounts.ts';
import { findProcesses, type Process } from '../../probes/processes.ts';
import type { ServiceState } from '../room.ts';
import type { Agent } from './agent.ts';
import type { Expose } from './database.ts';
import type { Session } from './session.ts';

/**
 * Ollama's menu-bar app (app/ in ollama/ollama): a main process that starts the server as its child, and starts it anew
 * a second after it has ended, each time with the settings that its database has by then (app/server/server.go).
 */
export interface App {
  account: Account;
  /** /Applications/Ollama.app, or wherever it was put. */
  bundle: string;
  version: string | undefined;
  main: Process | undefined;
  /** Its children that serve: one, unless it is just being replaced. */
  servers: Process[];
  expose: Expose;
  session: Session;
  agent: Agent;
}

/** What of an app is running. */
export interface Running {
  bundle: string;
  main: Process;
  servers: Process[];
}

/** Not the helpers of the app up to 0.9.6, `…/Ollama.app/Contents/Frameworks/Ollama Helper.app/Contents/MacOS/Ollama Helper`. */
const MAIN = /^(\/(?:(?!\.app\/).)+\.app)\/Contents\/MacOS\/Ollama(?: |$)/;
const SERVER = /^\/.*\.app\/Contents\/Resources\/ollama (?:serve|start)$/;

/** The words of a process. ps(1) of macOS joins them by blanks, so nothing finer can be compared. */
export function wordsOf({ argv }: Pick<Process, 'argv'>): string {
  return argv.join(' ');
}

/** How the app is called when it comes up without a window: at login, and when this program opens it. */
export function hiddenWords(bundle: string): string {
  return `${bundle}/Contents/MacOS/Ollama hidden`;
}

/** How the app calls its server (app/server/server.go: `cmd()`). */
export function serverWords({ bundle, servers }: Pick<App, 'bundle' | 'servers'>): string {
  return servers[0] ? wordsOf(servers[0]) : `${bundle}/Contents/Resources/ollama serve`;
}

/** Every app that runs. A server of the bundle that somebody else has started is not the app's. */
export async function findRunning(host: Host): Promise<Running[]> {
  const isOne = (argv: string[]) => MAIN.test(argv.join(' ')) || SERVER.test(argv.join(' '));
  const found = await findProcesses(host, isOne);
  return found.flatMap((main) => {
    const bundle = MAIN.exec(wordsOf(main))?.[1];
    if (bundle === undefined) return [];
    return [{ bundle, main, servers: found.filter((one) => one.ppid === main.pid && SERVER.test(wordsOf(one))) }];
  });
}

/** The app of a user among those that run: of two, the one from the bundle that is asked for. */
export function ofUser(running: readonly Running[], uid: number, bundle?: string): Running | undefined {
  const own = running.filter(({ main }) => main.uid === uid);
  return own.find((one) => one.bundle === bundle) ?? own[0];
}

/** Without a child the app is between two servers: it tries again each second for as long as it lives. */
export function stateOf(running: Pick<App, 'main' | 'servers'> | undefined, uid: number): ServiceState {
  const pids = (running?.servers ?? []).map(({ pid }) => pid);
  if (pids.length > 0) return { phase: 'running', pids, uid };
  return { phase: running?.main ? 'starting' : 'stopped', pids, uid };
}
