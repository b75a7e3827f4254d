import { type Ip, ipv4Of, isLoopback, isUnspecified, parseIp, printIp } from '../ollama/go-net.ts';
import type { Placeholders } from './placeholders.ts';

/**
 * What the IANA IPv4 Special-Purpose Address Registry (RFC 6890) has as not globally reachable, but for documentation's (who
 * has such an address stands for others), with multicast and class E: 0/8, 10/8, 100.64/10, 127/8, 169.254/16, 172.16/12, 192.0.0/24, 192.168/16, 198.18/15, 224/3.
 */
const NOT_GLOBAL: readonly [number, number][] = [
  [0x00000000, 8],
  [0x0a000000, 8],
  [0x64400000, 10],
  [0x7f000000, 8],
  [0xa9fe0000, 16],
  [0xac100000, 12],
  [0xc0000000, 24],
  [0xc0a80000, 16],
  [0xc6120000, 15],
  [0xe0000000, 3],
];

/** True for an address of the internet, by which a machine could be found: private ones and those of documentation tell nothing. */
export function isPublic(ip: Ip): boolean {
  const ipv4 = ipv4Of(ip);
  if (ipv4) return isPublicIpv4(ipv4);
  const [a = 0, b = 0] = ip.groups;
  // 64:ff9b::/96 has an IPv4 address in it (RFC 6052).
  if (a === 0x64 && b === 0xff9b && ip.groups.slice(2, 6).every((group) => group === 0))
    return isPublicIpv4(ip.groups.slice(6).flatMap((group) => [group >> 8, group & 255]));
  // Addresses are given out from 2000::/3 only (RFC 4291).
  return (a & 0xe000) === 0x2000 && !isDocumentation(a, b);
}

/** 2001:db8::/32 (RFC 3849) and 3fff::/20 (RFC 9637). */
function isDocumentation(a: number, b: number): boolean {
  return (a === 0x2001 && b === 0xdb8) || (a === 0x3fff && b < 0x1000);
}

function isPublicIpv4(bytes: readonly number[]): boolean {
  const value = bytes.reduce((sum, byte) => sum * 256 + byte, 0);
  return !NOT_GLOBAL.some(([base, bits]) => value >>> (32 - bits) === base >>> (32 - bits));
}

/**
 * Takes MAC addresses and public IP addresses out of a text, those in the names of interfaces ("enx…") and in link-local
 * IPv6 addresses too.
 * @param own this machine's addresses, which cloud hosts also spell with dashes: "ip-52-1-2-3"
 */
export function redactAddresses(text: string, own: readonly string[], names: Placeholders): string {
  const mac = (found: string) => names.of('mac-address', found.replace(/[:.-]/g, ''));
  return dashed(text, own, names)
    .replace(
      /(?<![\p{L}\p{N}:-])[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}(?![\p{L}\p{N}]|[:-][0-9a-f])/giu,
      (found) => (/^(?:00[:-]){5}00$|^(?:ff[:-]){5}ff$/i.test(found) ? found : mac(found)),
    )
    .replace(/(?<=(?<![\p{L}\p{N}])(?:en|wl|ww)x)[0-9a-f]{12}(?![\p{L}\p{N}])/giu, mac)
    .replace(/(?<![\w.])[0-9a-f:.]*:[0-9a-f:.]*/gi, (run) => redactRun(run, names))
    .replace(/(?<!\d|\d\.)\d{1,3}(?:\.\d{1,3}){3}(?!\d|\.\d|-microsoft)/g, (found) => {
      const ip = parseIp(found);
      return (ip && redactIp(ip, names)) ?? found;
    });
}

function dashed(text: string, own: readonly string[], names: Placeholders): string {
  return own.reduce((rest, address) => {
    const ip = parseIp(address);
    if (!ip || !isPublic(ip)) return rest;
    const spelled = address.replaceAll(/[.:]/g, '-');
    const word = new RegExp(`(?<![0-9a-f])${spelled.replace(/[^\w-]/g, '')}(?![0-9a-f])`, 'gi');
    return rest.replace(word, names.of('public-address', printIp(ip)));
  }, text);
}

/** Eight groups, the last two as IPv4 (RFC 4291, section 2.2). */
const LONGEST = 45;
/** Room for something before an address; a longer run without one is a dump or a fingerprint. */
const LONGEST_RUN = 2 * LONGEST;

/** Hex digits, colons and dots may be IPv6 addresses with something before and behind: "addr:2a01::1:". */
function redactRun(run: string, names: Placeholders): string {
  let done = '';
  for (let rest = run; ; ) {
    const found = firstAddress(rest.slice(0, LONGEST_RUN));
    if (!found) return done + rest;
    const { start, end, ip } = found;
    done += rest.slice(0, start) + (redactIp(ip, names) ?? rest.slice(start, end));
    rest = rest.slice(end);
  }
}

function firstAddress(run: string): { start: number; end: number; ip: Ip } | undefined {
  const cuts = [...run.matchAll(/[:.]/g)].map(({ index }) => index);
  const starts = [0, ...cuts.flatMap((at) => [at, at + 1])];
  const ends = [run.length, ...cuts.flatMap((at) => [at, at + 1]).reverse()];
  for (const start of starts) {
    for (const end of ends) {
      if (end - start > LONGEST) continue;
      const text = run.slice(start, end);
      // What is IPv4 alone is looked for later.
      const ip = text.includes(':') ? parseIp(text) : undefined;
      if (ip && isGiven(ip)) return { start, end, ip };
    }
  }
  return undefined;
}

/** True for what somebody can have; else a word before a colon was taken for a group, as in "add:2a01::1". */
function isGiven(ip: Ip): boolean {
  const [a = 0, b = 0] = ip.groups;
  const isLocal = a >= 0xfc00 || isLoopback(ip) || isUnspecified(ip) || ipv4Of(ip) !== undefined;
  return isLocal || isPublic(ip) || isDocumentation(a, b) || (a === 0x64 && b === 0xff9b);
}

/** Undefined for an address that may be shown. */
function redactIp(ip: Ip, names: Placeholders): string | undefined {
  if (isPublic(ip)) return names.of('public-address', printIp(ip));
  return hasMac(ip) ? withoutInterface(ip, names) : undefined;
}

/** A modified EUI-64 (RFC 4291, appendix A) made of a MAC address that is unique in the world, in fe80::/10 or fc00::/7. */
function hasMac({ groups }: Ip): boolean {
  const [a = 0, , , , e = 0, f = 0, g = 0] = groups;
  const isLocal = (a & 0xffc0) === 0xfe80 || (a & 0xfe00) === 0xfc00;
  return isLocal && (f & 0xff) === 0xff && g >> 8 === 0xfe && (e & 0x0200) !== 0;
}

function withoutInterface(ip: Ip, names: Placeholders): string {
  const id = names.of('interface-id', ip.groups.slice(4).join(':'));
  const network = ip.groups.slice(0, 4).map((group) => group.toString(16));
  return `${network.join(':').replace(/(?::0)+$/, ':')}:${id}`;
}
