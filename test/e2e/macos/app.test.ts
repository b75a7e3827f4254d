import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import {
  acts,
  appPid,
  awaitBinding,
  DATABASE,
  expectAppAsBefore,
  fails,
  life,
  listening,
  quitApp,
  shootApp,
  sql,
} from './app-kit.ts';
import { causes, product, setup, unchanged, undo } from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

// Ollama.app by its own switch: the row is turned, and only the server is ended.
describe.skipIf(rigUnavailable()).concurrent('Ollama.app, by its own switch', () => {
  it('is turned while it runs, outlasts everything, and is turned back', () =>
    withMac('app-switch', { app: { expose: 0 } }, async (mac) => {
      const first = await life(mac, { args: [], bound: ':: 11434' });
      expect(acts(first)).toEqual([]);
      expect(first.report.installations).toMatchObject([{ kind: 'ollama-app', id: 'Ollama.app', running: true }]);
    }));

  it('keeps the app itself, and ends only what the app started', () =>
    withMac('app-switch-pid', { app: { expose: 0, settings: { context_length: 8192 } } }, async (mac) => {
      const [before, pid, server] = [await shootApp(mac), await appPid(mac), await mac.server()];
      const off = await product(mac, ['doctor']);
      expect([off.code, causes(off)]).toEqual([10, ['default-loopback-bind']]);
      await setup(mac);
      expect([await appPid(mac), (await mac.appRow())?.expose]).toEqual([pid, 1]);
      expect((await mac.server())?.pid).not.toBe(server?.pid);
      expect((await mac.serverEnvironment()).OLLAMA_HOST).toBe('0.0.0.0');

      // The row is right and the server is from before: then the server is all that is ended, and no receipt is made.
      await undo(mac);
      await expectAppAsBefore(mac, before);
      await sql(mac, 'UPDATE settings SET expose=1');
      const doctor = await product(mac, ['doctor']);
      expect([doctor.code, causes(doctor)]).toEqual([10, ['mac-app-not-restarted-after-setenv']]);
      const stale = await setup(mac);
      expect([stale.report.receipt, stale.report.steps.map(({ id }) => id)]).toEqual([null, ['restart']]);
      expect([listening(mac), await appPid(mac)]).toEqual([[':: 11434'], pid]);
      await unchanged(mac);
    }));

  it('is opened when it was stopped, or left alone', () =>
    withMac('app-switch-stopped', { app: { expose: 0, launched: false } }, async (mac) => {
      const before = await shootApp(mac);
      const row = await setup(mac, ['--no-restart']);
      expect([acts(row), (await mac.appRow())?.expose, await appPid(mac)]).toEqual([[], 1, undefined]);
      await undo(mac);
      await expectAppAsBefore(mac, before);

      const opened = await setup(mac, [], { env: { OLLAMA_HOST: '10.1.1.1:9', OLLAMA_ORIGINS: 'http://evil' } });
      expect(acts(opened)).toEqual(['open -j -a /Applications/Ollama.app --args hidden']);
      await awaitBinding(mac, ':: 11434');
      expect((await mac.serverEnvironment()).OLLAMA_ORIGINS).toBeUndefined();
      await undo(mac);
      await awaitBinding(mac, '');
      expect(await appPid(mac)).toBeUndefined();
      await expectAppAsBefore(mac, before);
    }));

  it('is opened once when it never was, for its settings to be there', () =>
    withMac('app-switch-new', { app: { expose: null } }, async (mac) => {
      const left = await fails(mac, 4, ['--yes', '--no-restart']);
      expect(left.said).toMatch(/never been opened[\s\S]*open -a '\/Applications\/Ollama\.app'/);
      expect([mac.host.exists(DATABASE), acts(left)]).toEqual([false, []]);
      const before = await shootApp(mac);

      const first = await setup(mac, [], { env: { OLLAMA_HOST: '10.1.1.1:9' } });
      expect(acts(first)).toEqual(['open -j -a /Applications/Ollama.app --args hidden']);
      await awaitBinding(mac, ':: 11434');
      await unchanged(mac);
      await mac.reboot();
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '');
      // The database is the app's own by now: the switch is off in it, as it is made.
      expect((await mac.appRow())?.expose).toBe(0);
      await expectAppAsBefore(mac, { ...before, row: await mac.appRow() });
    }));

  it('is on already', () =>
    withMac('app-switch-on', { app: { expose: 1 } }, async (mac) => {
      const before = await shootApp(mac);
      await unchanged(mac);
      expect((await product(mac, ['doctor'])).code).toBe(0);
      await quitApp(mac);
      const stopped = await product(mac, ['--yes', '--no-restart']);
      expect([stopped.code, stopped.report.outcome, stopped.report.receipt]).toEqual([0, 'unchanged', null]);
      expect(await mac.appRow()).toEqual(before.row);
    }));
});
