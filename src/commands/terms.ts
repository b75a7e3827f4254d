import { textOf } from '../actions/file.ts';
import type { Change, Plan } from '../engine/plan.ts';
import type { Host } from '../host/host.ts';
import { readEnvironment } from '../probes/processes.ts';
import { sayCommand, sayDiff } from '../ui/people.ts';
import { diffOf, stepsOf } from '../ui/steps.ts';
import type { Run } from './before.ts';
import type { Draft } from './draft.ts';

/** What else somebody wants to know who is asked: what is interrupted, what is kept, and how long it lasts. */
export function sayTerms({ host, people, report }: Run, { installation, plan, loaded }: Draft): void {
  const restarts = plan.activate.some(({ id }) => id === 'restart');
  const { kind, title, state } = installation;
  people.say();
  people.say(people.colors.bold('What else to know:'));
  if (restarts && report.before.listeners.length > 0) people.say(`  ${INTERRUPTS[String(loaded)]}`);
  const others = otherSettings(host, state.pids[0]);
  const named = others.length > 0 ? `: ${others.join(', ')}` : '';
  people.say(`  Kept: the models, and all other settings of ${title}${named}.`);
  const lasting = lastingOf(kind, plan, report.warnings);
  if (lasting) people.say(`  ${lasting}`);
}

const INTERRUPTS: Record<string, string> = {
  true: 'The restart takes Ollama away for a moment; the models in memory are loaded anew when they are asked.',
  false: 'The restart takes Ollama away for a moment; no model is loaded that it could interrupt.',
  undefined: 'The restart takes Ollama away for a moment, and cuts off any answer that is being generated.',
};

/** By their names alone: a value may be secret. */
function otherSettings(host: Host, pid: number | undefined): string[] {
  const environment = pid === undefined ? undefined : readEnvironment(host, pid);
  return Object.keys(environment ?? {}).filter((name) => name.startsWith('OLLAMA_') && name !== 'OLLAMA_HOST');
}

/** Why each room writes where it does: docs/platforms.md. Where a warning tells that it does not last, nothing more is said. */
const LASTING: Record<string, string> = {
  homebrew: 'It lasts over reboots, `brew services restart` and upgrades of Ollama.',
  'ollama-app': 'It lasts over logins and upgrades of the app.',
  launchd: 'It lasts over reboots, until somebody writes that file anew.',
  'windows-app': 'It lasts over reboots and upgrades of Ollama: it is in your own environment.',
  'windows-service': 'It lasts over reboots and upgrades of Ollama: it is in the service.',
};

function lastingOf(kind: string, { changes }: Plan, warnings: readonly { code: string }[]): string | undefined {
  if (warnings.some(({ code }) => code.startsWith('mac-brew') || code.includes('last'))) return undefined;
  const [first] = changes;
  if (!kind.startsWith('systemd')) return LASTING[kind];
  if (first?.type !== 'file') return undefined;
  return /\.service\.d\/[^/]+$/.test(first.path) || changes.length > 1
    ? 'It lasts over reboots and upgrades of Ollama, whose installer leaves drop-ins alone.'
    : `It lasts over reboots, until somebody writes ${first.path} anew.`;
}

/** The plan to the last letter: whole files, every command, and what takes all of it back. */
export async function sayEverything({ host, people, store }: Run, plan: Plan): Promise<void> {
  const { bold } = people.colors;
  const way = async (title: string, part: Partial<Plan>) => {
    people.say();
    people.say(bold(title));
    const steps = await stepsOf(host, { ...plan, changes: [], activate: [], ...part });
    for (const step of steps) sayCommand(people, step);
  };
  people.say();
  people.say(bold('The files as they will be:'));
  for (const change of plan.changes) await sayWhole(people, change);
  await way('Then:', { activate: plan.activate });
  await way('If any of this fails, or with undo, the files are put back, and then:', { activate: plan.deactivate });
  people.say();
  people.say('The originals are kept in:');
  people.exactly(`    ${store.dir}`);
}

async function sayWhole(people: Run['people'], change: Change): Promise<void> {
  if (change.type !== 'file') {
    people.say(`  ${change.title}`);
    return sayDiff(people, await diffOf(change));
  }
  const { path, to } = change;
  const whose = to && `mode ${to.mode.toString(8)}, owner ${to.uid}:${to.gid}`;
  people.exactly(`  ${path}`);
  people.say(`    (${whose ?? 'removed'})`);
  if (to) sayDiff(people, textOf(to).replace(/^/gm, ' '));
}
