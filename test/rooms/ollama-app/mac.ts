import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import type { RunResult } from '../../../src/host/host.ts';
import { parseHost, scopeOf } from '../../../src/ollama/host-value.ts';
import { findProcesses } from '../../../src/probes/processes.ts';
import { isServe, type Scene } from '../../../src/rooms/room.ts';
import { RecordedHost } from '../../rig/recorded-host.ts';

export const APP = '/Applications/Ollama.app';
export const LABEL = 'io.github.stigmer.ollama-host';
const ME = { uid: 501, gid: 20, name: 'me' };
type Answer = Partial<RunResult>;

interface Running {
  pid: number;
  words: string;
  /** OLLAMA_HOST as it was when the app was started: its children have it from there. */
  host: string | undefined;
  child: { pid: number; host: string | undefined } | undefined;
}

/** A Mac in memory with Ollama.app, by facts of its source: only the database is a real one, below a temporary home. */
export class Mac extends RecordedHost {
  readonly home: string;
  /** Logged in at the screen. */
  gui = true;
  manager = 'Aqua';
  session: string | undefined;
  app: Running | undefined;
  loaded: string[] = [];
  /** What else ps shows. */
  others: string[] = [];
  spotlight: string[] = [];
  opened: string[][] = [];
  #pid = 700;

  constructor(as: 'me' | 'root' = 'me') {
    const home = mkdtempSync(`${tmpdir()}/mac home-`);
    super(as === 'me' ? { ...ME, home } : { uid: 0, gid: 0, name: 'root', home });
    if (as === 'root') Object.assign(this.env, { SUDO_UID: '501', SUDO_GID: '20', SUDO_USER: 'me', HOME: home });
    Object.defineProperty(this, 'platform', { value: 'darwin' });
    this.home = home;
    this.disk.folder(home, { uid: 501, gid: 20, mode: 0o755 });
    this.disk.folder(`${home}/Library/LaunchAgents`, { uid: 501, gid: 20, mode: 0o755 });
    this.install(APP);
    mkdirSync(`${home}/Library/Application Support/Ollama`, { recursive: true });
    for (const name of PROGRAMS) this.command([name], (argv) => this.execute([...argv]));
    this.onKill = (pid) => this.#end(pid);
  }

  install(bundle: string, version = '0.32.3'): void {
    const plist = `<?xml version="1.0"?><plist version="1.0"><dict><key>CFBundleShortVersionString</key><string>${version}</string></dict></plist>`;
    this.disk.file(`${bundle}/Contents/Info.plist`, plist);
  }

  destroy(): void {
    rmSync(this.home, { recursive: true, force: true });
  }

  get db(): string {
    return `${this.home}/Library/Application Support/Ollama/db.sqlite`;
  }

  get agentPath(): string {
    return `${this.home}/Library/LaunchAgents/${LABEL}.plist`;
  }

  get agent(): string | undefined {
    return this.files.text(this.agentPath);
  }

  /** The database as the app makes it when it is first opened. */
  makeDatabase(expose: 0 | 1 = 0, columns = 'expose BOOLEAN NOT NULL DEFAULT 0, '): this {
    this.sql(
      `PRAGMA journal_mode=WAL; CREATE TABLE settings(id INTEGER PRIMARY KEY CHECK (id = 1), ${columns}schema_version INTEGER NOT NULL DEFAULT 16); INSERT INTO settings(id) VALUES (1);${expose ? 'UPDATE settings SET expose=1;' : ''}`,
    );
    return this.tellOfDatabase();
  }

  /** The files of the database are real; that they are there is told in memory. */
  tellOfDatabase(): this {
    const dir = `${this.home}/Library/Application Support/Ollama`;
    for (const name of readdirSync(dir)) this.disk.file(`${dir}/${name}`, 'real', { uid: 501, gid: 20 });
    return this;
  }

  sql(text: string): string {
    const { stdout, stderr, status } = spawnSync('sqlite3', ['-batch', '-init', '/dev/null', this.db, text], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
    return stdout.trim();
  }

  get expose(): string {
    return this.sql('SELECT expose FROM settings WHERE id=1;');
  }

  /** Opens the app as its words say; the child comes at once. */
  start(more = '', host = this.session): this {
    if (!existsSync(this.db)) this.makeDatabase();
    this.app = { pid: this.#pid++, words: `${APP}/Contents/MacOS/Ollama${more && ` ${more}`}`, host, child: undefined };
    this.#respawn();
    return this;
  }

  /** Where the server listens, by what it was given. */
  get bound(): string | undefined {
    return this.app?.child && (this.app.child.host ?? '127.0.0.1:11434');
  }

  #respawn(): void {
    const { app } = this;
    if (!app) return;
    const exposed = this.sql('SELECT * FROM settings').split('|').length === 3 && this.expose === '1';
    app.child = { pid: this.#pid++, host: exposed ? '0.0.0.0' : app.host };
  }

  #end(pid: number): boolean {
    const { app } = this;
    if (app?.pid === pid) this.app = undefined;
    else if (app?.child?.pid === pid) {
      app.child = undefined;
      this.after(1000, () => this.#respawn());
    } else return false;
    return true;
  }

  execute(argv: string[], env: Record<string, string | undefined> = this.env): Answer {
    const [name = '', ...words] = argv;
    if (name === 'env') return this.#env(words, { ...env });
    if (name === 'sudo') return this.execute(words.slice(words.indexOf('me') + 1), {});
    if (name === '/bin/sh') return { ...this.execute(words.slice(3), env), code: 0 };
    if (name === 'launchctl') return this.#launchctl(words, env);
    if (name === 'open') return this.#open(words, env);
    if (name.endsWith('lsof')) return { stdout: this.#lsof() };
    if (name === 'ps') return { stdout: this.#ps() };
    if (name.endsWith('sqlite3')) return spawnSync2(argv);
    if (name === 'mdfind') return { stdout: this.spotlight.map((path) => `${path}\n`).join('') };
    return { code: 0 };
  }

  #env(words: string[], env: Record<string, string | undefined>): Answer {
    let rest = words;
    while (rest[0] === '-u') {
      delete env[rest[1] ?? ''];
      rest = rest.slice(2);
    }
    for (; rest[0]?.includes('='); rest = rest.slice(1)) {
      const [key = '', ...value] = rest[0].split('=');
      env[key] = value.join('=');
    }
    return this.execute(rest, env);
  }

  #open(words: string[], env: Record<string, string | undefined>): Answer {
    if (!this.gui) return { code: 1, stderr: '_LSOpenURLsWithCompletionHandler() failed with error -10810' };
    this.opened.push(Object.keys(env).filter((key) => key.startsWith('OLLAMA_')));
    const first = !existsSync(this.db);
    if (!this.app) this.start(words.slice(words.indexOf('--args') + 1).join(' '), env.OLLAMA_HOST ?? this.session);
    if (first) this.after(300, () => this.tellOfDatabase());
    return {};
  }

  #launchctl([verb, ...words]: string[], env: Record<string, string | undefined>): Answer {
    if (verb === 'asuser') return this.user.uid === 0 ? this.execute(words.slice(1), env) : { code: 1 };
    if (verb === 'managername') return { stdout: `${this.manager}\n` };
    if (verb === 'getenv') return { stdout: this.session === undefined ? '' : `${this.session}\n` };
    if (verb === 'setenv') this.session = words[1];
    else if (verb === 'unsetenv') this.session = undefined;
    else if (!this.gui) return { code: 112, stderr: 'Bad request.\nCould not find domain for user gui: 501\n' };
    else if (verb === 'print') return this.#print(words[0] ?? '');
    else if (verb === 'bootstrap') this.loaded.push(LABEL);
    else if (verb === 'bootout') this.loaded = [];
    return {};
  }

  #print(what: string): Answer {
    if (what === 'gui/501') return { stdout: 'gui/501 = {\n}\n' };
    const known = this.loaded.some((label) => what === `gui/501/${label}`);
    return known ? { stdout: `${what} = {\n\tstate = not running\n\truns = 1\n}\n` } : { code: 113 };
  }

  /** The child's socket, as lsof tells it. */
  #lsof(): string {
    const { host, port } = parseHost(this.bound);
    const wild = scopeOf(parseHost(this.bound)) === 'all';
    const pid = this.app?.child?.pid;
    return pid
      ? `p${pid}\ncollama\nu501\nf3\nt${wild ? 'IPv6' : 'IPv4'}\nPTCP\nn${wild ? '*' : host}:${port}\nTST=LISTEN\n`
      : '';
  }

  #ps(): string {
    const { app } = this;
    const own = app ? [`${app.pid} 1 501 ${app.words}`] : [];
    const child = app?.child ? [`${app.child.pid} ${app.pid} 501 ${APP}/Contents/Resources/ollama serve`] : [];
    return [...own, ...child, ...this.others].map((line) => `${line}\n`).join('');
  }
}

const PROGRAMS = [
  'launchctl',
  'ps',
  'lsof',
  '/usr/sbin/lsof',
  'env',
  'sudo',
  '/bin/sh',
  'mdfind',
  'sqlite3',
  '/usr/bin/sqlite3',
  'plutil',
];

function spawnSync2(argv: string[]): Answer {
  const [file = '', ...args] = argv;
  const { status, stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return { code: status, stdout, stderr };
}

export async function sceneOf(host: Mac): Promise<Scene> {
  return { host, offline: false, version: '1.2.3', stateDir: '/state', servers: await findProcesses(host, isServe) };
}
