import { fingerprintOf, subjectOf } from '../actions/change.ts';
import { fingerprint, type LineEdit, temporaryName } from '../actions/file.ts';
import type { Act } from '../actions/index.ts';
import { FileError } from '../errors.ts';
import type { FileStat, Host } from '../host/host.ts';
import { type Change, leavesNothing, type Plan } from './plan.ts';
import { isJournal, isReceipt } from './valid.ts';

/** A run that has begun, written down before its first change. Everything needed to take it back is in it. */
export interface Journal {
  journalVersion: 1;
  run: string;
  operation: 'setup' | 'undo';
  startedAt: string;
  tool: string;
  plan: Plan;
  before: unknown;
  wanted: string;
}

/** What was done to one installation, over all runs: the originals from before the first, and what is there now. */
export interface Receipt {
  receiptVersion: 1;
  target: string;
  createdAt: string;
  updatedAt: string;
  /** The version of this program that wrote it last. */
  tool: string;
  wanted: string;
  /** The state of the installation before the first run, as its room described it. */
  before: unknown;
  entries: ReceiptEntry[];
  deactivate: Act[];
}

export interface ReceiptEntry {
  change: Change;
  /** Fingerprints of every state that this program gave the file. */
  ours: string[];
}

const OURS_KEPT = 20;
/** Names the folders above the state folder that did not exist before, innermost first. */
const MADE = 'folders';
const FOLDER = { mode: 0o700 };
const FILE = { mode: 0o600 };

/** The state folder: one journal while a run is under way, one receipt for each installation that was changed. */
export class Store {
  readonly dir: string;
  readonly #host: Host;

  constructor(host: Host, dir: string) {
    this.#host = host;
    this.dir = dir;
  }

  get #owner() {
    return { uid: this.#host.user.uid, gid: this.#host.user.gid };
  }

  get #journalPath(): string {
    return `${this.dir}/journal.json`;
  }

  receiptPath(target: string): string {
    return `${this.dir}/receipts/${encodeURIComponent(target)}.json`;
  }

  /** The unfinished run, if there is one. */
  journal(): Journal | undefined {
    return this.#read<Journal>(this.#journalPath, isJournal);
  }

  /** Writes the journal down and flushes it; only then may the first change be made. */
  async begin(journal: Journal): Promise<void> {
    await this.#write(this.#journalPath, journal);
  }

  /** Notes how far the run is, for people. Recovery itself looks at the machine, so this needs no flush. */
  async note(step: string, status: string): Promise<void> {
    await this.#host
      .as('self')
      .append(`${this.dir}/progress`, `${new Date(this.#host.now()).toISOString()} ${step} ${status}\n`);
  }

  /** The last line of `note`, such as "restart begun". */
  progress(): string | undefined {
    const lines = (this.#host.files.text(`${this.dir}/progress`) ?? '').trim().split('\n');
    return lines.at(-1)?.split(' ').slice(1).join(' ') || undefined;
  }

  async end(): Promise<void> {
    await this.#host.as('self').remove(this.#journalPath);
    await this.#host.as('self').remove(`${this.dir}/progress`);
  }

  receipts(): Receipt[] {
    return this.#host.files
      .list(`${this.dir}/receipts`)
      .filter((name) => name.endsWith('.json') && !name.startsWith('.'))
      .map((name) => this.#read<Receipt>(`${this.dir}/receipts/${name}`, isReceipt))
      .filter((receipt) => receipt !== undefined);
  }

  receipt(target: string): Receipt | undefined {
    return this.receipts().find((receipt) => receipt.target === target);
  }

  /**
   * Adds a finished (or interrupted) run to the receipt; originals that are already there stay the originals. A run that
   * only restarted the service leaves none: the state before it cannot be had back, and the files are not ours.
   */
  async record(journal: Journal): Promise<void> {
    const known = this.receipt(journal.plan.target);
    if (!known && leavesNothing(journal.plan)) return;
    const entries = [...(known?.entries ?? [])];
    for (const change of journal.plan.changes) {
      const index = entries.findIndex((entry) => subjectOf(entry.change) === subjectOf(change));
      if (index < 0) entries.push({ change, ours: [fingerprintOf(change)] });
      else entries[index] = merge(entries[index]!, change);
    }
    const at = new Date(this.#host.now()).toISOString();
    const receipt: Receipt = {
      receiptVersion: 1,
      target: journal.plan.target,
      createdAt: known?.createdAt ?? at,
      updatedAt: at,
      tool: journal.tool,
      wanted: journal.wanted,
      before: known?.before ?? journal.before,
      entries,
      deactivate: known?.deactivate ?? journal.plan.deactivate,
    };
    const path = this.receiptPath(receipt.target);
    await this.#write(path, receipt).catch(async (error) => {
      // Where the folder could not be flushed, the file is there all the same, and the change it tells of goes now.
      if (!known) await this.#host.as('self').remove(path);
      throw error;
    });
  }

  /** Forgets an installation whose original state is back. */
  async forget(target: string): Promise<void> {
    await this.#host.as('self').remove(this.receiptPath(target));
  }

  /** Removes what a run left here that was cut short before its journal was whole, or after it was gone. */
  async sweep(): Promise<void> {
    const { files } = this.#host;
    if (!files.stat(this.dir)) return;
    const left = [`${this.dir}/progress`, temporaryName(this.#journalPath, 'new')].filter((path) => files.stat(path));
    for (const path of left) await this.#host.as('self').remove(path);
    if (files.list(`${this.dir}/receipts`).length === 0) await this.tidy();
  }

  /** Removes the state folder if nothing is in it any more, and the folders above it that were made for it. */
  async tidy(): Promise<void> {
    const self = this.#host.as('self');
    const gone = (dir: string) => self.removeDirectory(dir).catch(() => false);
    await gone(`${this.dir}/receipts`);
    if (this.#host.files.list(this.dir).some((name) => name !== MADE)) return;
    const made = (this.#host.files.text(`${this.dir}/${MADE}`) ?? '').split('\n').filter(Boolean);
    await self.remove(`${this.dir}/${MADE}`).catch(() => undefined);
    for (const dir of [this.dir, ...made]) if (!(await gone(dir))) return;
  }

  #read<T>(path: string, valid: (value: unknown) => boolean): T | undefined {
    this.#checkFolder(this.dir, this.#host.files.stat(this.dir));
    const text = this.#host.files.text(path);
    if (text === undefined) return undefined;
    try {
      const value: unknown = JSON.parse(text);
      if (valid(value)) return value as T;
    } catch {
      // falls through: the message is the same for text that is no JSON and for JSON that is no receipt
    }
    throw new FileError('EBADMSG', path, `${path} was not written by this version of the program, or was damaged`);
  }

  async #write(path: string, value: unknown): Promise<void> {
    const self = this.#host.as('self');
    await this.#makeFolder(path.slice(0, path.lastIndexOf('/')));
    const temporary = temporaryName(path, 'new');
    try {
      await self.stage(temporary, Buffer.from(`${JSON.stringify(value, null, 1)}\n`), { ...FILE, ...this.#owner });
      await self.commit(temporary, path);
    } catch (error) {
      await self.remove(temporary).catch(() => undefined);
      throw error;
    }
  }

  /** What somebody else could have put there is neither added to nor believed. */
  #checkFolder(dir: string, stat: FileStat | undefined): void {
    if (!stat) return;
    if (stat.kind === 'directory' && stat.uid === this.#host.user.uid && (stat.mode & 0o022) === 0) return;
    throw new FileError('EPERM', dir, `${dir} is not a folder that only this user can write`);
  }

  async #makeFolder(dir: string): Promise<void> {
    const stat = await this.#host.as('self').stat(dir);
    if (stat) return this.#checkFolder(dir, stat);
    const self = this.#host.as('self');
    const missing: string[] = [];
    for (let up = dir; up && !(await self.stat(up)); up = up.slice(0, up.lastIndexOf('/'))) missing.push(up);
    const above = missing.filter((each) => this.dir.startsWith(`${each}/`));
    // What root makes above its own is for all to read (hier(7)); a user's state is nobody else's (XDG Base Directory).
    const around = this.#host.user.uid === 0 ? { mode: 0o755 } : FOLDER;
    try {
      for (const each of missing.toReversed())
        await self.makeDirectory(each, { ...(above.includes(each) ? around : FOLDER), ...this.#owner });
      if (above.length > 0) await self.append(`${this.dir}/${MADE}`, `${above.join('\n')}\n`);
    } catch (error) {
      if (above.length > 0) await self.remove(`${this.dir}/${MADE}`).catch(() => undefined);
      for (const each of missing) await self.removeDirectory(each).catch(() => false);
      throw error;
    }
  }
}

/** A line that took the place of an earlier one of ours goes back to what that had replaced. */
function lineFromFirst(lines: readonly LineEdit[], line: LineEdit): LineEdit {
  const replaced = lines.find(({ ours }) => ours === line.was);
  return replaced === undefined ? line : { ...line, was: replaced.was };
}

/** The entry with a later run's state: what was there before the first run stays the original. */
function merge(entry: ReceiptEntry, later: Change): ReceiptEntry {
  const ours = [...new Set([...entry.ours, fingerprintOf(later)])].slice(-OURS_KEPT);
  const first = entry.change;
  const known = first.type === 'file' ? [...entry.ours, fingerprint(first.from)] : [];
  if (first.type === 'file' && later.type === 'file') {
    const fresh = later.lines.filter(({ ours }) => !first.lines.some((l) => l.ours === ours));
    const lines = [...first.lines, ...fresh.map((line) => lineFromFirst(first.lines, line))];
    const folders = [
      ...first.folders,
      ...later.folders.filter(({ path }) => !first.folders.some((f) => f.path === path)),
    ];
    // With somebody's edit in it, the state is not ours to replace as a whole: of such a file undo takes out our part.
    const edited = later.from !== null && !known.includes(fingerprint(later.from));
    if (edited) return { change: { ...first, lines, folders }, ours: entry.ours };
    return { change: { ...first, to: later.to, lines, folders }, ours };
  }
  if (first.type === 'value' && later.type === 'value')
    return { change: { ...first, to: later.to, set: later.set }, ours };
  if (first.type === 'registry' && later.type === 'registry') return { change: { ...first, to: later.to }, ours };
  return { change: later, ours };
}
