import { describe, expect, it } from 'vitest';
import { parseNetstatAno } from '../../src/probes/netstat-ano.ts';

const ENGLISH = `
Active Connections

  Proto  Local Address          Foreign Address        State           PID
  TCP    0.0.0.0:135            0.0.0.0:0              LISTENING       1012
  TCP    0.0.0.0:11434          0.0.0.0:0              LISTENING       4242
  TCP    127.0.0.1:11434        0.0.0.0:0              LISTENING       777
  TCP    127.0.0.1:11434        127.0.0.1:50110        ESTABLISHED     777
  TCP    192.168.1.5:50111      140.82.112.25:443      TIME_WAIT       0
  TCP    [::]:11434             [::]:0                 LISTENING       4242
  TCP    [::1]:49670            [::]:0                 LISTENING       3120
  TCP    [fe80::a1%12]:2179     [::]:0                 LISTENING       2600
  UDP    0.0.0.0:11434          *:*                                    5
  UDP    [::]:5353              *:*                                    6
`;

const told = (text: string) => parseNetstatAno(text).map(({ address, port, pid }) => `${address} ${port} ${pid}`);

const LISTENERS = [
  '0.0.0.0 135 1012',
  '0.0.0.0 11434 4242',
  '127.0.0.1 11434 777',
  ':: 11434 4242',
  '::1 49670 3120',
  'fe80::a1 2179 2600',
];

describe('netstat -ano', () => {
  it('tells every listener with its process, of one port as many as there are', () => {
    expect(told(ENGLISH)).toEqual(LISTENERS);
    expect(told(ENGLISH.replaceAll('\n', '\r\n'))).toEqual(LISTENERS);
  });

  it.each([
    ['German', 'ABHÖREN', 'HERGESTELLT'],
    ['French', 'LISTENING', 'ESTABLISHED'],
    ['Japanese', 'LISTENING', 'ESTABLISHED'],
    ['spoilt by a code page', 'ABH\ufffdREN', '???'],
    ['two words', 'IN ASCOLTO', 'STABILITA'],
  ])('in a language that is %s', (_, listening, established) => {
    const text = ENGLISH.replaceAll('LISTENING', listening).replaceAll('ESTABLISHED', established);
    expect(told(text.replace('Active Connections', 'アクティブな接続'))).toEqual(LISTENERS);
  });

  it('gives each socket an identity of its own, and one without a process none', () => {
    const found = parseNetstatAno(ENGLISH.replace('LISTENING       777', 'LISTENING       0'));
    expect(new Set(found.map(({ inode }) => inode)).size).toBe(LISTENERS.length);
    expect(found.find(({ address, port }) => address === '127.0.0.1' && port === 11434)?.pid).toBeNull();
    expect(found.every(({ uid }) => uid === -1)).toBe(true);
  });

  it('is empty for what is none', () => {
    expect(told('')).toEqual([]);
    expect(told('The requested operation requires elevation.')).toEqual([]);
  });
});
