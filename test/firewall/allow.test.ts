import { describe, expect, it } from 'vitest';
import { textOf } from '../../src/actions/file.ts';
import { type FilterRequest, filterText, planFilter, tableOf } from '../../src/firewall/allow.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const REQUEST: FilterRequest = { unit: 'ollama.service', port: 11434, allow: 'containers', version: '1.2.3' };

function machine(user: Partial<RecordedHost['user']> = {}): RecordedHost {
  const host = new RecordedHost(user);
  host.disk.file('/usr/bin/nft', '', { mode: 0o755 });
  host.disk.folder('/etc');
  return host;
}

/** The rules of the chain for the port, without what explains them. */
function rules(text: string): string[] {
  const chain = text.slice(text.indexOf('chain port {'));
  return chain
    .split('\n')
    .slice(1)
    .map((line) => line.trim())
    .filter((line) => line !== '' && line !== '}');
}

const CONTAINERS = [
  'iifname "lo" accept',
  'iifname "docker0" accept',
  'iifname "docker_gwbridge" accept',
  'iifname "br-*" meta iifkind "bridge" accept',
  'iifname "podman*" accept',
  'iifname "cni*" accept',
];

describe('the filter', () => {
  it('has a hole for containers, and is about the port alone', () => {
    const text = filterText(REQUEST, []);
    expect(rules(text)).toEqual([...CONTAINERS, 'counter drop']);
    expect(text).toContain('\t\ttcp dport 11434 goto port\n');
    expect(text).toMatch(/^table inet stigmer_ollama\ndelete table inet stigmer_ollama\n/m);
    expect(text).toContain('this host and its containers. Written by stigmer-setup-ollama 1.2.3.');
    expect(text).not.toMatch(/\{\{|\}\}/);
  });

  it('has one for private networks on request', () => {
    expect(rules(filterText({ ...REQUEST, allow: 'lan' }, ['br-lan']))).toEqual([
      ...CONTAINERS,
      'ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16 } accept',
      'ip6 saddr { fe80::/10, fc00::/7 } accept',
      'counter drop',
    ]);
  });

  it('has one for bridges that are named, and none for those of the network', () => {
    const [lo, ...others] = CONTAINERS;
    const text = filterText({ ...REQUEST, interfaces: ['mynet0'] }, ['br-lan']);
    expect(rules(text)).toEqual([lo, 'iifname "br-lan" drop', ...others, 'iifname "mynet0" accept', 'counter drop']);
  });

  it.each(['a"b', 'x y', '', 'x'.repeat(16), 'a\nb'])('takes no name that nft would read otherwise: %j', (name) => {
    expect(() => filterText({ ...REQUEST, interfaces: [name] }, [])).toThrow(RangeError);
  });

  it.each([
    ['ollama.service', 'stigmer_ollama'],
    ['ollama-gpu.service', 'stigmer_ollama_ollama_gpu'],
    ['ollama@1.service', 'stigmer_ollama_ollama_1'],
  ])('of %s is in the table %s', (unit, table) => {
    expect(tableOf(unit)).toBe(table);
  });
});

describe('the plan', () => {
  it('is a file, lines for the drop-in, and an act for the way back', async () => {
    const filter = await planFilter(machine(), REQUEST);
    const path = '/etc/stigmer-setup-ollama/stigmer_ollama.nft';
    expect(filter).toMatchObject({
      table: 'stigmer_ollama',
      change: { path, from: null, identity: 'root', folders: [{ path: '/etc/stigmer-setup-ollama' }] },
      unitLines: ['After=nftables.service'],
      serviceLines: [
        `ExecStartPre=+/usr/bin/nft -f ${path}`,
        'ExecStopPost=-+/usr/bin/nft delete table inet stigmer_ollama',
      ],
      removal: { argv: ['/usr/bin/nft', 'delete', 'table', 'inet', 'stigmer_ollama'], tolerate: true },
    });
    expect(textOf(filter!.change.to)).toBe(filterText(REQUEST, []));
  });

  it('is checked by nft where that can be: as root', async () => {
    expect((await planFilter(machine(), REQUEST))?.change.validate?.argv).toEqual([
      '/usr/bin/nft',
      '-c',
      '-f',
      '{dir}/filter.nft',
    ]);
    const user = machine({ uid: 1000, gid: 1000, name: 'u', home: '/home/u' });
    expect((await planFilter(user, REQUEST))?.change.validate).toBeUndefined();
  });

  it('is none without nft', async () => {
    expect(await planFilter(new RecordedHost(), REQUEST)).toBeUndefined();
  });

  it('knows a bridge of the network by what is in it, unless an engine calls it its own', async () => {
    const host = machine();
    const sys = '/sys/class/net';
    for (const [bridge, port] of [
      ['br-lan', 'eth0'],
      ['br-lab', 'veth0'],
      ['br-vlan', 'bond0.7'],
      ['br-app', 'tap0'],
      ['br-0123456789ab', 'eth0'],
    ])
      host.disk.file(`${sys}/${bridge}/brif/${port}`, '');
    const text = textOf((await planFilter(host, { ...REQUEST, interfaces: ['br-app'] }))!.change.to);
    expect(rules(text).filter((rule) => rule.endsWith('" drop'))).toEqual([
      'iifname "br-lan" drop',
      'iifname "br-vlan" drop',
    ]);
  });
});
