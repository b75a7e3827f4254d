import { describe, expect, it } from 'vitest';
import type { Report } from '../../../src/report.ts';
import { windowsUnavailable } from './rig/available.ts';
import { type ProductResult, type Windows, withWindows } from './rig/windows.ts';

const TIMEOUT = 400_000;
const ALL = '0.0.0.0:11434';
const KEY = 'HKCU\\Environment';

/** What the product said, as its document. */
const told = ({ report }: ProductResult) => report as Report;
const addresses = (win: Windows) => win.listeners(11434).map(({ address }) => address);
const setup = (win: Windows, ...more: string[]) => win.product(['--yes', '--json', ...more]);
const undo = (win: Windows) => win.product(['undo', '--yes', '--json']);
const codes = ({ warnings }: Report) => warnings.map(({ code }) => code);

describe.skipIf(windowsUnavailable())('Ollama’s app on Windows', () => {
  it.each(['20', '22'] as const)(
    'listens on every address, after a logon too, and as before after undo (Node %s)',
    (node) =>
      withWindows(`app-${node}`, { user: 'Jürgen Müller', language: 'de' }, async (win) => {
        await win.startApp();
        expect(addresses(win)).toEqual(['127.0.0.1']);
        const done = await win.product(['--yes', '--json'], { node });
        expect([done.code, told(done).outcome, told(done).after.scope]).toEqual([0, 'changed', 'all']);
        expect(done.stderr).not.toMatch(/Experimental/);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
        expect((await win.fetchFromNeighbour()).status).toBe(200);
        expect(win.appLog()).toContain('WM_SETTINGCHANGE');
        expect(codes(told(done))).toContain('win-clients-cannot-dial-wildcard');

        const again = await win.product(['--yes', '--json'], { node });
        expect([again.code, told(again).outcome]).toEqual([0, 'unchanged']);

        await win.logon();
        await win.waitForServer();
        expect((await win.fetchFromNeighbour()).status).toBe(200);

        const back = await win.product(['undo', '--yes', '--json'], { node });
        expect([back.code, told(back).after.scope]).toEqual([0, 'loopback']);
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
    'that is not running is configured and left so; a value of the machine is enough',
    () =>
      withWindows('stopped', {}, async (win) => {
        const done = await setup(win);
        expect([done.code, told(done).outcome, win.starts('ollama app.exe').length]).toEqual([0, 'changed', 0]);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
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

  it(
    'shares the port with a server that was started by hand: both are named',
    () =>
      withWindows('shared', {}, async (win) => {
        await win.startServer();
        await win.reg.set(KEY, 'OLLAMA_HOST', ALL);
        await win.startApp();
        const doctor = await win.product(['doctor', '--json', '--target', 'windows-app']);
        const shared = told(doctor).checks.find(({ cause }) => cause === 'two-servers-on-port');
        for (const { pid } of win.servers()) expect(shared?.summary).toContain(`process ${pid} (ollama.exe)`);
      }),
    TIMEOUT,
  );

  it(
    'is put back when the port cannot be had, and the range is named that Windows keeps',
    () =>
      withWindows('excluded', {}, async (win) => {
        await win.startApp();
        win.set('excluded-ports', '12400 12500');
        const failed = await setup(win, '--host', '0.0.0.0:12434', '--timeout', '15');
        expect([failed.code, told(failed).outcome]).toEqual([7, 'rolled-back']);
        expect(told(failed).error?.meaning).toMatch(/12400 to 12500.*WinNAT/s);
        expect(await win.reg.user('OLLAMA_HOST')).toBeUndefined();
        await win.waitForServer();
        expect(addresses(win)).toEqual(['127.0.0.1']);
      }),
    TIMEOUT,
  );

  it(
    'with its own switch on needs no variable, and takes no other port',
    () =>
      withWindows('expose', { expose: true }, async (win) => {
        await win.startApp();
        expect([told(await setup(win)).outcome, await win.reg.user('OLLAMA_HOST')]).toEqual(['unchanged', undefined]);
        const other = await setup(win, '--host', '0.0.0.0:8080');
        expect([other.code, told(other).error?.code]).toEqual([4, 'win-app-expose-drops-custom-port']);
      }),
    TIMEOUT,
  );

  it(
    'is not touched from an elevated terminal, nor where the registry is closed',
    () =>
      withWindows('rights', { switches: { elevated: true } }, async (win) => {
        await win.startApp();
        const policies = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';
        await win.reg.set(policies, 'EnableLUA', '1', 'REG_DWORD'); // off under Wine
        const elevated = await setup(win);
        expect([elevated.code, told(elevated).error?.code]).toEqual([4, 'win-elevated-shell']);
        win.unset('elevated');
        win.set('reg-disabled');
        const closed = await setup(win);
        expect([closed.code, told(closed).error?.code]).toEqual([4, 'win-registry-closed']);
        expect(win.calls('setx.exe').length + win.calls('taskkill.exe').length).toBe(0);
      }),
    TIMEOUT,
  );

  it(
    'from ssh is configured, and its user told to restart it',
    () =>
      withWindows('ssh', { switches: { 'network-logon': true } }, async (win) => {
        await win.startApp();
        const done = await setup(win);
        expect([done.code, codes(told(done))]).toEqual([0, expect.arrayContaining(['win-no-desktop-here'])]);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
        expect([win.calls('taskkill.exe').length, addresses(win)]).toEqual([0, ['127.0.0.1']]);
        expect((await undo(win)).code).toBe(0);
        expect(await win.reg.user('OLLAMA_HOST')).toBeUndefined();
      }),
    TIMEOUT,
  );

  it(
    'where setx is refused is set by reg, and says so to nobody but the registry',
    () =>
      withWindows('setx', { language: 'ja', switches: { 'setx-fails': true } }, async (win) => {
        await win.startApp();
        expect((await setup(win)).code).toBe(0);
        expect(await win.reg.user('OLLAMA_HOST')).toEqual({ type: 'REG_SZ', value: ALL });
        expect((await undo(win)).code).toBe(0);
      }),
    TIMEOUT,
  );
});
