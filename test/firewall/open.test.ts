import { describe, expect, it } from 'vitest';
import { applyChange, type Change, inspectChange, invertChange } from '../../src/actions/change.ts';
import { type FileChange, textOf } from '../../src/actions/file.ts';
import type { Block } from '../../src/firewall/judge.ts';
import { withRules } from '../../src/firewall/nftables.ts';
import { planOpenings } from '../../src/firewall/open.ts';
import type { Blocked } from '../../src/firewall/opening.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const by = (more: Partial<Block>): Block => ({
  firewall: 'ufw',
  family: 'ip',
  table: 'filter',
  chain: 'INPUT',
  base: 'INPUT',
  program: 'iptables',
  rule: 'policy drop',
  action: 'drop',
  ...more,
});
const blocked = (more: Partial<Block>, way: Partial<Blocked> = {}): Blocked[] => [
  { iif: 'docker0', port: 11434, from: '172.17.0.0/16', by: by(more), ...way },
];

function machine(...programs: string[]): RecordedHost {
  const host = new RecordedHost();
  for (const name of programs) host.disk.file(`/usr/sbin/${name}`, '', { mode: 0o755 });
  return host;
}

const plan = (host: RecordedHost, ways: Blocked[]) => planOpenings(host, host.as('root'), 11434, ways);
const sets = (changes: Change[]) =>
  changes.map((change) => (change.type === 'value' ? change.set.join(' ') : change.id));

/** sed on ufw's file, as far as the openings use it; the real one is asked in the end-to-end tests. */
function withUfw(host: RecordedHost, rules: string[] = []): RecordedHost {
  host.disk.file('/etc/ufw/user.rules', '', { mode: 0o640 });
  return host
    .command(['sed', '-n'], ([, , script = '']) => {
      const name = /in_([^\\]+)/.exec(script)?.[1] ?? '';
      return { stdout: rules.includes(name) ? `allow tcp 11434 0.0.0.0/0 any 0.0.0.0/0 in_${name}\n` : '' };
    })
    .command(['/usr/sbin/ufw'], (argv) => {
      const name = argv[argv.indexOf('on') + 1] ?? '';
      if (argv.includes('delete')) rules.splice(rules.indexOf(name), 1);
      else rules.push(name);
      return {};
    });
}

describe('ufw', () => {
  it('gets a rule for each kind of bridge, and loses it again', async () => {
    const rules: string[] = [];
    const host = withUfw(machine('ufw'), rules);
    const [opening] = await plan(host, blocked({}, { iif: 'podman0' }));
    expect(opening).toMatchObject({ firewall: 'ufw', lasting: true });
    expect(sets(opening!.changes)).toEqual(
      ['docker0', 'br-+', 'podman0'].map(
        (name) => `/usr/sbin/ufw allow in on ${name} to any port 11434 proto tcp comment stigmer-setup-ollama`,
      ),
    );
    for (const change of opening!.changes) await applyChange(host, change, 'x');
    expect(rules).toEqual(['docker0', 'br-+', 'podman0']);
    expect(await plan(host, blocked({}))).toMatchObject([{ changes: [] }]);
    for (const change of opening!.changes) await applyChange(host, invertChange(change), 'x');
    expect(rules).toEqual([]);
  });

  it('gets only what is missing', async () => {
    const [opening] = await plan(withUfw(machine('ufw'), ['docker0']), blocked({}));
    expect(opening!.changes.map(({ id }) => id)).toEqual(['ufw-allow-br']);
  });

  it('gets it in front of a rule against it', async () => {
    const [opening] = await plan(withUfw(machine('ufw')), blocked({ chain: 'ufw-user-input' }));
    expect(sets(opening!.changes)[0]).toContain('ufw prepend allow in on docker0');
  });

  it('with rules that are kept elsewhere is left to people', async () => {
    expect(await plan(machine('ufw'), blocked({}))).toMatchObject([
      { changes: [], remedy: expect.stringContaining('sudo ufw allow in on br-+ to any port 11434') },
    ]);
  });
});

describe('firewalld', () => {
  const cmd = '/usr/sbin/firewall-cmd';
  const firewalld = (chain: string) => blocked({ firewall: 'firewalld', program: 'nft', table: 'firewalld', chain });
  const zones = () =>
    machine('firewall-cmd')
      .command([cmd, '--get-zones'], { stdout: 'block docker my_zone public\n' })
      .command([cmd, '--get-zone-of-interface=docker0'], { code: 2, stderr: 'no zone' })
      .command([cmd, '--get-default-zone'], { stdout: 'public\n' })
      .command(['/bin/sh', '-c'], {});

  it.each([
    ['filter_IN_my_zone', 'my_zone', ''],
    ['filter_IN_my_zone_deny', 'my_zone', ' priority="-1"'],
    ['IN_block', 'block', ''],
    ['filter_INPUT', 'public', ''],
    ['filter_IN_gone', 'public', ''],
  ])('kept out by %s it is opened in %s', async (chain, zone, priority) => {
    const [opening] = await plan(zones(), firewalld(chain));
    const rule = `rule${priority} family="ipv4" source address="172.17.0.0/16" port port="11434" protocol="tcp" accept`;
    expect(sets(opening!.changes)).toEqual([
      `${cmd} --zone=${zone} --add-rich-rule=${rule}`,
      `${cmd} --permanent --zone=${zone} --add-rich-rule=${rule}`,
    ]);
    expect(opening).toMatchObject({ note: expect.stringContaining('after a new one') });
  });

  it('without a network to open is left to people', async () => {
    const [way] = firewalld('filter_IN_public');
    const { from: _, ...nowhere } = way!;
    expect(await plan(zones(), [nowhere])).toMatchObject([
      { changes: [], remedy: expect.stringContaining('--zone=docker') },
    ]);
  });
});

describe('iptables', () => {
  const RULES =
    '*nat\n:INPUT ACCEPT [0:0]\nCOMMIT\n*filter\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n-A OUTPUT -j ACCEPT\n-A INPUT -i lo -j ACCEPT\n-A INPUT -j DROP\nCOMMIT\n';
  const own = blocked({ firewall: 'iptables', command: '/usr/sbin/iptables-nft' });

  it('is opened at the top of the chain, and in the file before its first rule', async () => {
    const host = machine().command(['/bin/sh', '-c'], {});
    host.disk.file('/etc/sysconfig/iptables', RULES, { mode: 0o600 });
    const [opening] = await plan(host, own);
    const words = (name: string) =>
      `-i ${name} -p tcp -m tcp --dport 11434 -m comment --comment stigmer-setup-ollama -j ACCEPT`;
    const insert = '/usr/sbin/iptables-nft -w -t filter -I INPUT 1';
    expect(sets(opening!.changes)).toEqual([
      `${insert} ${words('br-+')}`,
      `${insert} ${words('docker0')}`,
      'keep-iptables-rules',
    ]);
    const file = opening!.changes.at(-1)!;
    if (file.type !== 'file') throw new Error('no file');
    expect(textOf(file.to)).toBe(
      RULES.replace('-A INPUT -i lo', `-A INPUT ${words('docker0')}\n-A INPUT ${words('br-+')}\n-A INPUT -i lo`),
    );
    await applyChange(host, file, 'x');
    expect(await inspectChange(host, file)).toBe('done');
    await applyChange(host, invertChange(file), 'x');
    expect(host.files.text('/etc/sysconfig/iptables')).toBe(RULES);
    expect(host.files.stat('/etc/sysconfig/iptables')?.mode).toBe(0o600);
  });

  it('of two chains in one file is one change of it', async () => {
    const host = machine().command(['/bin/sh', '-c'], {});
    host.disk.file('/etc/iptables/rules.v4', RULES);
    const [opening] = await plan(host, [
      ...own,
      ...blocked({ firewall: 'iptables', table: 'nat', command: '/usr/sbin/iptables-nft' }),
    ]);
    const files = (opening!.changes as Change[]).filter((each): each is FileChange => each.type === 'file');
    expect(files).toHaveLength(1);
    expect(textOf(files[0]!.to).match(/stigmer-setup-ollama/g)).toHaveLength(4);
    expect(files[0]!.lines).toHaveLength(4);
    expect(new Set(opening!.changes.map(({ id }) => id)).size).toBe(5);
  });

  it('without a known file is not for good, and that is said', async () => {
    const host = machine().command(['/bin/sh', '-c'], {});
    expect(await plan(host, own)).toMatchObject([
      { lasting: false, note: expect.stringContaining('No file is known') },
    ]);
  });
});

describe('a file of nftables', () => {
  const place = { family: 'inet', table: 'main', base: 'input' };
  const text =
    'table ip main {\n  chain input {\n    type filter hook input priority 0;\n  }\n}\ntable inet main {\n  chain input {\n    type filter hook input priority 0; policy drop;\n    tcp dport 22 accept\n  }\n}\n';

  it('gets the rules behind the line that hooks the chain', () => {
    const edited = withRules(text, place, ['one', 'two']);
    expect(edited?.lines).toEqual(['    one', '    two']);
    expect(edited?.text).toBe(text.replace('policy drop;\n', 'policy drop;\n    one\n    two\n'));
    expect(withRules(edited!.text, place, ['one'])?.lines).toEqual([]);
    expect(withRules(text, { ...place, family: 'ip' }, ['one'])?.text).toContain('priority 0;\n    one\n  }');
  });

  it.each([
    ['no such chain', text.replaceAll('chain input', 'chain incoming')],
    ['two of them', `${text}${text}`],
    ['all in one line', 'table inet main { chain input { type filter hook input priority 0; } }'],
  ])('is left alone with %s', (_, other) => {
    expect(withRules(other, place, ['one'])).toBeUndefined();
  });
});

describe('what cannot be opened from here', () => {
  it('NixOS: the lines of its configuration', async () => {
    expect(await plan(machine(), blocked({ firewall: 'nixos', chain: 'nixos-fw-refuse' }))).toMatchObject([
      {
        changes: [],
        remedy: expect.stringContaining('networking.firewall.interfaces."br-+".allowedTCPPorts = [ 11434 ];'),
      },
    ]);
  });

  it('the filter of --allow: the flag that takes it away', async () => {
    expect(await plan(machine(), blocked({ firewall: 'allow' }))).toMatchObject([
      { remedy: expect.stringContaining('--allow any') },
    ]);
  });
});

it('two firewalls are two openings', async () => {
  const host = withUfw(machine('ufw')).command(['/bin/sh', '-c'], {});
  const ways = [...blocked({}), ...blocked({ firewall: 'iptables', command: '/usr/sbin/iptables' })];
  expect((await plan(host, ways)).map(({ firewall }) => firewall)).toEqual(['ufw', 'iptables']);
});
