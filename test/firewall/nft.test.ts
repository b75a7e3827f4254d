import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Judgement, judge, type Way } from '../../src/firewall/judge.ts';
import { parseNft } from '../../src/firewall/nft.ts';

const DOCKER: Way = { iif: 'docker0', port: 11434, from: '172.17.0.0/16', to: '172.17.0.1' };

type Statement = Record<string, unknown>;
const match = (left: Statement, right: unknown, op = '==') => ({ match: { op, left, right } });
const meta = (key: string) => ({ meta: { key } });
const payload = (protocol: string, field: string) => ({ payload: { protocol, field } });
const DPORT = payload('tcp', 'dport');
const DROP = { drop: null };
const ACCEPT = { accept: null };

interface Chain {
  rules: Statement[][];
  hook?: string;
  prio?: number;
  policy?: string;
  dev?: string | string[];
  table?: string;
  family?: string;
}

/** `nft -j list ruleset` for these chains. */
function listing(chains: Record<string, Chain>, sets: Statement[] = []): string {
  const rows: Statement[] = [];
  let handle = 10;
  for (const [name, { rules, table = 't', family = 'inet', hook, prio = 0, policy = 'accept', dev }] of Object.entries(
    chains,
  )) {
    const place = { family, table };
    rows.push({ table: { family, name: table } });
    rows.push({
      chain: { ...place, name, ...(hook ? { hook, prio, policy, type: 'filter', ...(dev ? { dev } : {}) } : {}) },
    });
    for (const expr of rules) rows.push({ rule: { ...place, chain: name, handle: handle++, expr } });
  }
  return JSON.stringify({ nftables: [{ metainfo: {} }, ...rows, ...sets] });
}

function judged(chains: Record<string, Chain>, way: Way = DOCKER, sets: Statement[] = []): Judgement {
  return judge({ found: [], unseen: [], ruleset: parseNft(listing(chains, sets)) }, way);
}

/** What becomes of a connection that these statements and a drop meet at its first packet; all else is let in. */
function held(statements: Statement[], way: Way = DOCKER, sets: Statement[] = []): string {
  const known = [match({ ct: { key: 'state' } }, 'established', 'in'), ACCEPT];
  return judged({ input: { hook: 'input', rules: [known, [...statements, DROP]] } }, way, sets).kind;
}

describe('a condition of nftables', () => {
  const yes: [string, Statement[]][] = [
    ['none at all', []],
    ['the interface', [match(meta('iifname'), 'docker0')]],
    ['a beginning of its name', [match(meta('iifname'), 'docker*')]],
    ['not another interface', [match(meta('iifname'), 'eth0', '!=')]],
    ['a set of interfaces', [match(meta('iifname'), { set: ['eth0', 'docker0'] })]],
    ['its kind', [match(meta('iifkind'), 'bridge')]],
    ['TCP', [match(meta('l4proto'), 'tcp')]],
    ['TCP by its number in a set', [match(meta('l4proto'), { set: [17, 6] })]],
    ['IPv4', [match(meta('nfproto'), 'ipv4')]],
    ['the port', [match(DPORT, 11434)]],
    ['a range with the port', [match(DPORT, { range: [11000, 12000] })]],
    ['another port turned round', [match(DPORT, 22, '!=')]],
    ['a bound', [match(DPORT, 1024, '>=')]],
    ['the port of any transport', [match(payload('th', 'dport'), { set: [53, 11434] })]],
    ['a network around the containers', [match(payload('ip', 'saddr'), { prefix: { addr: '172.16.0.0', len: 12 } })]],
    ['a range around them', [match(payload('ip', 'saddr'), { range: ['172.17.0.0', '172.17.255.255'] })]],
    ['not from elsewhere', [match(payload('ip', 'saddr'), { set: ['10.0.0.1'] }, '!=')]],
    ['to this host', [match({ fib: { result: 'type', flags: ['daddr'] } }, 'local')]],
    ['a new connection', [match({ ct: { key: 'state' } }, { set: ['new', 'untracked'] }, 'in')]],
    ['a SYN', [match({ '&': [payload('tcp', 'flags'), { '|': ['fin', 'syn', 'rst', 'ack'] }] }, 'syn')]],
    ['a pair of both', [match({ concat: [meta('iifname'), DPORT] }, { set: [{ concat: ['docker0', 11434] }] })]],
    ['an element with a time limit', [match(DPORT, { set: [{ elem: { val: 11434, timeout: 60 } }] })]],
    ['what does nothing beside it', [{ counter: { packets: 1, bytes: 2 } }, { log: { prefix: 'x' } }]],
  ];
  it.each(yes)('holds: %s', (_, statements) => expect(held(statements)).toBe('blocked'));

  const no: [string, Statement[]][] = [
    ['another interface', [match(meta('iifname'), 'br-*')]],
    ['loopback', [match(meta('iif'), 'lo')]],
    ['an interface on the way out', [match(meta('oifname'), 'eth0')]],
    ['UDP', [match(meta('l4proto'), { set: ['udp', 'icmp'] })]],
    ['a port of UDP', [match(payload('udp', 'dport'), 11434)]],
    ['not a port of UDP, which is about UDP still', [match(payload('udp', 'dport'), 53, '!=')]],
    ['IPv6', [match(payload('ip6', 'saddr'), 'fe80::1')]],
    ['not an address of IPv6', [match(payload('ip6', 'saddr'), 'fe80::1', '!=')]],
    ['an extension header', [match({ exthdr: { name: 'rt', field: 'type' } }, 0)]],
    ['another network', [match(payload('ip', 'saddr'), '10.0.0.0/8')]],
    ['a bound below', [match(DPORT, 1024, '<')]],
    ['an old connection', [match({ ct: { key: 'state' } }, ['established', 'related'], 'in')]],
    ['one that was translated', [match({ ct: { key: 'status' } }, 'dnat', 'in')]],
    ['a source without a way back', [match({ fib: { result: 'oif', flags: ['saddr', 'iif'] } }, false)]],
    ['an ACK', [match({ '&': [payload('tcp', 'flags'), ['syn', 'ack']] }, ['syn', 'ack'])]],
  ];
  it.each(no)('does not hold: %s', (_, statements) => expect(held(statements)).toBe('passes'));

  const unknown: [string, Statement[]][] = [
    ['a mark', [match(meta('mark'), 7)]],
    ['some of the containers', [match(payload('ip', 'saddr'), '172.17.0.2')]],
    ['some of the source ports', [match(payload('tcp', 'sport'), { range: [32768, 60999] })]],
    ['a limit', [{ limit: { rate: 5, per: 'second' } }]],
    ['an extension of iptables', [{ xt: { type: 'match', name: 'recent' } }]],
    ['a set that was not seen', [match(DPORT, '@gone')]],
    ['an expression of tomorrow', [match({ weather: { is: 'fine' } }, 1)]],
    ['a statement of tomorrow', [{ teleport: null }]],
  ];
  it.each(unknown)('cannot be told: %s', (_, statements) => expect(held(statements)).toBe('unknown'));

  it('that cannot be told does not matter where another does not hold', () => {
    expect(held([match(meta('mark'), 7), match(meta('iifname'), 'lo')])).toBe('passes');
  });

  it('of a named set', () => {
    const set = { set: { family: 'inet', table: 't', name: 'ports', elem: [22, { range: [11000, 12000] }] } };
    expect(held([match(DPORT, '@ports')], DOCKER, [set])).toBe('blocked');
    expect(held([match(DPORT, '@ports')], { ...DOCKER, port: 80 }, [set])).toBe('passes');
  });
});

describe('the way through the chains', () => {
  it('is that of every packet: to let in the first one alone is to block', () => {
    const rules = (state: string) => [[match({ ct: { key: 'state' } }, state, 'in'), ACCEPT]];
    const input = { hook: 'input', policy: 'drop' };
    expect(judged({ input: { ...input, rules: rules('new') } }).kind).toBe('blocked');
    expect(judged({ input: { ...input, rules: rules('established') } }).kind).toBe('blocked');
    expect(judged({ input: { ...input, rules: [...rules('new'), ...rules('established')] } }).kind).toBe('passes');
    const acks = [match({ '&': [payload('tcp', 'flags'), ['syn', 'ack']] }, 'ack'), DROP];
    expect(judged({ input: { hook: 'input', rules: [acks] } }).kind).toBe('blocked');
  });

  it('is by priority, and an accept in one does not save from the next', () => {
    const early = { hook: 'input', prio: -10, rules: [[ACCEPT]] };
    const late = { hook: 'input', prio: 5, policy: 'drop', table: 'late', rules: [] };
    expect(judged({ early, late })).toMatchObject({ kind: 'blocked', by: { table: 'late', rule: 'policy drop' } });
    expect(judged({ early, late: { ...late, rules: [[ACCEPT]] } })).toEqual({ kind: 'passes' });
  });

  it('comes back from a jump, and not from a goto', () => {
    const sub = { rules: [[match(DPORT, 22), ACCEPT]] };
    const input = (verb: string) => ({ hook: 'input', rules: [[{ [verb]: { target: 'sub' } }], [DROP]] });
    expect(judged({ input: input('jump'), sub }).kind).toBe('blocked');
    expect(judged({ input: input('goto'), sub }).kind).toBe('passes');
    const back = { rules: [[{ return: null }], [ACCEPT]] };
    expect(judged({ input: input('jump'), sub: back }).kind).toBe('blocked');
  });

  it('follows a map of verdicts, whose * is for all others', () => {
    const vmap = (...pairs: unknown[]) => ({ vmap: { key: meta('iifname'), data: { set: pairs } } });
    const input = (...pairs: unknown[]) => ({ input: { hook: 'input', policy: 'drop', rules: [[vmap(...pairs)]] } });
    expect(judged(input(['lo', ACCEPT], ['docker0', ACCEPT])).kind).toBe('passes');
    expect(judged(input(['lo', ACCEPT])).kind).toBe('blocked');
    expect(judged(input(['docker0', { goto: { target: 'gone' } }])).kind).toBe('unknown');
    expect(judged(input(['docker0', ACCEPT], ['*', DROP])).kind).toBe('passes');
    expect(judged(input(['lo', ACCEPT], ['*', ACCEPT])).kind).toBe('passes');
  });

  it('does not know what is sent elsewhere on the way', () => {
    const nat = { hook: 'prerouting', prio: -100, rules: [[match(DPORT, 11434), { redirect: { port: 1 } }]] };
    const input = { hook: 'input', policy: 'drop', rules: [] };
    expect(judged({ nat, input }).kind).toBe('unknown');
    expect(judged({ nat, input }, { ...DOCKER, port: 80 }).kind).toBe('blocked');
  });

  it('is the same for all that only ends differently: a limited log before a drop', () => {
    const log = { rules: [[{ limit: { rate: 3, per: 'minute' } }, { log: null }]] };
    const input = {
      hook: 'input',
      rules: [[{ limit: { rate: 1, per: 'minute' } }, { jump: { target: 'log' } }], [DROP]],
    };
    expect(judged({ input, log }).kind).toBe('blocked');
  });

  it('is of its own family, with those that are for both', () => {
    const six = { hook: 'input', policy: 'drop', family: 'ip6', rules: [] };
    expect(judged({ six }).kind).toBe('passes');
    expect(judged({ six }, { iif: 'docker0', port: 11434, from: 'fd00::/64' }).kind).toBe('blocked');
    expect(judged({ six: { ...six, hook: 'forward', family: 'ip' } }).kind).toBe('passes');
  });

  it('passes the chains of a device and of a bridge, the latter by a port that nobody named', () => {
    const device = (dev: string | string[]) => ({ family: 'netdev', hook: 'ingress', dev, policy: 'drop', rules: [] });
    expect(judged({ device: device('eth0') }).kind).toBe('passes');
    expect(judged({ device: device(['eth0', 'docker0']) }).kind).toBe('blocked');
    const bridge = (name: string) => ({
      family: 'bridge',
      hook: 'input',
      rules: [[match(meta('iifname'), name), DROP]],
    });
    expect(judged({ bridge: bridge('docker0') }).kind).toBe('unknown');
    expect(judged({ bridge: bridge('lo') }).kind).toBe('passes');
  });

  it('of what is rewritten on the way is not known, and of what is only marked it is', () => {
    const set = (key: Statement) => ({ input: { hook: 'input', rules: [[{ mangle: { key, value: 1 } }]] } });
    expect(judged(set(payload('tcp', 'dport'))).kind).toBe('unknown');
    expect(judged(set(meta('mark'))).kind).toBe('passes');
  });

  it('of what is not tracked is not known', () => {
    expect(judged({ raw: { hook: 'prerouting', prio: -300, rules: [[{ notrack: null }]] } }).kind).toBe('unknown');
  });

  it('ends in rules that go round in circles, which nobody can have loaded', () => {
    const a = { hook: 'input', rules: [[{ jump: { target: 'a' } }]] };
    expect(judged({ a }).kind).toBe('unknown');
  });
});

describe("firewalld's own rules, as recorded", () => {
  const json = readFileSync(new URL('fixtures/firewalld-nft.json', import.meta.url), 'utf8');
  const words =
    'table inet firewalld { # handle 1\n\tchain filter_IN_public { # handle 145\n\t\treject with icmpx admin-prohibited # handle 9999\n';

  it.each([
    ['from a bridge of Docker', DOCKER, 'filter_IN_public'],
    ['over IPv6', { iif: 'docker0', port: 11434, from: 'fd00::/64' }, 'filter_IN_public'],
  ])('keep out what comes %s', (_, way, chain) => {
    const ruleset = parseNft(json, words);
    expect(judge({ found: [], unseen: [], ruleset }, way)).toMatchObject({
      kind: 'blocked',
      by: { firewall: 'firewalld', chain, action: 'reject', with: 'icmpx admin-prohibited' },
    });
  });

  it('let in what their zone lets in', () => {
    expect(judge({ found: [], unseen: [], ruleset: parseNft(json) }, { ...DOCKER, port: 22 })).toEqual({
      kind: 'passes',
    });
  });
});

it('has the words of a rule from the list beside it', () => {
  const json = listing({ input: { hook: 'input', rules: [[DROP]] } });
  const list =
    'table inet t { # handle 1\n\tchain input { # handle 1\n\t\ttype filter hook input priority filter; policy accept;\n\t\tcounter drop # handle 10\n\t}\n}\n';
  const verdict = judge({ found: [], unseen: [], ruleset: parseNft(json, list) }, DOCKER);
  expect(verdict).toMatchObject({ by: { rule: 'counter drop', chain: 'input', base: 'input', firewall: 'nftables' } });
});

it('throws for what is no JSON', () => {
  expect(() => parseNft('table ip x {')).toThrow(SyntaxError);
});
