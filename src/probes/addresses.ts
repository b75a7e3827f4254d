import type { Host, InterfaceAddress } from '../host/host.ts';

/** Where a machine must stand to reach an address of this one; `windows` is the Windows around a distribution of WSL. */
export type Reach = 'containers' | 'windows' | 'vpn' | 'lan' | 'public';

export interface ReachableAddress {
  interface: string;
  address: string;
  reach: Reach;
}

/** What container engines make: docker0, br-<12 hex digits>, podman, CNI, libvirt's and LXD's bridges, and the wires to one container. */
const CONTAINER_INTERFACE =
  /^(docker\d|br-[0-9a-f]{12}$|podman\d|cni\d|cni-|cali|flannel|lxdbr|lxcbr|incusbr|virbr|bridge100|vmnet)/;
const VPN_INTERFACE = /^(tun|tap|wg|tailscale|zt|utun|ppp|ipsec|nordlynx|proton)/;

/** Of AirDrop and the like on macOS, and the ports of a bridge on Linux: no program is reached by their link-local addresses. */
const PEER_INTERFACE = /^((awdl|llw|anpi|utun)\d|veth)/;

/** The addresses of this machine that a wildcard binding opens, without loopback, with who can reach each. */
export function reachableAddresses(host: Host): ReachableAddress[] {
  return host
    .interfaces()
    .filter(({ internal, name, address }) => !internal && !(PEER_INTERFACE.test(name) && /^fe[89ab]/i.test(address)))
    .map((address) => ({ interface: address.name, address: address.address, reach: reachOf(address) }));
}

function reachOf({ name, address, family }: InterfaceAddress): Reach {
  if (CONTAINER_INTERFACE.test(name)) return 'containers';
  // 100.64.0.0/10 is shared address space (RFC 6598), which Tailscale and other overlays use.
  if (VPN_INTERFACE.test(name) || (family === 'IPv4' && inRange(address, '100.64.0.0', 10))) return 'vpn';
  return family === 'IPv4' ? reachOfIPv4(address) : reachOfIPv6(address);
}

/** Private (RFC 1918) and link-local (RFC 3927) addresses do not leave the local network by themselves. */
function reachOfIPv4(address: string): Reach {
  const local = [
    ['10.0.0.0', 8],
    ['172.16.0.0', 12],
    ['192.168.0.0', 16],
    ['169.254.0.0', 16],
  ] as const;
  return local.some(([base, bits]) => inRange(address, base, bits)) ? 'lan' : 'public';
}

/** Unique local (RFC 4193) and link-local addresses likewise. */
function reachOfIPv6(address: string): Reach {
  return /^(fe[89ab]|f[cd])/i.test(address) ? 'lan' : 'public';
}

function inRange(address: string, base: string, bits: number): boolean {
  return toNumber(address) >>> (32 - bits) === toNumber(base) >>> (32 - bits);
}

function toNumber(address: string): number {
  return address.split('.').reduce((sum, part) => ((sum << 8) | Number(part)) >>> 0, 0);
}

/** One address of every interface that others can reach, IPv4 before IPv6; link-local IPv6 needs a zone and is left out. */
export function oneAddressEach(host: Host): string[] {
  const usable = host.interfaces().filter(({ internal, address }) => !internal && !/^fe[89ab]/i.test(address));
  const names = [...new Set(usable.map(({ name }) => name))];
  return names.map((name) => {
    const own = usable.filter((address) => address.name === name);
    return (own.find(({ family }) => family === 'IPv4') ?? own[0]!).address;
  });
}

/**
 * Whether this machine has an address. Node leaves out interfaces that nobody is connected to, as a bridge without
 * containers; on Linux the kernel's table of routes (proc(5), fib_trie) has their addresses too.
 */
export function hasAddress(host: Host, address: string): boolean {
  if (host.interfaces().some((one) => one.address === address)) return true;
  const trie = host.platform === 'linux' ? (host.files.text('/proc/net/fib_trie') ?? '') : '';
  const at = trie.indexOf(`-- ${address}\n`);
  return at >= 0 && /^.*\n\s*\/32 host LOCAL/.test(trie.slice(at));
}
