import type { Detached, RunResult } from '../../src/host/host.ts';
import { parseHost, scopeOf } from '../../src/ollama/host-value.ts';
import { findProcesses } from '../../src/probes/processes.ts';
import { isServe, type Scene } from '../../src/rooms/room.ts';
import { RecordedHost } from '../rig/recorded-host.ts';
import { Registry } from './registry.ts';

export const SYSTEM = 'C:\\Windows\\System32';
export const USER = 'HKCU\\Environment';
export const MACHINE = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';
const ME = { uid: -1, gid: -1, name: 'Jürgen 太郎', home: 'C:\\Users\\Jürgen 太郎' };
type Answer = Partial<RunResult>;
type Env = Record<string, string | undefined>;

export interface Task {
  image: string;
  pid: number;
  session: number;
  /** Where it listens. */
  sockets: [address: string, port: number][];
  parent?: number;
  env?: Env;
}

interface Service {
  state: number;
  pid: number;
  start: () => void;
  stop: () => void;
}

/** A Windows in memory with Ollama's app, by facts/windows.md: registry, processes, listeners, and the programs that tell of them. */
export class Windows extends RecordedHost {
  readonly home = 'C:/Users/Jürgen 太郎';
  readonly folder = `${this.home}/AppData/Local/Programs/Ollama`;
  readonly registry = new Registry();
  readonly tasks: Task[] = [];
  /** OLLAMA_HOST as a program gets it that the desktop starts. */
  announced = 0;
  elevated = false;
  administrator = false;
  expose: '0' | '1' | 'none' | 'no-reader' = 'none';
  /** The app hears a polite request and does nothing. */
  stubborn = false;
  /** The words of the system: what a German or Japanese Windows says. */
  language: 'en' | 'de' | 'ja' = 'en';
  excluded = '';
  setxFails = false;
  services = new Map<string, Service>();
  detached: Detached[] = [];
  #pid = 1000;
  #scratched = 0;

  constructor() {
    super(ME);
    Object.defineProperty(this, 'platform', { value: 'win32' });
    Object.defineProperty(this, 'release', { value: '10.0.26100' });
    const folders = `${SYSTEM};C:\\Windows;C:\\w\\node_modules\\.bin;C:\\Program Files\\nodejs`;
    Object.assign(this.env, {
      SystemRoot: 'C:\\Windows',
      LOCALAPPDATA: `${ME.home}\\AppData\\Local`,
      USERPROFILE: ME.home,
      PATH: folders,
      npm_config_user_agent: 'npm',
      NODE_OPTIONS: '--x',
      INIT_CWD: 'C:\\w',
    });
    this.disk.folder(`/${this.home}/AppData/Local`, { uid: -1, gid: -1, mode: 0o700 });
    this.disk.folder('/tmp', { uid: -1, gid: -1, mode: 0o700 });
    this.registry.key(USER).key(MACHINE);
    this.registry.set(USER, 'TEMP', 'REG_EXPAND_SZ', '%USERPROFILE%\\AppData\\Local\\Temp');
    this.tasks.push({ image: 'System', pid: 4, session: 0, sockets: [['0.0.0.0', 445]] });
    this.tasks.push({ image: 'node.exe', pid: this.pid, session: 1, sockets: [] });
    for (const name of PROGRAMS) {
      this.command([`${SYSTEM}\\${name}.exe`], (argv) => this.execute(name, argv.slice(1)));
    }
    this.command([process.execPath], () => ({ stdout: this.expose }));
    this.onDetach = (order) => this.#start(order);
  }

  /** Several at once, as on a real machine. */
  override scratch(files: Record<string, Buffer>, name: string): Promise<string> {
    return super.scratch(files, `${name}-${this.#scratched++}`);
  }

  /** Installs the app as its setup program does. */
  install(version = '0.32.3'): this {
    const key =
      'HKCU\\Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{44E83376-CE68-45EB-8FC1-393500EB558C}_is1';
    this.registry.key(key);
    this.registry.set(key, 'InstallLocation', 'REG_SZ', `${this.folder.replaceAll('/', '\\')}\\`);
    this.registry.set(key, 'DisplayVersion', 'REG_SZ', version);
    for (const name of ['ollama app.exe', 'ollama.exe']) this.disk.file(`/${this.folder}/${name}`, 'MZ', { uid: -1 });
    return this;
  }

  withDatabase(expose: '0' | '1' | 'no-reader'): this {
    this.expose = expose;
    this.disk.file(`/${this.home}/AppData/Local/Ollama/db.sqlite`, 'SQLite format 3', { uid: -1, gid: -1 });
    return this;
  }

  /** OLLAMA_HOST of the registry as the next login gives it. */
  variable(): string | undefined {
    const kept = this.registry.get(USER, 'OLLAMA_HOST') ?? this.registry.get(MACHINE, 'OLLAMA_HOST');
    if (kept?.kind !== 'REG_EXPAND_SZ') return kept?.data;
    return kept.data.replace(/%(\w+)%/g, (whole, name: string) => this.env[name] ?? whole);
  }

  /** Starts the app as a login does; its server is there at once. */
  login(): this {
    const host = this.variable();
    this.#startApp({ PATH: this.folder.replaceAll('/', '\\'), ...(host === undefined ? {} : { OLLAMA_HOST: host }) });
    this.#serve();
    return this;
  }

  task(image: string, session = 1, sockets: Task['sockets'] = []): Task {
    const task = { image, pid: this.#pid++, session, sockets };
    this.tasks.push(task);
    return task;
  }

  get app(): Task | undefined {
    return this.tasks.find(({ image }) => image === 'ollama app.exe');
  }

  /** Where Ollama listens. */
  get bound(): string[] {
    return this.tasks
      .filter(({ image }) => image === 'ollama.exe')
      .flatMap(({ sockets }) => sockets.map(([a, p]) => `${a}:${p}`));
  }

  #startApp(env: Env): Task {
    const there = this.app;
    const task = this.task('ollama app.exe');
    task.env = env;
    // One app alone on a desktop: the second ends, and looks like a success.
    if (there) this.after(50, () => this.#gone(task));
    return task;
  }

  /** The app's loop: a second after its server has ended it starts another, found by PATH alone. */
  #serve(): void {
    const { app } = this;
    if (!app || this.tasks.some(({ parent }) => parent === app.pid)) return;
    if (!(app.env?.PATH ?? app.env?.Path ?? '').includes('Programs\\Ollama')) return;
    const server = this.serve(this.expose === '1' ? '0.0.0.0' : app.env?.OLLAMA_HOST);
    server.parent = app.pid;
    this.disk.file(`/${this.home}/AppData/Local/Ollama/ollama.pid`, String(server.pid), { uid: -1, gid: -1 });
  }

  /** A server as Go makes it: of every address there are two rows. */
  serve(value: string | undefined, session = 1): Task {
    const { host, port } = parseHost(value);
    const all = scopeOf(parseHost(value)) === 'all';
    return this.task(
      'ollama.exe',
      session,
      all
        ? [
            ['0.0.0.0', port],
            ['[::]', port],
          ]
        : [[host || '127.0.0.1', port]],
    );
  }

  #start(order: Detached): number {
    this.detached.push(order);
    if (order.file.endsWith('/ollama.exe')) return this.serve(order.env.OLLAMA_HOST).pid;
    const task = this.#startApp({ ...order.env });
    this.after(1000, () => this.#serve());
    return task.pid;
  }

  #gone(task: Task): void {
    const at = this.tasks.indexOf(task);
    if (at >= 0) this.tasks.splice(at, 1);
    if (task.image === 'ollama.exe' && this.app?.pid === task.parent) this.after(1000, () => this.#serve());
  }

  #kill(words: string[]): Answer {
    const pid = Number(words[words.indexOf('/PID') + 1]);
    const task = this.tasks.find((one) => one.pid === pid);
    if (!task) return { code: 128, stderr: 'ERROR: The process was not found.' };
    const tree = words.includes('/T') ? this.tasks.filter(({ parent }) => parent === pid) : [];
    if (words.includes('/F')) {
      for (const one of [task, ...tree]) this.#gone(one);
      return { stdout: 'SUCCESS' };
    }
    if (tree.length > 0 || task.image === 'ollama.exe') return { code: 1, stderr: 'can only be terminated forcefully' };
    if (this.stubborn) return { stdout: 'SUCCESS: Sent termination signal' };
    const server = this.tasks.find(({ parent }) => parent === pid);
    this.after(300, () => {
      this.#gone(task);
      if (server) this.#gone(server);
      this.disk.drop(`/${this.home}/AppData/Local/Ollama/ollama.pid`);
    });
    return { stdout: 'SUCCESS: Sent termination signal' };
  }

  execute(name: string, words: string[]): Answer {
    switch (name) {
      case 'reg':
        return this.registry.execute(words, this.disk, this.elevated);
      case 'setx':
        if (this.setxFails) return { code: 1, stderr: 'ERROR: Access to the registry path is denied.' };
        this.registry.set(USER, words[0] ?? '', /%/.test(words[1] ?? '') ? 'REG_EXPAND_SZ' : 'REG_SZ', words[1] ?? '');
        this.announced++;
        return { stdout: '\r\nSUCCESS: Specified value was saved.\r\n' };
      case 'tasklist':
        return { stdout: this.tasks.map(row).join('') };
      case 'taskkill':
        return this.#kill(words);
      case 'netstat':
        return { stdout: this.#netstat() };
      case 'whoami':
        if (words[0] === '/user') return { stdout: `me S-1-5-21-1-2-3-${this.administrator ? 500 : 1001}\r\n` };
        return { stdout: this.elevated ? 'Label S-1-16-12288\r\n' : 'Label S-1-16-8192\r\n' };
      case 'netsh':
        return {
          stdout: `\r\nStartport    Endport\r\n----------    --------\r\n${this.excluded}\r\n* - Verwaltet\r\n`,
        };
      case 'sc':
        return this.#sc(words);
      default:
        return { stdout: '' };
    }
  }

  #netstat(): string {
    const state = { en: 'LISTENING', de: 'ABHÖREN', ja: 'LISTENING' }[this.language];
    const rows = this.tasks.flatMap(({ sockets, pid }) =>
      sockets.map(([address, port]) => {
        const other = address.startsWith('[') ? '[::]:0' : '0.0.0.0:0';
        return `  TCP    ${`${address}:${port}`.padEnd(22)} ${other.padEnd(22)} ${state.padEnd(15)} ${pid}\r\n`;
      }),
    );
    return `\r\nAktive Verbindungen\r\n\r\n  Proto  Lokale Adresse         Remoteadresse          Status           PID\r\n${rows.join('')}  TCP    127.0.0.1:50000        127.0.0.1:11434        HERGESTELLT     7\r\n  UDP    0.0.0.0:11434          *:*                                    9\r\n`;
  }

  #sc([verb, name = '']: string[]): Answer {
    const service = this.services.get(name);
    if (service && (verb === 'start' || verb === 'stop')) return this.#control(service, verb);
    if (verb !== 'queryex' || !service)
      return { code: 1060, stdout: '[SC] EnumQueryServicesStatus:OpenService FAILED 1060' };
    return {
      stdout: `\r\nSERVICE_NAME: ${name} \r\n        TYP                : 10  WIN32_OWN_PROCESS  \r\n        STATUS             : ${service.state}  RUNNING \r\n                                (STOPPABLE, PAUSABLE, ACCEPTS_SHUTDOWN)\r\n        WIN32_EXIT_CODE    : 0  (0x0)\r\n        SERVICE_EXIT_CODE  : 0  (0x0)\r\n        PRÜFPUNKT          : 0x0\r\n        WARTEHINWEIS       : 0x0\r\n        PID                : ${service.pid} \r\n        MARKIERUNGEN       :\r\n`,
    };
  }

  /** The service manager says that it has begun, and is done a moment later. */
  #control(service: Service, verb: 'start' | 'stop'): Answer {
    if (!this.elevated) return { code: 5, stdout: '[SC] OpenService FEHLER 5:\r\n\r\nZugriff verweigert\r\n' };
    if ((verb === 'start') !== (service.state === 1)) return { code: verb === 'start' ? 1056 : 1062, stdout: 'FEHLER' };
    service.state = verb === 'start' ? 2 : 3;
    this.after(500, () => {
      service[verb]();
      service.state = verb === 'start' ? 4 : 1;
    });
    return {};
  }
}

const PROGRAMS = [
  'reg',
  'setx',
  'tasklist',
  'taskkill',
  'netstat',
  'whoami',
  'netsh',
  'sc',
  'WindowsPowerShell\\v1.0\\powershell',
];

function row({ image, pid, session }: Task): string {
  return `"${image}","${pid}","${session === 0 ? 'Services' : 'Console'}","${session}","12.345 K"\r\n`;
}

export async function sceneOf(host: Windows): Promise<Scene> {
  const stateDir = `${host.home}/AppData/Local/stigmer-setup-ollama`;
  return { host, offline: false, version: '1.2.3', stateDir, servers: await findProcesses(host, isServe) };
}
