import type { EndAct } from '../../actions/end.ts';
import type { Act } from '../../actions/index.ts';
import type { Change, Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import type { PlanRequest, Refusal } from '../room.ts';
import { agentAct, agentChange } from './agent.ts';
import { type App, serverWords } from './app.ts';
import { exposeChange, isSwitchValue } from './database.ts';
import { neverOpened, wrongSession } from './refusals.ts';
import { openAct, openCommand, variableChange } from './session.ts';

/** Ollama finishes what it answers when asked to end; a generation under way may take a while. */
const SERVER_GRACE = 10_000;
/** From 0.33 on the app may first put back the settings of another program, which takes up to 30 s (app/ in ollama/ollama). */
const APP_GRACE = 45_000;
export const RESTART_TITLE = 'End the server, which the app starts anew with the switch as it is then';
/** The first version whose source is known to keep its settings in a database (app/store in ollama/ollama). */
const DATABASE_SINCE = '0.12.10';

/** The app's switch where it can say what is wanted, since nothing else survives as much; else a variable of the login session. */
export async function planFor(host: Host, app: App, target: string, request: PlanRequest): Promise<Plan | Refusal> {
  if (isSwitchValue(request.wanted) && (await hasSwitch(app))) return bySwitch(host, app, target, request);
  return byVariable(host, app, target, request);
}

/** One that was never opened has no database yet; versions before the switch never have one. */
async function hasSwitch({ expose, main, version }: App): Promise<boolean> {
  if (expose.kind !== 'missing') return expose.kind === 'known';
  const semver = await import('../../ollama/semver.ts');
  const known = semver.coerce(version);
  return main === undefined && known !== null && semver.gte(known, DATABASE_SINCE);
}

function bySwitch(host: Host, app: App, target: string, request: PlanRequest): Plan | Refusal {
  const { account, bundle, main, expose, session, agent } = app;
  const opens = main === undefined && request.restart && request.start && session.reachable;
  const open = openCommand(host, account, bundle, session.value);
  const fresh = expose.kind === 'missing';
  if (fresh && !opens) return neverOpened(app);
  const isOn = expose.kind === 'known' && expose.on;
  const left = leftovers(host, app);
  const end = (id: string) => endServer(id, RESTART_TITLE, app);
  const restart = main && !request.bound ? [end('restart')] : [];
  const start = opens ? [fresh ? end('start') : openAct('start', `Open ${bundle} in the background`, open)] : [];
  const reload = left.acts.map(() => agentAct('reload', session.domain, agent));
  return {
    target,
    changes: [...(isOn ? [] : [exposeChange(host, account, true, fresh ? open : undefined)]), ...left.changes],
    activate: request.restart ? [...left.acts, ...restart, ...start] : [],
    deactivate: [...reload, ...(opens ? [stopped(app)] : []), end(main ? 'restart' : 'restart-server')],
  };
}

/** What an earlier run set up for another address: the switch is stronger, and so it would only be in the way. */
function leftovers(host: Host, app: App): { changes: Change[]; acts: Act[] } {
  const { account, bundle, agent, session } = app;
  const file = agentChange(host, account, agent, bundle, undefined);
  if (file === undefined) return { changes: [], acts: [] };
  const isOurs = session.value !== undefined && session.value === agent.value;
  const variable = isOurs ? [variableChange(host, account, session, null)] : [];
  return { changes: [...variable, file], acts: unloading(app) };
}

function byVariable(host: Host, app: App, target: string, request: PlanRequest): Plan | Refusal {
  const { account, expose, session, agent } = app;
  const { wanted } = request;
  const isOn = expose.kind === 'known' && expose.on;
  const file = agentChange(host, account, agent, app.bundle, wanted);
  if (session.exists && !session.reachable) {
    const isDone = request.bound && !isOn && file === undefined;
    return isDone ? { target, changes: [], activate: [], deactivate: [] } : wrongSession(app, wanted);
  }
  const changes: Change[] = [
    ...(isOn ? [exposeChange(host, account, false)] : []),
    ...(session.reachable && session.value !== wanted ? [variableChange(host, account, session, wanted)] : []),
    ...(file ? [file] : []),
  ];
  const load = file && session.exists ? [agentAct('reload', session.domain, agent)] : [];
  const { quits, opens, back } = reopening(host, app, request);
  return {
    target,
    changes,
    activate: request.restart ? [...quits, ...load, ...opens] : [],
    deactivate: [...unloading(app), ...back],
  };
}

/** The running app has the variables of when it was started, and its server has them from it: it is opened anew. */
function reopening(
  host: Host,
  app: App,
  { wanted, bound, start }: PlanRequest,
): Record<'quits' | 'opens' | 'back', Act[]> {
  const { account, bundle, main, session } = app;
  const open = (value: string | undefined) => openCommand(host, account, bundle, value);
  if (main) {
    const back = restartApp(app, open(session.value));
    if (bound) return { quits: [], opens: [], back };
    const again = openAct('restart', `Open ${bundle} again`, open(wanted));
    return { quits: [quit('quit', app)], opens: [again], back };
  }
  if (!start || !session.reachable) return { quits: [], opens: [], back: [] };
  return {
    quits: [],
    opens: [openAct('start', `Open ${bundle} in the background`, open(wanted))],
    back: [stopped(app)],
  };
}

export function unloading({ session, agent }: App): Act[] {
  return session.exists ? [agentAct('unload', session.domain, agent)] : [];
}

function restartApp(app: App, open: string[]): Act[] {
  return [quit('quit', app), openAct('restart', `Open ${app.bundle} again`, open)];
}

export function stopped(app: App): EndAct {
  return quit('stop', app);
}

/**
 * Ends the app as it can be ended: it answers AppleScript's `quit` with Cancel (ollama/ollama#12957), and SIGTERM with
 * ending its server and itself.
 */
export function quit(id: string, { account, bundle, main }: App): EndAct {
  const words = `${bundle}/Contents/MacOS/Ollama`;
  const pids = main ? [main.pid] : [];
  return { type: 'end', id, title: `Quit ${bundle}`, uid: account.uid, words, further: true, pids, grace: APP_GRACE };
}

export function endServer(id: string, title: string, app: App): EndAct {
  const pids = app.servers.map(({ pid }) => pid);
  return { type: 'end', id, title, uid: app.account.uid, words: serverWords(app), pids, grace: SERVER_GRACE };
}
