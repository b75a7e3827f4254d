import { addProcess, HEX, type Row, table } from './proc.ts';
import { RecordedHost } from './recorded-host.ts';

export const UNIT = '/etc/systemd/system/ollama.service';
export const DROP_IN = `${UNIT}.d/zz-stigmer-ollama-host.conf`;
const CGROUP = '/system.slice/ollama.service';
const FRAGMENT = `[Unit]
Description=Ollama Service

[Service]
ExecStart=/usr/local/bin/ollama serve
User=ollama
Restart=always

[Install]
WantedBy=default.target
`;
const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nollama:x:998:998::/usr/share/ollama:/bin/false\n';

/**
 * A recorded machine with systemd and Ollama's service on it. Its manager knows the files as they were at the last
 * daemon-reload, and its process has what the manager knew at its last start: as far as this program can tell, the real
 * thing. It reads no more of systemd's language than the lines that set OLLAMA_HOST.
 */
export class SystemdHost extends RecordedHost {
  /** False for an Ollama that ends right after its start with these values. */
  survives: (value: string | undefined) => boolean = () => true;
  /** False while the port is open and nothing answers. */
  answers = true;
  #known: string | undefined;
  #given: string | undefined;
  #phase: 'active' | 'inactive' | 'failed' = 'inactive';
  #pid = 700;

  constructor(files: Record<string, string> = {}, { running = true } = {}) {
    super();
    this.disk
      .folder('/run/systemd/system')
      .folder('/var/lib')
      .folder('/tmp', { mode: 0o1777 })
      .file('/etc/passwd', PASSWD)
      .file(UNIT, FRAGMENT);
    addProcess(this.disk, { pid: 1, argv: ['/sbin/init'], comm: 'systemd' });
    this.disk.file('/proc/1/comm', 'systemd\n');
    for (const [path, text] of Object.entries(files)) this.disk.file(path, text);
    this.#record();
    this.#known = this.#configured();
    if (running) this.#start();
    else this.#publish();
    this.http = (url) => this.#answer(url);
  }

  /** What the process was started with, and whether it is up. */
  get service(): { phase: string; value: string | undefined } {
    return { phase: this.#phase, value: this.#given };
  }

  #record(): void {
    const systemctl = ['systemctl', '--no-ask-password'];
    const verb = (name: string, work: () => void) =>
      this.command([...systemctl, name], () => {
        work();
        return {};
      });
    this.command([...systemctl, 'show'], ([, , , unit = '']) => ({ stdout: this.#show(unit) }));
    this.command([...systemctl, 'show-environment'], { stdout: 'LANG=C.UTF-8\n' });
    this.command(['journalctl'], { stdout: 'Error: something\n' });
    this.command(['systemd-analyze'], {});
    verb('daemon-reload', () => {
      this.#known = this.#configured();
    });
    verb('restart', () => this.#start());
    verb('start', () => this.#start());
    verb('stop', () => this.#stop('inactive'));
    verb('reset-failed', () => {});
  }

  /** The last line that sets it, over the unit and its drop-ins in the order of their names. */
  #configured(): string | undefined {
    const dropIns = this.files.list(`${UNIT}.d`).filter((name) => name.endsWith('.conf'));
    const texts = [UNIT, ...dropIns.map((name) => `${UNIT}.d/${name}`)].map((path) => this.files.text(path) ?? '');
    return [...texts.join('\n').matchAll(/^Environment="?OLLAMA_HOST=([^"\n]*)"?$/gm)].at(-1)?.[1];
  }

  #start(): void {
    this.#stop('inactive');
    this.#given = this.#known;
    this.#phase = this.survives(this.#given) ? 'active' : 'failed';
    this.#pid++;
    this.#publish();
  }

  #stop(phase: 'inactive' | 'failed'): void {
    this.#phase = phase;
    this.disk.drop(`/proc/${this.#pid}`);
    this.#publish();
  }

  #bound(): { host: string; port: number } {
    const [host = '', port = '11434'] = (this.#given ?? '127.0.0.1').split(':');
    return { host, port: Number(port) };
  }

  #publish(): void {
    const up = this.#phase === 'active';
    const { host, port } = this.#bound();
    const row = (local: string): Row => ({ local, port, inode: 9000 + this.#pid, uid: 998 });
    const wild = host === '0.0.0.0';
    const local = HEX[host as keyof typeof HEX] ?? HEX['127.0.0.1'];
    this.disk
      .file('/proc/net/tcp6', table(up && wild ? [row(HEX['::'])] : []))
      .file('/proc/net/tcp', table(up && !wild ? [row(local)] : []))
      .file(`/sys/fs/cgroup${CGROUP}/cgroup.procs`, up ? `${this.#pid}\n` : '');
    if (!up) return;
    addProcess(this.disk, {
      pid: this.#pid,
      argv: ['/usr/local/bin/ollama', 'serve'],
      uid: 998,
      gid: 998,
      cgroup: `0::${CGROUP}\n`,
      environ: this.#given === undefined ? {} : { OLLAMA_HOST: this.#given },
      fds: { 0: '/dev/null', 3: `socket:[${9000 + this.#pid}]` },
    });
  }

  #show(unit: string): string {
    const up = this.#phase === 'active';
    const known = unit === 'ollama.service';
    return [
      `Id=${unit}`,
      `LoadState=${known ? 'loaded' : 'not-found'}`,
      `ActiveState=${known ? this.#phase : 'inactive'}`,
      `SubState=${up ? 'running' : 'dead'}`,
      `Result=${this.#phase === 'failed' ? 'exit-code' : 'success'}`,
      'UnitFileState=enabled',
      `FragmentPath=${UNIT}`,
      `MainPID=${up ? this.#pid : 0}`,
      `ControlGroup=${up ? CGROUP : ''}`,
      'NRestarts=0',
      `ExecMainStatus=${this.#phase === 'failed' ? 1 : 0}`,
      `NeedDaemonReload=${this.#known === this.#configured() ? 'no' : 'yes'}`,
      '',
    ].join('\n');
  }

  #answer(url: string): { status: number; body: string } | { failure: string } {
    const { hostname, port, pathname } = new URL(url);
    const bound = this.#bound();
    const hit = this.#phase === 'active' && Number(port) === bound.port;
    if (!hit || (bound.host !== '0.0.0.0' && bound.host !== hostname)) return { failure: 'ECONNREFUSED' };
    if (!this.answers) return { failure: 'ETIMEDOUT' };
    return { status: 200, body: pathname === '/api/version' ? '{"version":"0.32.3"}' : '{"models":[]}' };
  }
}
