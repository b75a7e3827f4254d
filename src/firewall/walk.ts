import { type Answer, all, type Packet } from './packet.ts';
import type { Chain, Choice, Part, Rule, Ruleset, Table, Target } from './ruleset.ts';

/** The place in the rules where a packet is kept out. */
export interface Evidence {
  family: string;
  table: string;
  /** The chain that keeps it out. */
  chain: string;
  /** The chain that the kernel calls, by way of which it came there. */
  base: string;
  program: Table['program'];
  /** The full path of the iptables that keeps the table. */
  command?: string;
  /** The rule, or the chain's policy, as its program writes it. */
  rule: string;
  action: 'drop' | 'reject';
  /** What the sender is told by a reject. */
  with?: string;
}

/** What becomes of a packet on its way in. */
export type Verdict =
  | { kind: 'passes' }
  | { kind: 'blocked'; by: Evidence }
  /** It may be either; `why` is a phrase for people. */
  | { kind: 'unknown'; why: string };

/** Everything that may become of a packet in a chain. Where it is one thing alone, that is certain. */
interface Fate {
  accepted: boolean;
  /** It comes to the chain's end, or returns from it. */
  through: boolean;
  blocked?: Evidence;
  /** Why it cannot be followed further. */
  lost?: string;
  /** The rule by which it may be one or the other. */
  doubt?: string;
}

/** Before and at the delivery to this host, in this order (nft(8), ADDRESS FAMILIES). */
const HOOKS = ['ingress', 'prerouting', 'input'];
/** A frame meets the device's and the bridge's chains before the packet in it meets the others. */
const FAMILIES = ['netdev', 'bridge', 'ip', 'ip6', 'inet'];
/** Rules have no circles; the bound is for a ruleset that changed while it was read. */
const DEPTH = 50;

/**
 * Follows a packet through every chain on its way in. One that keeps it out is enough, whatever others accept: `accept`
 * ends one base chain, `drop` ends it all (nft(8), VERDICT STATEMENTS).
 */
export function walk(ruleset: Ruleset, packet: Packet): Verdict {
  let why: string | undefined;
  for (const { table, chain } of wayIn(ruleset, packet)) {
    const { accepted, blocked, lost, doubt } = new Walk(table, chain, packet).fate();
    if (blocked && !accepted && lost === undefined) return { kind: 'blocked', by: blocked };
    // What may have gone elsewhere is not kept out by what comes after.
    if (lost !== undefined) return { kind: 'unknown', why: lost };
    if (blocked) why ??= doubt ?? 'some of the packets are kept out';
  }
  return why === undefined ? { kind: 'passes' } : { kind: 'unknown', why };
}

function wayIn(ruleset: Ruleset, { family, state, iif }: Packet): { table: Table; chain: Chain }[] {
  const other = family === 'ip' ? 'ip6' : 'ip';
  const called = ruleset
    .filter((table) => table.family !== other && FAMILIES.includes(table.family))
    .flatMap((table) => [...table.chains.values()].map((chain) => ({ table, chain })))
    .filter(({ chain }) => HOOKS.includes(chain.hook?.name ?? '') && (state === 'new' || !chain.hook?.nat))
    .filter(({ chain: { hook } }) => !hook?.devices || iif === undefined || hook.devices.includes(iif));
  const stage = ({ table, chain }: { table: Table; chain: Chain }) =>
    Math.min(FAMILIES.indexOf(table.family), 2) * HOOKS.length + HOOKS.indexOf(chain.hook!.name);
  return called.sort((a, b) => stage(a) - stage(b) || a.chain.hook!.priority - b.chain.hook!.priority);
}

class Walk {
  readonly #table: Table;
  readonly #base: Chain;
  readonly #packet: Packet;

  constructor(table: Table, base: Chain, packet: Packet) {
    this.#table = table;
    this.#base = base;
    this.#packet = table.family === 'bridge' ? { ...packet, iif: undefined } : packet;
  }

  /** What may become of the packet in the base chain, its policy included. */
  fate(): Fate {
    const fate = this.#chain(this.#base.name, 0);
    if (!fate.through) return fate;
    if (this.#base.hook?.policy !== 'drop') return { ...fate, accepted: true };
    return { ...fate, blocked: fate.blocked ?? this.#evidence(this.#base, 'policy drop', { to: 'drop' }) };
  }

  #chain(name: string, depth: number): Fate {
    const fate: Fate = { accepted: false, through: false };
    const chain = this.#table.chains.get(name);
    if (!chain || depth > DEPTH) return { ...fate, lost: `the chain ${name} could not be followed` };
    for (const rule of chain.rules) if (!this.#rule(chain, rule, fate, depth)) return fate;
    fate.through = true;
    return fate;
  }

  /** Adds what the rule may do; false when nothing gets past it. */
  #rule(chain: Chain, rule: Rule, fate: Fate, depth: number): boolean {
    let reached: Answer = 'yes';
    for (const part of rule.parts) {
      if ('holds' in part) {
        reached = all([reached, part.holds(this.#packet)]);
        if (reached === 'no') return true;
        continue;
      }
      const choices = choicesOf(part, this.#packet);
      let goesOn = !choices.some(({ holds }) => holds === 'yes');
      for (const { target, holds } of choices) {
        if (holds === 'no') continue;
        const before = { ...fate };
        if (this.#take(chain, rule, target, fate, depth)) goesOn = true;
        const matters =
          fate.accepted !== before.accepted || fate.blocked !== before.blocked || fate.through !== before.through;
        if (matters && all([reached, holds]) === 'maybe')
          fate.doubt ??= `it depends on ${this.#place(chain)}: ${rule.text}`;
      }
      if (!goesOn) return reached === 'maybe';
    }
    return true;
  }

  /** Adds what a decision does; true when the packet may come to the next rule. */
  #take(chain: Chain, rule: Rule, target: Target, fate: Fate, depth: number): boolean {
    switch (target.to) {
      case 'continue':
        return true;
      case 'accept':
        fate.accepted = true;
        return false;
      case 'return':
        fate.through = true;
        return false;
      case 'drop':
      case 'reject':
        fate.blocked ??= this.#evidence(chain, rule.text, target);
        return false;
      case 'lost':
        fate.lost ??= `${target.why} (${this.#place(chain)}: ${rule.text})`;
        return true;
      default: {
        const { through, ...inner } = this.#chain(target.chain, depth + 1);
        fate.accepted ||= inner.accepted;
        for (const key of ['blocked', 'lost', 'doubt'] as const)
          Object.assign(fate, { [key]: fate[key] ?? inner[key] });
        // Whoever goes does not come back: the end of that chain is the end of this one.
        if (target.to === 'goto') fate.through ||= through;
        return target.to === 'jump' && through;
      }
    }
  }

  #place({ name }: Chain): string {
    return `${this.#table.family} ${this.#table.name} ${name}`;
  }

  #evidence(chain: Chain, rule: string, target: Target): Evidence {
    const { family, name: table, program, command } = this.#table;
    const whose = { family, table, program, ...(command === undefined ? {} : { command }) };
    const place = { ...whose, chain: chain.name, base: this.#base.name, rule };
    return target.to === 'reject' ? { ...place, action: 'reject', with: target.with } : { ...place, action: 'drop' };
  }
}

function choicesOf(part: Exclude<Part, { holds: unknown }>, packet: Packet): Choice[] {
  return 'target' in part ? [{ target: part.target, holds: 'yes' }] : part.choose(packet);
}
