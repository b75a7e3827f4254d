import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { clientArchive, IMAGE } from './docker.ts';
import { children, killTree, must, outside, type RunResult, start, waitFor } from './outside.ts';
import { standInBinary } from './stand-in.ts';

const REPO = path.resolve(import.meta.dirname, '../../..');

/** What Podman and this program keep, and what would tell of a service manager: all of it in memory, and gone in the end. */
const OWN = ['/var/lib', '/run', '/etc/cni'];

/** The sandbox that this may run in does not let a process raise its limits, which is what Podman does by default. */
const LIMITS = '[containers]\ndefault_ulimits=["nofile=1024:1024","nproc=4096:4096"]\n';

/** Why there is no real Podman here, or undefined when there is one. */
export function podmanUnavailable(): string | undefined {
  return existsSync('/usr/bin/podman') ? undefined : 'real containers without a daemon need podman: not installed';
}

/** Fails in CI instead of leaving everything out. */
export function needPodman(): boolean {
  const reason = podmanUnavailable();
  if (reason !== undefined && process.env.CI) throw new Error(`must run in CI, but ${reason}`);
  return reason === undefined;
}

/**
 * A machine of its own as far as network, processes and mounts go, with Podman and an Ollama that somebody has started by
 * hand. Podman has no daemon, so unlike Docker it cannot run outside of a booted host for it.
 */
export class PodmanSpace {
  readonly #dir: string;
  readonly #pid: number;

  private constructor(dir: string, pid: number) {
    this.#dir = dir;
    this.#pid = pid;
  }

  static async open(): Promise<PodmanSpace> {
    const dir = mkdtempSync(path.join(tmpdir(), 'stigmer-e2e-podman-'));
    writeFileSync(path.join(dir, 'containers.conf'), LIMITS);
    mkdirSync('/etc/cni', { recursive: true });
    const apart = ['unshare', '--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child=KILL'];
    const { child } = start([...apart, 'sleep', 'infinity']);
    await waitFor(() => children(child.pid!).length > 0, 10_000, 'the new namespaces');
    const space = new PodmanSpace(dir, children(child.pid!)[0]!);
    for (const at of OWN) await space.must('mount', '-t', 'tmpfs', 'none', at);
    await space.must('ip', 'link', 'set', 'lo', 'up');
    await space.must('podman', 'import', '-q', await clientArchive(), IMAGE);
    await space.#serve();
    return space;
  }

  async #serve(): Promise<void> {
    const program = path.join(this.#dir, 'ollama');
    await must(['cp', standInBinary(), program]);
    start(this.#inside([program, 'serve']), { env: this.#env() });
    const up = async () => (await this.run('curl', '-fsS', 'http://127.0.0.1:11434/api/version')).code === 0;
    await waitFor(up, 20_000, 'the stand-in');
  }

  /** Runs a command in it. */
  run(...argv: string[]): Promise<RunResult> {
    return outside(this.#inside(argv), { env: this.#env(), timeout: 120_000 });
  }

  async must(...argv: string[]): Promise<string> {
    return must(this.#inside(argv), { env: this.#env(), timeout: 120_000 });
  }

  /** Runs this program in it. */
  product(...words: string[]): Promise<RunResult> {
    return this.run(process.execPath, path.join(REPO, 'dist/cli.js'), ...words);
  }

  /** Starts a container that does nothing but wait. */
  async client(name: string, ...words: string[]): Promise<void> {
    await this.must('podman', 'run', '-d', '--pull=never', '--name', name, ...words, IMAGE, 'sleep', '100000');
  }

  /** All that a run could leave or change. */
  async traces(): Promise<string[]> {
    const lists = [
      ['ps', '-a', '--no-trunc'],
      ['images', '-a', '--no-trunc'],
      ['network', 'ls'],
      ['volume', 'ls'],
    ];
    const told = await Promise.all(lists.map((words) => this.must('podman', ...words, '--format', 'json')));
    return told.map((text) => text.replace(/"(Status|CreatedAt|Created|StartedAt|created)": ("[^"]*"|\d+)/g, ''));
  }

  async close(): Promise<void> {
    await this.run('podman', 'rm', '-f', '-a', '-t', '0');
    killTree(this.#pid);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  #inside(argv: readonly string[]): string[] {
    return ['nsenter', `--target=${this.#pid}`, '--net', '--mount', '--pid', '--', ...argv];
  }

  #env(): Record<string, string> {
    const conf = path.join(this.#dir, 'containers.conf');
    return {
      PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
      HOME: this.#dir,
      CONTAINERS_CONF: conf,
    };
  }
}
