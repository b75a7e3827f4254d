import { type Listener, listeners } from '../../rig/listeners.ts';
import { waitFor } from '../../rig/outside.ts';
import { REPO } from '../../rig/places.ts';
import { describeFailure } from './failure.ts';
import { type Fetched, fetchFrom } from './fetch.ts';
import { WindowsFiles } from './files.ts';
import type { WindowsOptions } from './options.ts';
import { PREFIX_INSIDE } from './places.ts';
import {
  nodeProgram,
  npmEnvironment,
  type ProductOptions,
  type ProductResult,
  parseReport,
  productFolder,
} from './product.ts';
import { Registry } from './registry.ts';
import { layDownService, type Service, type ServiceOptions } from './services.ts';
import { settingsCommand } from './settings.ts';
import { ADDRESS, inSpace, makeSpace, type Space } from './space.ts';
import { type Folders, foldersOf, furnish, installProduct } from './stage.ts';
import { makeLink } from './startup-link.ts';
import { ensureTemplate } from './template.ts';
import { type Environment, type LaunchOptions, type LaunchResult, type Spawned, Wine } from './wine.ts';
import { type Started, World } from './world.ts';

export type { Fetched } from './fetch.ts';
export type { RegistryValue } from './hive.ts';
export type { Switch, WindowsOptions } from './options.ts';
export type { NodeLine } from './places.ts';
export type { ProductOptions, ProductResult } from './product.ts';
export type { Service, ServiceOptions } from './services.ts';
export type { Environment, LaunchOptions, LaunchResult, Spawned } from './wine.ts';
export type { Answer, Call, Ghost, Started } from './world.ts';
export { ADDRESS, type Folders, type Listener };

/** Milliseconds that something may take which takes one or two, on a machine that is busy with much else. */
const PATIENCE = 90_000;

/** A Windows with its own registry, files, processes and network. */
export class Windows extends World {
  readonly folders: Folders;
  readonly reg: Registry;
  /** Its address that is not loopback. */
  readonly address = ADDRESS;
  readonly #space: Space;
  readonly #wine: Wine;

  constructor(space: Space, wine: Wine, options: WindowsOptions) {
    super(new WindowsFiles(`${space.prefix}/drive_c`));
    this.#space = space;
    this.#wine = wine;
    this.folders = foldersOf(options);
    this.reg = new Registry(wine);
  }

  /** A program of C:\windows\system32. */
  system(name: string): string {
    return `C:\\windows\\system32\\${name}`;
  }

  /** Runs any Windows program with the environment of a terminal opened now, changed as told. */
  run(program: string, args: readonly string[] = [], options: LaunchOptions = {}): Promise<LaunchResult> {
    return this.#wine.run(program, args, options);
  }

  /** Starts one and lets it run. */
  spawn(program: string, args: readonly string[] = [], options: LaunchOptions = {}): Promise<Spawned> {
    return this.#wine.spawn(program, args, options);
  }

  /** Runs the built product under Windows Node as `npx` would: with npm's clutter in the environment. */
  async product(args: readonly string[], options: ProductOptions = {}): Promise<ProductResult> {
    const { program, words, env } = this.#productCommand(args, options);
    const result = await this.run(program, words, { timeout: 240_000, ...options, env });
    return { ...result, report: args.includes('--json') ? parseReport(result) : undefined };
  }

  /** Starts the product and does not wait for its end. */
  spawnProduct(args: readonly string[], options: ProductOptions = {}): Promise<Spawned> {
    const { program, words, env } = this.#productCommand(args, options);
    return this.spawn(program, words, { ...options, env });
  }

  /** Runs a script text (CommonJS) under Windows Node. */
  node(script: string, options: ProductOptions = {}): Promise<LaunchResult> {
    const file = 'C:\\rig\\script.cjs';
    this.files.write(file, script);
    return this.run(nodeProgram(options.node), [file], options);
  }

  /**
   * Starts the tray app as a click in the Start menu does: with the environment that the registry gives now, changed as
   * `env` tells. Waits until its server listens, which is one that did not before, unless `wait` is false.
   */
  async startApp(options: { env?: Environment; args?: readonly string[]; wait?: boolean } = {}): Promise<number> {
    const program = `${this.folders.install}\\ollama app.exe`;
    const { args = ['--hide', '--fast-startup'], env = {} } = options;
    const others = this.servers().map((server) => server.pid);
    const { pid } = await this.spawn(program, args, { cwd: this.folders.install, env });
    if (options.wait ?? true) await this.waitForServer(others);
    return pid;
  }

  /** Starts `ollama serve` by hand, in a terminal. Waits until it listens. */
  async startServer(options: { env?: Environment; cwd?: string } = {}): Promise<number> {
    const before = this.servers().length;
    const { pid } = await this.spawn(`${this.folders.install}\\ollama.exe`, ['serve'], options);
    await waitFor(() => this.servers().length > before, PATIENCE, 'the server to listen');
    return pid;
  }

  /** Installs Ollama as a service and starts it; waits until it listens. A second call with the same name fails. */
  async startService(options: ServiceOptions): Promise<Service> {
    const before = this.servers().length;
    const service = await layDownService(this.reg, this.files, this.folders.install, options);
    await this.spawn(service.program, ['--rig-service', service.name], { cwd: 'C:\\windows\\system32' });
    await waitFor(() => this.servers().length > before, PATIENCE, 'the service to listen');
    return service;
  }

  /** The start of the newest tray app that runs, or undefined. */
  appRunning(): Started | undefined {
    const alive = this.alive();
    return this.starts('ollama app.exe')
      .filter((each) => alive.includes(each.pid))
      .at(-1);
  }

  /** The starts of all servers that listen, the newest last. */
  servers(): Started[] {
    const alive = this.alive();
    return this.starts('ollama.exe').filter((each) => alive.includes(each.pid));
  }

  /** The environment of the newest server that listens. */
  serverEnvironment(): Record<string, string> | undefined {
    return this.servers().at(-1)?.env;
  }

  /** Waits for a server that listens, and is none of the `others`. */
  waitForServer(others: readonly number[] = []): Promise<Started> {
    return waitFor(
      () => this.servers().findLast(({ pid }) => !others.includes(pid)),
      PATIENCE,
      () => `a server; app.log:\n${this.appLog()}`,
    );
  }

  /** The listening TCP sockets, from the kernel's own tables. A dual-stack server is one of family tcp6 at `::`. */
  listeners(port?: number): Listener[] {
    const all = listeners(this.#space.leader);
    return port === undefined ? all : all.filter((each) => each.port === port);
  }

  /** Asks a URL from this machine. */
  fetch(url: string): Promise<Fetched> {
    return fetchFrom(this.#space.leader, url);
  }

  /** Asks a URL from another machine of the network; this one is at `address`. */
  fetchFromNeighbour(url = `http://${ADDRESS}:11434/api/version`): Promise<Fetched> {
    return fetchFrom(this.#space.neighbour, url);
  }

  appLog(): string {
    return this.#log('app.log');
  }

  serverLog(): string {
    return this.#log('server.log');
  }

  /** Changes the app's own switch in its db.sqlite; with `wal` the change is in the -wal file only. */
  async setExpose(expose: boolean, wal = false): Promise<void> {
    const folder = `${this.folders.localAppData}\\Ollama`;
    this.files.makeDirectory(folder);
    // From within: SQLite resolves links, and the way in from outside leads over one that only the kernel can follow.
    const file = this.files.outsidePath(`${folder}\\db.sqlite`).replace(this.#space.prefix, PREFIX_INSIDE);
    const { code, stderr } = await inSpace(this.#space, settingsCommand(file, expose, wal), {});
    if (code !== 0) throw new Error(`the settings cannot be written: ${stderr}`);
  }

  /** Signs out and in again (or restarts the machine): everything ends, then what is in the Startup folder starts. */
  async logon(): Promise<void> {
    await this.#wine.end();
    this.forgetRunning();
    await this.#wine.start();
    await this.#wine.logOn();
  }

  /** Puts the link into the Startup folder that the installer (or the app's first run) puts there. */
  async enableAutostart(): Promise<void> {
    const program = `${this.folders.install}\\ollama app.exe`;
    await makeLink(this.#wine, this.files, program, `${this.folders.startup}\\Ollama.lnk`);
  }

  /** Ends the machine; nothing of it is left. */
  end(): Promise<void> {
    return this.#space.end();
  }

  #log(name: string): string {
    const file = `${this.folders.localAppData}\\Ollama\\${name}`;
    return this.files.exists(file) ? this.files.read(file) : '';
  }

  #productCommand(args: readonly string[], options: ProductOptions) {
    const home = productFolder(this.folders.localAppData);
    if (!this.files.exists(`${home}\\dist\\cli.js`)) installProduct(this.files, home, REPO);
    const env = { ...npmEnvironment(options.cwd ?? this.folders.profile), ...options.env };
    return { program: nodeProgram(options.node), words: [`${home}\\dist\\cli.js`, ...args], env };
  }
}

/** Builds what all machines share, so that the first test need not: for `beforeAll`, with some minutes' time. */
export async function prepareWindows(): Promise<void> {
  await ensureTemplate();
}

/** Makes a machine: Ollama is installed as told, nothing runs yet. */
export async function bootWindows(options: WindowsOptions = {}): Promise<Windows> {
  const template = await ensureTemplate();
  const space = await makeSpace(template.prefix);
  try {
    furnish(space.prefix, template.programs, options);
    const wine = new Wine(space, template.programs, options.user ?? 'Anna');
    await wine.start();
    const windows = new Windows(space, wine, options);
    if ((options.install ?? 'app') === 'app' && options.autostart !== false) await windows.enableAutostart();
    if (options.expose) await windows.setExpose(true);
    return windows;
  } catch (error) {
    await space.end();
    throw error;
  }
}

/** Makes a machine for a test, says all about it when the test fails, and ends it in any case. */
export async function withWindows<T>(
  name: string,
  options: WindowsOptions,
  test: (windows: Windows) => Promise<T>,
): Promise<T> {
  const windows = await bootWindows(options);
  try {
    return await test(windows);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${name}\n${describeFailure(windows)}`;
    throw error;
  } finally {
    await windows.end();
  }
}
