import type { JobPrint } from '../launchd/launchctl.ts';
import type { ServiceState } from './room.ts';

/** What launchd says of a job, as a state of ours; undefined is a job that it does not have. */
export function stateOfJob(print: JobPrint | undefined, uid: number): ServiceState {
  const pids = print?.pid === undefined ? [] : [print.pid];
  const reason = print && reasonOf(print);
  return { phase: phaseOf(print), pids, uid, ...(reason && pids.length === 0 ? { reason } : {}) };
}

function phaseOf(print: JobPrint | undefined): ServiceState['phase'] {
  if (print === undefined) return 'stopped';
  if (print.pid !== undefined) return 'running';
  const again = print.state === 'spawn scheduled' || print.properties?.includes('keepalive') === true;
  if (failed(print)) return again || print.properties === undefined ? 'restarting' : 'failed';
  // A server that ends by itself, even with 0, and is started anew has not stayed up: a shell line with more behind it.
  if (print.lastExitCode === 0) return again ? 'restarting' : 'stopped';
  // Loaded and not spawned yet, or ended by our leave: launchd leaves 10 s between starts (launchd.plist(5), ThrottleInterval).
  return 'starting';
}

function failed({ lastExitCode, lastSignal }: JobPrint): boolean {
  return (lastExitCode ?? 0) !== 0 || (lastSignal !== undefined && !/^Terminated/.test(lastSignal));
}

function reasonOf({ lastExitCode, lastSignal, runs }: JobPrint): string | undefined {
  const how = lastSignal ?? (lastExitCode ? `exit code ${lastExitCode}` : undefined);
  return how && `${how}${runs && runs > 1 ? `, started ${runs} times` : ''}`;
}
