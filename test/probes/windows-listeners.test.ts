import { describe, expect, it } from 'vitest';
import { bindingOf, rivals } from '../../src/checks/binding.ts';
import { sharedCheck } from '../../src/checks/shared-port.ts';
import { findProcesses } from '../../src/probes/processes.ts';
import { listenersOnWindows, ownedOnWindows } from '../../src/probes/windows-listeners.ts';
import { isServe } from '../../src/rooms/room.ts';
import { Windows } from '../windows/machine.ts';

const say = ({
  address,
  port,
  pid,
  process,
}: {
  address: string;
  port: number;
  pid: number | null;
  process: string | null;
}) => `${address}:${port} ${pid} ${process}`;

describe('listeners on Windows', () => {
  it('have the names of their programs', async () => {
    const windows = new Windows();
    windows.language = 'de';
    const { pid } = windows.serve('0.0.0.0:11434');
    expect((await listenersOnWindows(windows)).map(say)).toEqual([
      '0.0.0.0:445 4 System',
      `0.0.0.0:11434 ${pid} ollama.exe`,
      `:::11434 ${pid} ollama.exe`,
    ]);
  });

  it('of some processes are those of the ports in question, if there are any', async () => {
    const windows = new Windows();
    const server = windows.serve('127.0.0.1:11434');
    server.sockets.push(['127.0.0.1', 50505]);
    expect((await ownedOnWindows(windows, [server.pid], [11434])).map(({ port }) => port)).toEqual([11434]);
    expect((await ownedOnWindows(windows, [server.pid], [1])).map(({ port }) => port)).toEqual([11434, 50505]);
    expect(await ownedOnWindows(windows, [], [11434])).toEqual([]);
  });

  it('are a binding: all when there is a row for every address', async () => {
    const windows = new Windows();
    const { pid } = windows.serve('0.0.0.0:11434');
    const state = { phase: 'running' as const, pids: [pid], uid: -1 };
    expect((await bindingOf(windows, state, [11434])).scope).toBe('all');
    expect(await rivals(windows, 11434, (await bindingOf(windows, state, [11434])).listeners)).toEqual([]);
  });

  it('are two where Windows lets two share a port, and both are named', async () => {
    const windows = new Windows();
    const [mine, old] = [windows.serve('0.0.0.0:11434'), windows.serve(undefined)];
    const binding = await bindingOf(windows, { phase: 'running', pids: [mine.pid], uid: -1 }, [11434]);
    const [check] = await sharedCheck(windows, 11434, binding);
    expect(check?.cause).toBe('win-loopback-and-wildcard-share-port');
    expect(check?.summary).toContain(`process ${mine.pid} (ollama.exe) on 0.0.0.0:11434`);
    expect(check?.summary).toContain(`process ${old.pid} (ollama.exe) on 127.0.0.1:11434`);
    expect(check?.remedy).toContain(`taskkill /F /PID ${old.pid}`);
    old.image = 'wslrelay.exe';
    expect((await sharedCheck(windows, 11434, binding))[0]?.remedy).toContain('inside WSL');
  });

  it('make a server of a program: who listens serves', async () => {
    const windows = new Windows();
    const { pid } = windows.serve(undefined);
    windows.task('ollama.exe');
    expect((await findProcesses(windows, isServe)).map((one) => one.pid)).toEqual([pid]);
  });
});
