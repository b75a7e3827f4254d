import { beforeAll, describe, expect, it } from 'vitest';
import type { Report } from '../../../src/report.ts';
import { windowsUnavailable } from './rig/available.ts';
import { type ProductResult, prepareWindows, type Windows, withWindows } from './rig/windows.ts';

const TIMEOUT = 400_000;
const ALL = '0.0.0.0:11434';

const told = ({ report }: ProductResult) => report as Report;
const addresses = (win: Windows) => win.listeners(11434).map(({ address }) => address);
const setup = (win: Windows, ...more: string[]) => win.product(['--yes', '--json', ...more]);
const undo = (win: Windows) => win.product(['undo', '--yes', '--json']);

describe.skipIf(windowsUnavailable())('a hand-run server on Windows', () => {
  it(
    'is started anew, and its variable is set for the next time',
    () =>
      withWindows('hand', { install: 'cli' }, async (win) => {
        await win.startServer();
        const done = await setup(win);
        expect([done.code, told(done).after.scope]).toEqual([0, 'all']);
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
