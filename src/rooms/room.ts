import type { FileChange } from '../actions/file.ts';
import type { Act } from '../actions/index.ts';
import type { Check } from '../checks/check.ts';
import type { Change, Plan } from '../engine/plan.ts';
import type { Actor, Host } from '../host/host.ts';
import type { Process } from '../probes/processes.ts';

/** Something a person should know; `code` is kebab-case and stable. */
export interface Warning {
  code: string;
  message: string;
  /** What mends it, where the guide's word is too general. */
  remedy?: string;
  /** True where setup mends it, so that only `doctor` has to speak of it. */
  mended?: true;
  /** True for what may happen on every host of this kind: told, and nobody's fault. */
  mayBe?: true;
}

/** One place that sets (or takes away: null) OLLAMA_HOST for an installation. At most one of them is effective. */
export interface Setting {
  value: string | null;
  source: string;
  effective: boolean;
}

/** What a server was told by whoever started it, and where that was seen. */
export interface Given {
  value: string;
  evidence: string;
}

/** How the service manager sees the installation's process right now. */
export interface ServiceState {
  phase: 'running' | 'starting' | 'stopped' | 'failed' | 'restarting';
  /** The processes that belong to the installation; the first is the main one. */
  pids: number[];
  /** The user that the server runs as; undefined when not known. */
  uid: number | undefined;
  /** Why it is not running, in the manager's words. */
  reason?: string;
}

/** Why an installation cannot be changed by this program, and the exact edit or command that changes it. */
export interface Refusal {
  code: string;
  message: string;
  meaning: string;
  remedy: string;
  /** 4 when it is to be done elsewhere, 5 when only rights are missing. */
  exit: 4 | 5;
}

export interface PlanRequest {
  /** The value that OLLAMA_HOST shall have, canonical. */
  wanted: string;
  /** Start the service if it is stopped. */
  start: boolean;
  /** False leaves the service alone: only files are written. */
  restart: boolean;
  /** True when the installation's own listener is already as wanted. */
  bound: boolean;
  /** Who may reach the port; `any` unless told, and other than that only for an installation with `filter`. */
  allow?: Allow;
  /** Interfaces of container networks whose names do not tell what they are. */
  interfaces?: readonly string[];
  /** Hands with root's rights, where there are any already: for looking at what only root may see. */
  root?: Actor | undefined;
}

/** Who may reach the port: everybody, private networks and containers, or this host and its containers alone. */
export type Allow = 'any' | 'lan' | 'containers';

/** What setup had done to an installation. */
export interface Done {
  wanted: string;
  /** Whether it ran before. */
  running: boolean;
  /** Whether setup started what had not run. */
  started?: boolean;
  /** What was changed: the paths of files, the names of values. */
  subjects: string[];
  /** The values from before, by those names; null for one that was not set. */
  values: Record<string, string | null>;
  /** Hands with root's rights, where there are any already. */
  root?: Actor | undefined;
}

/** What else it takes to go back. */
export interface Moved {
  changes: Change[];
  /** These take the place of the receipt's acts. */
  activate?: Act[];
  /** Done even where the service is left alone (--no-restart). */
  meanwhile?: Act[];
  /** True when the acts are needed though every file is as it was. */
  due?: boolean;
  /** To be said where the acts are not done. */
  stays?: Warning;
}

/** What an export has done to an installation, as if `setup` had. */
export interface Exported {
  wanted: string;
  /** The value that is in force without it; undefined when nothing sets one. */
  was: string | undefined;
  /** In the order in which they are made. */
  changes: FileChange[];
  deactivate: Act[];
}

/** One Ollama on this host, as the room that knows its way of running found it. */
export interface Installation {
  kind: string;
  id: string;
  /** Names the installation in journals and receipts: the same in every run. */
  target: string;
  /** "the systemd service ollama.service" */
  title: string;
  state: ServiceState;
  settings: Setting[];
  /** The configured value; undefined when nothing sets it. */
  value: string | undefined;
  warnings: Warning[];
  /** Whether whoever runs this program must become root for it. */
  needsRoot: boolean;
  refusal?: Refusal;
  /** True for one that was installed and never set to run: it is not meant where another Ollama is. */
  dormant?: boolean;
  /** True for a program that its user starts: while it is not running it is configured, and left so. */
  startedByUser?: boolean;
  /** How a person reads the server's log. */
  logCommand?: string;
  /** What the wanted value brings with it on this platform, to be said before the change. */
  consequences?(wanted: string): Promise<Warning[]>;
  /** Only data comes back: nothing is changed. */
  plan(request: PlanRequest): Plan | Refusal | Promise<Plan | Refusal>;
  /**
   * What else it takes to go back, where our value has been copied to other files since (an upgrade does so), or where
   * only a later run brought something along. Undefined when nothing has moved.
   */
  moved?(done: Done): Promise<Moved | undefined>;
  /** What an export of this program has left here, which has no receipt; undefined where there is nothing of the kind. */
  exported?(): Promise<Exported | undefined>;
  /** Only where others can be kept from the port of this installation. */
  filter?: {
    /** Whom a filter lets in now. */
    now: Exclude<Allow, 'any'> | undefined;
    /** The bridges of containers that it names. */
    interfaces(): Promise<string[]>;
    isLoaded(root: Actor): Promise<boolean>;
  };
  /** The settings as they are now. */
  reread(): Setting[] | Promise<Setting[]>;
  /** OLLAMA_HOST in the environment of the running server, where its manager tells. */
  given?(): Promise<Given | undefined>;
  /** The processes that belong to it now, by the kernel's word alone; nothing where only the manager knows. */
  members?(): number[];
  /** All that doctor can say of one whose sockets are out of this system's sight; `port` is where it should be reached. */
  examine?(port: number): Promise<Check[]>;
  /** Why a server that listens as wanted will not do so after its next start. */
  fleeting?(wanted: string): Promise<Warning | undefined>;
  /** Why its setting is not in effect or, where `log` is given, why the server is down; asked only then. */
  reasons?(log?: string): Promise<Warning[]>;
  /** Asks the service manager again. */
  observe(): Promise<ServiceState>;
  /** The last lines of the server's log, as far as this user may read it. */
  log(): Promise<string>;
}

/** What was read once for all rooms. */
export interface Scene {
  host: Host;
  /** True when the files belong to an offline image (--root) instead of the running system. */
  offline: boolean;
  version: string;
  /** The state folder of this program, for log files of processes that it starts. */
  stateDir: string;
  /** Processes that run `ollama serve`. Rooms take theirs away, so that the last room gets what nobody supervises. */
  servers: Process[];
}

/** One way of running Ollama. A room recognises it and returns what it would do; it never does anything. */
export interface Room {
  readonly kind: string;
  detect(scene: Scene): Promise<Installation[]>;
}

/** True when a plan, or a part of one, was refused. */
export function isRefusal(result: object): result is Refusal {
  return 'exit' in result;
}

/** The state of a service whose manager this program does not ask: it runs when its servers do. */
export function stateOfServers(servers: readonly Process[]): ServiceState {
  const phase = servers.length > 0 ? 'running' : 'stopped';
  return { phase, pids: servers.map(({ pid }) => pid), uid: servers[0]?.uid };
}

/** An installation that is only explained: everything about it is the refusal. */
export function explained(
  kind: string,
  id: string,
  title: string,
  state: ServiceState,
  refusal: Refusal,
): Installation {
  return {
    kind,
    id,
    target: `${kind}:${id}`,
    title,
    state,
    settings: [],
    value: undefined,
    warnings: [],
    needsRoot: false,
    refusal,
    plan: () => refusal,
    reread: () => [],
    observe: async () => state,
    log: async () => '',
  };
}

const INTERPRETER = /^(node|python[\d.]*|perl|ruby|bash|dash|sh|ash|env|qemu-[\w-]+|ld-linux[\w.-]*)$/;

/** True for `ollama serve` (or its alias `start`, cmd/cmd.go in ollama/ollama), also when a script is called so. */
export function isServe(argv: string[]): boolean {
  const name = (word: string | undefined) => (word ?? '').slice((word ?? '').lastIndexOf('/') + 1);
  const at = INTERPRETER.test(name(argv[0])) ? 1 : 0;
  return name(argv[at]) === 'ollama' && (argv[at + 1] === 'serve' || argv[at + 1] === 'start');
}
