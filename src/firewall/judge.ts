import { type Addresses, parseAddresses } from './address.ts';
import { type FirewallName, type Firewalls, ownerOf } from './read.ts';
import type { Ruleset } from './ruleset.ts';
import { type Evidence, walk } from './walk.ts';

/** A way to a port of this host: of containers, in by a bridge, or of others by another interface. */
export interface Way {
  /** The bridge, as `ip link` calls it: docker0, br-… */
  iif: string;
  port: number;
  /** The containers' network or a container's address; anywhere when it is not known. */
  from?: string;
  /** The address of this host that they go to; any of its own when it is not known. */
  to?: string;
  /** IPv4 unless told, or unless an address tells. */
  family?: 'ip' | 'ip6';
  /** False for an interface that is none, such as a network card. */
  bridge?: boolean;
}

/** Where a way is blocked, and by which firewall. */
export interface Block extends Evidence {
  firewall: FirewallName;
}

export type Judgement =
  | { kind: 'passes' }
  | { kind: 'blocked'; by: Block }
  /** Nobody can tell from here; `why` is a phrase for people. */
  | { kind: 'unknown'; why: string };

/**
 * Whether a connection from containers gets past the firewalls of this host. It is `blocked` only where the rule that
 * does it is named, and `passes` only where every rule was seen and understood; the rest is `unknown`.
 */
export function judge({ ruleset, unseen }: Firewalls, way: Way): Judgement {
  const from = addressesOf(way.from);
  const to = addressesOf(way.to);
  const family = way.family ?? from?.family ?? to?.family ?? 'ip';
  const unread = unseen.length > 0 ? `not seen: ${unseen.join('; ')}` : undefined;
  if (!ruleset) return { kind: 'unknown', why: unread ?? 'no rules could be read' };
  const packet = { family, iif: way.iif, bridge: way.bridge ?? true, from, to, port: way.port };
  // Rules may let in who knocks, and keep out what he says then.
  const first = walk(ruleset, { ...packet, state: 'new' });
  const verdict = first.kind === 'passes' ? walk(ruleset, { ...packet, state: 'established' }) : first;
  if (verdict.kind === 'blocked')
    return { kind: 'blocked', by: { ...verdict.by, firewall: firewallOf(ruleset, verdict.by) } };
  // One rule more, in what was not seen, could block it still.
  return verdict.kind === 'passes' && unread !== undefined ? { kind: 'unknown', why: unread } : verdict;
}

function addressesOf(text: string | undefined): Addresses | undefined {
  return text === undefined ? undefined : parseAddresses(text);
}

/** What a built-in chain says at its end, it says for the firewall whose chains it calls: they set its policy. */
function firewallOf(ruleset: Ruleset, { family, table, base, chain, program, rule }: Evidence): FirewallName {
  const own = ownerOf(table, chain, program);
  if (own !== 'iptables' || chain !== base) return own;
  const rules = ruleset.find((each) => each.family === family && each.name === table && each.program === program);
  const called = (rules?.chains.get(base)?.rules ?? []).flatMap(({ parts }) =>
    parts.flatMap((part) => ('target' in part && 'chain' in part.target ? [part.target.chain] : [])),
  );
  if (called.some((name) => /^INPUT_(ZONES|direct)$/.test(name))) return 'firewalld';
  return rule === 'policy drop' && called.some((name) => /^ufw6?-/.test(name)) ? 'ufw' : own;
}

/** A block in one phrase: "ufw drops it: ip filter INPUT: policy drop". */
export function blockWords({ firewall, action, family, table, chain, rule }: Block): string {
  const names = { allow: 'the filter of --allow', nixos: "NixOS's firewall" } as Record<string, string>;
  return `${names[firewall] ?? firewall} ${action}s it: ${family} ${table} ${chain}: ${rule}`;
}
