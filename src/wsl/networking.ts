import type { Host } from '../host/host.ts';
import { WSLINFO, type WslVersion } from './wsl.ts';

/** The words of `wslinfo --networking-mode` (src/linux/init/wslinfo.cpp in microsoft/WSL), and none of them. */
export type Mode = 'nat' | 'mirrored' | 'bridged' | 'virtioproxy' | 'none' | 'wsl1' | 'unknown';

export interface Networking {
  mode: Mode;
  /** True where WSL did not tell, and the addresses alone speak for it. */
  inferred: boolean;
  /** The interface of the default route, eth0 as a rule. */
  interface: string | undefined;
  /** Where Windows is reached from here: its side of the NAT, or the loopback that both share. */
  windows: string | undefined;
}

const MODES: readonly string[] = ['nat', 'mirrored', 'bridged', 'virtioproxy', 'none', 'wsl1'];
/** Milliseconds; it asks WSL's own init, which answers at once or not at all. */
const ASK_LIMIT = 3000;

/** How this distribution is connected to Windows. Only asks and reads. */
export async function networkingOf(host: Host, version: WslVersion): Promise<Networking> {
  const route = defaultRoute(host);
  const told = version === 1 ? 'wsl1' : await askMode(host);
  // The default, and all there was before there was a wslinfo; its network is one of 172.16.0.0/12.
  const looksLikeNat = /^172\.(1[6-9]|2\d|3[01])\./.test(route?.gateway ?? '');
  const mode = told ?? (looksLikeNat ? 'nat' : 'unknown');
  return { mode, inferred: told === undefined, interface: route?.interface, windows: windowsAddress(mode, route) };
}

async function askMode(host: Host): Promise<Mode | undefined> {
  const program = WSLINFO.find((path) => host.files.real(path) !== undefined);
  if (program === undefined) return undefined;
  const { code, stdout } = await host.ask([program, '--networking-mode'], { timeout: ASK_LIMIT });
  const word = stdout.trim();
  return code === 0 && MODES.includes(word) ? (word as Mode) : undefined;
}

/** In the other modes the default gateway is a router, and nothing tells where Windows is. */
function windowsAddress(mode: Mode, route: Route | undefined): string | undefined {
  if (mode === 'mirrored' || mode === 'wsl1') return '127.0.0.1';
  return mode === 'nat' ? route?.gateway : undefined;
}

interface Route {
  interface: string;
  gateway: string;
}

/** The default route of the lowest metric, from /proc/net/route (proc(5)): addresses are little-endian hexadecimal. */
function defaultRoute({ files }: Host): Route | undefined {
  const lines = (files.text('/proc/net/route') ?? '').split('\n').slice(1);
  const routes = lines.map((line) => line.trim().split(/\s+/));
  const [best] = routes
    .filter(([, to, via = '', , , , , mask]) => to === '00000000' && mask === '00000000' && /[1-9A-F]/i.test(via))
    .sort((a, b) => Number(a[6]) - Number(b[6]));
  if (best === undefined) return undefined;
  return { interface: best[0]!, gateway: [...Buffer.from(best[2]!, 'hex')].reverse().join('.') };
}
