import { spawn } from 'node:child_process';
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { BASE } from './base.ts';
import { bootHost, type TestHost } from './host.ts';
import { inGroups } from './machine.ts';
import { killTree, must, outside, type RunResult, signalProcess, waitFor } from './outside.ts';
import { HOME, names, runIsAlive, runKey } from './places.ts';
import { cgroupRoots } from './sweep.ts';

/** The image of clients: a shell, curl, bash and timeout; Python where a test wants it told to the last errno. */
export const IMAGE = 'client';

const FOLDERS = ['bin', 'sbin', 'lib', 'lib64', 'etc/alternatives', 'usr/bin', 'usr/sbin', 'usr/lib', 'usr/lib64'];

/** Half of it is what no client runs, and every engine unpacks it anew. */
const UNUSED = ['perl*', 'gconv', 'systemd', 'apt', '__pycache__', 'valgrind'];

/** Why there is no real Docker here, or undefined when there is one. */
export function dockerUnavailable(): string | undefined {
  const missing = ['dockerd', 'docker'].filter((name) => find(name) === undefined);
  return missing.length > 0 ? `real containers need ${missing.join(' and ')}: not installed` : undefined;
}

/** Fails in CI instead of leaving everything out. */
export function needDocker(): boolean {
  const reason = dockerUnavailable();
  if (reason !== undefined && process.env.CI) throw new Error(`must run in CI, but ${reason}`);
  return reason === undefined;
}

function find(name: string): string | undefined {
  const dirs = ['/usr/local/bin', '/usr/bin', '/usr/sbin', '/usr/local/sbin'];
  const file = dirs.map((dir) => `${dir}/${name}`).find((path) => existsSync(path));
  return file && realpathSync(file);
}

/**
 * A real Docker Engine whose bridges are in a test host's network: it runs outside of the host, as the host has no control
 * groups to give away, and the host sees its socket and the client program.
 */
export class Docker {
  /** The folder of the socket as the host sees it too. */
  readonly dir: string;
  readonly #host: () => TestHost;
  #pid = 0;

  constructor(dir: string, host: () => TestHost) {
    this.dir = dir;
    this.#host = host;
  }

  get socket(): string {
    return `${this.dir}/sock/docker.sock`;
  }

  /** The engine's process. */
  get pid(): number {
    return this.#pid;
  }

  /** Starts the engine and waits until it answers. */
  async start(): Promise<void> {
    mkdirSync(`${this.dir}/sock`, { recursive: true });
    const { name, netns } = this.#host();
    const groups = cgroupRoots().map((root) => `${root}/${name}`);
    const flags = [
      '--data-root',
      `${this.dir}/data`,
      '--exec-root',
      `${this.dir}/exec`,
      '-p',
      `${this.dir}/docker.pid`,
    ];
    const space = ['--containerd-namespace', name, '--containerd-plugins-namespace', `${name}-p`];
    const words = ['dockerd', ...flags, ...space, '-H', `unix://${this.socket}`, '--group', 'root'];
    const log = openSync(`${this.dir}/dockerd.log`, 'a');
    const argv = inGroups(groups, ['setpriv', '--pdeathsig', 'KILL', 'nsenter', `--net=${netns}`, ...words]);
    const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', log, log], detached: true });
    closeSync(log);
    this.#pid = child.pid!;
    const answers = async () => (await this.cli('version')).code === 0;
    await waitFor(answers, 30_000, () => `dockerd\n${readFileSync(`${this.dir}/dockerd.log`, 'utf8').slice(-2000)}`);
  }

  /** Ends the engine, and with it what it started. */
  async stop(): Promise<void> {
    if (this.#pid === 0) return;
    const pid = this.#pid;
    signalProcess(pid, 'SIGCONT');
    signalProcess(pid, 'SIGTERM');
    await waitFor(() => !existsSync(`/proc/${pid}`), 20_000, 'the end of dockerd').catch(() => killTree(pid));
    this.#pid = 0;
  }

  /** Lets the engine hang, until it is told to go on. */
  hang(): void {
    signalProcess(this.#pid, 'SIGSTOP');
  }

  goOn(): void {
    signalProcess(this.#pid, 'SIGCONT');
  }

  /** Runs the client program outside of the host, as a user of another machine would be. */
  cli(...words: string[]): Promise<RunResult> {
    return outside(['docker', '-H', `unix://${this.socket}`, ...words], { timeout: 120_000 });
  }

  async must(...words: string[]): Promise<string> {
    return (await must(['docker', '-H', `unix://${this.socket}`, ...words], { timeout: 120_000 })).trim();
  }

  /** Makes the image of clients out of the base of all hosts. */
  async makeImage(): Promise<void> {
    await must(['docker', '-H', `unix://${this.socket}`, 'import', await clientArchive(), IMAGE], { timeout: 300_000 });
  }

  /** Starts a container that does nothing but wait; further words go before the image. */
  async client(name: string, ...words: string[]): Promise<void> {
    await this.must('run', '-d', '--pull=never', '--name', name, ...words, IMAGE, 'sleep', '100000');
  }

  /** All that a run could leave or change: containers as they are, images, networks, volumes, and mounts. */
  async traces(): Promise<string[]> {
    const ids = (await this.must('ps', '-aq', '--no-trunc')).split('\n').filter(Boolean).sort();
    const whole = '{{.Id}} {{.Name}} {{.State.Status}} {{.State.StartedAt}} {{json .Config}} {{json .HostConfig}}';
    const lists = [
      ids.length > 0 ? await this.must('inspect', '--format', whole, ...ids) : '',
      await this.must('images', '-a', '--no-trunc', '--format', '{{.ID}} {{.Repository}}:{{.Tag}}'),
      await this.must('network', 'ls', '--no-trunc', '--format', '{{.ID}} {{.Name}}'),
      await this.must('volume', 'ls', '--format', '{{.Name}}'),
      mountsBelow(this.dir).join('\n'),
    ];
    // The engine tells what is equally old now in this order, now in that.
    return lists.map((text) => text.split('\n').sort().join('\n'));
  }
}

/** The archive that the image is made of: it is kept beside the base that it comes from, and goes with it. */
export async function clientArchive(): Promise<string> {
  const file = `${BASE}-clients.tar`;
  if (existsSync(file)) return file;
  const draft = `${file}.${process.pid}`;
  const without = UNUSED.map((name) => `--exclude=${name}`);
  await must(['tar', '-cf', draft, ...without, '-C', BASE, ...FOLDERS.map((dir) => `./${dir}`)], { timeout: 120_000 });
  renameSync(draft, file);
  return file;
}

let count = 0;

/** A host with a real Docker Engine on its network. */
export async function withDocker(play: (host: TestHost, docker: Docker) => Promise<void>): Promise<void> {
  count += 1;
  await removeLeftOver();
  const dir = `${HOME}/docker-${runKey()}-${process.pid}-${count}`;
  mkdirSync(`${dir}/sock`, { recursive: true });
  let host: TestHost | undefined;
  const docker = new Docker(dir, () => host as TestHost);
  try {
    const client = { source: find('docker') as string, target: '/usr/local/bin/docker' };
    // What the engine mounts is looked up on this machine, so Node is at the same path in both.
    const node = realpathSync(process.execPath);
    const binds = [client, { source: `${dir}/sock`, target: '/run/docker-sock', readOnly: false }];
    host = await bootHost({ hostname: 'stage', node: false, binds: [...binds, { source: node, target: node }] });
    if (!host.exists('/usr/local/bin/node')) host.symlink(node, '/usr/local/bin/node');
    await docker.start();
    host.symlink('/run/docker-sock/docker.sock', '/run/docker.sock');
    await docker.makeImage();
    await play(host, docker);
  } catch (error) {
    if (host && error instanceof Error) error.message += `\n${await host.describeFailure()}`;
    throw error;
  } finally {
    await docker.stop();
    await host?.stop();
    await removeFolder(dir);
  }
}

/** The folders of runs that were killed; their engines died with them. */
async function removeLeftOver(): Promise<void> {
  const key = (name: string) => /^docker-(\d+x\d+)-/.exec(name)?.[1];
  for (const name of names(HOME)) {
    const owner = key(name);
    if (owner !== undefined && !runIsAlive(owner)) await removeFolder(`${HOME}/${name}`);
  }
}

/** What the engine mounted goes first: removing a folder must not reach into what is mounted there. */
async function removeFolder(dir: string): Promise<void> {
  for (const target of mountsBelow(dir).reverse()) await outside(['umount', '--lazy', target]);
  if (mountsBelow(dir).length === 0) rmSync(dir, { recursive: true, force: true });
}

function mountsBelow(dir: string): string[] {
  const lines = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  return lines.map((line) => line.split(' ')[1] ?? '').filter((target) => target.startsWith(`${dir}/`));
}
