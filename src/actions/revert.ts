import type { Host } from '../host/host.ts';
import {
  type FileChange,
  type FileState,
  fingerprint,
  invert,
  leavesFolder,
  readState,
  stateOf,
  textOf,
} from './file.ts';

/** What it takes to give a file back its original state. */
export type Reversal =
  | { kind: 'nothing' }
  | { kind: 'change'; change: FileChange }
  /** Somebody has edited the file since; `change` takes out our lines alone, when they still stand as we wrote them. */
  | { kind: 'edited'; theirs: FileChange; change: FileChange | undefined };

/**
 * Compares what is there now with every state that this program gave the file (`ours`, fingerprints). Only what is ours
 * is replaced by the original; an edit of somebody else is never deleted.
 */
export async function reversalOf(host: Host, change: FileChange, ours: readonly string[]): Promise<Reversal> {
  // Looking needs no rights but the user's own: they are asked for once it is agreed what is to be done.
  const now = await readState(host.as('self'), change.path);
  const back: FileChange = { ...invert(change), from: now };
  if (now === null && leavesFolder(host, back)) {
    return { kind: 'change', change: { ...back, title: `Remove the empty folder of ${change.path}` } };
  }
  if (equal(now, change.from)) return { kind: 'nothing' };
  if (now === null) return { kind: 'change', change: back };
  if (ours.includes(fingerprint(now))) return { kind: 'change', change: back };
  const theirs = { ...back, from: change.to, to: now };
  return { kind: 'edited', theirs, change: withoutOurLines(change, now) };
}

function equal(a: FileState | null, b: FileState | null): boolean {
  return fingerprint(a) === fingerprint(b) && a?.mode === b?.mode && a?.uid === b?.uid && a?.gid === b?.gid;
}

/** The file as it is now, with each line of ours replaced by what stood there before it. */
function withoutOurLines(change: FileChange, now: FileState): FileChange | undefined {
  let text = textOf(now);
  let found = false;
  for (const { ours, was } of change.lines) {
    const next = replaceLine(text, ours, was);
    found ||= next !== text;
    text = next;
  }
  if (!found) return undefined;
  const emptied = change.from === null && nothingButOurs(text, textOf(change.to));
  const to = emptied ? null : stateOf(text, now);
  return {
    ...invert(change),
    title: `Take our line out of ${change.path}`,
    from: now,
    to,
    folders: emptied ? change.folders : [],
  };
}

function replaceLine(text: string, ours: string, was: string | null): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => line.replace(/\r$/, '') === ours);
  if (at < 0) return text;
  const end = lines[at]?.endsWith('\r') ? '\r' : '';
  lines.splice(at, 1, ...(was === null ? [] : [`${was}${end}`]));
  return lines.join('\n');
}

/** True when every line that is left is one that we had written. */
function nothingButOurs(text: string, ours: string): boolean {
  const known = new Set(ours.split('\n').map((line) => line.trim()));
  return text.split('\n').every((line) => known.has(line.trim()) || line.trim() === '');
}
