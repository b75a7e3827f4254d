import { realpathSync } from 'node:fs';
import { ensureBase, type Init } from './base.ts';
import { fillDisk, mountTmpfs, remountReadOnly, unmount } from './disk.ts';
import { describeFailure } from './failure.ts';
import { findUser, type GuestUser, guestCommand, type RunOptions } from './guest-command.ts';
import { GuestFiles, type WriteOptions } from './guest-files.ts';
import { Handle } from './handle.ts';
import { type Listener, listeners } from './listeners.ts';
import { type Bind, boot, createMachine, destroy, halt, type Machine } from './machine.ts';
import { ending, type RunResult, start, waitFor } from './outside.ts';
import { addPeer, type Peer } from './peer.ts';
import { type Snapshot, snapshot } from './snapshot.ts';

export { waitFor } from './outside.ts';
export { diffSnapshots } from './snapshot.ts';
export type { Bind, GuestUser, Handle, Listener, Peer, RunOptions, RunResult, Snapshot, WriteOptions };

/** The password of every user that `addUser` makes with `sudo: 'password'`. */
export const PASSWORD = 'correct horse';

/** What kind of host to boot. */
export interface HostOptions {
  /** `host` unless told. */
  hostname?: string;
  /** Further files or folders of this machine to be seen inside. */
  binds?: readonly Bind[];
  /** The Node binary at /usr/local/bin/node: this process's own unless told; `false` for a host without Node. */
  node?: string | false;
  /** Megabytes the host may write in all (in memory). 512 unless told. */
  diskMegabytes?: number;
  /** A small disk of its own at a folder, with what was in the folder. */
  smallDisk?: { path: string; megabytes: number };
  /** systemd unless told. */
  init?: Init;
  /** Gets the host, of which there are only the files yet, before the first boot. */
  prepare?: (host: TestHost) => void | Promise<void>;
}

/** What a new user may do with sudo: all without a password, all with `PASSWORD`, or nothing. */
export interface UserOptions {
  sudo?: 'nopasswd' | 'password' | false;
}

/** A running Debian with systemd as PID 1, in its own network namespace; its files are handled as `GuestFiles` says. */
export class TestHost extends GuestFiles {
  readonly #machine: Machine;
  #peers = 0;

  constructor(machine: Machine) {
    // Through PID 1 the mounts made inside are seen too.
    super(() => (machine.leader === 0 ? machine.root : `/proc/${machine.leader}/root`));
    this.#machine = machine;
  }

  /** The name of the host on this machine. */
  get name(): string {
    return this.#machine.name;
  }

  /** The file of its network namespace, for `nsenter --net=`. */
  get netns(): string {
    return this.#machine.netns;
  }

  /** Its PID 1 by the numbers of this machine; 0 while it is down. */
  get leader(): number {
    return this.#machine.leader;
  }

  /** Runs a command to its end. The exit code is the caller's business; a time limit that passes rejects. */
  async run(argv: readonly string[], options: RunOptions = {}): Promise<RunResult> {
    const command = guestCommand(this.#machine, this, argv, options);
    const started = start(command.argv, options.input === undefined ? {} : { input: options.input });
    return new Handle(this.#machine, command, started, options.timeout ?? 60_000).done;
  }

  /** Runs a command that has to succeed; resolves with its standard output. */
  async must(argv: readonly string[], options: RunOptions = {}): Promise<string> {
    const result = await this.run(argv, options);
    if (result.code === 0) return result.stdout;
    throw new Error(`${argv.join(' ')}: ${ending(result)}\n${result.stdout}${result.stderr}`);
  }

  /** Runs a command in a real login session of a user, so that `systemctl --user` works. */
  runAs(user: string, argv: readonly string[], options: Omit<RunOptions, 'user' | 'session'> = {}): Promise<RunResult> {
    return this.run(argv, { ...options, user, session: true });
  }

  /** Starts a command and returns at once; its standard input stays open (see `Handle`). */
  spawn(argv: readonly string[], options: Omit<RunOptions, 'input'> = {}): Handle {
    const command = guestCommand(this.#machine, this, argv, options);
    return new Handle(this.#machine, command, start(command.argv, { stdin: 'pipe' }), options.timeout ?? 120_000);
  }

  /** The words that run a command from this machine, for a program that starts it by itself; never as a session. */
  words(argv: readonly string[], options: Omit<RunOptions, 'input' | 'timeout' | 'tty' | 'session'> = {}): string[] {
    return guestCommand(this.#machine, this, argv, options).argv;
  }

  /** Looks a user of the host up. */
  user(name: string): GuestUser {
    return findUser(this, name);
  }

  /** Makes a user with a home, with useradd. */
  async addUser(name: string, options: UserOptions = {}): Promise<GuestUser> {
    await this.must(['useradd', '--create-home', '--shell', '/bin/bash', name]);
    if (options.sudo === 'password') await this.must(['chpasswd'], { input: `${name}:${PASSWORD}\n` });
    const tag = options.sudo === 'nopasswd' ? 'NOPASSWD: ' : '';
    if (options.sudo) this.write(`/etc/sudoers.d/${name}`, `${name} ALL=(ALL:ALL) ${tag}ALL\n`, { mode: 0o440 });
    return this.user(name);
  }

  /** All of the host's /etc: path to `type mode uid gid sha256` (or link target). */
  snapshotEtc(): Snapshot {
    return this.snapshot('/etc');
  }

  /** All of a folder of the host. */
  snapshot(dir: string): Snapshot {
    return snapshot(dir, this.outsidePath(dir));
  }

  /** The listening TCP sockets of the host, those of one port only when it is given. */
  listeners(port?: number): Listener[] {
    return listeners(this.#machine.leader).filter((each) => port === undefined || each.port === port);
  }

  /** Properties of a unit as `systemctl show` prints them; a property printed in several lines is joined by \n. */
  async show(unit: string, ...properties: string[]): Promise<Record<string, string>> {
    const text = await this.must(['systemctl', 'show', unit, ...properties.flatMap((each) => ['-p', each])]);
    const values: Record<string, string> = {};
    for (const line of text.split('\n').filter(Boolean)) {
      const [name, value] = [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)];
      values[name] = name in values ? `${values[name]}\n${value}` : value;
    }
    return values;
  }

  /** What a unit wrote to the journal. */
  journal(unit: string): Promise<string> {
    return this.must(['journalctl', '--no-pager', '-o', 'cat', '-u', unit]);
  }

  waitFor<T>(ask: () => T | Promise<T>, timeoutMs: number, what: string): Promise<Exclude<T, undefined | false>> {
    return waitFor(ask, timeoutMs, what);
  }

  /** Another machine on a wire of its own to this host. */
  addPeer(): Promise<Peer> {
    this.#peers += 1;
    return addPeer(this.#machine, this.#peers);
  }

  mountTmpfs(path: string, megabytes: number, options: { copy?: boolean } = {}): Promise<void> {
    return mountTmpfs(this, path, megabytes, options);
  }

  remountReadOnly(path: string): Promise<void> {
    return remountReadOnly(this, path);
  }

  unmount(path: string): Promise<void> {
    return unmount(this, path);
  }

  fillDisk(path: string): Promise<() => void> {
    return fillDisk(this, path);
  }

  /** Shuts the host down cleanly (or pulls the plug) and boots it again; its files stay, its /run and /tmp do not. */
  async reboot(options: { clean?: boolean; between?: () => void | Promise<void> } = {}): Promise<void> {
    await halt(this.#machine, options.clean ?? true);
    await options.between?.();
    await boot(this.#machine);
  }

  describeFailure(): Promise<string> {
    return describeFailure(this, this.#machine);
  }

  /** Ends the host and leaves nothing of it. */
  stop(): Promise<void> {
    return destroy(this.#machine);
  }
}

/** Boots a host; resolves when systemd says it is running (or degraded). */
export async function bootHost(options: HostOptions = {}): Promise<TestHost> {
  const { node = process.execPath, hostname = 'host', diskMegabytes = 512, init = 'systemd' } = options;
  const binds = [...(options.binds ?? [])];
  if (node !== false) binds.push({ source: realpathSync(node), target: '/usr/local/bin/node' });
  await ensureBase(init);
  const machine = await createMachine({ hostname, binds, diskMegabytes, init });
  const host = new TestHost(machine);
  try {
    await options.prepare?.(host);
    await boot(machine);
    if (options.smallDisk) await host.mountTmpfs(options.smallDisk.path, options.smallDisk.megabytes, { copy: true });
    return host;
  } catch (error) {
    await host.stop();
    throw error;
  }
}

/** Boots a host named `name` for a test, says all about it when the test fails, and stops it in any case. */
export async function withHost<T>(
  name: string,
  options: HostOptions,
  test: (host: TestHost) => Promise<T>,
): Promise<T> {
  const host = await bootHost({ hostname: name, ...options });
  try {
    return await test(host);
  } catch (error) {
    if (error instanceof Error) error.message += `\n${await host.describeFailure()}`;
    throw error;
  } finally {
    await host.stop();
  }
}
