import { findUser } from '../../rig/guest-command.ts';
import type { Handle, Listener, RunResult, Snapshot, TestHost } from '../../rig/host.ts';
import { COMMAND, installProduct, type ProductResult } from '../../rig/product.ts';
import { ask } from './control.ts';
import type {
  AppOptions,
  Call,
  Faults,
  HandRunOptions,
  LaunchdState,
  LoadedJob,
  MacRunOptions,
  Prefix,
} from './options.ts';
import { byHand, environment, holder } from './ports.ts';
import { macCommand, outer } from './session.ts';
import { ME } from './setup.ts';

/** An emulated Mac. Its files are handled through `host`. */
export class Mac {
  readonly host: TestHost;
  #console: string | null = null;

  constructor(host: TestHost) {
    this.host = host;
  }

  /** Starts launchd for the first time, which starts everything else. */
  async start(): Promise<void> {
    await this.host.must(['systemctl', 'start', 'mac-launchd.service']);
    await this.#ready();
  }

  /** Runs a command as somebody on the Mac; see `MacRunOptions.via`. */
  async run(argv: readonly string[], options: MacRunOptions = {}): Promise<RunResult> {
    return this.host.run(this.#command(argv, options), outer(options));
  }

  /** Runs a command that has to succeed; resolves with its standard output. */
  async must(argv: readonly string[], options: MacRunOptions = {}): Promise<string> {
    const result = await this.run(argv, options);
    if (result.code === 0) return result.stdout;
    throw new Error(`${argv.join(' ')}: exit code ${result.code}\n${result.stdout}${result.stderr}`);
  }

  /** Starts a command and returns at once. */
  spawn(argv: readonly string[], options: Omit<MacRunOptions, 'input'> = {}): Handle {
    return this.host.spawn(this.#command(argv, options), outer(options));
  }

  /** Runs the product. With --json among the words, `report` is its standard output parsed. */
  async product(args: readonly string[], options: MacRunOptions = {}): Promise<ProductResult> {
    this.#needProduct();
    const result = await this.run([`/usr/local/bin/${COMMAND}`, ...args], options);
    return { ...result, report: args.includes('--json') ? parsed(result) : undefined };
  }

  spawnProduct(args: readonly string[], options: Omit<MacRunOptions, 'input'> = {}): Handle {
    this.#needProduct();
    return this.spawn([`/usr/local/bin/${COMMAND}`, ...args], options);
  }

  brew(args: readonly string[], options: MacRunOptions & { prefix?: Prefix } = {}): Promise<RunResult> {
    return this.run([`${options.prefix ?? this.brewPrefix}/bin/brew`, ...args], options);
  }

  launchctl(args: readonly string[], options: MacRunOptions = {}): Promise<RunResult> {
    return this.run(['/bin/launchctl', ...args], options);
  }

  /** The prefix of the only Homebrew, or of the first. */
  get brewPrefix(): Prefix {
    return this.host.exists('/opt/homebrew/bin/brew') ? '/opt/homebrew' : '/usr/local';
  }

  /** Shuts down and boots again; who sits at the console then is told by `console` (whoever did before, unless told). */
  async reboot(options: { console?: boolean; clean?: boolean } = {}): Promise<void> {
    const console = options.console === undefined ? this.#console : options.console ? 'me' : null;
    await ask(this.host, { op: 'configure', values: { console } });
    await this.host.reboot({ clean: options.clean ?? true });
    await this.#ready();
  }

  async login(user = 'me'): Promise<void> {
    await ask(this.host, { op: 'login', user });
    this.#console = user;
  }

  async logout(): Promise<void> {
    await ask(this.host, { op: 'logout' });
    this.#console = null;
  }

  /** Changes fault switches; a count starts anew. */
  faults(faults: Faults): Promise<unknown> {
    return this.configure({ faults });
  }

  /** Changes the Mac's configuration: `loginOrder`, `scale`, `loginItems`, `app`, `brew` … */
  configure(values: Record<string, unknown>): Promise<unknown> {
    return ask(this.host, { op: 'configure', values });
  }

  /** `brew upgrade ollama` to a version. */
  async upgradeBrewFormula(version = '0.33.0', prefix: Prefix = this.brewPrefix): Promise<void> {
    await this.#configureBrew(prefix, { latest: version });
    await this.must([`${prefix}/bin/brew`, 'upgrade', 'ollama'], this.#console === 'me' ? {} : { via: 'ssh' });
  }

  /** `brew update` to another Homebrew; it touches no service and no keg. */
  upgradeHomebrew(version: string, prefix: Prefix = this.brewPrefix): Promise<unknown> {
    return this.#configureBrew(prefix, { version, versionText: null });
  }

  /** What launchd has loaded, by `domain/label`. */
  async loaded(): Promise<Record<string, LoadedJob>> {
    return (await this.launchd()).loaded;
  }

  /** The disabled and enabled labels of a domain. */
  async disabled(domain = 'gui/501'): Promise<Record<string, boolean>> {
    return (await this.launchd()).disabled[domain] ?? {};
  }

  launchd(): Promise<LaunchdState> {
    return ask(this.host, { op: 'state' });
  }

  /** The listening TCP sockets, from the kernel's own tables. */
  listeners(port?: number): Listener[] {
    return this.host.listeners(port);
  }

  /** Waits until a server listens on a port at an address (`::` is what 0.0.0.0 becomes); resolves with its pid. */
  waitForListener(address: '127.0.0.1' | '::' | string = '::', port = 11434, timeoutMs = 15_000): Promise<number> {
    const there = async () => {
      const listening = this.listeners(port);
      if (!listening.some((each) => each.address === address)) return undefined;
      return (await holder(this.host, port))?.pid;
    };
    return this.host.waitFor(there, timeoutMs, `a listener on ${address} port ${port}`);
  }

  /** The environment of the process that holds a port, as it was when it began. */
  async serverEnvironment(port = 11434): Promise<Record<string, string>> {
    const found = await holder(this.host, port);
    if (found === undefined) throw new Error(`nothing listens on port ${port}`);
    return environment(this.host, found.pid);
  }

  /** Who holds a port: process number on the Mac, user, words. */
  async server(port = 11434): Promise<{ pid: number; uid: number; args: string[] } | undefined> {
    const found = await holder(this.host, port);
    return found && { ...found, args: this.host.read(`/proc/${found.pid}/cmdline`).split('\0').slice(0, -1) };
  }

  /** A property list by Python's plistlib: plain JSON, but dates, data and reals as {date}, {data}, {real}. */
  async plist(file: string): Promise<Record<string, unknown>> {
    const words = ['/usr/bin/python3', '-IS', '/usr/local/libexec/mac/tell_plist.py', file];
    return JSON.parse(await this.host.must(words));
  }

  /** The settings row of the app; undefined when there is no database. */
  async appRow(): Promise<Record<string, unknown> | undefined> {
    const file = `${ME.home}/Library/Application Support/Ollama/db.sqlite`;
    if (!this.host.exists(file)) return undefined;
    const sql = 'SELECT * FROM settings WHERE id = 1';
    const text = await this.host.must(['/usr/bin/sqlite3', '-json', '-cmd', '.timeout 5000', file, sql], {
      user: 'me',
    });
    return text === '' ? undefined : JSON.parse(text)[0];
  }

  /** Waits until the app runs and its server listens. */
  async appReady(): Promise<void> {
    await this.host.waitFor(() => this.listeners(11434).length > 0, 15_000, 'the server of Ollama.app');
  }

  /** Opens the app as a double click does. */
  openApp(options: Pick<AppOptions, 'path'> = {}): Promise<string> {
    return this.must(['/usr/bin/open', options.path ?? '/Applications/Ollama.app']);
  }

  /** A server that somebody started in a terminal and left running; resolves with its pid. */
  async startByHand(options: HandRunOptions = {}): Promise<number> {
    return Number(await this.must(...byHand(this.host, options)));
  }

  /** Files and folders, byte for byte: path to `type mode uid gid sha256`. What is missing is left out. */
  snapshot(paths: readonly string[]): Snapshot {
    const there = paths.filter((each) => this.host.exists(each));
    return new Map(there.flatMap((each) => [...this.host.snapshot(each)]));
  }

  /** The calls of emulated programs so far, in order; of one program only when it is named. */
  calls(program?: string): Call[] {
    const lines = this.host.read('/var/db/mac/calls.jsonl').split('\n').filter(Boolean);
    const calls = lines.map((line) => JSON.parse(line) as Call);
    return program === undefined ? calls : calls.filter((each) => each.program === program);
  }

  /** Forgets the calls so far. */
  forgetCalls(): void {
    this.host.write('/var/db/mac/calls.jsonl', '', { mode: 0o666 });
  }

  /** What a reader of a failed test needs to know. */
  async describe(): Promise<string> {
    const parts = ['=== mac'];
    try {
      const { loaded, disabled, setenv } = await this.launchd();
      for (const [name, job] of Object.entries(loaded)) parts.push(`${name} ${JSON.stringify(job)}`);
      parts.push(`disabled ${JSON.stringify(disabled)}`, `setenv ${JSON.stringify(setenv)}`);
      const calls = this.calls().slice(-40);
      parts.push(...calls.map((each) => `${each.uid} ${each.program} ${each.args.join(' ')}`));
      parts.push(this.host.exists('/var/log/mac-launchd.log') ? this.host.read('/var/log/mac-launchd.log') : '');
    } catch (error) {
      parts.push(String(error), await this.host.journal('mac-launchd'));
    }
    return parts.join('\n');
  }

  async #ready(): Promise<void> {
    await this.host.waitFor(() => this.host.exists('/run/mac/ready'), 15_000, 'the emulated launchd');
    this.#console = JSON.parse(this.host.read('/var/db/mac/config.json')).console;
  }

  async #configureBrew(prefix: Prefix, values: Record<string, unknown>): Promise<void> {
    const { brew } = JSON.parse(this.host.read('/var/db/mac/config.json'));
    await this.configure({ brew: { [prefix]: { ...brew[prefix], ...values } } });
  }

  /** Says plainly that the product is not built, when it is not. */
  #needProduct(): void {
    if (!this.host.exists('/opt/product/dist/cli.js')) installProduct(this.host);
  }

  #command(argv: readonly string[], options: MacRunOptions): string[] {
    const launchd = Number(this.host.read('/run/mac/ready'));
    return macCommand(argv, findUser(this.host, options.as ?? 'me'), launchd, options, this.#console);
  }
}

function parsed({ code, stdout, stderr }: RunResult): unknown {
  try {
    return JSON.parse(stdout);
  } catch {
    throw new Error(`no JSON on standard output (exit code ${code})\nstdout: ${stdout}\nstderr: ${stderr}`);
  }
}
