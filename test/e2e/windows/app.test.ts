import { describe, expect, it } from 'vitest';
import { ALL, addresses, codes, setup, TIMEOUT, told, undo } from './kit.ts';
import { windowsUnavailable } from './rig/available.ts';
import { withWindows } from './rig/windows.ts';

describe.skipIf(windowsUnavailable())('Ollama’s app on Windows', () => {
  it.each(['20', '22'] as const)(
    'listens on every address, after a logon too, and as before after undo (Node %s)',
    (node) =>
      withWindows(`app-${node}`, { user: 'Jürgen Müller', language: 'de' }, async (win) => {
        await win.startApp();
        expect(addresses(win)).toEqual(['127.0.0.1']);
        const done = await win.product(['--yes', '--json'], { node });
        expect([done.code, told(done).error, told(done).outcome, told(done).after.scope]).toEqual([
          ...[0, undefined, 'changed', 'all'],
        ]);
        expect(done.stderr).not.toMatch(/Experimental/);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
        expect((await win.fetchFromNeighbour()).status).toBe(200);
        expect(win.appLog()).toContain('WM_SETTINGCHANGE');
        const clients = told(done).warnings.find(({ code }) => code === 'client-uses-0.0.0.0-as-target');
        expect(clients?.message).toMatch(/10049.*Expose Ollama to the network/);
        // Node 20 has no reader for the app's own switch, and says so.
        expect(codes(told(done)).includes('win-app-switch-unknown')).toBe(node === '20');

        const again = await win.product(['--yes', '--json'], { node });
        expect([again.code, told(again).outcome]).toEqual([0, 'unchanged']);

        await win.logon();
        await win.waitForServer();
        expect((await win.fetchFromNeighbour()).status).toBe(200);

        const back = await win.product(['undo', '--yes', '--json'], { node });
        expect([back.code, told(back).error, told(back).after.scope]).toEqual([0, undefined, 'loopback']);
        expect(await win.reg.user('OLLAMA_HOST')).toBeUndefined();
        expect(await win.reg.user('STIGMER_ANNOUNCE')).toBeUndefined();
        expect(addresses(win)).toEqual(['127.0.0.1']);
        expect(win.files.exists(`${win.folders.localAppData}\\stigmer-setup-ollama`)).toBe(false);
      }),
    TIMEOUT,
  );

  it(
    'is started as its own command line does, with what the registry has and nothing of npm',
    () =>
      withWindows(
        'environment',
        { onPath: false, userVariables: { OLLAMA_MODELS: { type: 'REG_EXPAND_SZ', value: '%USERPROFILE%\\Łódź' } } },
        async (win) => {
          await win.startApp({ env: { Path: `${win.folders.install};C:\\windows\\system32` } });
          const done = await win.product(['--yes', '--json'], {
            env: { OLLAMA_MODELS: undefined, OLLAMA_HOST: '10.0.0.1' },
          });
          expect(done.code).toBe(0);
          const env = win.serverEnvironment() ?? {};
          expect(env).toMatchObject({ OLLAMA_HOST: ALL, OLLAMA_MODELS: `${win.folders.profile}\\Łódź` });
          expect(Object.keys(env).filter((name) => /^(npm_|NODE_|INIT_CWD|STIGMER)/i.test(name))).toEqual([]);
          expect(win.appRunning()?.argv.slice(1)).toEqual(['--hide', '--fast-startup']);
          expect(win.starts('ollama app.exe')).toHaveLength(2);
        },
      ),
    TIMEOUT,
  );

  it(
    'goes back to a value of another type, and to the machine’s',
    () =>
      withWindows(
        'types',
        {
          machineVariables: { OLLAMA_HOST: '127.0.0.1:11434' },
          userVariables: { WHERE: '127.0.0.1', OLLAMA_HOST: { type: 'REG_EXPAND_SZ', value: '%WHERE%:11434' } },
        },
        async (win) => {
          await win.startApp({ env: { OLLAMA_HOST: '127.0.0.1:11434' } });
          const done = await setup(win);
          expect([done.code, codes(told(done))]).toEqual([0, expect.arrayContaining(['win-user-vs-machine-scope'])]);
          expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
          expect((await undo(win)).code).toBe(0);
          expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_EXPAND_SZ', value: '%WHERE%:11434' });
          expect(await win.reg.machine('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: '127.0.0.1:11434' });
          expect(addresses(win)).toEqual(['127.0.0.1']);
        },
      ),
    TIMEOUT,
  );

  it(
    'that is not running is configured and left so, its autostart too; a value of the machine is enough',
    () =>
      withWindows('stopped', { autostart: false, machineVariables: { OLLAMA_HOST: '127.0.0.1' } }, async (win) => {
        const done = await setup(win);
        expect([done.code, told(done).outcome, win.starts('ollama app.exe').length]).toEqual([0, 'changed', 0]);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
        expect(win.files.exists(`${win.folders.startup}\\Ollama.lnk`)).toBe(false);
        expect((await undo(win)).code).toBe(0);
        expect(await win.reg.user('OLLAMA_HOST')).toBeUndefined();
        await win.reg.set(
          'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment',
          'OLLAMA_HOST',
          '0.0.0.0',
        );
        expect([(await setup(win)).code, await win.reg.user('OLLAMA_HOST')]).toEqual([0, undefined]);
      }),
    TIMEOUT,
  );

  it(
    'that will not stop is ended by force, and every call is of System32',
    () =>
      withWindows('stubborn', { switches: { 'ignore-close': true } }, async (win) => {
        await win.startApp();
        for (const name of [
          'reg.exe',
          'netstat.exe',
          'tasklist.exe',
          'taskkill.exe',
          'setx.exe',
          'whoami.exe',
          'powershell.exe',
        ])
          win.plant(`C:\\evil\\${name}`);
        const done = await win.product(['--yes', '--json'], { cwd: 'C:\\evil' });
        expect([done.code, told(done).after.scope]).toEqual([0, 'all']);
        expect(win.calls().filter(({ program }) => !/^c:\\windows\\system32\\/i.test(program))).toEqual([]);
        expect(win.servers()).toHaveLength(1);
      }),
    TIMEOUT,
  );
});
