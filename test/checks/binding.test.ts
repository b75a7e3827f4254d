import { describe, expect, it } from 'vitest';
import { bindingOf, describeListener, matches, rivals } from '../../src/checks/binding.ts';
import { parseHost } from '../../src/ollama/host-value.ts';
import { addProcess, HEX, table } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const listener = (address: string, port = 11434) => ({ address, port, uid: 0, inode: '1', pid: null, process: null });
const bound = (address: string, port?: number) => ({ scope: 'all' as const, listeners: [listener(address, port)] });

describe('what Ollama opens for a value', () => {
  it.each([
    ['0.0.0.0', '::', true],
    ['0.0.0.0', '0.0.0.0', true],
    ['[::]:11434', '::', true],
    ['0.0.0.0', '127.0.0.1', false],
    ['0.0.0.0', '192.168.1.20', false],
    ['0.0.0.0:11435', '::', false],
    ['127.0.0.1', '127.0.0.1', true],
    ['localhost', '127.0.0.1', true],
    ['127.0.0.1', '::', false],
    ['192.168.1.20', '192.168.1.20', true],
    ['192.168.1.20', '192.168.1.21', false],
    ['192.168.1.20', '::', false],
    ['[fd00::0:7]', 'fd00::7', true],
  ])('%s on %s: %s', (wanted, address, expected) => {
    expect(matches(bound(address), parseHost(wanted))).toBe(expected);
  });

  it('is not there when nothing listens', () => {
    expect(matches({ scope: 'none', listeners: [] }, parseHost('0.0.0.0'))).toBe(false);
  });
});

describe('on a machine', () => {
  function machine(): RecordedHost {
    const host = new RecordedHost();
    const row = (inode: number, uid: number, port = 11434) => ({ local: HEX['127.0.0.1'], inode, uid, port });
    host.disk
      .file('/proc/net/tcp', table([row(1, 998), row(2, 998, 8080), row(3, 0)]))
      .file('/proc/net/tcp6', table([]));
    addProcess(host.disk, { pid: 10, argv: ['ollama', 'serve'], uid: 998, fds: { 3: 'socket:[1]', 4: 'socket:[2]' } });
    addProcess(host.disk, { pid: 11, argv: ['python3'], fds: { 3: 'socket:[3]' } });
    return host;
  }
  const state = { phase: 'running' as const, pids: [10], uid: 998 };

  it('every socket of the process counts, on whatever port', async () => {
    expect((await bindingOf(machine(), state, [11434])).listeners.map(({ port }) => port)).toEqual([11434, 8080]);
  });

  it('whose process may not be looked into, its user’s sockets on the known ports count', async () => {
    const host = machine();
    host.disk.forbid('/proc/10/fd');
    expect(await bindingOf(host, state, [11434])).toMatchObject({
      scope: 'loopback',
      listeners: [{ port: 11434, pid: null }],
    });
  });

  it('a process that has just ended is not taken for another of its user', async () => {
    const gone = { ...state, pids: [99], uid: 0 };
    expect(await bindingOf(machine(), gone, [11434])).toEqual({ scope: 'none', listeners: [] });
  });

  it('where nothing runs, nothing listens for it', async () => {
    expect(await bindingOf(machine(), { ...state, pids: [] }, [11434])).toEqual({ scope: 'none', listeners: [] });
  });

  it('rivals are the others on the port, with their names', async () => {
    const host = machine();
    const own = (await bindingOf(host, state, [11434])).listeners;
    const others = await rivals(host, 11434, own);
    expect(others.map(describeListener)).toEqual(['process 11 (python3) of user 0 on 127.0.0.1:11434']);
    expect(await rivals(host, 8080, own)).toEqual([]);
  });
});

it('a listener is described for people, IPv6 in brackets', async () => {
  expect(describeListener(listener('::1'))).toBe('a process of user 0 on [::1]:11434');
});
