import { describe, expect, it } from 'vitest';
import { askLsof, parseLsof } from '../../src/probes/lsof.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

/** What macOS printed for a server on loopback, asked with the state and the queues. */
const LOOPBACK = 'p51915\ncollama\nu501\nf3\ntIPv4\nPTCP\nn127.0.0.1:11434\nTST=LISTEN\nTQR=0\nTQS=0\n';

const one = (name: string, type = 'IPv6') => parseLsof(`p1\ncx\nu501\nf3\nt${type}\nPTCP\nn${name}\n`)[0];

describe('lsof', () => {
  it('tells the socket of a server', () => {
    expect(parseLsof(LOOPBACK)).toEqual([
      { address: '127.0.0.1', port: 11434, uid: 501, inode: '51915:3', pid: 51915, process: 'ollama' },
    ]);
  });

  it('tells several files of several processes, and passes over what was not asked', () => {
    const found = parseLsof(
      [
        ['p949', 'g949', 'R1', 'cmongod', 'u501', 'Lme'],
        ['f10', 'au', 'l ', 'tIPv4', 'd0x1a2b3c4d5e6f7081', 'o0t0', 'PTCP', 'n127.0.0.1:27017', 'TST=LISTEN'],
        ['f11', 'tIPv6', 'PTCP', 'n[::1]:27017', 'TST=LISTEN'],
        ['p1200', 'g1200', 'cnode', 'u0', 'Lroot'],
        ['f21', 'tIPv6', 'PTCP', 'n*:3000', 'TST=LISTEN', 'TQR=0', 'TQS=0'],
      ]
        .flat()
        .join('\n'),
    );
    expect(found.map(({ address, port, uid, inode, process }) => [address, port, uid, inode, process])).toEqual([
      ['127.0.0.1', 27017, 501, '949:10', 'mongod'],
      ['::1', 27017, 501, '949:11', 'mongod'],
      ['::', 3000, 0, '1200:21', 'node'],
    ]);
  });

  it('passes over connections, other protocols and sockets without a port', () => {
    const text = [
      ['p949', 'cmongod', 'u501'],
      ['f11', 'tIPv6', 'PTCP', 'n[::1]:631->[::1]:50000', 'TST=ESTABLISHED'],
      ['f12', 'tIPv6', 'PTCP', 'n[::1]:631->[::1]:50000'],
      ['f13', 'tIPv4', 'PTCP', 'n*:631', 'TST=CLOSED'],
      ['f14', 'tIPv4', 'PUDP', 'n*:5353'],
      ['f15', 'tIPv4', 'PTCP', 'n*:*', 'TST=CLOSED'],
      ['f16', 'tIPv4', 'PTCP'],
      ['p950', 'cnobody', 'u501'],
    ];
    expect(parseLsof(text.flat().join('\n'))).toEqual([]);
  });

  it.each([
    ['*:11434', 'IPv6', '::'],
    ['*:11434', 'IPv4', '0.0.0.0'],
    ['[::1]:11434', 'IPv6', '::1'],
    ['192.168.1.5:11434', 'IPv4', '192.168.1.5'],
    ['[fe80::1%lo0]:11434', 'IPv6', 'fe80::1'],
    ['[fe80:4::1]:11434', 'IPv6', 'fe80::1'],
    ['[fe80:e::1c2d:3e4f:5a6b:7c8d]:11434', 'IPv6', 'fe80::1c2d:3e4f:5a6b:7c8d'],
    ['[2001:db8::5]:11434', 'IPv6', '2001:db8::5'],
  ])('reads %s of %s as %s', (name, type, address) => {
    expect(one(name, type)).toMatchObject({ address, port: 11434 });
  });

  it.each([
    ['Ollama\\x20H', 'Ollama H'],
    ['Google Chrome H', 'Google Chrome H'],
    ['caf\\xc3\\xa9', 'café'],
    ['café', 'café'],
    ['back\\\\slash\\t', 'back\\slash\t'],
  ])('reads the name %s as %s', (written, name) => {
    expect(parseLsof(`p1\nc${written}\nu501\nf3\ntIPv4\nPTCP\nn*:1\n`)[0]?.process).toBe(name);
  });

  it('ends with 1 when there are none', async () => {
    const host = new RecordedHost().command(['lsof'], { code: 1 });
    expect(await askLsof(host)).toEqual([]);
    expect(await askLsof(new RecordedHost())).toEqual([]);
  });

  it('ends with 1 also when there are some', async () => {
    const host = new RecordedHost().command(['lsof', '-nP', '-iTCP', '-sTCP:LISTEN'], { code: 1, stdout: LOOPBACK });
    expect(await askLsof(host)).toHaveLength(1);
  });
});
