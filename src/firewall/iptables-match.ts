import { parseAddresses } from './address.ts';
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
  SOURCE_PORTS,
  within,
} from './packet.ts';

/** A condition of iptables: the words behind the option → whether it holds. */
type Condition = (packet: Packet, value: string, more: string) => Answer;

/** The conditions that are understood (iptables(8), iptables-extensions(8)); `addrtype` counts on the packet being ours. */
const CONDITIONS: Record<string, Condition> = {
  '-i': ({ iif }, name) => named(iif, name),
  '-o': () => 'no',
  '-s': ({ family, from }, value) => addresses(family, from, value),
  '-d': ({ family, to }, value) => addresses(family, to, value),
  '-p': (_, protocol) => answer(['tcp', 'all', '6', '0'].includes(protocol)),
  '--dport': ({ port }, value) => ports({ first: BigInt(port), last: BigInt(port) }, value),
  '--dports': ({ port }, value) => ports({ first: BigInt(port), last: BigInt(port) }, value),
  '--sport': (_, value) => ports(SOURCE_PORTS, value),
  '--sports': (_, value) => ports(SOURCE_PORTS, value),
  '--ctstate': ({ state }, states) => answer(states.split(',').includes(state.toUpperCase())),
  '--state': ({ state }, states) => answer(states.split(',').includes(state.toUpperCase())),
  '--ctdir': (_, direction) => answer(direction === 'ORIGINAL'),
  '--dst-type': (_, types) => answer(types.split(',').includes('LOCAL')),
  '--src-type': (_, types) => answer(types.split(',').includes('UNICAST')),
  '--pkt-type': (_, type) => answer(type === 'unicast'),
  '--icmp-type': () => 'no',
  '--icmpv6-type': () => 'no',
  // Routing headers are obsolete (RFC 5095), and no program asks for one when it connects.
  '--rt-type': () => 'no',
  '--syn': ({ state }) => answer(state === 'new'),
  '--comment': () => 'yes',
  '-m': () => 'yes',
  '--src-range': ({ family, from }, value) => addresses(family, from, value),
  '--dst-range': ({ family, to }, value) => addresses(family, to, value),
  '--tcp-flags': (packet, mask, value) => flags(packet, mask, value),
};

/** How many words belong to an option of those above, where it is not one. */
const WORDS: Record<string, number> = { '--syn': 0, '--tcp-flags': 2 };

/** Whether all conditions of a rule hold. What is not understood is `maybe`, unless another one does not hold. */
export function condition(packet: Packet, words: readonly string[]): Answer {
  const answers: Answer[] = [];
  for (let at = 0; at < words.length; ) {
    const turned = words[at] === '!';
    if (turned) at += 1;
    const option = words[at] ?? '';
    const known = CONDITIONS[option];
    const count = known ? (WORDS[option] ?? 1) : unknownCount(words, at);
    const holds = known ? known(packet, words[at + 1] ?? '', words[at + 2] ?? '') : 'maybe';
    answers.push(turned ? not(holds) : holds);
    at += 1 + count;
  }
  return all(answers);
}

/** The words that follow an option that is not known, up to the next option. */
function unknownCount(words: readonly string[], at: number): number {
  const next = words.findIndex((word, i) => i > at && (word === '!' || /^--?[a-z]/.test(word)));
  return (next < 0 ? words.length : next) - at - 1;
}

function addresses(family: 'ip' | 'ip6', packet: Packet['from'], value: string): Answer {
  const wanted = value.split(',').map(parseAddresses);
  return wanted.includes(undefined) ? 'maybe' : amongAddresses(family, packet, wanted as NonNullable<Packet['from']>[]);
}

/** `80`, `1:1023`, `:1023`, and lists of them. */
function ports(value: { first: bigint; last: bigint }, text: string): Answer {
  const runs = text.split(',').map((part) => {
    const [first = '', last = first] = part.split(':');
    return { first: BigInt(/^\d+$/.test(first) ? first : 0), last: BigInt(/^\d+$/.test(last) ? last : 65535) };
  });
  return either(runs.map((run) => within(value, [run])));
}

const ALL = ['fin', 'syn', 'rst', 'psh', 'ack', 'urg'];

function flags(packet: Packet, mask: string, value: string): Answer {
  const names = (text: string) =>
    text === 'ALL' ? ALL : text === 'NONE' ? [] : text.split(',').map((flag) => flag.toLowerCase());
  return flagsAre(packet, names(mask), names(value));
}
