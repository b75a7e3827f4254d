import type { Host } from '../host/host.ts';
import { commandLineOf } from '../windows/system.ts';
import { applyCommand, type CommandAct } from './command.ts';
import { applyEnd, type EndAct } from './end.ts';
import { applyLaunchd, type LaunchdAct, launchdCommandLine } from './launchd.ts';
import { quote } from './quote.ts';
import { applyRelaunch, isRelaunchDue, type RelaunchAct, relaunchCommandLine } from './relaunch.ts';
import { applyRespawn, isRespawnDue, type RespawnAct } from './respawn.ts';
import { applyService, type ServiceAct, serviceCommandLine } from './service.ts';

/** What makes changes take effect. Unlike a change it has no "before": a plan names the acts for either direction. */
export type Act = CommandAct | RespawnAct | EndAct | LaunchdAct | RelaunchAct | ServiceAct;

/** Does one act. Throws CommandError or FileError. */
export function perform(host: Host, act: Act, signal?: AbortSignal): Promise<void> {
  switch (act.type) {
    case 'command':
      return applyCommand(host, act, signal);
    case 'respawn':
      return applyRespawn(host, act);
    case 'end':
      return applyEnd(host, act);
    case 'launchd':
      return applyLaunchd(host, act, signal);
    case 'relaunch':
      return applyRelaunch(host, act);
    case 'service':
      return applyService(host, act);
  }
}

/**
 * True for an act that ends a program nobody supervises and starts it anew, when it was cut short between the two: then
 * it is down, and nobody else brings it back.
 */
export async function isDue(host: Host, act: Act): Promise<boolean> {
  if (act.type === 'respawn') return isRespawnDue(host, act);
  return act.type === 'relaunch' && (await isRelaunchDue(host, act));
}

/** The act as a command line that a person can read, and for a command also paste. */
export function commandLine(act: Act): string {
  if (act.type === 'launchd') return launchdCommandLine(act);
  if (act.type === 'service') return serviceCommandLine(act);
  if (act.type === 'relaunch') return relaunchCommandLine(act);
  if (act.type === 'end') return act.pids.length > 0 ? `kill ${act.pids.join(' ')}` : `pkill -f ${quote(act.words)}`;
  return printCommand(act.type === 'command' ? act.argv : act.start.argv);
}

/** Words as a shell would have to be given them. */
export function printCommand(argv: readonly string[]): string {
  // A full path with a drive is one of Windows, whose shells have other quotes.
  if (/^[A-Za-z]:\\/.test(argv[0] ?? '')) return commandLineOf(argv);
  return argv.map(quote).join(' ');
}
