import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { appPid, awaitBinding, expectAppAsBefore, fails, listening, quitApp, shootApp } from './app-kit.ts';
import { causes, codes, product, setup, undo } from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

const STARTED = { version: '6.0.22', service: 'started' } as const;

describe.skipIf(rigUnavailable()).concurrent('Ollama.app beside another Ollama', () => {
  it('asks which is meant, and tells who holds the port', () =>
    withMac('both-brew-first', { app: { expose: 0, launched: false }, brew: STARTED }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const open = await fails(mac, 2, ['--yes']);
      expect(open.said).toMatch(
        /--target homebrew:[\s\S]*--target ollama-app:Ollama\.app|--target ollama-app:[\s\S]*--target homebrew:/,
      );
      await mac.openApp();
      await mac.host.waitFor(async () => (await appPid(mac)) !== undefined, 5000, 'the app');
      // The app's clean-up ends Homebrew's server, which launchd has back before the app tries again.
      await mac.host.waitFor(
        () => mac.host.read('/Users/me/.ollama/logs/app.log').includes('reaping'),
        5000,
        'reaping',
      );
      const doctor = await product(mac, ['doctor', '--target', 'ollama-app']);
      expect([doctor.code, causes(doctor)]).toEqual([10, expect.arrayContaining(['mac-app-and-brew-both-installed'])]);
    }));

  it('rolls the app back when Homebrew keeps the port', () =>
    withMac('both-app', { app: { expose: 0, launched: false }, brew: STARTED, scale: 0.05 }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      await mac.openApp();
      await mac.host.waitFor(() => mac.host.exists('/Users/me/.ollama/logs/app.log'), 5000, 'the app');
      await mac.waitForListener('127.0.0.1');
      const holder = (await mac.server())?.args.join(' ') ?? '';
      const target = holder.includes('Ollama.app') ? 'homebrew' : 'ollama-app';
      const row = await mac.appRow();
      const ran = await fails(mac, 7, ['--yes', '--target', target, '--timeout', '4']);
      expect([ran.report.outcome, codes(ran)]).toEqual(['rolled-back', expect.arrayContaining(['port-held'])]);
      expect(ran.said).toMatch(/Port 11434 is held by process \d+ \(ollama\)/);
      expect(await mac.appRow()).toEqual(row);
    }));

  it('sets up Homebrew with --target, and the app with --target', () =>
    withMac('both-target', { app: { expose: 0, launched: false, loginItem: false }, brew: STARTED }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const row = await mac.appRow();
      await setup(mac, ['--target', 'homebrew']);
      await mac.waitForListener('::');
      expect(await mac.appRow()).toEqual(row);
      await undo(mac);
      await mac.waitForListener('127.0.0.1');
      await mac.brew(['services', 'stop', 'ollama']);
      await awaitBinding(mac, '');
      await setup(mac, ['--target', 'ollama-app']);
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '');
      expect(await mac.appRow()).toEqual(row);
    }));

  it('does not ask for a formula that was never started', () =>
    withMac('both-dormant', { app: { expose: 0 }, brew: { version: '6.0.22' } }, async (mac) => {
      const before = await shootApp(mac);
      const ran = await setup(mac);
      expect(ran.report.installations.filter(({ selected }) => selected)).toMatchObject([{ kind: 'ollama-app' }]);
      await awaitBinding(mac, ':: 11434');
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }));

  it('does not ask for an app that was never opened', () =>
    withMac('both-unopened', { app: { expose: null }, brew: STARTED }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const ran = await setup(mac);
      expect(ran.report.installations.filter(({ selected }) => selected)).toMatchObject([{ kind: 'homebrew' }]);
      await mac.waitForListener('::');
    }));

  it('tells a server that somebody started by hand', () =>
    withMac('both-hand', { app: { expose: 0 } }, async (mac) => {
      await quitApp(mac);
      const pid = await mac.startByHand({ binary: '/usr/local/bin/ollama' });
      await mac.waitForListener('127.0.0.1');
      expect((await fails(mac, 2, ['--yes'])).said).toMatch(/process:/);
      const ran = await product(mac, ['--yes', '--target', 'ollama-app', '--timeout', '3']);
      expect(ran.said).toMatch(new RegExp(`held by process ${pid} `));
      expect(ran.said).toMatch(new RegExp(`process ${pid}.*ends other .ollama serve. processes.*kill ${pid}`));
      expect([listening(mac).length > 0, ran.report.exitCode]).toEqual([true, ran.code]);
    }));
});
