import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import type { Installation } from '../rooms/room.ts';
import { choose, confirm } from '../ui/prompt.ts';
import type { Report } from './report.ts';
import { targetOf } from './scene.ts';

/** Without a terminal nobody can answer, so nothing is guessed. */
function needTerminal(host: Host, command: string): void {
  if (host.terminal.stdin && host.terminal.stderr) return;
  throw new SetupError('no-terminal', EXIT.usage, 'There is no terminal to ask at, and --yes was not given.', {
    meaning: 'Nothing was changed.',
    remedy: `npx stigmer-setup-ollama ${command}--yes   # or --dry-run to see what it would do`,
  });
}

/** The one question of setup; *no* is the default when the whole internet could reach Ollama afterwards. */
export async function consentToSetup(host: Host, report: Report): Promise<void> {
  needTerminal(host, '');
  const exposed = report.exposure.addresses.some(({ reach }) => reach === 'public');
  if (!(await confirm(host, 'Do this?', !exposed))) throw declined();
}

/** The one question of undo. */
export async function consentToUndo(host: Host, message: string): Promise<void> {
  needTerminal(host, 'undo ');
  if (!(await confirm(host, message, true))) throw declined();
}

/** A service that is stopped may be stopped for a reason. */
export function consentToStart(host: Host, installation: Installation): Promise<boolean> {
  return choose(host, `${installation.title} is not running.`, [
    { name: 'Start it with the new setting', value: true },
    { name: 'Only write the setting, for when it is started next', value: false },
  ]);
}

export function pickInstallation(host: Host, found: Installation[]): Promise<Installation> {
  const name = (one: Installation) => `${targetOf(one)}  ${one.title}${one.state.pids.length > 0 ? ', running' : ''}`;
  return choose(
    host,
    'Which Ollama?',
    found.map((one) => ({ name: name(one), value: one })),
  );
}

function declined(): SetupError {
  return new SetupError('declined', EXIT.rights, 'The answer was no.', { meaning: 'Nothing was changed.' });
}
