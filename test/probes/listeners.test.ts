import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canInspect,
  isLoopback,
  isWildcard,
  type Listener,
  listeningSockets,
  nameHolders,
  ownedBy,
  scopeOfListeners,
  socketsOf,
} from '../../src/probes/listeners.ts';
import { addProcess, HEX, table } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

/** /proc/net/tcp of a Debian 12 with Ollama on loopback, systemd-resolved and an open connection. */
const RECORDED_TCP = `  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode                                                     
   0: 3500007F:0035 00000000:0000 0A 00000000:00000000 00:00000000 00000000   991        0 14903 1 0000000000000000 100 0 0 10 5                     
   1: 0100007F:2CAA 00000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 21775 1 0000000000000000 100 0 0 10 0                     
   2: 00000000:0016 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16384 1 0000000000000000 100 0 0 10 0                     
   3: 0100007F:2CAA 0100007F:E2D8 01 00000000:00000000 00:00000000 00000000   998        0 29999 1 0000000000000000 20 4 30 10 -1                    
   4: 1401A8C0:0016 0201A8C0:D431 01 00000000:00000000 02:000A7214 00000000     0        0 17520 2 0000000000000000 20 4 29 10 -1                    
`;

/** /proc/net/tcp6 of the same machine once Ollama listens on 0.0.0.0. */
const RECORDED_TCP6 = `  sl  local_address                         remote_address                        st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 16386 1 0000000000000000 100 0 0 10 0
   1: 00000000000000000000000000000000:2CAA 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000   998        0 31114 1 0000000000000000 100 0 0 10 0
   2: 0000000000000000FFFF00000100007F:2CAA 0000000000000000FFFF00000100007F:9C40 01 00000000:00000000 00:00000000 00000000   998        0 31999 1 0000000000000000 20 0 0 10 -1
`;

function machine(tcp: string | undefined, tcp6: string | undefined): RecordedHost {
  const host = new RecordedHost();
  if (tcp !== undefined) host.disk.file('/proc/net/tcp', tcp);
  if (tcp6 !== undefined) host.disk.file('/proc/net/tcp6', tcp6);
  return host;
}

const at = (local: string, port = 11434, inode = 1) => machine('', table([{ local, port, inode }]));

describe('the tables of the kernel', () => {
  it('hold what listens, and connections that are not counted', () => {
    const found = listeningSockets(machine(RECORDED_TCP, RECORDED_TCP6));
    expect(found.map(({ address, port, uid, inode }) => [address, port, uid, inode])).toEqual([
      ['::', 22, 0, '16386'],
      ['::', 11434, 998, '31114'],
      ['127.0.0.53', 53, 991, '14903'],
      ['127.0.0.1', 11434, 998, '21775'],
      ['0.0.0.0', 22, 0, '16384'],
    ]);
    expect(found.every(({ pid, process }) => pid === null && process === null)).toBe(true);
  });

  it.each([
    ['0100007F', '127.0.0.1'],
    ['FE0100C0', '192.0.1.254'],
    ['00000000', '0.0.0.0'],
    ['FFFFFFFF', '255.255.255.255'],
    [HEX['::'], '::'],
    [HEX['::1'], '::1'],
    [HEX['::ffff:127.0.0.1'], '::ffff:127.0.0.1'],
    ['0000000000000000FFFF000000000000', '::ffff:0.0.0.0'],
    ['000080FE00000000FF005450B54AE7FE', 'fe80::5054:ff:fee7:4ab5'],
    ['B80D0120000001000000000000010000', '2001:db8:1::100'],
    ['B80D0120010000000200000003000000', '2001:db8:0:1:0:2:0:3'],
    ['00000120000000000000010000000001', '2001::1:0:100:0'],
  ])('%s is %s', (hex, address) => {
    expect(listeningSockets(at(hex)).map((one) => one.address)).toEqual([address]);
  });

  it('any IPv6 address is written as everybody writes it (RFC 5952, as URLs do)', () => {
    const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }));
    const groups = fc.array(group, { minLength: 8, maxLength: 8 });
    const unmapped = groups.filter((all) => all.slice(0, 5).some((one) => one !== 0) || all[5] !== 0xffff);
    fc.assert(
      fc.property(unmapped, (all) => {
        const bytes = Buffer.from(Uint16Array.from(all).buffer).swap16();
        const hex = bytes.swap32().toString('hex').toUpperCase();
        const expected = new URL(`http://[${all.map((one) => one.toString(16)).join(':')}]`).hostname.slice(1, -1);
        expect(listeningSockets(at(hex))[0]?.address).toBe(expected);
      }),
    );
  });

  it('ports are whole, from 1 to 65535', () => {
    for (const port of [1, 80, 11434, 65535]) expect(listeningSockets(at(HEX['::1'], port))[0]?.port).toBe(port);
  });

  it.each([
    ['missing (no IPv6, or no /proc)', undefined],
    ['empty', ''],
    ['the heading alone', table([])],
    ['cut off', RECORDED_TCP6.slice(0, 200)],
  ])('that are %s hold nothing', (_, text) => {
    expect(listeningSockets(machine(text, text))).toEqual([]);
  });
});

describe('whose a listener is', () => {
  /** Ollama (782) with the dual-stack socket 31114, python (900) with 21775, and a stranger's process (950). */
  function populated(): RecordedHost {
    const host = machine(RECORDED_TCP, RECORDED_TCP6);
    const fds = { 0: '/dev/null', 1: 'socket:[5]', 3: 'socket:[31114]', 4: 'anon_inode:[eventpoll]', 5: 'pipe:[9]' };
    addProcess(host.disk, { pid: 782, argv: ['/usr/local/bin/ollama', 'serve'], uid: 998, fds });
    addProcess(host.disk, { pid: 900, argv: ['python3', '-m', 'http.server'], fds: { 3: 'socket:[21775]' } });
    addProcess(host.disk, { pid: 950, argv: ['sshd'], fds: { 3: 'socket:[16386]' } });
    return host;
  }

  it('is told by the inode of the socket among the descriptors of a process', () => {
    const listener = { address: '::', port: 11434, uid: 998, inode: '31114', pid: 782, process: 'ollama' };
    expect(ownedBy(populated(), [782])).toEqual([listener]);
    expect(ownedBy(populated(), [900]).map(({ address, process }) => [address, process])).toEqual([
      ['127.0.0.1', 'python3'],
    ]);
    expect(ownedBy(populated(), [782, 900])).toHaveLength(2);
  });

  it('of nobody is none, whatever listens', () => {
    expect(ownedBy(populated(), [])).toEqual([]);
    expect(ownedBy(populated(), [4711])).toEqual([]);
  });

  it('connections of a process are no listeners', () => {
    const host = populated();
    host.disk.symlink('/proc/782/fd/9', 'socket:[29999]');
    expect(ownedBy(host, [782]).map(({ inode }) => inode)).toEqual(['31114']);
  });

  it('a socket that several processes of a service share is the first one’s', () => {
    const host = populated();
    addProcess(host.disk, { pid: 783, argv: ['ollama', 'runner'], fds: { 7: 'socket:[31114]' } });
    expect(ownedBy(host, [782, 783]).map(({ pid }) => pid)).toEqual([782]);
    expect([...socketsOf(host, [783, 782])]).toEqual([['31114', 783]]);
  });

  it('that may not be looked into is not known', () => {
    const host = populated();
    host.disk.forbid('/proc/950/fd');
    expect(canInspect(host, 950)).toBe(false);
    expect(canInspect(host, 782)).toBe(true);
    expect(ownedBy(host, [950])).toEqual([]);
    const ssh = listeningSockets(host).filter(({ port }) => port === 22);
    expect(nameHolders(host, ssh).map(({ pid, process }) => [pid, process])).toEqual([
      [null, null],
      [null, null],
    ]);
  });

  it('is not known where a single descriptor may not be followed', () => {
    const host = populated();
    host.disk.forbid('/proc/782/fd/3');
    expect(ownedBy(host, [782])).toEqual([]);
  });

  it('is found among all processes', () => {
    const host = populated();
    const found = nameHolders(host, listeningSockets(host));
    expect(found.map(({ inode, pid }) => [inode, pid])).toEqual([
      ['16386', 950],
      ['31114', 782],
      ['14903', null],
      ['21775', 900],
      ['16384', null],
    ]);
    expect(nameHolders(host, [])).toEqual([]);
  });
});

describe('who can reach it', () => {
  it.each(['0.0.0.0', '::', '*', '[::]', '::ffff:0.0.0.0'])('%s is every interface', (address) => {
    expect([isWildcard(address), isLoopback(address)]).toEqual([true, false]);
  });

  it.each(['127.0.0.1', '127.0.0.53', '127.255.255.254', '::1', '::ffff:127.0.0.1'])(
    '%s is this machine',
    (address) => {
      expect([isWildcard(address), isLoopback(address)]).toEqual([false, true]);
    },
  );

  it.each(['192.168.1.20', '10.127.0.1', '::ffff:10.0.0.1', 'fe80::1', '2001:db8::127', '1::', '::2'])(
    '%s is one address',
    (address) => {
      expect([isWildcard(address), isLoopback(address)]).toEqual([false, false]);
    },
  );

  it.each<[string[], ReturnType<typeof scopeOfListeners>]>([
    [[], 'none'],
    [['127.0.0.1'], 'loopback'],
    [['127.0.0.1', '::1'], 'loopback'],
    [['127.0.0.1', '::'], 'all'],
    [['0.0.0.0'], 'all'],
    [['10.0.0.1'], 'address'],
    [['127.0.0.1', '10.0.0.1'], 'address'],
  ])('%j is %s', (addresses, scope) => {
    const listeners = addresses.map((address): Pick<Listener, 'address'> => ({ address }));
    expect(scopeOfListeners(listeners)).toBe(scope);
  });
});
