import { beforeAll, describe, expect, it } from 'vitest';
import { ALL, addresses, setup, TIMEOUT, told, undo } from './kit.ts';
import { windowsUnavailable } from './rig/available.ts';
import { prepareWindows, withWindows } from './rig/windows.ts';

describe.skipIf(windowsUnavailable())('a hand-run server on Windows', () => {
  it(
    'is started anew, and its variable is set for the next time',
    () =>
      withWindows('hand', { install: 'cli', userVariables: { OLLAMA_MODELS: 'D:\\Łódź' } }, async (win) => {
        await win.startServer({ env: { OLLAMA_HOST: '127.0.0.1' } });
        const done = await setup(win);
        expect([done.code, told(done).after.scope]).toEqual([0, 'all']);
        expect(told(done).warnings.map(({ code }) => code)).toContain('not-durable');
        const env = win.serverEnvironment() ?? {};
        expect(env).toMatchObject({ OLLAMA_HOST: ALL, OLLAMA_MODELS: 'D:\\Łódź' });
        expect(Object.keys(env).filter((name) => /^(npm_|NODE_|INIT_CWD|STIGMER)/i.test(name))).toEqual([]);
        expect((await win.fetchFromNeighbour()).status).toBe(200);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
        expect((await undo(win)).code).toBe(0);
        expect([addresses(win), await win.reg.user('OLLAMA_HOST')]).toEqual([['127.0.0.1'], undefined]);
      }),
    TIMEOUT,
  );
});

describe.skipIf(windowsUnavailable())('Ollama as a service of Windows', () => {
  beforeAll(prepareWindows, 600_000);

  it.each(['nssm', 'winsw'] as const)(
    'of %s gets its variable, and back again',
    (kind) =>
      withWindows(kind, { install: 'cli', folder: 'C:\\ollama', switches: { elevated: true } }, async (win) => {
        const service = await win.startService({ kind, env: { OLLAMA_MODELS: 'D:\\m' } });
        await win.waitForServer();
        const before =
          kind === 'winsw' ? win.files.read(service.xml ?? '') : await win.reg.values(service.parameters ?? '');
        const done = await setup(win);
        expect([done.code, told(done).installations[0]?.kind, told(done).after.scope]).toEqual([
          0,
          'windows-service',
          'all',
        ]);
        expect(win.serverEnvironment()).toMatchObject({ OLLAMA_HOST: ALL, OLLAMA_MODELS: 'D:\\m' });
        expect([told(await setup(win)).outcome, (await undo(win)).code]).toEqual(['unchanged', 0]);
        expect(
          kind === 'winsw' ? win.files.read(service.xml ?? '') : await win.reg.values(service.parameters ?? ''),
        ).toEqual(before);
        expect(addresses(win)).toEqual(['127.0.0.1']);
      }),
    TIMEOUT,
  );

  it(
    'is an administrator’s: the exact commands are told',
    () =>
      withWindows('rights', { install: 'cli', folder: 'C:\\ollama' }, async (win) => {
        await win.startService({ kind: 'nssm' });
        const refused = await setup(win);
        expect([refused.code, told(refused).error?.code]).toEqual([5, 'win-service-needs-administrator']);
        expect(told(refused).error?.meaning).toContain('AppEnvironmentExtra +OLLAMA_HOST=0.0.0.0:11434');
        expect(addresses(win)).toEqual(['127.0.0.1']);
      }),
    TIMEOUT,
  );
});
