import { readFileSync } from 'node:fs';

/** One listening TCP socket of a host. */
export interface Listener {
  family: 'tcp' | 'tcp6';
  /** As usually written: 127.0.0.1, 0.0.0.0, ::1, ::. */
  address: string;
  port: number;
  uid: number;
  inode: number;
}

const LISTEN = '0A';

/** The listening TCP sockets in the network namespace of a process, read from the kernel's own tables. */
export function listeners(pid: number): Listener[] {
  return (['tcp', 'tcp6'] as const).flatMap((family) => {
    const rows = readFileSync(`/proc/${pid}/net/${family}`, 'utf8').trim().split('\n').slice(1);
    return rows.flatMap((row) => {
      const columns = row.trim().split(/\s+/);
      const [address, port] = columns[1]!.split(':');
      if (columns[3] !== LISTEN) return [];
      const where = { address: family === 'tcp' ? ipv4(address!) : ipv6(address!), port: Number.parseInt(port!, 16) };
      return [{ family, ...where, uid: Number(columns[7]), inode: Number(columns[9]) }];
    });
  });
}

/** The kernel writes each 32-bit word as a number of this machine: the lowest byte of the address comes last. */
function bytes(word: string): string[] {
  return (word.match(/../g) ?? []).reverse();
}

function ipv4(hex: string): string {
  return bytes(hex)
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

function ipv6(hex: string): string {
  const words = (hex.match(/.{8}/g) ?? []).flatMap(bytes).join('');
  const long = (words.match(/.{4}/g) ?? []).join(':');
  return new URL(`http://[${long}]/`).hostname.slice(1, -1);
}
