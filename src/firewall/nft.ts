import { type Elements, type Expression, field, lookUp, matches } from './nft-expression.ts';
import type { Chain, Part, Ruleset, Table, Target } from './ruleset.ts';

/** Statements that do nothing to the way of a packet (libnftables-json(5), STATEMENTS). */
const HARMLESS = ['counter', 'log', 'comment', 'ct helper', 'ct timeout', 'secmark', 'dup', 'flow'];
/** Statements that may end the rule before its verdict. */
const BOUNDS = ['limit', 'quota', 'ct count', 'meter', 'set', 'map', 'last'];

interface Row {
  family: string;
  table: string;
  name: string;
  chain: string;
  handle: number;
  hook?: string;
  type?: string;
  prio?: number;
  dev?: string | string[];
  policy?: string;
  elem?: Expression[];
  expr?: unknown[];
  comment?: string;
}

/**
 * The tables of `nft -j list ruleset` (libnftables-json(5)), each rule with the words of `nft -a list ruleset`.
 * Throws SyntaxError when it is no JSON.
 */
export function parseNft(json: string, listing = ''): Ruleset {
  const texts = textsOf(listing);
  const rows = (JSON.parse(json) as { nftables?: Record<string, Row>[] }).nftables ?? [];
  const tables = new Map<string, Table>();
  const elements = new Map<string, Expression[]>();
  const of = (kind: string) => rows.flatMap((row) => row[kind] ?? []);
  for (const { family, name } of of('table'))
    tables.set(`${family} ${name}`, { family, name, program: 'nft', chains: new Map() });
  for (const row of [...of('set'), ...of('map')])
    elements.set(`${row.family} ${row.table} ${row.name}`, row.elem ?? []);
  for (const row of of('chain')) tables.get(`${row.family} ${row.table}`)?.chains.set(row.name, chainOf(row));
  for (const row of of('rule')) {
    const place = `${row.family} ${row.table}`;
    const known: Elements = (name) => elements.get(`${place} ${name}`);
    const text = texts.get(`${place} ${row.chain} ${row.handle}`) ?? JSON.stringify(row.expr);
    const parts = (row.expr ?? []).map((statement) => partOf(statement, known));
    tables
      .get(place)
      ?.chains.get(row.chain)
      ?.rules.push({ text, parts: parts.filter((part) => part !== undefined) });
  }
  return [...tables.values()];
}

function chainOf({ name, hook, type, prio = 0, policy, dev }: Row): Chain {
  if (!hook) return { name, rules: [] };
  const what = {
    name: hook,
    priority: prio,
    policy: policy === 'drop' ? 'drop' : 'accept',
    nat: type === 'nat',
  } as const;
  return { name, hook: { ...what, ...(dev === undefined ? {} : { devices: [dev].flat() }) }, rules: [] };
}

/** What a statement does; undefined when that is nothing. */
function partOf(statement: unknown, elements: Elements): Part | undefined {
  const [key = '', value] = Object.entries((statement ?? {}) as Record<string, unknown>)[0] ?? [];
  if (key === 'match') {
    const { op = '==', left, right } = value as { op?: string; left: unknown; right: unknown };
    return { holds: (packet) => matches(packet, op, left, right, elements) };
  }
  if (key === 'vmap') return mapPart(field(value, 'key'), field(value, 'data'), elements);
  if (HARMLESS.includes(key)) return undefined;
  // A mark changes nothing by itself; whoever asks for one gets no answer here.
  if (key === 'mangle' && !field(field(value, 'key'), 'payload')) return undefined;
  if (BOUNDS.includes(key)) return { holds: () => 'maybe' };
  // A target's name is all that JSON tells of one of iptables; of a match not even what it asks.
  if (key === 'xt' && field(value, 'type') !== 'target') return { holds: () => 'maybe' };
  return { target: targetOf(statement) };
}

function mapPart(key: Expression, data: Expression, elements: Elements): Part {
  const set = typeof data === 'string' ? elements(data.replace('@', '')) : field(data, 'set');
  if (!Array.isArray(set)) return { target: { to: 'lost', why: 'a map was not seen' } };
  const pairs = set.filter((pair): pair is [Expression, Expression] => Array.isArray(pair) && pair.length === 2);
  return {
    choose: (packet) =>
      lookUp(packet, key, pairs, elements).map(({ value, holds }) => ({ target: targetOf(value), holds })),
  };
}

/** A verdict, or what comes to the same. */
function targetOf(statement: unknown): Target {
  const [key = '', value] = Object.entries((statement ?? {}) as Record<string, unknown>)[0] ?? [];
  switch (key) {
    case 'accept':
    case 'drop':
    case 'return':
    case 'continue':
      return { to: key };
    case 'jump':
    case 'goto':
      return { to: key, chain: String(field(value, 'target')) };
    case 'reject':
      return { to: 'reject', with: ['type', 'expr'].flatMap((name) => field(value, name) ?? []).join(' ') || 'icmpx' };
    case 'notrack':
      return { to: 'lost', why: 'the connection is not tracked' };
    case 'dnat':
    case 'redirect':
    case 'tproxy':
    case 'fwd':
      return { to: 'lost', why: 'the packet may be sent elsewhere' };
    case 'snat':
    case 'masquerade':
      return { to: 'accept' };
    default:
      return { to: 'lost', why: `${key || 'a statement'} is not understood` };
  }
}

/** The words of each rule by its place and handle, from `nft -a list ruleset`. */
function textsOf(listing: string): Map<string, string> {
  const texts = new Map<string, string>();
  let [table, chain] = ['', ''];
  for (const line of listing.split('\n').map((each) => each.trim())) {
    const opened = /^(table|chain) (.+?) \{/.exec(line);
    if (opened?.[1] === 'table') table = opened[2]!;
    else if (opened) chain = opened[2]!;
    else {
      const [, text, handle] = /^(.*) # handle (\d+)$/.exec(line) ?? [];
      if (text !== undefined) texts.set(`${table} ${chain} ${handle}`, text);
    }
  }
  return texts;
}
