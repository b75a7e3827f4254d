import type { Plan } from '../../engine/plan.ts';
import { SetupError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { PlanRequest, Refusal } from '../room.ts';
import { refusalOfElevated } from '../windows-elevated.ts';
import { refusalOfClosed, VARIABLE, variableChange } from '../windows-variable.ts';
import { type App, portsOf, relaunch } from './app.ts';
import { isSwitchValue } from './expose.ts';
import { switchedOn, upgrading } from './refusals.ts';

/**
 * The user's variable, unless the app's own switch says the same already; and the app anew, for it hands its server the
 * environment of when it was started. One that does not run is left so: its user starts it when it is wanted.
 */
export async function planFor(host: Host, app: App, target: string, request: PlanRequest): Promise<Plan | Refusal> {
  const { wanted, bound, restart } = request;
  const isOn = app.expose.kind === 'known' && app.expose.on;
  const closed = refusalOfClosed(app.variable, wanted);
  if (closed) return closed;
  if (isOn && !isSwitchValue(wanted)) return switchedOn(wanted);
  const change = isOn ? undefined : variableChange(app.variable, wanted);
  const restarts = restart && !bound && isHere(app);
  if (!change && !restarts) return { target, changes: [], activate: [], deactivate: [] };
  const refusal = refusalOf(app);
  if (refusal) return refusal;
  const ports = portsOf(app.variable, wanted);
  const act = (title: string) => (isHere(app) ? [relaunch(host, app, ports, title)] : []);
  return {
    target,
    changes: change ? [change] : [],
    activate: restarts ? act(`Quit Ollama, and start it again with ${VARIABLE} as it is then`) : [],
    deactivate: act('Quit Ollama, and start it again as it was'),
  };
}

/** Who came by ssh has the rights of an administrator unasked, and starts nothing here. */
function refusalOf(app: App): Refusal | undefined {
  return app.upgrading ? upgrading(app) : refusalOfElevated(app.rights);
}

/** A program of another session cannot be ended, nor one be started there. A server without its app is an orphan of it. */
function isHere({ running, servers, rights }: App): boolean {
  return !rights.withoutDesktop && (running.length > 0 || servers.length > 0);
}

/**
 * How to go back, as things are now: what runs is another process since, maybe in another session than the one in which
 * setup was run. One that does not run has nothing to say of that.
 * @throws SetupError exit 4 in an elevated shell
 */
export async function wayBack(host: Host, app: App, wanted: string) {
  if (!isHere(app)) return app.rights.withoutDesktop ? { changes: [], activate: [] } : undefined;
  const refusal = refusalOfElevated(app.rights, ' undo');
  if (refusal) throw new SetupError(refusal.code, refusal.exit, refusal.message, refusal);
  const act = relaunch(host, app, portsOf(app.variable, wanted), 'Quit Ollama, and start it again as it was');
  return { changes: [], activate: [act] };
}
