/**
 * The few functions of Go's standard library through which Ollama reads an address. They are kept apart because they
 * differ from Node's and from the WHATWG URL in exactly the odd values that users write (Go 1.26, src/net, src/net/netip).
 */

/** An IP address as eight 16-bit groups; IPv4 stands in its mapped form (::ffff:a.b.c.d). `zone` is '' when there is none. */
export interface Ip {
  groups: readonly number[];
  zone: string;
}

/** Go's `net.SplitHostPort` (src/net/ipsock.go); undefined where it returns an error. */
export function splitHostPort(text: string): { host: string; port: string } | undefined {
  const colon = text.lastIndexOf(':');
  if (colon < 0) return undefined;
  const bracketed = text.startsWith('[');
  const end = bracketed ? text.indexOf(']') : colon;
  // After "[…]" only one colon may follow, and without brackets there is one colon in all.
  if (end < 0 || (bracketed && end + 1 !== colon)) return undefined;
  const host = text.slice(bracketed ? 1 : 0, end);
  if (!bracketed && host.includes(':')) return undefined;
  if (text.slice(bracketed ? 1 : 0).includes('[')) return undefined;
  if (text.slice(bracketed ? end + 1 : 0).includes(']')) return undefined;
  return { host, port: text.slice(colon + 1) };
}

/** Go's `net.JoinHostPort` (src/net/ipsock.go): brackets around whatever has a colon in it. */
export function joinHostPort(host: string, port: number | string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Go's `strconv.ParseInt(text, 10, 32)` held to 0…65535: a sign and leading zeros are fine; blanks, "0x50" and "1_0" are not. */
export function parsePort(text: string): number | undefined {
  if (!/^[+-]?[0-9]+$/.test(text)) return undefined;
  const port = Number(text);
  // -0 passes Go's test too, and is port 0.
  return port >= 0 && port <= 65535 ? port + 0 : undefined;
}

/** Go's `netip.ParseAddr` (src/net/netip/netip.go): no leading zeros in IPv4, no "127.1", a zone only after IPv6. */
export function parseIp(text: string): Ip | undefined {
  const kind = /[.:%]/.exec(text)?.[0];
  if (kind === '.') {
    const groups = parseIpv4(text);
    return groups && { groups: [0, 0, 0, 0, 0, 0xffff, ...groups], zone: '' };
  }
  if (kind !== ':') return undefined;
  const percent = text.indexOf('%');
  if (percent === text.length - 1) return undefined;
  const groups = parseIpv6(percent < 0 ? text : text.slice(0, percent));
  return groups && { groups, zone: percent < 0 ? '' : text.slice(percent + 1) };
}

function parseIpv4(text: string): [number, number] | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  const [a, b, c, d] = parts.map(Number);
  return [a! * 256 + b!, c! * 256 + d!];
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const sides: number[][] = [];
  for (const half of halves) {
    // Only the very end of the address may be written as IPv4.
    const groups = parseGroups(half, sides.length === halves.length - 1);
    if (!groups) return undefined;
    sides.push(groups);
  }
  const [left = [], right] = sides;
  if (!right) return left.length === 8 ? left : undefined;
  const missing = 8 - left.length - right.length;
  return missing > 0 ? [...left, ...new Array<number>(missing).fill(0), ...right] : undefined;
}

function parseGroups(text: string, last: boolean): number[] | undefined {
  if (text === '') return [];
  const groups: number[] = [];
  const words = text.split(':');
  for (const [index, word] of words.entries()) {
    const ipv4 = last && index === words.length - 1 && word.includes('.') ? parseIpv4(word) : undefined;
    if (ipv4) groups.push(...ipv4);
    else if (/^[0-9a-f]{1,4}$/i.test(word)) groups.push(Number.parseInt(word, 16));
    else return undefined;
  }
  return groups;
}

/** The four bytes of an IPv4 address, also of a mapped one (Go's `IP.To4`); undefined for any other. */
export function ipv4Of(ip: Ip): readonly number[] | undefined {
  if (ip.groups.slice(0, 5).some((group) => group !== 0) || ip.groups[5] !== 0xffff) return undefined;
  return ip.groups.slice(6).flatMap((group) => [group >> 8, group & 255]);
}

/** Go's `net.IP.String` (src/net/ip.go): dotted for IPv4 and mapped IPv4, else RFC 5952; the zone is not part of it. */
export function printIp(ip: Ip): string {
  const ipv4 = ipv4Of(ip);
  if (ipv4) return ipv4.join('.');
  let start = -1;
  let length = 1;
  for (let from = 0; from < 8; from++) {
    let to = from;
    while (to < 8 && ip.groups[to] === 0) to++;
    if (to - from > length) [start, length] = [from, to - from];
  }
  const hex = ip.groups.map((group) => group.toString(16));
  if (start < 0) return hex.join(':');
  return `${hex.slice(0, start).join(':')}::${hex.slice(start + length).join(':')}`;
}

/** 0.0.0.0, its mapped form, and :: (Go's `IP.IsUnspecified`). */
export function isUnspecified(ip: Ip): boolean {
  return (ipv4Of(ip) ?? ip.groups).every((part) => part === 0);
}

/** 127.0.0.0/8, mapped or not, and ::1 (Go's `Addr.IsLoopback`). */
export function isLoopback(ip: Ip): boolean {
  const ipv4 = ipv4Of(ip);
  if (ipv4) return ipv4[0] === 127;
  return ip.groups.every((group, index) => group === (index === 7 ? 1 : 0));
}

/** RFC 1918 and fc00::/7 (Go's `Addr.IsPrivate`). */
export function isPrivate(ip: Ip): boolean {
  const [a, b = 0] = ipv4Of(ip) ?? [];
  if (a === undefined) return (ip.groups[0]! & 0xfe00) === 0xfc00;
  return a === 10 || (a === 172 && (b & 0xf0) === 16) || (a === 192 && b === 168);
}
