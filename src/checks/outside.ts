import { type Judgement, judge } from '../firewall/judge.ts';
import type { Firewalls } from '../firewall/read.ts';
import type { Host } from '../host/host.ts';
import type { ReachableAddress } from '../probes/addresses.ts';
import { activeNames, nameOf } from './firewall.ts';

/** Whom the firewalls of this host let in, by the addresses that they come to. */
export interface Outside {
  /** The addresses that a rule closes to all callers. */
  closed: ReachableAddress[];
  /** Those to which every rule lets callers through. */
  certain: ReachableAddress[];
  /** What the firewalls do, in sentences. */
  words: string;
}

/** Judges the way to each address, from where its callers are: one of the internet may be called from anywhere. */
export function judgeOutside(
  host: Host,
  firewalls: Firewalls,
  addresses: readonly ReachableAddress[],
  port: number,
): Outside {
  const outside: Outside = { closed: [], certain: [], words: '' };
  const keepers = new Map<string, Set<string>>();
  const unknown: string[] = [];
  for (const one of addresses) {
    const verdict = verdictOn(host, firewalls, one, port);
    if (verdict.kind === 'passes') outside.certain.push(one);
    else if (verdict.kind === 'unknown') unknown.push(`Who gets in to ${one.address} cannot be told: ${verdict.why}.`);
    else {
      outside.closed.push(one);
      const name = nameOf(verdict.by);
      keepers.set(name, (keepers.get(name) ?? new Set()).add(one.interface));
    }
  }
  const kept = [...keepers].map(([name, at]) => `${name} lets nobody in to port ${port} by ${[...at].join(', ')}.`);
  const names = activeNames(firewalls).join(', ');
  const none = names ? `The firewalls here (${names}) let others in to` : 'No firewall here keeps others from';
  outside.words = [...kept, ...unknown.slice(0, 1)].join(' ') || `${none} port ${port}.`;
  return outside;
}

/** What addresses of the internet have, so that rules for private networks are none for them (RFC 1918, 3927, 6598). */
const INTERNET = {
  ip: [
    ...['1.0.0.0-9.255.255.255', '11.0.0.0-100.63.255.255', '100.128.0.0-126.255.255.255', '128.0.0.0-169.253.255.255'],
    ...['169.255.0.0-172.15.255.255', '172.32.0.0-192.167.255.255', '192.169.0.0-223.255.255.255'],
  ],
  ip6: ['2000::/3'],
};

/** Where it hangs on who calls: an address of the internet is called from there, and any other by those nearby. */
function verdictOn(host: Host, firewalls: Firewalls, one: ReachableAddress, port: number): Judgement {
  const way = wayTo(host, one, port);
  const verdict = judge(firewalls, way);
  if (verdict.kind !== 'unknown') return verdict;
  if (one.reach === 'public') {
    const all = INTERNET[way.family].map((from) => judge(firewalls, { ...way, from }));
    return all.every(({ kind }) => kind === all[0]?.kind) ? (all[0] ?? verdict) : verdict;
  }
  const near = host.interfaces().find(({ name, address }) => name === one.interface && address === one.address)?.cidr;
  const nearby = near ? judge(firewalls, { ...way, from: near }) : verdict;
  // Others than those nearby may be let in.
  return nearby.kind === 'passes' ? nearby : verdict;
}

/** The kernel has a folder bridge/ for an interface that is one (sysfs, net/bridge). */
function wayTo(host: Host, { interface: iif, address }: ReachableAddress, port: number) {
  const family = address.includes(':') ? ('ip6' as const) : ('ip' as const);
  const bridge = host.files.real(`/sys/class/net/${iif}/bridge`) !== undefined;
  return { iif, port, to: address.replace(/%.*$/, ''), family, bridge };
}
