import { describe, expect, it } from 'vitest';
import { ALL, addresses, codes, setup, TIMEOUT, told, undo } from './kit.ts';
import { windowsUnavailable } from './rig/available.ts';
import { withWindows } from './rig/windows.ts';

describe.skipIf(windowsUnavailable())('what stands in the way of Ollama’s app on Windows', () => {
  it(
    'a server that was started by hand and shares its port: both are named',
    () =>
      withWindows('shared', {}, async (win) => {
        await win.startServer();
        await win.reg.set('HKCU\\Environment', 'OLLAMA_HOST', ALL);
        await win.startApp();
        const doctor = await win.product(['doctor', '--json', '--target', 'windows-app']);
        const shared = told(doctor).checks.find(({ cause }) => cause === 'win-loopback-and-wildcard-share-port');
        for (const { pid } of win.servers()) expect(shared?.summary).toContain(`process ${pid} (ollama.exe)`);
      }),
    TIMEOUT,
  );

  it(
    'a port that Windows keeps to itself: all is put back, and the range is named',
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
    'its own switch: no variable is needed, and no other port is taken',
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
    'an elevated terminal, or a closed registry: it is not touched',
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
    'ssh: it is configured, and its user told to restart it',
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
    'a setx that fails: reg sets the variable, and takes it back',
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
