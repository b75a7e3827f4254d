import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { between, parseAddresses } from '../../src/firewall/address.ts';

const run = (text: string) => {
  const found = parseAddresses(text);
  return found && [found.family, found.first, found.last];
};

describe('addresses', () => {
  it.each([
    ['0.0.0.0/0', ['ip', 0n, 0xffffffffn]],
    ['172.17.0.2', ['ip', 0xac110002n, 0xac110002n]],
    ['172.17.3.4/16', ['ip', 0xac110000n, 0xac11ffffn]],
    ['172.17.0.0/255.255.0.0', ['ip', 0xac110000n, 0xac11ffffn]],
    ['10.0.0.1-10.0.0.3', ['ip', 0x0a000001n, 0x0a000003n]],
    ['::1/128', ['ip6', 1n, 1n]],
    ['fe80::/ffc0::', ['ip6', 0xfe80n << 112n, (0xfec0n << 112n) - 1n]],
  ])('%s', (text, expected) => {
    expect(run(text)).toEqual(expected);
  });

  it.each(['', 'eth0', '1.2.3', '1.2.3.4/33', '1.2.3.4/255.0.255.0', '1.2.3.4/ffff::', '1.2.3.4-::1', '::1/129'])(
    'not %s',
    (text) => {
      expect(parseAddresses(text)).toBeUndefined();
    },
  );

  it('a network holds each of its addresses, and its length says how many', () => {
    fc.assert(
      fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, bits) => {
        const [one, net] = [parseAddresses(address)!, parseAddresses(`${address}/${bits}`)!];
        expect(net.first <= one.first && one.first <= net.last).toBe(true);
        expect(net.last - net.first + 1n).toBe(1n << BigInt(32 - bits));
      }),
    );
  });

  it('a range is of one family', () => {
    expect(between('10.0.0.1', 'fe80::1')).toBeUndefined();
  });
});
