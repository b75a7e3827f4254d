import { describe, expect, it } from 'vitest';
import { listenersOnMac, ownedOnMac } from '../../src/probes/mac-listeners.ts';
import { RecordedMac } from '../rig/mac-host.ts';

const NEW =
  'Proto Recv-Q Send-Q  Local Address  Foreign Address  (state)  rxbytes  txbytes  rhiwat  shiwat  process:pid  state  options';
const row = (protocol: string, local: string, holder: string) =>
  `${protocol}  0  0  ${local}  *.*  LISTEN  0  0  131072  131072  ${holder}  00100  00000006`;
const PLAIN = (protocol: string, local: string) => `${protocol}  0  0  ${local}  *.*  LISTEN`;
const lsof = (pid: number, type: string, name: string) =>
  `p${pid}\ncollama\nu501\nf3\nt${type}\nPTCP\nn${name}\nTST=LISTEN\n`;

function mac(seen: string, table: string): RecordedMac {
  return new RecordedMac()
    .command(['lsof'], { code: seen ? 0 : 1, stdout: seen })
    .command(['netstat'], { stdout: table });
}

describe('the listeners of a Mac', () => {
  it('are had from netstat where lsof tells none', async () => {
    const host = mac('', `${NEW}\n${row('tcp46', '*.11434', 'ollama:77')}\n`);
    const found = await ownedOnMac(host, [77], [11434]);
    expect(found).toMatchObject([{ address: '::', port: 11434, pid: 77, process: 'ollama' }]);
  });

  it('are each told once, also a second server on the same port', async () => {
    const table = [NEW, row('tcp46', '*.11434', 'ollama:77'), row('tcp4', '127.0.0.1.11434', 'ollama:90')].join('\n');
    const host = mac(lsof(77, 'IPv6', '*:11434'), table);
    expect((await listenersOnMac(host)).map(({ address, pid }) => [address, pid])).toEqual([
      ['::', 77],
      ['127.0.0.1', 90],
    ]);
    expect(await ownedOnMac(host, [77], [11434])).toHaveLength(1);
  });

  it('without a process are taken for the server on its port, and only there', async () => {
    const host = mac('', [PLAIN('tcp4', '*.11434'), PLAIN('tcp4', '*.22')].join('\n'));
    expect(await ownedOnMac(host, [77], [11434])).toMatchObject([{ address: '0.0.0.0', port: 11434, pid: null }]);
    expect(await ownedOnMac(host, [], [11434])).toEqual([]);
    const taken = mac(lsof(90, 'IPv4', '127.0.0.1:11434'), PLAIN('tcp4', '127.0.0.1.11434'));
    expect(await ownedOnMac(taken, [77], [11434])).toEqual([]);
  });
});
