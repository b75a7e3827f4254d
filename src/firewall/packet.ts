import type { Addresses } from './address.ts';

/**
 * Whether something holds for every packet that is meant (`yes`), for none of them (`no`), or for some, or nobody
 * knows (`maybe`). What is not understood is `maybe`, so that it can never become a wrong answer.
 */
export type Answer = 'yes' | 'no' | 'maybe';

/** The packets that are asked about: those of a TCP connection from a container to a port of this host. */
export interface Packet {
  /** The one that opens the connection (SYN alone), or those after it. */
  state: 'new' | 'established';
  family: 'ip' | 'ip6';
  /** The interface that they come in by; undefined for a bridge's own chains, which see one of its ports. */
  iif: string | undefined;
  /** True when that interface is a bridge. */
  bridge: boolean;
  /** Where they may come from; undefined for anywhere. */
  from: Addresses | undefined;
  /** The address of this host that they go to; undefined for any of its own. */
  to: Addresses | undefined;
  port: number;
}

/** The source ports that systems choose from, at the widest (ip(7), ip_local_port_range: anything that is not privileged). */
export const SOURCE_PORTS = { first: 1024n, last: 65535n };

/** A run of numbers: one of ports or of addresses. */
export interface Run {
  first: bigint;
  last: bigint;
}

/** Whether all, none or some of `packet`'s values are among `wanted`. */
export function within(packet: Run, wanted: readonly Run[]): Answer {
  if (wanted.some(({ first, last }) => first <= packet.first && packet.last <= last)) return 'yes';
  return wanted.every(({ first, last }) => last < packet.first || packet.last < first) ? 'no' : 'maybe';
}

/** The same for addresses, of which a packet may have any of its family. */
export function amongAddresses(
  family: 'ip' | 'ip6',
  packet: Addresses | undefined,
  wanted: readonly Addresses[],
): Answer {
  const same = wanted.filter((each) => each.family === family);
  const all = { first: 0n, last: (1n << (family === 'ip' ? 32n : 128n)) - 1n };
  return within(packet ?? all, same);
}

/** Whether an interface has a name; a last `*` (nft) or `+` (iptables) stands for any further letters. */
export function named(iif: string | undefined, pattern: string): Answer {
  if (iif === undefined) return pattern === 'lo' ? 'no' : 'maybe';
  return answer(/[*+]$/.test(pattern) ? iif.startsWith(pattern.slice(0, -1)) : iif === pattern);
}

/**
 * Whether the flags under a mask are exactly these, all in lower case: at first SYN alone, then ACK, with which PSH and
 * FIN come on some of the packets.
 */
export function flagsAre({ state }: Packet, mask: readonly string[], value: readonly string[]): Answer {
  if (state === 'established' && mask.some((flag) => flag === 'psh' || flag === 'fin')) {
    const possible =
      value.every((flag) => ['ack', 'psh', 'fin'].includes(flag)) && value.includes('ack') === mask.includes('ack');
    return possible ? 'maybe' : 'no';
  }
  const set = mask.filter((flag) => flag === (state === 'new' ? 'syn' : 'ack'));
  return answer(value.length === set.length && value.every((flag) => set.includes(flag)));
}

export const not = (answer: Answer): Answer => (answer === 'maybe' ? 'maybe' : answer === 'yes' ? 'no' : 'yes');
export const either = (answers: readonly Answer[]): Answer =>
  answers.includes('yes') ? 'yes' : answers.includes('maybe') ? 'maybe' : 'no';
export const all = (answers: readonly Answer[]): Answer => not(either(answers.map(not)));
export const answer = (holds: boolean): Answer => (holds ? 'yes' : 'no');
