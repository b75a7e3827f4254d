import { FileError } from '../../src/errors.ts';
import type {
  Actor,
  AskOptions,
  Detached,
  FileStat,
  Host,
  HttpAnswer,
  HttpFailure,
  Identity,
  InterfaceAddress,
  Lock,
  LockHolder,
  Ownership,
  RunOptions,
  RunResult,
} from '../../src/host/host.ts';
import { Disk } from './disk.ts';
import { type ActMore, Faults } from './faults.ts';

/** One thing that was done to the machine. */
export interface Done {
  op: 'stage' | 'commit' | 'append' | 'remove' | 'makeDirectory' | 'removeDirectory' | 'run' | 'kill' | 'detach';
  /** The path, or the words of the command. */
  what: string;
  identity: Identity;
}

type Answer = Partial<Omit<RunResult, 'argv'>>;
type Recording = (argv: readonly string[], options: RunOptions) => Answer;

/** The recorded twin of the real host: a machine in memory, on which every act is counted and can be made to fail. */
export class RecordedHost implements Host {
  readonly platform = 'linux';
  readonly root: string | undefined = undefined;
  readonly release = '6.1.0-18-amd64';
  readonly hostname = 'recorded';
  readonly pid = 4242;
  readonly env: Record<string, string | undefined> = {};
  readonly user: Host['user'];
  readonly terminal = { stdin: false, stdout: false, stderr: false, columns: 80 };
  readonly disk: Disk;
  readonly files: Disk['files'];
  /** Everything that was done, in order. */
  readonly done: Done[] = [];
  /** Every URL that was asked for. */
  readonly asked: string[] = [];
  readonly faults: Faults;
  addresses: InterfaceAddress[] = [];
  /** Who holds the lock, if somebody does. */
  lockedBy: LockHolder | undefined;
  http: (url: string) => HttpAnswer | HttpFailure = () => ({ failure: 'ECONNREFUSED' });
  /** What a signal or a start does to this machine. */
  onKill: (pid: number, signal: NodeJS.Signals | 0) => boolean = () => false;
  onDetach: (process: Detached) => number = () => 5000;
  #interruption = new AbortController();
  #time = Date.UTC(2030, 0, 1);
  readonly #commands: { prefix: readonly string[]; answer: Recording }[] = [];
  readonly #appointments: { at: number; work: () => void }[] = [];

  constructor(user: Partial<Host['user']> = {}) {
    this.user = { uid: 0, gid: 0, name: 'root', home: '/root', ...user };
    this.disk = new Disk(() => this.#time);
    this.files = this.disk.files;
    this.faults = new Faults(() => this.#interruption);
  }

  /** Records what a program answers that is called with these first words. The last recording that fits is taken. */
  command(prefix: readonly string[], answer: Answer | Recording): this {
    this.#commands.unshift({ prefix, answer: typeof answer === 'function' ? answer : () => answer });
    return this;
  }

  /** Has something happen on this machine when its clock is `ms` further. */
  after(ms: number, work: () => void): void {
    this.#appointments.push({ at: this.#time + ms, work });
  }

  /** The machine as the next run of the program meets it. */
  revive(): void {
    this.faults.revive();
    this.#interruption = new AbortController();
    this.done.length = 0;
  }

  get interrupted(): AbortSignal {
    return this.#interruption.signal;
  }

  interrupt(exit: 130 | 143): void {
    this.#interruption.abort(exit);
  }

  as(identity: Identity): Actor {
    return new RecordedActor(this, identity);
  }

  /** As on the real host: `code` is null and `error` says why when a program does not run. */
  answer(argv: readonly string[], options: RunOptions = {}): RunResult {
    const found = this.#commands.find(({ prefix }) => prefix.every((word, i) => argv[i] === word));
    if (!found) return { argv, code: null, stdout: '', stderr: '', error: 'ENOENT' };
    return { argv, code: 0, stdout: '', stderr: '', ...found.answer(argv, options) };
  }

  async ask(argv: readonly string[], options: AskOptions = {}): Promise<RunResult> {
    return this.answer(argv, options);
  }

  warmUp(): void {}

  interfaces(): InterfaceAddress[] {
    return this.addresses;
  }

  async get(url: string): Promise<HttpAnswer | HttpFailure> {
    this.asked.push(url);
    return this.http(url);
  }

  now(): number {
    return this.#time;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    if (signal?.aborted) return;
    this.#time += ms;
    for (const appointment of this.#appointments.filter(({ at }) => at <= this.#time)) {
      this.#appointments.splice(this.#appointments.indexOf(appointment), 1);
      appointment.work();
    }
  }

  kill(pid: number, signal: NodeJS.Signals | 0): boolean {
    return this.perform({ op: 'kill', what: `${signal} ${pid}`, identity: 'self' }, () => this.onKill(pid, signal));
  }

  async detach(process: Detached): Promise<number> {
    return this.perform({ op: 'detach', what: process.argv.join(' '), identity: 'self' }, () => this.onDetach(process));
  }

  async lock(_name: string, _command: string): Promise<Lock | LockHolder> {
    return this.lockedBy ?? { release: async () => {} };
  }

  async scratch(files: Record<string, Buffer>, name: string): Promise<string> {
    const dir = `/tmp/${name}-Ab12Cd`;
    for (const [name, bytes] of Object.entries(files)) this.disk.file(`${dir}/${name}`, bytes, { mode: 0o600 });
    return dir;
  }

  async discard(scratch: string): Promise<void> {
    if (!this.faults.dead) this.disk.drop(scratch);
  }

  perform<T>(done: Done, whole: () => T, more?: ActMore<T>): T {
    const act = () => {
      this.done.push(done);
      return whole();
    };
    return this.faults.act(done.what, act, more);
  }
}

class RecordedActor implements Actor {
  readonly identity: Identity;
  readonly #host: RecordedHost;

  constructor(host: RecordedHost, identity: Identity) {
    this.#host = host;
    this.identity = identity;
  }

  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const failed = (): RunResult => ({ argv, code: 1, stdout: '', stderr: 'made to fail' });
    return this.#perform('run', argv.join(' '), () => this.#host.answer(argv, options), { failed });
  }

  async bytes(path: string): Promise<Buffer | undefined> {
    return this.#host.files.bytes(path);
  }

  async stat(path: string): Promise<FileStat | undefined> {
    return this.#host.files.stat(path);
  }

  async stage(temporary: string, bytes: Buffer, ownership: Ownership): Promise<void> {
    const write = (part: Buffer) => this.#host.disk.write(temporary, part, this.#owned(temporary, ownership));
    this.#perform('stage', temporary, () => write(bytes), { half: () => write(bytes.subarray(0, bytes.length / 2)) });
  }

  async commit(temporary: string, path: string): Promise<void> {
    this.#mayWrite(path);
    this.#perform('commit', path, () => this.#host.disk.rename(temporary, path));
  }

  async append(path: string, text: string): Promise<void> {
    const { uid, gid } = this.#self();
    const add = (part: string) => this.#host.disk.append(path, part, { mode: 0o644, uid, gid });
    this.#perform('append', path, () => add(text), { half: () => add(text.slice(0, text.length / 2)) });
  }

  async remove(path: string): Promise<void> {
    if (this.#host.files.stat(path)) this.#mayWrite(path);
    this.#perform('remove', path, () => this.#host.disk.unlink(path), { atomic: true });
  }

  async makeDirectory(path: string, ownership: Ownership): Promise<void> {
    this.#perform('makeDirectory', path, () => this.#host.disk.mkdir(path, this.#owned(path, ownership)));
  }

  async removeDirectory(path: string): Promise<boolean> {
    return this.#perform('removeDirectory', path, () => this.#host.disk.rmdir(path), { atomic: true });
  }

  #perform<T>(op: Done['op'], what: string, whole: () => T, more?: ActMore<T>): T {
    return this.#host.perform({ op, what, identity: this.identity }, whole, more);
  }

  #self(): { uid: number; gid: number } {
    if (this.identity === 'self') return this.#host.user;
    return this.identity === 'root' ? { uid: 0, gid: 0 } : this.identity;
  }

  /** Whoever is not root may write only where the folder is his or everybody's. */
  #mayWrite(path: string): void {
    const { uid } = this.#self();
    const folder = this.#host.disk.folderOf(path);
    if (uid === 0 || !folder || folder.uid === uid || (folder.mode & 0o002) !== 0) return;
    throw new FileError('EACCES', path, `${path}: EACCES`);
  }

  /** Whoever is not root may not give files away (chown(2)). */
  #owned(path: string, { mode, uid, gid }: Ownership): Ownership {
    this.#mayWrite(path);
    const self = this.#self();
    if (self.uid !== 0 && (uid !== self.uid || gid !== self.gid)) throw new FileError('EPERM', path, `${path}: EPERM`);
    return { mode, uid, gid };
  }
}
