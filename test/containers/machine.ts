import { RecordedHost } from '../rig/recorded-host.ts';

/** What Docker's `info` says, as recorded from an Engine 20.10 asked by a client 28; the rest of its fields do not matter. */
export const ENGINE = {
  KernelVersion: '6.1.0-18-amd64',
  OperatingSystem: 'Debian GNU/Linux 12 (bookworm)',
  OSType: 'linux',
  Name: 'vm',
  ServerVersion: '20.10.24+dfsg1',
  SecurityOptions: ['name=seccomp,profile=default'],
  ClientInfo: { Version: '28.2.2', Context: 'default' },
};

type Overrides = { platform?: NodeJS.Platform; user?: { uid: number; name?: string } };

/** A recorded machine on which container programs are installed. */
export class Machine extends RecordedHost {
  override readonly platform: 'linux';
  readonly calls: string[] = [];

  constructor(programs: readonly string[] = ['docker'], { platform = 'linux', user = { uid: 0 } }: Overrides = {}) {
    super(user);
    this.platform = platform as 'linux';
    for (const program of programs) this.disk.file(`/usr/bin/${program}`, '', { mode: 0o755 });
  }

  /** What `info` of a program answers. */
  info(answer: object, program = 'docker'): this {
    return this.says(program, 'info', JSON.stringify(answer));
  }

  says(program: string, verb: string, stdout: string): this {
    return this.command([`/usr/bin/${program}`, verb], (argv) => {
      this.calls.push(argv.slice(1).join(' '));
      return { stdout };
    });
  }
}

interface Given {
  env?: string[];
  mode?: string;
  image?: string;
  running?: boolean;
  extraHosts?: string[];
  networks?: Record<string, { Gateway: string; Aliases?: string[] }>;
  labels?: Record<string, string>;
  words?: [string, ...string[]];
}

/** One container as `docker inspect` prints it. */
export function inspected(name: string, given: Given = {}): object {
  const { env = [], mode = 'default', image = 'client', running = true, words = ['sleep', '1'] } = given;
  return {
    Id: `${name}${'0'.repeat(64)}`.slice(0, 64),
    Name: `/${name}`,
    Path: words[0],
    Args: words.slice(1),
    State: { Running: running, Paused: false, Status: running ? 'running' : 'exited' },
    Config: { Env: env, Image: image, Labels: given.labels ?? {} },
    HostConfig: { NetworkMode: mode, ExtraHosts: given.extraHosts ?? null },
    NetworkSettings: { Networks: given.networks ?? { bridge: { Gateway: '172.17.0.1' } } },
  };
}
