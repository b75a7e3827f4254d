import fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Judgement } from '../../src/firewall/judge.ts';
import { rigUnavailable } from './rig/available.ts';
import { addContainer } from './rig/containers.ts';
import { ensureFirewalls, installFirewalls, library } from './rig/firewalls.ts';
import { type TestHost, withHost } from './rig/host.ts';
import { installOllama } from './rig/ollama.ts';

/** How many rulesets of each kind are tried; the seed is fixed, so that a run says the same as the last one. */
const ROUNDS = Number(process.env.FIREWALL_ROUNDS ?? 15);
const SEED = Number(process.env.FIREWALL_SEED ?? 11434);

/** A condition as nft writes it; about half of them hold for the packet. */
const NFT = fc.constantFrom(
  ...['iifname "docker0"', 'iifname "br-*"', 'iifname != "lo"', 'iifname { "lo", "docker*" }', 'oifname "docker0"'],
  ...[
    'ip saddr 172.17.0.0/16',
    'ip saddr != 172.16.0.0/12',
    'ip saddr { 10.0.0.0/8, 172.17.0.2 }',
    'ip daddr 172.17.0.1',
  ],
  ...[
    'ip saddr 172.17.0.1-172.17.0.9',
    'ip6 saddr fd00::/8',
    'ip6 saddr != fd00::/8',
    'ip saddr != @nets',
    'ip daddr @nets',
  ],
  ...[
    'tcp dport 11434',
    'tcp dport != 11434',
    'tcp dport { 22, 11000-12000 }',
    'tcp dport < 1024',
    'tcp dport >= 1024',
  ],
  ...['tcp dport != { 22, 80 }', 'tcp dport @ports', 'th dport 11434', 'udp dport 11434', 'udp dport != 53'],
  ...['meta l4proto tcp', 'meta l4proto { udp, icmp }', 'meta l4proto != tcp', 'ip protocol tcp', 'ip protocol != udp'],
  ...['meta nfproto ipv4', 'meta nfproto != ipv4', 'meta pkttype host', 'meta iifkind "bridge"', 'meta protocol ip'],
  ...[
    'ct state new',
    'ct state established,related',
    'ct state { new, untracked }',
    'ct state invalid',
    'ct state != new',
  ],
  ...['ct direction original', 'ct status dnat', 'fib daddr type local', 'fib daddr type { multicast, broadcast }'],
  ...['fib saddr . iif oif missing', 'tcp flags & (fin|syn|rst|ack) == syn', 'tcp flags & (syn|ack) == (syn|ack)'],
  ...['tcp flags syn', 'tcp sport 1024-65535', 'tcp sport < 1024', 'iifname . tcp dport { "docker0" . 11434 }'],
  ...[
    'limit rate 1000/second',
    'meta mark 0',
    'meta mark 7',
    'ip saddr . tcp dport { 10.0.0.1 . 22, 172.17.0.2 . 11434 }',
  ],
);
const ENDS = [
  ...['accept', 'reject', 'reject with tcp reset', 'return', 'continue', 'counter', 'log', 'jump one', 'goto one'],
  'iifname vmap { "lo" : accept, "docker0" : jump one }',
  'tcp dport vmap { 22 : accept, 11000-12000 : goto one }',
  'ct state vmap { established : accept, new : return }',
  'ip saddr vmap @ways',
];
const nftRule = (ends: readonly string[]) =>
  fc
    .tuple(fc.array(NFT, { maxLength: 2 }), fc.constantFrom(...ends))
    .map(([conditions, end]) => [...conditions, end].join(' '));
const inner = ENDS.filter((end) => !/ one\b|@ways/.test(end));

const nftRuleset = fc
  .record({
    first: fc.array(nftRule(ENDS), { maxLength: 3 }),
    second: fc.array(nftRule(ENDS), { maxLength: 3 }),
    one: fc.array(nftRule(inner), { maxLength: 3 }),
  })
  .map(({ first, second, one }) => {
    const chain = (name: string, rules: readonly string[]) => `chain ${name} {\n${rules.join('\n')}\n}\n`;
    const sets = `set nets {\ntype ipv4_addr\nflags interval\nelements = { 172.17.0.0/24 }\n}
set ports {\ntype inet_service\nelements = { 80, 11434 }\n}
map ways {\ntype ipv4_addr : verdict\nelements = { 172.17.0.2 : jump one, 10.0.0.1 : accept }\n}\n`;
    const hook = (priority: number) => `type filter hook input priority ${priority}; policy accept;`;
    const chains = [chain('one', one), chain('late', [hook(5), ...second]), chain('early', [hook(-5), ...first])];
    return `flush ruleset\ntable inet t {\n${sets}${chains.join('')}}\n`;
  });

/** The same for iptables. */
const IPTABLES = fc.constantFrom(
  ...['-i docker0', '-i br-+', '-i dock+', '! -i lo', '-s 172.17.0.0/16', '! -s 172.16.0.0/12', '-d 172.17.0.1/32'],
  ...['-p tcp', '-p udp', '! -p tcp', '-p icmp', '-p tcp -m tcp --dport 11434', '-p tcp -m tcp ! --dport 11434'],
  ...['-p tcp -m tcp --dport 1024:65535', '-p tcp -m multiport --dports 22,11434', '-p udp -m udp --dport 11434'],
  ...['-m conntrack --ctstate NEW', '-m conntrack --ctstate RELATED,ESTABLISHED', '-m conntrack ! --ctstate NEW'],
  ...['-m state --state INVALID,NEW', '-m addrtype --dst-type LOCAL', '-m addrtype ! --dst-type BROADCAST'],
  ...[
    '-m pkttype --pkt-type unicast',
    '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp -m tcp --sport 1024:65535',
  ],
  ...[
    '-p tcp -m tcp --tcp-flags SYN,ACK ACK',
    '-m iprange --src-range 172.17.0.1-172.17.0.9',
    '-m comment --comment "-i lo"',
  ],
  ...['-m limit --limit 1000/sec', '-m mark --mark 0x7', '-m mark ! --mark 0x7', '-m recent --name x --rcheck'],
);
const TARGETS = [
  '-j ACCEPT',
  '-j REJECT --reject-with icmp-port-unreachable',
  '-j RETURN',
  '-j LOG',
  '',
  '-j one',
  '-g one',
];
const iptablesRule = (chain: string, targets: readonly string[]) =>
  fc
    .tuple(fc.option(IPTABLES, { nil: '' }), fc.constantFrom(...targets))
    .map(([condition, target]) => `-A ${chain} ${condition} ${target}`);

const iptablesRuleset = fc
  .tuple(
    fc.array(iptablesRule('INPUT', TARGETS), { minLength: 1, maxLength: 5 }),
    fc.array(iptablesRule('one', TARGETS.slice(0, 5)), { maxLength: 3 }),
  )
  .map(([input, one]) => `*filter\n:INPUT ACCEPT [0:0]\n:one - [0:0]\n${[...input, ...one].join('\n')}\nCOMMIT\n`);

/** Tries each ruleset: what the library is sure of has to be what the kernel does. */
async function compare(
  host: TestHost,
  rulesets: readonly string[],
  load: readonly string[],
): Promise<Record<string, number>> {
  const container = await addContainer(host, 'docker0');
  const counts: Record<string, number> = { passes: 0, blocked: 0, unknown: 0 };
  const way = { iif: 'docker0', from: '172.17.0.2', to: container.gateway, port: 11434 };
  for (const ruleset of rulesets) {
    // Two conditions may be about different protocols: such a rule the program refuses.
    if ((await host.run(load, { input: ruleset })).code !== 0) continue;
    const { verdicts } = await library<{ verdicts: Judgement[] }>(host, 'judge', [way]);
    const [verdict] = verdicts as [Judgement];
    counts[verdict.kind]! += 1;
    if (verdict.kind === 'unknown') continue;
    const truth = (await container.reach()) === '200' ? 'passes' : 'blocked';
    expect(verdict, `${JSON.stringify(verdict)} for\n${ruleset}`).toMatchObject({ kind: truth });
  }
  return counts;
}

beforeAll(async () => {
  if (!rigUnavailable()) await ensureFirewalls();
}, 900_000);

describe.skipIf(rigUnavailable())('what the library says of rules at random is what the kernel does', () => {
  it.each([
    ['nftables', nftRuleset, ['nft', '-f', '-']],
    ['iptables', iptablesRuleset, ['iptables-restore']],
  ] as const)(
    '%s',
    async (name, rulesets, load) => {
      await withHost(name, {}, async (host) => {
        await installFirewalls(host);
        await installOllama(host, { extraUnitLines: ['Environment=OLLAMA_HOST=0.0.0.0:11434'] });
        const counts = await compare(host, fc.sample(rulesets, { numRuns: ROUNDS, seed: SEED }), load);
        // Most are certain, of both kinds: else the test would show nothing.
        expect(counts.passes).toBeGreaterThan(ROUNDS / 10);
        expect(counts.blocked).toBeGreaterThan(ROUNDS / 10);
        expect(counts.unknown).toBeLessThan(ROUNDS / 2);
      });
    },
    900_000,
  );
});
