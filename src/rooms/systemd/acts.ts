import type { Act } from '../../actions/index.ts';
import type { PlanRequest } from '../room.ts';
import { systemctl } from './manager.ts';
import type { Unit } from './unit.ts';

/** Stopping may take as long as the unit's TimeoutStopSec=, 90 s by default (systemd.service(5)). */
const RESTART_TIMEOUT = 150_000;

function act(unit: Unit, id: string, title: string, words: string[], tolerate = false): Act {
  const { argv, env } = systemctl(unit.manager, ...words);
  const { identity } = unit.manager;
  return {
    type: 'command',
    id,
    title,
    identity,
    argv,
    env,
    timeout: RESTART_TIMEOUT,
    ...(tolerate ? { tolerate } : {}),
  };
}

/** Always done: systemd 252 does not notice the first drop-in folder of a unit by itself (systemd#31752). */
export function reload(unit: Unit): Act {
  return act(unit, 'daemon-reload', 'Let systemd read the changed files', ['daemon-reload']);
}

function resetFailed(unit: Unit): Act {
  return act(unit, 'reset-failed', `Clear the start limit of ${unit.name}`, ['reset-failed', unit.name], true);
}

/** True when the unit is up or is being brought up over and over. */
export function isStarted(unit: Unit): boolean {
  return ['active', 'reloading', 'activating', 'deactivating'].includes(unit.shown?.get('ActiveState') ?? '');
}

/** What makes the files take effect. */
export function activation(unit: Unit, request: PlanRequest, changed: boolean): Act[] {
  if (!unit.manager.live || !request.restart) return [];
  const stale = changed || unit.shown?.get('NeedDaemonReload') === 'yes';
  if (isStarted(unit) && request.bound) return stale ? [reload(unit)] : [];
  if (isStarted(unit)) {
    const failing = unit.shown?.get('ActiveState') === 'activating' ? [resetFailed(unit)] : [];
    return [reload(unit), ...failing, act(unit, 'restart', `Restart ${unit.name}`, ['restart', unit.name])];
  }
  if (!request.start) return stale ? [reload(unit)] : [];
  return [reload(unit), resetFailed(unit), act(unit, 'start', `Start ${unit.name}`, ['start', unit.name])];
}

/** What makes the old files take effect again: up if it was up before, down if it was not. */
export function deactivation(unit: Unit, up = isStarted(unit)): Act[] {
  if (!unit.manager.live) return [];
  const back = up
    ? [resetFailed(unit), act(unit, 'restart', `Restart ${unit.name}`, ['restart', unit.name])]
    : [act(unit, 'stop', `Stop ${unit.name} again`, ['stop', unit.name])];
  return [reload(unit), ...back];
}
