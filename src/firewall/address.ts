import { ipv4Of, parseIp } from '../ollama/go-net.ts';

/** Addresses of one family, from the first to the last, as numbers. */
export interface Addresses {
  family: 'ip' | 'ip6';
  first: bigint;
  last: bigint;
}

/** An address, a network (`a/24`, `a/255.255.255.0`) or a range (`a-b`); undefined for anything else. */
export function parseAddresses(text: string): Addresses | undefined {
  const dash = text.indexOf('-');
  if (dash > 0) return between(text.slice(0, dash), text.slice(dash + 1));
  const [address = '', mask] = text.split('/');
  const one = numberOf(address);
  if (!one || mask === undefined) return one && { family: one.family, first: one.value, last: one.value };
  const size = one.family === 'ip' ? 32n : 128n;
  const bits = bitsOf(mask, one.family);
  if (bits === undefined || bits > size) return undefined;
  const rest = (1n << (size - bits)) - 1n;
  return { family: one.family, first: one.value & ~rest, last: one.value | rest };
}

/** The addresses from `first` to `last`; undefined when these are not two of a family. */
export function between(first: string, last: string): Addresses | undefined {
  const [from, to] = [numberOf(first), numberOf(last)];
  if (!from || !to || from.family !== to.family) return undefined;
  return { family: from.family, first: from.value, last: to.value };
}

function numberOf(text: string): { family: 'ip' | 'ip6'; value: bigint } | undefined {
  const ip = parseIp(text);
  if (!ip) return undefined;
  const ipv4 = text.includes(':') ? undefined : ipv4Of(ip);
  const [parts, width] = ipv4 ? [ipv4, 8n] : [ip.groups, 16n];
  const value = parts.reduce((sum, part) => (sum << width) | BigInt(part), 0n);
  return { family: ipv4 ? 'ip' : 'ip6', value };
}

/** The length of a prefix, as a number or as a mask of leading ones (iptables prints either). */
function bitsOf(mask: string, family: 'ip' | 'ip6'): bigint | undefined {
  if (/^\d{1,3}$/.test(mask)) return BigInt(mask);
  const number = numberOf(mask);
  if (number?.family !== family) return undefined;
  const digits = number.value.toString(2).padStart(family === 'ip' ? 32 : 128, '0');
  return /^1*0*$/.test(digits) ? BigInt(digits.replaceAll('0', '').length) : undefined;
}
