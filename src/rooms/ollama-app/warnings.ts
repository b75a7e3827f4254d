import type { Host } from '../../host/host.ts';
import { DEFAULT_PORT, parseHost } from '../../ollama/host-value.ts';
import { listenersOnMac } from '../../probes/mac-listeners.ts';
import { findProcesses, type Process } from '../../probes/processes.ts';
import { isServe, type Warning } from '../room.ts';
import { type App, wordsOf } from './app.ts';
import { isSwitchValue } from './database.ts';
import { VARIABLE } from './session.ts';

export async function warningsOf(host: Host, app: App): Promise<Warning[]> {
  const found = [dropsPort(app), noSwitch(app), untilLogout(app), noLogin(app), await rivalServer(host, app)];
  return found.filter((warning) => warning !== undefined);
}

function dropsPort({ expose, session }: App): Warning | undefined {
  if (expose.kind !== 'known' || !expose.on || session.value === undefined || isSwitchValue(session.value))
    return undefined;
  return {
    code: 'mac-app-expose-drops-custom-port',
    message: `The app's switch "Expose Ollama to the network" is on, so ${VARIABLE}=${session.value} of launchctl setenv has no effect: the app replaces it by 0.0.0.0, port ${DEFAULT_PORT}.`,
  };
}

function noSwitch({ bundle, version, expose }: App): Warning | undefined {
  if (expose.kind !== 'unknown') return undefined;
  return {
    code: 'mac-app-switch-unknown',
    message: `${bundle}${version ? ` (${version})` : ''} has a database, but ${expose.why}: a variable of the login session is used instead.`,
  };
}

function untilLogout({ expose, session, agent }: App): Warning | undefined {
  if ((expose.kind === 'known' && expose.on) || session.value === undefined) return undefined;
  if (agent.value === session.value) return undefined;
  return {
    code: 'mac-launchctl-setenv-lost-on-reboot',
    message: `${VARIABLE}=${session.value} was set with launchctl setenv, which is forgotten at logout.`,
  };
}

function noLogin({ account, bundle, session }: App): Warning | undefined {
  if (session.exists) return undefined;
  return {
    code: 'mac-no-login-no-server',
    message: `${account.name} is not logged in at the screen of this Mac, so ${bundle} does not run and cannot be opened from here: a setting takes effect with the next login.`,
  };
}

/**
 * A server beside the app's, on its port. Which one answers is settled anew at each start: an app that finds the port
 * taken ends every other `ollama serve` once (app/server/server.go, `reapServers`), and one that launchd keeps alive is
 * back before the app has tried again.
 */
async function rivalServer(host: Host, { main, servers, session, expose }: App): Promise<Warning | undefined> {
  if (main === undefined && expose.kind === 'missing') return undefined;
  const serving = await findProcesses(host, isServe);
  const others = serving.filter(({ pid }) => !servers.some((own) => own.pid === pid));
  if (others.length === 0) return undefined;
  const on = expose.kind === 'known' && expose.on;
  const port = on ? DEFAULT_PORT : parseHost(session.value).port;
  const holders = (await listenersOnMac(host)).filter((listener) => listener.port === port);
  const rival = others.find(({ pid }) => holders.some((holder) => holder.pid === pid)) ?? unnamed(others, holders);
  if (rival === undefined) return undefined;
  const held = `port ${port} is held by another server, \`${wordsOf(rival)}\` (process ${rival.pid})`;
  const then = main
    ? `Ollama.app runs, but ${held}. While it is, the app's settings have no effect, and the app ends other \`ollama serve\` processes when it cleans up.`
    : `Ollama.app does not run, and ${held}. An app that finds its port taken when it is opened ends other \`ollama serve\` processes.`;
  return {
    code: 'mac-app-and-brew-both-installed',
    message: `${then} Keep one: ${ending(rival)}, or ${main ? 'quit the app and take it' : 'leave the app closed and take it'} out of the login items.`,
  };
}

/** Homebrew's server is called by its path in opt or in the Cellar; any other is not Homebrew's to stop. */
function ending(rival: Process): string {
  return /\/(?:opt|Cellar)\/ollama\//.test(wordsOf(rival)) ? 'brew services stop ollama' : `kill ${rival.pid}`;
}

/** Whose socket it is, older systems do not tell without root. */
function unnamed(others: Process[], holders: { pid: number | null }[]): Process | undefined {
  return holders.length > 0 && holders.every(({ pid }) => pid === null) ? others[0] : undefined;
}
