import type { Check } from './check.ts';

/** What another server on the port explains: how it was started, and where it listens. */
const OTHER_SERVER = new Set([
  'sd-manual-serve-bypasses-unit',
  'sd-user-unit-vs-system-unit',
  'second-server-misleading-error',
  'port-held-by-docker-ollama',
  'mac-app-and-brew-both-installed',
]);
const OF_THE_OTHER = new Set(['not-durable', 'ollama-in-container', 'two-servers-on-port']);
const ITS_BINDING = new Set(['default-loopback-bind', 'explicit-loopback-left-over']);

/** What a container says of a server that is closed to it, or not there. */
const FOLLOWS = new Set([
  'default-loopback-bind',
  'specific-ip-locks-out-localhost',
  'custom-port-server-only',
  'server-not-running-or-crash-loop',
]);

/**
 * One cause, one name: what follows from another check's cause is called by that. A refusal that a container saw follows
 * from where the server listens, all that is odd about a second server from its being there, and that a server is down
 * from Windows keeping its port to itself.
 */
export function nameRoots(checks: Check[]): Check[] {
  const sick = checks.filter(({ status }) => status === 'fail' || status === 'warn');
  const listeners = checks.filter(({ id }) => id === 'listener');
  const failed = listeners.find(({ status }) => status === 'fail')?.cause;
  const other = sick.find(({ cause }) => OTHER_SERVER.has(cause ?? ''));
  // Where the server that is meant listens as wanted, or does not listen, the narrow binding is the other's.
  const narrowIsOther = other?.id === 'listener' || listeners.some(({ status }) => status === 'pass');
  const excluded = sick.find(({ cause }) => cause === 'win-excluded-port-range')?.cause;
  for (const check of sick) {
    const { id, cause = '' } = check;
    const ofOther = OF_THE_OTHER.has(cause) || (narrowIsOther && ITS_BINDING.has(cause));
    if (other?.cause !== undefined && ofOther) check.cause = other.cause;
    else if (excluded !== undefined && cause === 'server-not-running-or-crash-loop') check.cause = excluded;
    else if (id === 'container' && failed !== undefined && FOLLOWS.has(cause)) check.cause = failed;
  }
  return checks;
}
