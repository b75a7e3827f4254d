import type { Host } from '../host/host.ts';
import { applyCommand, type CommandAct } from './command.ts';
import { applyRespawn, type RespawnAct } from './respawn.ts';

/** What makes changes take effect. Unlike a change it has no "before": a plan names the acts for either direction. */
export type Act = CommandAct | RespawnAct;

/** Does one act. Throws CommandError or FileError. */
export function perform(host: Host, act: Act, signal?: AbortSignal): Promise<void> {
  return act.type === 'command' ? applyCommand(host, act, signal) : applyRespawn(host, act);
}

/** The act as a command line that a person can read, and for a command also paste. */
export function commandLine(act: Act): string {
  return (act.type === 'command' ? act.argv : act.start.argv).map(quote).join(' ');
}

function quote(word: string): string {
  return /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
