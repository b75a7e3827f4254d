import { type Addresses, between, parseAddresses } from './address.ts';
import {
  type Answer,
  all,
  amongAddresses,
  answer,
  either,
  flagsAre,
  named,
  not,
  type Packet,
  type Run,
  SOURCE_PORTS,
  within,
} from './packet.ts';

/** What libnftables-json(5) calls an expression: a word, a number, or an object with one key. */
export type Expression = unknown;

/** Looks up the elements of a named set or map of the table. */
export type Elements = (name: string) => Expression[] | undefined;

/** Whether `left op right` holds (libnftables-json(5), MATCH). */
export function matches(packet: Packet, op: string, left: Expression, right: Expression, elements: Elements): Answer {
  // Flags under a mask are one value, however many there are.
  const wanted = field(left, '&') === undefined ? candidates(right, elements) : [right];
  if (!wanted) return 'maybe';
  if (op === '==' || op === 'in') return either(wanted.map((each) => equals(packet, left, each)));
  if (op === '!=') {
    // `ip saddr != …` is also about IPv4 alone: of another protocol neither it nor its opposite holds.
    if (isForeign(packet, left)) return 'no';
    return not(either(wanted.map((each) => equals(packet, left, each))));
  }
  const run = runFor(op, wanted);
  return run ? equals(packet, left, { run }) : 'maybe';
}

/** The values of a map, each with whether its key fits; `*` is the key of all that no other fits (nft(8), VMAP STATEMENT). */
export function lookUp(
  packet: Packet,
  key: Expression,
  pairs: readonly (readonly [Expression, Expression])[],
  elements: Elements,
): { value: Expression; holds: Answer }[] {
  const found = pairs.map(([wanted, value]) => ({
    value,
    rest: wanted === '*',
    holds: matches(packet, '==', key, wanted, elements),
  }));
  const others = either(found.filter(({ rest }) => !rest).map(({ holds }) => holds));
  return found.map(({ value, rest, holds }) => ({ value, holds: rest ? not(others) : holds }));
}

/** The values that the right side stands for; undefined for a set that was not seen. */
function candidates(right: Expression, elements: Elements): Expression[] | undefined {
  if (typeof right === 'string' && right.startsWith('@')) return elements(right.slice(1));
  if (Array.isArray(right)) return right;
  const set = field(right, 'set');
  return Array.isArray(set) ? set : typeof set === 'string' ? candidates(set, elements) : [right];
}

/** Whether the left side has the one value (or is in the one prefix or range). */
function equals(packet: Packet, left: Expression, wanted: Expression): Answer {
  const element = field(wanted, 'elem');
  if (element !== undefined) return equals(packet, left, field(element, 'val'));
  const [lefts, wanteds] = [field(left, 'concat'), field(wanted, 'concat')];
  if (Array.isArray(lefts) && Array.isArray(wanteds))
    return all(lefts.map((each, i) => equals(packet, each, wanteds[i])));
  const payload = field(left, 'payload') as { protocol?: string; field?: string } | undefined;
  if (payload) return payloadIs(packet, payload.protocol ?? '', payload.field ?? '', wanted);
  const meta = field(left, 'meta') as { key?: string } | undefined;
  if (meta) return metaIs(packet, meta.key ?? '', wanted);
  const ct = field(left, 'ct') as { key?: string } | undefined;
  if (ct) return connectionIs(packet, ct.key ?? '', wanted);
  const fib = field(left, 'fib') as { result?: string; flags?: unknown } | undefined;
  if (fib) return routeIs(fib.result ?? '', [fib.flags].flat(), wanted);
  // A packet that opens a connection has no extension headers but those that a program asks for.
  if (field(left, 'exthdr')) return answer(wanted === false);
  const masked = field(left, '&');
  return Array.isArray(masked) ? maskedFlagsAre(packet, masked, wanted) : 'maybe';
}

/** True for a header that the packet has not got: no condition on it holds, be it turned round or not. */
function isForeign(packet: Packet, left: Expression): boolean {
  if (field(left, 'exthdr')) return true;
  const { protocol } = (field(left, 'payload') ?? {}) as { protocol?: string };
  return protocol !== undefined && !['th', 'tcp', packet.family, 'ether', 'vlan'].includes(protocol);
}

function payloadIs(packet: Packet, protocol: string, name: string, wanted: Expression): Answer {
  if (isForeign(packet, { payload: { protocol } })) return 'no';
  if (protocol === 'th' || protocol === 'tcp') {
    if (name === 'dport') return numberIs({ first: BigInt(packet.port), last: BigInt(packet.port) }, wanted);
    if (name === 'sport') return numberIs(SOURCE_PORTS, wanted);
    if (protocol === 'tcp' && name === 'flags' && typeof wanted === 'string')
      return not(flagsAre(packet, [wanted], []));
    return 'maybe';
  }
  if (protocol === packet.family) {
    if (name === 'saddr' || name === 'daddr') {
      const addresses = addressesOf(wanted);
      return addresses
        ? amongAddresses(packet.family, name === 'saddr' ? packet.from : packet.to, [addresses])
        : 'maybe';
    }
    if (name === 'protocol' || name === 'nexthdr') return isTcp(wanted);
  }
  return 'maybe';
}

function metaIs(packet: Packet, key: string, wanted: Expression): Answer {
  const word = String(wanted);
  switch (key) {
    case 'iifname':
    case 'iif':
      return named(packet.iif, word);
    // On its way in a packet has no way out, except to a bridge's own chains.
    case 'oifname':
    case 'oif':
      return packet.iif === undefined ? 'maybe' : 'no';
    case 'l4proto':
      return isTcp(wanted);
    case 'nfproto':
      return answer(word === (packet.family === 'ip' ? 'ipv4' : 'ipv6'));
    case 'protocol':
      return answer(word === packet.family);
    case 'pkttype':
      return answer(word === 'host' || word === 'unicast');
    case 'iifkind':
      return packet.bridge && packet.iif !== undefined ? answer(word === 'bridge') : 'maybe';
    default:
      return 'maybe';
  }
}

/** Nobody has translated the connection: that would have been seen on the way of its first packet. */
function connectionIs({ state }: Packet, key: string, wanted: Expression): Answer {
  if (key === 'state') return answer(wanted === state);
  if (key === 'direction') return answer(wanted === 'original');
  if (key !== 'status') return 'maybe';
  if (wanted === 'dnat') return 'no';
  return wanted === 'seen-reply' || wanted === 'assured' ? answer(state === 'established') : 'maybe';
}

/** A container's bridge leads back to the container, and the packet goes to an address of this host. */
function routeIs(result: string, flags: readonly unknown[], wanted: Expression): Answer {
  if (result === 'type') return answer(wanted === (flags.includes('daddr') ? 'local' : 'unicast'));
  if (result === 'oif' && flags.includes('saddr') && typeof wanted === 'boolean') return answer(wanted);
  return 'maybe';
}

/** `tcp flags & mask == value`. */
function maskedFlagsAre(packet: Packet, masked: readonly Expression[], wanted: Expression): Answer {
  const [left, mask] = masked;
  const { protocol, field: name } = (field(left, 'payload') ?? {}) as { protocol?: string; field?: string };
  const [bits, value] = [flagNames(mask), flagNames(wanted)];
  return protocol === 'tcp' && name === 'flags' && bits && value ? flagsAre(packet, bits, value) : 'maybe';
}

function flagNames(expression: Expression): string[] | undefined {
  if (expression === 0) return [];
  if (typeof expression === 'string') return [expression];
  const parts = Array.isArray(expression) ? expression : field(expression, '|');
  if (!Array.isArray(parts)) return undefined;
  const names = parts.map(flagNames);
  return names.includes(undefined) ? undefined : (names as string[][]).flat();
}

function isTcp(wanted: Expression): Answer {
  const range = field(wanted, 'range') ?? field(wanted, 'run');
  return range === undefined ? answer(wanted === 'tcp' || wanted === 6) : 'maybe';
}

function numberIs(value: Run, wanted: Expression): Answer {
  const run = field(wanted, 'run') as Run | undefined;
  if (run) return within(value, [run]);
  const range = field(wanted, 'range') ?? [wanted, wanted];
  const [first, last] = (Array.isArray(range) ? range : []).map(Number);
  if (!Number.isInteger(first) || !Number.isInteger(last)) return 'maybe';
  return within(value, [{ first: BigInt(first!), last: BigInt(last!) }]);
}

function addressesOf(wanted: Expression): Addresses | undefined {
  if (typeof wanted === 'string') return parseAddresses(wanted);
  const prefix = field(wanted, 'prefix') as { addr?: unknown; len?: unknown } | undefined;
  if (prefix) return parseAddresses(`${prefix.addr}/${prefix.len}`);
  const range = field(wanted, 'range');
  return Array.isArray(range) ? between(String(range[0]), String(range[1])) : undefined;
}

/** `<`, `>` and their like, for numbers. */
function runFor(op: string, wanted: readonly Expression[]): Run | undefined {
  const number = wanted[0];
  if (wanted.length !== 1 || typeof number !== 'number') return undefined;
  const [at, top] = [BigInt(number), 65535n];
  const runs: Record<string, Run> = {
    '<': { first: 0n, last: at - 1n },
    '<=': { first: 0n, last: at },
    '>': { first: at + 1n, last: top },
    '>=': { first: at, last: top },
  };
  return runs[op];
}

/** A member of an object that came as JSON. */
export function field(object: unknown, name: string): unknown {
  return typeof object === 'object' && object !== null ? (object as Record<string, unknown>)[name] : undefined;
}
