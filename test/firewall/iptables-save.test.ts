import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseIptables, splitWords } from '../../src/firewall/iptables-save.ts';
import { blockWords, judge, type Way } from '../../src/firewall/judge.ts';

const DOCKER: Way = { iif: 'docker0', port: 11434, from: '172.17.0.0/16', to: '172.17.0.1' };
const UFW = readFileSync(new URL('fixtures/ufw-iptables-save.txt', import.meta.url), 'utf8');

const judged = (text: string, way = DOCKER, family: 'ip' | 'ip6' = 'ip') =>
  judge({ found: [], unseen: [], ruleset: parseIptables(text, family) }, way);

/** What becomes of a connection whose first packet a rule with these words drops; all else is let in. */
const held = (words: string, way = DOCKER) =>
  judged(
    `*filter\n:INPUT ACCEPT [0:0]\n:other - [0:0]\n-A INPUT -m state --state ESTABLISHED -j ACCEPT\n-A INPUT ${words} -j DROP\nCOMMIT\n`,
    way,
  ).kind;

describe('a condition of iptables', () => {
  it.each([
    '',
    '-i docker0',
    '-i docker+',
    '! -i br-+',
    '-p tcp',
    '-p tcp -m tcp --dport 11434',
    '-p tcp -m tcp --dport 11000:12000',
    '-p tcp -m tcp --dport 1024:',
    '-p tcp -m multiport --dports 22,11434',
    '-s 172.16.0.0/12',
    '-s 172.17.0.0/255.255.0.0',
    '! -s 10.0.0.0/8',
    '-d 172.17.0.1/32',
    '-m state --state NEW',
    '-m conntrack --ctstate INVALID,NEW',
    '-m addrtype --dst-type LOCAL',
    '-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN',
    '-p tcp -m tcp ! --tcp-flags SYN,RST,ACK ACK',
    '-m comment --comment "it says -i lo and \\"no\\""',
  ])('holds: %s', (words) => expect(held(words)).toBe('blocked'));

  it.each([
    '-i lo',
    '-o docker0',
    '-p udp -m udp --dport 11434',
    '-p icmp -m icmp --icmp-type 8',
    '! -p tcp',
    '-p tcp -m tcp ! --dport 11434',
    '-s 10.0.0.0/8',
    '-m conntrack --ctstate RELATED,ESTABLISHED',
    '-m addrtype --dst-type BROADCAST',
    '-m mark --mark 0x1 -i lo',
  ])('does not hold: %s', (words) => expect(held(words)).toBe('passes'));

  it.each([
    '-m mark --mark 0x1/0xff',
    '-m limit --limit 3/min --limit-burst 10',
    '-m set --match-set blocked src',
    '-m set ! --match-set allowed src',
    '-s 172.17.0.2/32',
    '-s nonsense',
    '-m u32 --u32 "0x0=0x0"',
  ])('cannot be told: %s', (words) => expect(held(words)).toBe('unknown'));
});

describe("ufw's own rules, as recorded", () => {
  const closed = UFW.replace(/^-A ufw-user-input .*\n/gm, '');

  it('let in what it was told to, on every bridge', () => {
    expect(judged(UFW)).toEqual({ kind: 'passes' });
    expect(judged(UFW, { ...DOCKER, iif: 'br-0123456789ab', from: '172.18.0.0/16' })).toEqual({ kind: 'passes' });
    expect(judged(UFW, { ...DOCKER, iif: 'cni0' })).toMatchObject({ kind: 'blocked', by: { firewall: 'ufw' } });
  });

  it('keep out all else by the policy of a chain that is not theirs', () => {
    const verdict = judged(closed);
    expect(verdict).toMatchObject({
      kind: 'blocked',
      by: { firewall: 'ufw', table: 'filter', chain: 'INPUT', base: 'INPUT', rule: 'policy drop', action: 'drop' },
    });
    expect(verdict.kind === 'blocked' && blockWords(verdict.by)).toBe('ufw drops it: ip filter INPUT: policy drop');
  });

  it('name the rule against it', () => {
    const deny = UFW.replace(/^-A ufw-user-input .*$/m, '-A ufw-user-input -p tcp -m tcp --dport 11434 -j DROP');
    expect(judged(deny)).toMatchObject({ by: { firewall: 'ufw', chain: 'ufw-user-input' } });
  });
});

describe('the way through the tables', () => {
  it('is that of the kernel: raw and mangle come first, and nat may send it elsewhere', () => {
    const raw = '*raw\n:PREROUTING ACCEPT [0:0]\n-A PREROUTING -i docker0 -j DROP\nCOMMIT\n';
    const nat =
      '*nat\n:PREROUTING ACCEPT [0:0]\n:DOCKER - [0:0]\n-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER\n-A DOCKER ! -i docker0 -p tcp -m tcp --dport 11434 -j DNAT --to-destination 172.17.0.2:80\nCOMMIT\n';
    expect(judged(nat + raw)).toMatchObject({ kind: 'blocked', by: { table: 'raw' } });
    expect(judged(nat)).toEqual({ kind: 'passes' });
    expect(judged(nat, { ...DOCKER, iif: 'br-0123456789ab' }).kind).toBe('unknown');
  });

  it('goes on behind what only notes, and stops at what is not known', () => {
    const filter = (target: string) =>
      `*filter\n:INPUT DROP [0:0]\n-A INPUT -j ${target}\n-A INPUT -j ACCEPT\nCOMMIT\n`;
    expect(judged(filter('LOG --log-prefix "x "')).kind).toBe('passes');
    expect(judged(filter('NFQUEUE --queue-num 0')).kind).toBe('unknown');
    expect(judged(filter('CT --notrack')).kind).toBe('unknown');
    expect(judged(filter('CT --helper ftp')).kind).toBe('passes');
  });

  it('of IPv6 is another', () => {
    expect(judged('*filter\n:INPUT DROP [0:0]\nCOMMIT\n', DOCKER, 'ip6')).toEqual({ kind: 'passes' });
  });

  it('names NixOS where its chains refuse', () => {
    const text =
      '*filter\n:INPUT ACCEPT [0:0]\n:nixos-fw - [0:0]\n:nixos-fw-refuse - [0:0]\n-A INPUT -j nixos-fw\n-A nixos-fw -i lo -j ACCEPT\n-A nixos-fw -j nixos-fw-refuse\n-A nixos-fw-refuse -j DROP\nCOMMIT\n';
    expect(judged(text)).toMatchObject({ by: { firewall: 'nixos', chain: 'nixos-fw-refuse' } });
  });
});

it('takes a line apart as iptables-save puts it together', () => {
  expect(splitWords('-A X --comment "a \\"b\\" \\\\" -j Y')).toEqual(['-A', 'X', '--comment', 'a "b" \\', '-j', 'Y']);
});
