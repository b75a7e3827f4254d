import { describe, expect, it } from 'vitest';
import type { InterfaceAddress } from '../../src/host/host.ts';
import { oneAddressEach, reachableAddresses } from '../../src/probes/addresses.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

function on(...addresses: [name: string, address: string][]): RecordedHost {
  const host = new RecordedHost();
  host.addresses = addresses.map(([name, address]): InterfaceAddress => {
    const family = address.includes(':') ? 'IPv6' : 'IPv4';
    return { name, address, family, internal: name === 'lo', cidr: null };
  });
  return host;
}

describe('who can reach an address', () => {
  it.each([
    ['eth0', '192.168.1.20', 'lan'],
    ['eth0', '192.169.0.1', 'public'],
    ['eth0', '10.255.255.255', 'lan'],
    ['eth0', '11.0.0.1', 'public'],
    ['eth0', '172.15.255.255', 'public'],
    ['eth0', '172.16.0.0', 'lan'],
    ['eth0', '172.31.255.255', 'lan'],
    ['eth0', '172.32.0.0', 'public'],
    ['eth0', '169.254.7.7', 'lan'],
    ['eth0', '203.0.113.7', 'public'],
    ['eth0', '255.255.255.254', 'public'],
    ['eth0', '100.63.255.255', 'public'],
    ['eth0', '100.64.0.0', 'vpn'],
    ['eth0', '100.127.255.255', 'vpn'],
    ['eth0', '100.128.0.0', 'public'],
    ['wlp2s0', 'fe80::1', 'lan'],
    ['wlp2s0', 'FEBF::1', 'lan'],
    ['wlp2s0', 'fd12:3456::1', 'lan'],
    ['wlp2s0', 'fc00::1', 'lan'],
    ['wlp2s0', '2001:db8::1', 'public'],
    ['wlp2s0', 'ff02::1', 'public'],
    ['docker0', '172.17.0.1', 'containers'],
    ['br-0123456789ab', '172.18.0.1', 'containers'],
    ['br-lan', '192.168.1.1', 'lan'],
    ['br0', '203.0.113.9', 'public'],
    ['podman0', '10.88.0.1', 'containers'],
    ['cni-podman1', '10.89.0.1', 'containers'],
    ['virbr0', '192.168.122.1', 'containers'],
    ['incusbr0', 'fd42::1', 'containers'],
    ['wg0', '10.8.0.1', 'vpn'],
    ['tailscale0', 'fd7a:115c:a1e0::1', 'vpn'],
    ['tun0', '203.0.113.1', 'vpn'],
  ])('%s %s: %s', (name, address, reach) => {
    expect(reachableAddresses(on([name, address]))).toEqual([{ interface: name, address, reach }]);
  });

  it('the ports of a bridge are not among them: what comes there is the bridge’s', () => {
    expect(reachableAddresses(on(['veth4097224a', 'fe80::1'], ['docker0', 'fe80::2']))).toHaveLength(1);
  });

  it('loopback is not among them', () => {
    expect(reachableAddresses(on(['lo', '127.0.0.1'], ['lo', '::1'], ['eth0', '10.0.0.1']))).toHaveLength(1);
  });
});

describe('one address of every interface', () => {
  it('prefers IPv4 and leaves loopback and link-local IPv6 out', () => {
    const host = on(
      ['lo', '127.0.0.1'],
      ['eth0', 'fe80::1'],
      ['eth0', '2001:db8::1'],
      ['eth0', '10.0.0.1'],
      ['eth0', '10.0.0.2'],
      ['eth1', 'fd00::5'],
      ['wlan0', 'fe80::2'],
    );
    expect(oneAddressEach(host)).toEqual(['10.0.0.1', 'fd00::5']);
  });

  it('is none on a machine without a network', () => {
    expect(oneAddressEach(on(['lo', '127.0.0.1']))).toEqual([]);
  });
});
