import type { Act } from '../../actions/index.ts';
import type { Change } from '../../engine/plan.ts';
import { EXIT, SetupError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Done } from '../room.ts';
import { type App, hiddenWords, wordsOf } from './app.ts';
import { switchSubject } from './database.ts';
import { endServer, quit, RESTART_TITLE, stopped, unloading } from './plan.ts';
import { cannotUnset } from './refusals.ts';
import { openAct, openCommand, variableChange, variableSubject } from './session.ts';

/**
 * What else is to be put back, and how to go back as things are now: the server, and maybe the app, are other processes
 * since, and each login since then was given the variable by the agent. Undefined when setup changed neither switch nor
 * variable.
 * @throws SetupError exit 5 where the session of the app cannot be reached
 */
export function wayBack(host: Host, app: App, done: Done): { changes: Change[]; activate: Act[] } | undefined {
  if (done.subjects.includes(app.agent.path)) return fromVariable(host, app, done);
  if (!done.subjects.includes(switchSubject(app.account))) return undefined;
  if (isOurs(app, done)) return { changes: [], activate: [stopped(app)] };
  return { changes: [], activate: app.main ? [endServer('restart', RESTART_TITLE, app)] : [] };
}

/** The app has to be opened anew to lose its environment; unless this program had opened it. */
function fromVariable(host: Host, app: App, done: Done): { changes: Change[]; activate: Act[] } {
  const { account, bundle, main, session, agent } = app;
  if (session.exists && !session.reachable) {
    const { exit: _, code, message, ...advice } = cannotUnset(app);
    throw new SetupError(code, EXIT.rights, message, advice);
  }
  const subject = variableSubject(session);
  const isLeft = session.value !== undefined && session.value === agent.value && !done.subjects.includes(subject);
  const changes = isLeft ? [variableChange(host, account, session, null)] : [];
  const unload = unloading(app);
  if (isOurs(app, done)) return { changes, activate: [...unload, stopped(app)] };
  if (!main && !done.running) return { changes, activate: unload };
  const open = openCommand(host, account, bundle, done.values[subject] ?? undefined);
  const again = openAct('restart', `Open ${bundle} again`, open);
  return { changes, activate: [...unload, ...(main ? [quit('quit', app)] : []), again] };
}

/** True for an app that this program has opened, unless somebody opened it anew since: that has a window, and other words. */
function isOurs({ main, bundle }: App, { started }: Done): boolean {
  return started === true && main !== undefined && wordsOf(main) === hiddenWords(bundle);
}
