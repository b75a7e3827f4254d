import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { scopeOf } from '../ollama/host-value.ts';
import type { Allow, Installation } from '../rooms/room.ts';
import { type Asker, ask, choose } from '../ui/prompt.ts';
import type { Run } from './before.ts';
import type { Draft } from './draft.ts';
import { targetOf } from './scene.ts';

/** Without a terminal nobody can answer, so nothing is guessed. */
function needTerminal(host: Host, command: string): void {
  if (host.terminal.stdin && host.terminal.stderr) return;
  throw new SetupError('no-terminal', EXIT.usage, 'There is no terminal to ask at, and --yes was not given.', {
    meaning: 'Nothing was changed.',
    remedy: `npx stigmer-setup-ollama ${command}--yes   # or --dry-run to see what it would do`,
  });
}

/**
 * The one question of setup; *no* is the default when the whole internet could reach Ollama afterwards.
 * @returns undefined for yes, else who may reach the port instead: then all is to be shown anew, and asked again
 * @throws SetupError exit 5 when the answer is no
 */
export async function consentToSetup(run: Run, draft: Draft): Promise<Allow | undefined> {
  needTerminal(run.host, '');
  const exposed = run.report.exposure.addresses.some(({ reach }) => reach === 'public');
  for (;;) {
    const answer = await ask(run, 'Do this?', !exposed, true);
    if (answer === 'yes') return undefined;
    if (answer === 'no') throw declined();
    const other = await chooseOther(run, draft);
    if (other === 'stop') throw declined();
    if (other === 'everything') {
      const { sayEverything } = await import('./terms.ts');
      await sayEverything(run, draft.plan);
    } else if (other !== draft.access.allow) return other;
  }
}

type Other = Allow | 'everything' | 'stop';

const NARROWER: Record<Allow, string> = {
  any: 'Whoever can reach this host may use it',
  lan: 'Only this host, its containers and private networks (--allow lan)',
  containers: 'Only this host and its containers (--allow containers)',
};

/** The first entry leads back to the question. Narrower where others can be kept out, and nobody has said how it shall be. */
function chooseOther(run: Run, { access, installation }: Draft): Promise<Other> {
  const canNarrow = installation.filter && !run.allowed && scopeOf(run.wanted) !== 'loopback';
  const others = (['any', 'lan', 'containers'] as const).filter((one) => canNarrow && one !== access.allow);
  return choose<Other>(run, 'What instead?', [
    { name: 'What is shown above', value: access.allow },
    ...others.map((value) => ({ name: NARROWER[value], value })),
    { name: 'Show everything: whole files, every command, the way back', value: 'everything' },
    { name: 'Stop: change nothing', value: 'stop' },
  ]);
}

/** The one question of undo. */
export async function consentToUndo(asker: Asker, message: string): Promise<void> {
  needTerminal(asker.host, 'undo ');
  if ((await ask(asker, message, true)) !== 'yes') throw declined();
}

/** A service that is stopped may be stopped for a reason. */
export function consentToStart(asker: Asker, installation: Installation): Promise<boolean> {
  return choose(asker, `${installation.title} is not running.`, [
    { name: 'Start it with the new setting', value: true },
    { name: 'Only write the setting, for when it is started next', value: false },
  ]);
}

export function pickInstallation(asker: Asker, found: Installation[]): Promise<Installation> {
  const name = (one: Installation) => `${targetOf(one)}  ${one.title}${one.state.pids.length > 0 ? ', running' : ''}`;
  return choose(
    asker,
    'Which Ollama?',
    found.map((one) => ({ name: name(one), value: one })),
  );
}

function declined(): SetupError {
  return new SetupError('declined', EXIT.rights, 'The answer was no.', { meaning: 'Nothing was changed.' });
}
