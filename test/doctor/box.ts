import { run } from '../commands/runs.ts';
import { addProcess, HEX, type RecordedProcess, type Row, table } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';
import { UNIT } from '../rig/systemd-host.ts';

/** The file that Ollama's installer writes (scripts/install.sh in ollama/ollama), but for PATH. */
export const INSTALLED = `[Unit]
Description=Ollama Service
After=network-online.target

[Service]
ExecStart=/usr/local/bin/ollama serve
User=ollama
Group=ollama
Restart=always
RestartSec=3

[Install]
WantedBy=default.target
`;
const PASSWD = 'root:x:0:0:root:/root:/bin/bash\nollama:x:998:998::/usr/share/ollama:/bin/false\n';
const CGROUP = '/system.slice/ollama.service';
const INODE = 9700;
const PID = 700;

/** The first words of a program, and what it prints. */
export type Command = [prefix: string[], stdout: string | ((argv: readonly string[]) => string)];

/** A Linux host with systemd, described by what can be seen on it. */
export interface Box {
  /** The service's file; null for a host without it. */
  unit?: string | null;
  /** Files by their paths. */
  files?: Record<string, string>;
  /** What the service's process was given: undefined for nothing. */
  given?: string;
  /** Where it listens, as the kernel has it; null for nowhere. */
  at?: [address: string, port: number] | null;
  /** Of the service. */
  state?: { active: string; sub?: string; status?: number; reload?: boolean; load?: string };
  log?: string;
  /** Other processes, each with where it listens. */
  others?: (RecordedProcess & { at?: [address: string, port: number] })[];
  addresses?: string[];
  env?: Record<string, string>;
  commands?: Command[];
  /** What answers at the port; Ollama unless told. */
  body?: string;
}

export function hexOf(address: string): string {
  if (address in HEX) return HEX[address as keyof typeof HEX];
  const bytes = address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'));
  return bytes.reverse().join('').toUpperCase();
}

/** Puts it together. */
export function box(given: Box): RecordedHost {
  const host = new RecordedHost();
  const { unit = INSTALLED, files = {}, others = [], at = ['127.0.0.1', 11434], state = { active: 'active' } } = given;
  const { disk } = host;
  disk.folder('/run/systemd/system').folder('/var/lib').folder('/tmp', { mode: 0o1777 }).file('/etc/passwd', PASSWD);
  addProcess(disk, { pid: 1, argv: ['/sbin/init'], comm: 'systemd' });
  disk.file('/proc/1/comm', 'systemd\n');
  if (unit !== null) disk.file(UNIT, unit);
  for (const [path, text] of Object.entries(files)) disk.file(path, text);
  Object.assign(host.env, given.env);
  host.addresses = (given.addresses ?? []).map((address) => {
    return {
      name: address.startsWith('172.17.') ? 'docker0' : 'eth0',
      address,
      family: 'IPv4',
      internal: false,
      cidr: null,
    };
  });
  const up = unit !== null && state.active === 'active' && at !== null;
  const rows: (Row & { wide: boolean })[] = [];
  const listen = ([address, port]: [string, number], inode: number, uid: number) =>
    rows.push({ local: hexOf(address), port, inode, uid, wide: hexOf(address).length > 8 });
  if (up) {
    listen(at, INODE, 998);
    addProcess(disk, {
      pid: PID,
      argv: ['/usr/local/bin/ollama', 'serve'],
      uid: 998,
      gid: 998,
      cgroup: `0::${CGROUP}\n`,
      environ: given.given === undefined ? {} : { OLLAMA_HOST: given.given },
      fds: { 0: '/dev/null', 3: `socket:[${INODE}]` },
    });
    disk.file(`/sys/fs/cgroup${CGROUP}/cgroup.procs`, `${PID}\n`);
  }
  for (const [index, other] of others.entries()) {
    const inode = INODE + 1 + index;
    if (other.at) listen(other.at, inode, other.uid ?? 0);
    addProcess(disk, { ...other, fds: { 0: '/dev/null', ...(other.at ? { 3: `socket:[${inode}]` } : {}) } });
    disk.symlink(`/proc/${other.pid}/exe`, '/usr/local/bin/ollama').symlink(`/proc/${other.pid}/cwd`, '/');
  }
  disk.file('/proc/net/tcp6', table(rows.filter(({ wide }) => wide)));
  disk.file('/proc/net/tcp', table(rows.filter(({ wide }) => !wide)));
  host.command(['systemctl', '--no-ask-password', 'show'], ([, , , name = '']) => ({ stdout: shown(name, given, up) }));
  host.command(['systemctl', '--no-ask-password', 'show-environment'], { stdout: 'LANG=C.UTF-8\n' });
  host.command(['journalctl'], { stdout: given.log ?? '' });
  record(host, given.commands ?? []);
  host.http = (url) => answer(url, rows, given);
  return host;
}

/** Has the programs be there and answer. */
export function record<H extends RecordedHost>(host: H, commands: readonly Command[]): H {
  for (const [prefix, stdout] of commands) {
    const [program = ''] = prefix;
    host.disk.file(program.startsWith('/') ? program : `/usr/bin/${program}`, '', { mode: 0o755 });
    host.command(prefix, (argv) => ({ stdout: typeof stdout === 'string' ? stdout : stdout(argv) }));
  }
  return host;
}

function shown(name: string, { unit, state = { active: 'active' } }: Box, up: boolean): string {
  const known = name === 'ollama.service' && unit !== null;
  const { active, sub = up ? 'running' : 'dead', status = 0, reload = false, load = 'loaded' } = state;
  return [
    `Id=${name}`,
    `LoadState=${known ? load : 'not-found'}`,
    `ActiveState=${known ? active : 'inactive'}`,
    `SubState=${sub}`,
    `Result=${active === 'failed' ? 'exit-code' : 'success'}`,
    'UnitFileState=enabled',
    `FragmentPath=${UNIT}`,
    `MainPID=${known && up ? PID : 0}`,
    `ControlGroup=${known && up ? CGROUP : ''}`,
    'NRestarts=0',
    `ExecMainStatus=${status}`,
    `NeedDaemonReload=${reload ? 'yes' : 'no'}`,
    '',
  ].join('\n');
}

/** Ollama at whatever somebody listens on, on 127.0.0.1 and this machine's addresses. */
function answer(url: string, rows: readonly Row[], { addresses = [], body }: Box) {
  const { hostname, port, pathname } = new URL(url);
  const local = hostname === '127.0.0.1' || addresses.includes(hostname);
  const hit = rows.some(
    (row) => row.port === Number(port) && [hexOf(hostname), HEX['::'], HEX['0.0.0.0']].includes(row.local as never),
  );
  if (!local || !hit) return { failure: 'ECONNREFUSED' };
  return { status: 200, body: body ?? (pathname === '/api/version' ? '{"version":"0.32.3"}' : '{"models":[]}') };
}

/** The causes that doctor names on this host, each once, in the order of the alphabet. */
export async function causesOn(host: RecordedHost, words: readonly string[] = ['--no-container']): Promise<string[]> {
  const { report, error } = await run(host, ['doctor', ...words]);
  if (error) return [error.code];
  const sick = report.checks.filter(({ status }) => status === 'warn' || status === 'fail');
  return [...new Set(sick.map(({ cause }) => cause ?? `none: ${JSON.stringify(sick)}`))].sort();
}
