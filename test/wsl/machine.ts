import type { Detached, HttpAnswer, HttpFailure } from '../../src/host/host.ts';
import { addProcess, HEX, table } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

export const GATEWAY = '172.20.64.1';
export const WINDOWS_PROGRAM = 'C:\\Users\\ann\\AppData\\Local\\Programs\\Ollama\\ollama.exe';

/** What a distribution of WSL looks like from the inside, on top of what is on the machine already. */
export interface Dress {
  /** Of the kernel; WSL 2's unless told. */
  release?: string;
  /** What `wslinfo --networking-mode` says; undefined for a WSL without wslinfo. */
  mode?: string | undefined;
  conf?: string;
  /** Whether Ollama's program is on drive C:. */
  installed?: boolean;
  /** The URLs without their path at which Windows' Ollama answers in here. */
  answersAt?: string[];
  dockerDesktop?: boolean;
  gateway?: string;
}

/** Has a recorded machine be a distribution of WSL. */
export function dress<H extends RecordedHost>(host: H, options: Dress = {}): H {
  const { release = '5.15.167.4-microsoft-standard-WSL2', mode, gateway = GATEWAY, answersAt = [] } = options;
  const { disk } = host;
  disk.file('/proc/sys/kernel/osrelease', `${release}\n`).folder('/mnt/c/Windows').folder('/mnt/c/Users/ann');
  disk.file('/proc/net/route', routes(gateway)).file('/proc/mounts', mounts('/mnt/c'));
  if (mode !== undefined) {
    disk.file('/init', 'ELF').symlink('/usr/bin/wslinfo', '/init');
    host.command(['/usr/bin/wslinfo', '--networking-mode'], { stdout: `${mode}\n` });
  }
  if (options.conf !== undefined) disk.file('/etc/wsl.conf', options.conf);
  if (options.installed) disk.file(`/mnt/c/${WINDOWS_PROGRAM.slice(3).replaceAll('\\', '/')}`, 'MZ');
  if (options.dockerDesktop) disk.symlink('/usr/bin/docker', '/mnt/wsl/docker-desktop/cli-tools/usr/bin/docker');
  const address = (name: string, address: string) =>
    ({ name, address, family: 'IPv4', internal: false, cidr: null }) as const;
  host.addresses = [address('eth0', mode === 'mirrored' ? '192.168.1.20' : '172.20.70.5')];
  if (!options.dockerDesktop) host.addresses.push(address('docker0', '172.17.0.1'));
  const here = host.http;
  host.http = (url) => {
    const one = url.startsWith(`http://${gateway}:`) ? ({ failure: 'ETIMEDOUT' } as const) : here(url);
    const there = answersAt.some((base) => url.startsWith(`${base}/`));
    return 'failure' in one && there ? { status: 200, body: '{"version":"0.31.0"}' } : one;
  };
  return host;
}

/** /proc/net/route with a default route by way of this gateway, as the kernel prints it. */
export function routes(gateway: string, name = 'eth0', metric = 0): string {
  const hex = gateway
    .split('.')
    .reverse()
    .map((part) => Number(part).toString(16).padStart(2, '0').toUpperCase())
    .join('');
  return [
    'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT',
    `${name}\t00000000\t${hex}\t0003\t0\t0\t${metric}\t00000000\t0\t0\t0`,
    `${name}\t004014AC\t00000000\t0001\t0\t0\t0\t00F0FFFF\t0\t0\t0`,
    '',
  ].join('\n');
}

/** /proc/mounts of a distribution whose drive C: is there. */
export function mounts(at: string): string {
  return `/dev/sdc / ext4 rw,relatime 0 0\nnone /mnt/wsl tmpfs rw,relatime 0 0\nC:\\134 ${at} 9p rw,dirsync,noatime,aname=drvfs;path=C:\\;uid=1000;gid=1000;symlinkroot=/mnt/,mmap,access=client,msize=65536,trans=fd,rfd=4,wfd=4 0 0\n`;
}

/** A machine without a service manager, on which somebody may have started `ollama serve`. */
export class HandRunHost extends RecordedHost {
  #pid = 500;

  constructor({ running = true } = {}) {
    super();
    this.disk.folder('/var/lib').folder('/tmp', { mode: 0o1777 }).file('/usr/local/bin/ollama', 'ELF', { mode: 0o755 });
    addProcess(this.disk, { pid: 1, argv: ['/init'], comm: 'init' });
    this.#listen(undefined);
    if (running) this.#run({ HOME: '/root' });
    this.onKill = (pid) => this.#end(pid);
    this.onDetach = (order: Detached) => this.#run(order.env);
    this.http = (url) => this.#answer(url);
  }

  /** OLLAMA_HOST as the running server was given it; null when none runs. */
  get value(): string | undefined | null {
    const environ = this.files.text(`/proc/${this.#pid}/environ`);
    return environ === undefined ? null : /OLLAMA_HOST=([^\0]*)/.exec(environ)?.[1];
  }

  #run(environ: Record<string, string>): number {
    this.#pid++;
    const fds = { 0: '/dev/null', 3: `socket:[${this.#pid}]` };
    addProcess(this.disk, { pid: this.#pid, argv: ['/usr/local/bin/ollama', 'serve'], environ, fds });
    this.disk.symlink(`/proc/${this.#pid}/exe`, '/usr/local/bin/ollama').symlink(`/proc/${this.#pid}/cwd`, '/root');
    this.#listen(environ.OLLAMA_HOST ?? '127.0.0.1');
    return this.#pid;
  }

  #end(pid: number): boolean {
    const there = this.files.stat(`/proc/${pid}`) !== undefined;
    this.disk.drop(`/proc/${pid}`);
    this.#listen(undefined);
    return there;
  }

  #listen(value: string | undefined): void {
    const wide = value?.startsWith('0.0.0.0') ?? false;
    const row = (local: string) => [{ local, port: 11434, inode: this.#pid }];
    this.disk
      .file('/proc/net/tcp6', table(wide ? row(HEX['::']) : []))
      .file('/proc/net/tcp', table(value !== undefined && !wide ? row(HEX['127.0.0.1']) : []));
  }

  #answer(url: string): HttpAnswer | HttpFailure {
    const { hostname, pathname } = new URL(url);
    const wide = this.value?.startsWith('0.0.0.0') ?? false;
    const own = hostname === '127.0.0.1' || (wide && this.addresses.some(({ address }) => address === hostname));
    if (this.value === null || !own) return { failure: 'ECONNREFUSED' };
    return { status: 200, body: pathname === '/api/version' ? '{"version":"0.32.3"}' : '{"models":[]}' };
  }
}
