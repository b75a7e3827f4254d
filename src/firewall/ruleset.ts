import type { Answer, Packet } from './packet.ts';

/** Where a rule sends a packet. `lost`: to where it cannot be followed, or by what is not understood. */
export type Target =
  | { to: 'accept' | 'drop' | 'return' | 'continue' }
  | { to: 'reject'; with: string }
  | { to: 'jump' | 'goto'; chain: string }
  | { to: 'lost'; why: string };

/** One part of a rule, in order: a condition that has to hold for the rest to count, or a decision. */
export type Part =
  | { holds: (packet: Packet) => Answer }
  | { target: Target }
  /** A decision by a map: every target that it may be. */
  | { choose: (packet: Packet) => Choice[] };

export interface Choice {
  target: Target;
  holds: Answer;
}

export interface Rule {
  /** As its own program writes it. */
  text: string;
  parts: Part[];
}

/** Where the kernel calls a chain. Those of a lower priority come first. */
export interface Hook {
  name: string;
  priority: number;
  policy: 'accept' | 'drop';
  /** True for translation, which is asked about the first packet of a connection alone. */
  nat: boolean;
  /** The interfaces that the chain is for alone; undefined for any. */
  devices?: string[];
}

export interface Chain {
  name: string;
  hook?: Hook;
  rules: Rule[];
}

export interface Table {
  family: string;
  name: string;
  /** The program in whose words the rules are. */
  program: 'nft' | 'iptables';
  /** The full path of the iptables that keeps it. */
  command?: string;
  chains: Map<string, Chain>;
}

/** All rules that the kernel has, as far as they were seen. */
export type Ruleset = Table[];
