import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/engine/plan.ts';
import { detectAll } from '../../../src/rooms/index.ts';
import type { Refusal } from '../../../src/rooms/room.ts';
import { ALL, look, planned, setup, stateOf, undo } from '../../windows/journey.ts';
import { sceneOf, USER, Windows } from '../../windows/machine.ts';

const KIND = 'process';

function withServer(value?: string): Windows {
  const windows = new Windows();
  windows.disk.file('/D:/ollama/ollama.exe', 'MZ');
  windows.env.PATH = `${windows.env.PATH};D:\\ollama`;
  windows.serve(value);
  return windows;
}

describe('a server that was started by hand', () => {
  it('is started anew, with the variable set for the next time, and goes back', async () => {
    const windows = withServer();
    const before = stateOf(windows);
    expect((await setup(windows, KIND)).kind).toBe('committed');
    expect([windows.bound, windows.registry.get(USER, 'OLLAMA_HOST')?.data]).toEqual([
      ['0.0.0.0:11434', '[::]:11434'],
      ALL,
    ]);
    const [{ file, argv, env, logFile }] = windows.detached as [(typeof windows.detached)[0]];
    expect([file, argv.slice(1)]).toEqual(['D:/ollama/ollama.exe', ['serve']]);
    expect(logFile).toContain('/stigmer-setup-ollama/ollama-serve.log');
    expect(env.OLLAMA_HOST).toBe(ALL);
    expect(await undo(windows, KIND)).toBe(true);
    expect([stateOf(windows).registry, windows.bound]).toEqual([before.registry, before.bound]);
  });

  it('is put back when the new state does not hold', async () => {
    const windows = withServer();
    const before = stateOf(windows);
    const outcome = await setup(windows, KIND, '0.0.0.0:9999', () => Promise.reject(new Error('no')));
    expect(outcome.kind).toBe('rolled-back');
    expect([stateOf(windows).registry, windows.bound]).toEqual([before.registry, before.bound]);
  });

  it('is found where its process says, in any letters', async () => {
    const windows = withServer();
    windows.command(['C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'], {
      stdout: 'E:\\Łódź\\ollama.exe\r\n',
    });
    const { activate } = (await planned(windows, KIND)).plan as Plan;
    expect(activate[0]).toMatchObject({ start: { file: 'E:/Łódź/ollama.exe', cwd: 'E:/Łódź' } });
  });

  it('is told from who runs a model for it', async () => {
    const windows = withServer();
    windows.task('ollama.exe', 1, [['127.0.0.1', 51234]]);
    expect((await detectAll(await sceneOf(windows))).map(({ id }) => Number(id))).toEqual([
      windows.tasks.find(({ sockets }) => sockets[0]?.[1] === 11434)?.pid,
    ]);
  });

  it('on a port of its own is found as well', async () => {
    expect((await look(withServer('127.0.0.1:4711'), KIND)).state.phase).toBe('running');
  });

  it('is not one of two that look the same', async () => {
    const windows = withServer();
    windows.serve('0.0.0.0:11434');
    expect((await look(windows, KIND)).refusal).toMatchObject({ code: 'processes-alike', exit: 4 });
  });

  it('is left alone where its program is not found, or the terminal is elevated', async () => {
    const lost = new Windows();
    lost.serve(undefined);
    expect((await planned(lost, KIND)).plan as Refusal).toMatchObject({ code: 'program-not-found', exit: 4 });
    const elevated = withServer();
    elevated.elevated = true;
    expect((await planned(elevated, KIND)).plan as Refusal).toMatchObject({ code: 'win-elevated-shell', exit: 4 });
  });

  it('with --no-restart has its variable set', async () => {
    const { plan } = await planned(withServer(), KIND, ALL, false);
    expect(plan).toMatchObject({ changes: [{ name: 'OLLAMA_HOST' }], activate: [] });
  });
});
