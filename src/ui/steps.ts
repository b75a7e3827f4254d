import type { Change } from '../actions/change.ts';
import { type FileChange, runName, temporaryName, textOf } from '../actions/file.ts';
import { type Act, commandLine, printCommand } from '../actions/index.ts';
import { printRegistry, type RegistryChange, registryCommandLine } from '../actions/registry.ts';
import type { ValueChange } from '../actions/value.ts';
import type { Plan, Step } from '../engine/plan.ts';
import type { Host, Identity, Ownership } from '../host/host.ts';

/** The plan as steps, each with the exact diff or command. */
export async function stepsOf(host: Host, plan: Plan): Promise<Step[]> {
  const changes = await Promise.all(plan.changes.map((change) => changeStep(host, change)));
  return [...changes, ...plan.activate.map((act) => actStep(host, act))];
}

async function changeStep(host: Host, change: Change): Promise<Step> {
  if (change.type === 'value') return valueStep(host, change);
  if (change.type === 'registry') return registryStep(host, change);
  const { id, title, path } = change;
  const command = writeCommands(host, change);
  return { id, title, status: 'planned', path, diff: await diffOf(change), ...(command ? { command } : {}) };
}

function valueStep(host: Host, { id, title, subject, identity, from, to, set }: ValueChange): Step {
  const command = `${asWhom(host, identity)}${printCommand(set)}`;
  return { id, title, status: 'planned', command, diff: diffOfValue(subject, from, to) };
}

function registryStep(host: Host, change: RegistryChange): Step {
  const { id, title } = change;
  return { id, title, status: 'planned', command: registryCommandLine(host, change), diff: diffOfRegistry(change) };
}

function diffOfRegistry({ subject, from, to }: RegistryChange): string {
  return diffOfValue(subject, from && printRegistry(from), to && printRegistry(to));
}

function diffOfValue(subject: string, from: string | null, to: string | null): string {
  const line = (sign: string, value: string | null) => `${sign}${subject} = ${value ?? 'not set'}\n`;
  return line('-', from) + line('+', to);
}

function actStep(host: Host, act: Act): Step {
  const prefix = act.type === 'command' ? asWhom(host, act.identity) : '';
  return { id: act.id, title: act.title, status: 'planned', command: `${prefix}${commandLine(act)}` };
}

/** A unified diff; a missing file is /dev/null, as in patch(1). */
export async function diffOf(change: Change): Promise<string> {
  if (change.type === 'value') return diffOfValue(change.subject, change.from, change.to);
  if (change.type === 'registry') return diffOfRegistry(change);
  const { path, from, to } = change;
  const { createTwoFilesPatch } = await import('../host/patch.ts');
  const side = (state: FileChange['from']) => (state === null ? '/dev/null' : path);
  const patch = createTwoFilesPatch(side(from), side(to), textOf(from), textOf(to), undefined, undefined, {
    context: 3,
  });
  return patch.replace(/^(Index: .*\n)?=+\n/, '');
}

/** What will run with rights that this user does not have, as command lines; nothing when no such program is needed. */
function writeCommands(host: Host, change: FileChange): string {
  const prefix = asWhom(host, change.identity);
  if (!prefix) return '';
  const { path, to, folders } = change;
  const words =
    to === null ? removal(path, folders) : replacement(path, to, folders, temporaryName(path, runName(host)));
  return words.map((line) => `${prefix}${line}`).join('\n    ');
}

function removal(path: string, folders: FileChange['folders']): string[] {
  return [`rm -f ${path}`, ...folders.map((folder) => `rmdir ${folder.path}`).reverse()];
}

function replacement(path: string, { mode }: Ownership, folders: FileChange['folders'], temporary: string): string[] {
  const made = folders.map((folder) => `mkdir -m ${octal(folder.ownership.mode)} ${folder.path}`);
  const written = [`install -m ${octal(mode)} /dev/null ${temporary}`, `dd of=${temporary}   # the text below`];
  return [...made, ...written, `mv -f ${temporary} ${path}`];
}

function octal(mode: number): string {
  return mode.toString(8).padStart(4, '0');
}

function asWhom(host: Host, identity: Identity): string {
  if (identity === 'self' || (identity === 'root' && host.user.uid === 0)) return '';
  return identity === 'root' ? 'sudo ' : `sudo -u ${identity.name} `;
}
