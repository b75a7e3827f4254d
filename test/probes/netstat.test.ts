import { describe, expect, it } from 'vitest';
import { askNetstat, parseNetstat } from '../../src/probes/netstat.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const BOTH = 'Proto Recv-Q Send-Q  Local Address          Foreign Address        (state)     ';

/** Up to network_cmds 641. */
const PLAIN = `Active Internet connections (including servers)
${BOTH}rhiwat shiwat    pid   epid  state    options
tcp4       0      0  10.55.1.235.5000       10.55.1.235.52217      FIN_WAIT_2  407280 146988  30555      0 0x2131 0x00000104
tcp46      0      0  *.11434                *.*                    LISTEN      131072 131072  51915      0 0x0100 0x00000106
tcp4       0      0  127.0.0.1.53068        *.*                    LISTEN      131072 131072      0      0 0x0102 0x00000004
`;

/** network_cmds 705 (macOS 15): the counters stand before, more flags behind. */
const COUNTED = `Active Internet connections (including servers)
${BOTH}     rxbytes      txbytes  rhiwat  shiwat    pid   epid state  options           gencnt    flags   flags1 usscnt rtncnt fltrs
tcp4       0      0  127.0.0.1.11434        *.*                    LISTEN                 0            0  131072  131072  51915      0 00100 00000006 0000000000028d0f 00000001 00000800      1      0 000000
`;

/** network_cmds 726 and later (macOS 26), in which names are told, and hold blanks. */
const NAMED = `Active Internet connections (including servers)
${BOTH}     rxbytes      txbytes  rhiwat  shiwat          process:pid    state  options           gencnt    flags   flags1 usecnt rtncnt fltrs
tcp4       0      0  192.168.8.64.49943     4.150.223.114.443      ESTABLISHED        19494         4590  131072  132104 Antigravity IDE :2086   00102 00000008
tcp4       0    523  192.168.1.147.65195    4.207.44.71.443        ESTABLISHED          250         2101  131328  131376    telemetryd_v2:89468  00182 00000008 000000000180328a 20000080 00000880      2      0 000000
tcp46      0      0  *.11434                *.*                    LISTEN                 0            0  131072  131072           ollama:51915  00100 00000006 00000000028d0f85 00000001 00000800      2      0 000000
tcp6       0      0  ::1.54833              *.*                    LISTEN                 0            0  131072  131072          netsimd:94783  00100 00000006 00000000028d0f83 00000001 00000800      1      0 000000
tcp4       0      0  *.8021                 *.*                    LISTEN                 0            0  131072  131072          launchd:1      00180 00000006 0000000000000ad2 00000001 00000800      1      0 000000
tcp4       0      0  127.0.0.1.12345        *.*                    LISTEN                 0            0  131072  131072      Google Chrome:7      00100 00000006
tcp4       0      0  127.0.0.1.12346        *.*                    LISTEN                 0            0  131072  131072          a: b:c:80     00100 00000006
tcp4       0      0  127.0.0.1.12347        *.*                    LISTEN                 0            0  131072  131072                 :99     00100 00000006
udp4       0      0  *.5353                 *.*                                           0            0  786896    9216    mDNSResponder:300    00100 00000006
`;

const told = (text: string) =>
  parseNetstat(text).map(({ address, port, pid, process }) => [address, port, pid, process]);

describe('netstat of macOS', () => {
  it('tells the process in a column of its own', () => {
    expect(told(PLAIN)).toEqual([
      ['::', 11434, 51915, null],
      ['127.0.0.1', 53068, null, null],
    ]);
    expect(told(COUNTED)).toEqual([['127.0.0.1', 11434, 51915, null]]);
  });

  it('or with its name before it', () => {
    expect(told(NAMED)).toEqual([
      ['::', 11434, 51915, 'ollama'],
      ['::1', 54833, 94783, 'netsimd'],
      ['0.0.0.0', 8021, 1, 'launchd'],
      ['127.0.0.1', 12345, 7, 'Google Chrome'],
      ['127.0.0.1', 12346, 80, 'a: b:c'],
      ['127.0.0.1', 12347, 99, null],
    ]);
  });

  it('tells no user, and one identity for each socket', () => {
    const found = parseNetstat(NAMED);
    expect(found.every(({ uid }) => uid === -1)).toBe(true);
    expect(found[0]?.inode).toBe('tcp46 *.11434 51915');
    expect(new Set(found.map(({ inode }) => inode)).size).toBe(found.length);
  });

  it('tells no process when its columns are not known', () => {
    const line =
      'tcp4       0      0  127.0.0.1.11434        *.*                    LISTEN      131072 131072  51915      0\n';
    expect(told(line)).toEqual([['127.0.0.1', 11434, null, null]]);
    expect(told(`${BOTH} rhiwat shiwat owner\n${line}`)).toEqual([['127.0.0.1', 11434, null, null]]);
    expect(told(`${BOTH}\n${line}`)).toEqual([['127.0.0.1', 11434, null, null]]);
    const short = line.replace(/LISTEN.*/, 'LISTEN');
    expect(told(`${BOTH} rhiwat shiwat    pid\n${short}`)).toEqual([['127.0.0.1', 11434, null, null]]);
  });

  it.each([
    ['tcp46', '*.11434', '::'],
    ['tcp6', '*.11434', '::'],
    ['tcp4', '*.11434', '0.0.0.0'],
    ['tcp6', '::1.11434', '::1'],
    ['tcp4', '192.168.1.5.11434', '192.168.1.5'],
    ['tcp6', 'fe80::1%lo0.11434', 'fe80::1'],
    ['tcp6', '::ffff:127.0.0.1.11434', '::ffff:127.0.0.1'],
    ['tcp6', '2001:db8:1:2:3:4:5:6.11434', '2001:db8:1:2:3:4:5:6'],
  ])('reads %s %s as %s', (protocol, local, address) => {
    expect(parseNetstat(`${protocol}  0  0  ${local}  *.*  LISTEN\n`)).toMatchObject([{ address, port: 11434 }]);
  });

  it('is asked about everybody', async () => {
    const host = new RecordedHost().command(['netstat', '-anv', '-p', 'tcp'], { stdout: NAMED });
    expect(await askNetstat(host)).toHaveLength(6);
    expect(await askNetstat(new RecordedHost())).toEqual([]);
  });
});
