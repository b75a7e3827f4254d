import type { Change } from '../actions/change.ts';
import { type FileChange, type FileState, readState, stateOf, textOf } from '../actions/file.ts';
import type { Actor, Host } from '../host/host.ts';
import type { Block, Way } from './judge.ts';
import type { FirewallName } from './read.ts';

/** A way that is blocked, and by what. */
export interface Blocked extends Way {
  by: Block;
}

/** What lets containers in, as changes that a plan can hold. */
export interface Opening {
  firewall: FirewallName;
  changes: Change[];
  /** False where the rules are loaded at every start from a place that this program does not know. */
  lasting: boolean;
  /** What a person should know of it, in a sentence; nothing when the changes say it all. */
  note?: string;
}

/** Why there is no opening, and what a person can do instead. */
export interface NoOpening {
  firewall: FirewallName;
  changes: [];
  meaning: string;
  remedy: string;
}

/** What an opening is made of. */
export interface OpeningRequest {
  host: Host;
  /** Hands with root's rights, for looking only. */
  root: Actor;
  port: number;
  /** The ways that are blocked, all by one firewall. */
  blocked: readonly Blocked[];
}

/** What every rule of this program is marked with, where a firewall has room for it. */
export const MARK = 'stigmer-setup-ollama';
/** What a rule that is there has as its value. */
export const OPEN = 'open';

/**
 * Asks a firewall whether it has a rule: prints `open` when the exit code is 0 and nothing when it is one of those in
 * the first word, which mean "no". It is one constant text; what it is about comes as words.
 */
const QUERY =
  'no=$1; shift; "$@" >/dev/null; code=$?; case " 0 $no " in " $code "*) echo open ;; *" $code "*) ;; *) exit 1 ;; esac';

/** A command that reads whether there is a rule, as `ValueChange.read` wants it. */
export function query(no: readonly number[], argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', QUERY, 'query', no.join(' '), ...argv];
}

/** Names of interfaces that an opening is for: Docker's own two kinds, and those that were found blocked. */
export function interfacesOf(blocked: readonly Blocked[]): string[] {
  const names = blocked.map(({ iif }) => iif).filter((name) => !name.startsWith('br-'));
  return [...new Set(['docker0', 'br-+', ...names])];
}

/** The text of a file with further lines in it; undefined when there is no place for them. */
export type Edit = (text: string) => { text: string; lines: string[] } | undefined;

/**
 * A change of a file of somebody else's, for lines that are ours in it; with those of an earlier change among `changes`
 * it becomes one. Undefined when there is no such file, or no place in it.
 */
export async function editFile(
  root: Actor,
  changes: Change[],
  path: string,
  id: string,
  edit: Edit,
): Promise<(FileChange & { to: FileState }) | undefined> {
  const pending = changes.find((each): each is FileChange => each.type === 'file' && each.path === path);
  const from = pending ? pending.from : await readState(root, path);
  if (from === null) return undefined;
  const edited = edit(textOf(pending?.to ?? from));
  if (!edited) return undefined;
  if (pending) changes.splice(changes.indexOf(pending), 1);
  return {
    type: 'file',
    id,
    title: `Keep them in ${path}, from which they are loaded at every start`,
    path,
    identity: 'root',
    from,
    to: stateOf(edited.text, from),
    folders: [],
    lines: [...(pending?.lines ?? []), ...edited.lines.map((ours) => ({ ours, was: null }))],
  };
}
