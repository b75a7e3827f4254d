import type { Disk } from './disk.ts';

/** A row of /proc/net/tcp or tcp6. */
export interface Row {
  /** The local address in the kernel's hex, and its port. */
  local: string;
  port: number;
  inode: number;
  uid?: number;
  /** 0A is LISTEN, 01 is ESTABLISHED. */
  state?: string;
}

/** Hex of addresses as a little-endian kernel prints them. */
export const HEX = {
  '127.0.0.1': '0100007F',
  '0.0.0.0': '00000000',
  '::': '0'.repeat(32),
  '::1': '00000000000000000000000001000000',
  '::ffff:127.0.0.1': '0000000000000000FFFF00000100007F',
} as const;

const HEAD = '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode';

/** The text of such a table, to the byte as Linux 6.1 prints it but for the padding at the end of each line. */
export function table(rows: readonly Row[]): string {
  const lines = rows.map(({ local, port, inode, uid = 0, state = '0A' }, i) => {
    const far = `${'0'.repeat(local.length)}:0000`;
    const hex = port.toString(16).toUpperCase().padStart(4, '0');
    const numbers = `${String(uid).padStart(5)}        0 ${inode}`;
    return `${String(i).padStart(4)}: ${local}:${hex} ${far} ${state} 00000000:00000000 00:00000000 00000000 ${numbers} 1 0000000000000000 100 0 0 10 0`;
  });
  return `${[HEAD, ...lines].join('\n')}\n`;
}

export interface RecordedProcess {
  pid: number;
  argv: readonly string[];
  comm?: string;
  ppid?: number;
  uid?: number;
  gid?: number;
  groups?: readonly number[];
  state?: string;
  cgroup?: string;
  nspid?: string;
  environ?: Record<string, string>;
  /** Descriptor → what it leads to, such as `socket:[4711]`. */
  fds?: Record<number, string>;
}

/** Puts a process below /proc (proc(5)). */
export function addProcess(disk: Disk, process: RecordedProcess): void {
  const { pid, argv, ppid = 1, uid = 0, gid = 0, state = 'S (sleeping)', fds = {} } = process;
  const comm = process.comm ?? (argv[0] ?? '').slice((argv[0] ?? '').lastIndexOf('/') + 1).slice(0, 15);
  const dir = `/proc/${pid}`;
  const four = (id: number) => [id, id, id, id].join('\t');
  const status = [
    `Name:\t${comm}`,
    `State:\t${state}`,
    `Pid:\t${pid}`,
    `PPid:\t${ppid}`,
    `Uid:\t${four(uid)}`,
    `Gid:\t${four(gid)}`,
    `Groups:\t${(process.groups ?? []).map((group) => `${group} `).join('')}`,
    `NSpid:\t${process.nspid ?? pid}`,
  ];
  disk
    .file(`${dir}/cmdline`, argv.map((word) => `${word}\0`).join(''))
    .file(`${dir}/status`, `${status.join('\n')}\n`)
    .file(`${dir}/cgroup`, process.cgroup ?? '0::/init.scope\n')
    .folder(`${dir}/fd`);
  const pairs = Object.entries(process.environ ?? {}).map(([name, value]) => `${name}=${value}\0`);
  disk.file(`${dir}/environ`, pairs.join(''));
  for (const [fd, target] of Object.entries(fds)) disk.symlink(`${dir}/fd/${fd}`, target);
}
