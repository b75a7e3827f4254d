import { condition } from './iptables-match.ts';
import type { Answer, Packet } from './packet.ts';
import type { Hook, Part, Rule, Ruleset, Table, Target } from './ruleset.ts';

/** Where the kernel calls the built-in chains, and when (linux/netfilter_ipv4.h, enum nf_ip_hook_priorities). */
const PRIORITY: Record<string, number> = { raw: -300, mangle: -150, nat: -100, filter: 0, security: 50 };
/** Targets that do nothing to the way of a packet (iptables-extensions(8)). */
const HARMLESS =
  /^(LOG|NFLOG|ULOG|MARK|CONNMARK|TCPMSS|SET|CT|TRACE|CHECKSUM|AUDIT|CLASSIFY|DSCP|TOS|TTL|HL|SECMARK|CONNSECMARK|TCPOPTSTRIP|RATEEST|ECN|IDLETIMER|LED)$/;

/**
 * The tables in the output of iptables-save(8) or ip6tables-save(8). It tells the whole of a rule, where nft's JSON
 * has nothing but the names of iptables' extensions.
 */
export function parseIptables(text: string, family: 'ip' | 'ip6'): Ruleset {
  const tables: Ruleset = [];
  let table: Table | undefined;
  for (const line of text.split('\n')) {
    const start = /^\*(\S+)/.exec(line)?.[1];
    if (start) {
      table = { family, name: start, program: 'iptables', chains: new Map() };
      tables.push(table);
    }
    const [, chain, policy] = /^:(\S+) (\S+)/.exec(line) ?? [];
    if (table && chain && policy) {
      const hook = hookOf(table.name, chain, policy);
      table.chains.set(chain, { name: chain, ...(hook ? { hook } : {}), rules: [] });
    }
    if (table && line.startsWith('-A ')) addRule(table, line);
  }
  return tables;
}

function hookOf(table: string, chain: string, policy: string): Hook | undefined {
  const name = { PREROUTING: 'prerouting', INPUT: 'input' }[chain];
  if (name === undefined) return undefined;
  const priority = table === 'nat' && chain === 'INPUT' ? 100 : (PRIORITY[table] ?? 0);
  return { name, priority, policy: policy === 'DROP' ? 'drop' : 'accept', nat: table === 'nat' };
}

function addRule(table: Table, line: string): void {
  const words = splitWords(line);
  const chain = table.chains.get(words[1] ?? '');
  if (chain) chain.rules.push({ text: line, parts: partsOf(table, words.slice(2)) });
}

function partsOf(table: Table, words: string[]): Rule['parts'] {
  const at = words.findIndex((word) => ['-j', '--jump', '-g', '--goto'].includes(word));
  const conditions = at < 0 ? words : words.slice(0, at);
  const parts: Part[] = [{ holds: holdsOf(conditions) }];
  if (at >= 0) parts.push({ target: targetOf(table, words.slice(at)) });
  return parts;
}

function holdsOf(words: string[]): (packet: Packet) => Answer {
  return (packet) => condition(packet, words);
}

function targetOf(table: Table, [option = '', name = '', ...more]: string[]): Target {
  if (table.chains.has(name))
    return { to: option.startsWith('-g') || option === '--goto' ? 'goto' : 'jump', chain: name };
  if (name === 'NOTRACK' || more.includes('--notrack')) return { to: 'lost', why: 'the connection is not tracked' };
  if (HARMLESS.test(name)) return { to: 'continue' };
  switch (name) {
    case 'ACCEPT':
    case 'MASQUERADE':
    case 'SNAT':
      return { to: 'accept' };
    case 'DROP':
      return { to: 'drop' };
    case 'RETURN':
      return { to: 'return' };
    case 'REJECT':
      return { to: 'reject', with: more[more.indexOf('--reject-with') + 1] ?? 'icmp-port-unreachable' };
    case 'DNAT':
    case 'REDIRECT':
    case 'TPROXY':
    case 'NETMAP':
      return { to: 'lost', why: 'the packet may be sent elsewhere' };
    default:
      return { to: 'lost', why: `${name} is not understood` };
  }
}

/** The words of a line, quoted as iptables-save does: in double quotes, with a backslash before `"` and itself. */
export function splitWords(line: string): string[] {
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"|(\S+)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '') : quoted.replace(/\\(.)/g, '$1'),
  );
}
