import type { Host } from '../host/host.ts';
import type { Change } from './change.ts';
import {
  type Assignment,
  type FileChange,
  type FileState,
  fingerprint,
  invert,
  leavesFolder,
  readState,
  stateOf,
  textOf,
} from './file.ts';
import { reversalOfRegistry } from './registry.ts';
import { inspectValue, invertValue, isGone, type ValueChange } from './value.ts';

/** What it takes to give a file or a value back its original state. */
export type Reversal =
  | { kind: 'nothing' }
  | { kind: 'change'; change: Change }
  /** Somebody has edited the file since; `change` takes out our lines alone, when they still stand as we wrote them. */
  | { kind: 'edited'; theirs: FileChange; change: FileChange | undefined };

/**
 * Compares what is there now with every state that this program gave the file (`ours`, fingerprints). Only what is ours
 * is replaced by the original; an edit of somebody else is never deleted.
 */
export async function reversalOf(host: Host, change: Change, ours: readonly string[]): Promise<Reversal> {
  if (change.type === 'registry') {
    const back = await reversalOfRegistry(host, change, ours);
    return back ? { kind: 'change', change: back } : { kind: 'nothing' };
  }
  return change.type === 'file' ? reversalOfFile(host, change, ours) : reversalOfValue(host, change);
}

/** A value that is no longer ours was set by somebody since, or is gone with the session: either way there is nothing to take back. */
async function reversalOfValue(host: Host, change: ValueChange): Promise<Reversal> {
  const { awaken: _, ...standing } = change;
  if (isGone(host, change)) return { kind: 'nothing' };
  const isOurs = (await inspectValue(host, standing)) === 'done';
  return isOurs && change.from !== change.to ? { kind: 'change', change: invertValue(change) } : { kind: 'nothing' };
}

async function reversalOfFile(host: Host, change: FileChange, ours: readonly string[]): Promise<Reversal> {
  // Looking needs no rights but the user's own: they are asked for once it is agreed what is to be done.
  const now = await readState(host.as('self'), change.path);
  const back: FileChange = { ...invert(change), from: now };
  if (now === null && leavesFolder(host, back)) {
    return { kind: 'change', change: { ...back, title: `Remove the empty folder of ${change.path}` } };
  }
  if (equal(now, change.from)) return { kind: 'nothing' };
  // Whoever writes such a file as it goes has taken it away as well: put back, it would be one job too many.
  if (now === null) return change.assignment?.rewritten ? { kind: 'nothing' } : { kind: 'change', change: back };
  if (ours.includes(fingerprint(now))) return { kind: 'change', change: back };
  if (change.assignment) return reversalOfAssignment(change, change.assignment, now, back);
  const theirs = { ...back, from: change.to, to: now };
  return { kind: 'edited', theirs, change: withoutOurLines(change, now) };
}

/** The same for a property list: one that only looks different is ours, and of any other our key alone is taken out. */
async function reversalOfAssignment(
  change: FileChange,
  { keys, was, rewritten }: Assignment,
  now: FileState,
  back: FileChange,
): Promise<Reversal> {
  const [{ differences }, { removeKey, setString }] = await Promise.all([
    import('../plist/differences.ts'),
    import('../plist/edit.ts'),
  ]);
  const [text, ours] = [now, change.to ?? now].map(({ content }) => Buffer.from(content, 'base64')) as [Buffer, Buffer];
  if (change.to !== null && (await differences(text, ours)).length === 0) return { kind: 'change', change: back };
  const without = was === null ? await removeKey(text, keys, { prune: true }) : await setString(text, keys, was);
  if (without.equals(text)) return { kind: 'nothing' };
  const title = `Take our setting out of ${change.path}`;
  const taken = { ...invert(change), title, from: now, to: { ...now, content: without.toString('base64') } };
  if (rewritten) return { kind: 'change', change: taken };
  return { kind: 'edited', theirs: { ...back, from: change.to, to: now }, change: taken };
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
