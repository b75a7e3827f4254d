import type { Check } from './check.ts';

/** What another server on the port explains: how it was started, and where it listens. */
const OTHER_SERVER = new Set([
  'sd-manual-serve-bypasses-unit',
  'sd-user-unit-vs-system-unit',
  'second-server-misleading-error',
  'port-held-by-docker-ollama',
]);
const OF_THE_OTHER = new Set([
  'default-loopback-bind',
  'explicit-loopback-left-over',
  'not-durable',
  'ollama-in-container',
]);

/**
 * One cause, one name: what follows from another check's cause is called by that. A refusal that a container saw follows
 * from where the server listens, and all that is odd about a second server from its being there.
 */
export function nameRoots(checks: Check[]): Check[] {
  const sick = checks.filter(({ id, status }) => id === 'listener' && status === 'fail');
  const other = sick.find(({ cause }) => OTHER_SERVER.has(cause ?? ''))?.cause;
  const root = other ?? sick[0]?.cause;
  for (const check of checks) {
    const { id, cause = '' } = check;
    if (other !== undefined && OF_THE_OTHER.has(cause)) check.cause = other;
    else if (id === 'container' && root !== undefined && FOLLOWS.has(cause)) check.cause = root;
  }
  return checks;
}

/** What a container says of a server that is closed to it, or not there. */
const FOLLOWS = new Set(['default-loopback-bind', 'server-not-running-or-crash-loop']);
