import { describe, expect, it } from 'vitest';
import {
  AGENTS,
  brewRestart,
  codes,
  deeds,
  ENV_FILE,
  expectAsBefore,
  NEW,
  OLD,
  product,
  setup,
  shoot,
  unchanged,
  undo,
} from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

describe("Homebrew's service, in the state that it is found in", () => {
  it('started by `brew services run`: from the keg, before and after', () =>
    withMac('brew-run', { brew: { version: '7.0.7' } }, async (mac) => {
      await mac.brew(['services', 'run', 'ollama']);
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      const done = await setup(mac);
      expect(done.report.steps.map(({ id }) => id)).toEqual(['write-env-file', 'edit-keg-plist', 'restart']);
      expect(codes(done)).toEqual(['not-enabled']);
      await unchanged(mac);
      await brewRestart(mac);
      await mac.waitForListener('::');
      await undo(mac);
      await expectAsBefore(mac, before);
      await setup(mac);
      await mac.upgradeBrewFormula();
      await brewRestart(mac);
      await mac.waitForListener('::');
      const back = await undo(mac);
      expect(back.report.after.scope).toBe('loopback');
      expect(mac.host.read(`/opt/homebrew/opt/ollama/${NEW}.plist`)).not.toContain('OLLAMA_HOST');
    }));

  it('stopped, its file there: not started unless it is said so, and stopped again', () =>
    withMac('brew-stopped', { brew: { service: 'started' } }, async (mac) => {
      await mac.launchctl(['bootout', `gui/501/${NEW}`]);
      await mac.host.waitFor(() => mac.listeners(11434).length === 0, 5000, 'the end of the server');
      await mac.host.waitFor(async () => !(await mac.loaded())[`gui/501/${NEW}`], 5000, 'the end of the drain');
      const before = await shoot(mac);
      const written = await setup(mac, ['--no-restart']);
      expect([deeds(written.calls), mac.listeners(11434)]).toEqual([[], []]);
      await setup(mac);
      expect(mac.listeners(11434)[0]?.address).toBe('::');
      await undo(mac);
      await expectAsBefore(mac, before);
      await setup(mac);
      await mac.reboot();
      await mac.waitForListener('::');
      await undo(mac);
      await expectAsBefore(mac, before);
    }));

  it.each(['6.0.14', '7.0.7'])('never started, Homebrew %s', (version) =>
    withMac(`brew-never-${version}`, { brew: { version } }, async (mac) => {
      const before = await shoot(mac);
      const planned = await product(mac, ['--check']);
      expect([planned.code, deeds(planned.calls)]).toEqual([10, []]);
      expect((await product(mac, [])).code).toBe(2);
      await expectAsBefore(mac, before);
      await setup(mac, ['--no-restart']);
      expect(mac.listeners(11434)).toEqual([]);
      await undo(mac);
      await expectAsBefore(mac, before);
      const done = await setup(mac);
      expect(deeds(done.calls)).toEqual(['brew services start ollama']);
      await unchanged(mac);
      await undo(mac);
      await expectAsBefore(mac, before);
      await setup(mac);
      await mac.upgradeBrewFormula();
      await brewRestart(mac);
      await undo(mac);
      expect(mac.listeners(11434)).toEqual([]);
      expect(mac.host.read(`/opt/homebrew/opt/ollama/${version < '7' ? OLD : NEW}.plist`)).not.toContain('OLLAMA_HOST');
      expect(mac.host.exists(AGENTS)).toBe(false);
    }),
  );

  it('two Homebrews: one is started, the other asleep; none started is a question', () =>
    withMac(
      'brew-two',
      { brew: [{ prefix: '/opt/homebrew' }, { prefix: '/usr/local', service: 'started' }] },
      async (mac) => {
        await mac.waitForListener('127.0.0.1');
        const before = await shoot(mac);
        const done = await setup(mac);
        expect(done.report.installations.map(({ id, selected }) => [id, selected])).toEqual([
          ['/usr/local/opt/ollama', true],
          ['/opt/homebrew/opt/ollama', false],
        ]);
        await mac.brew(['services', 'restart', 'ollama'], { prefix: '/usr/local' });
        await mac.waitForListener('::');
        await undo(mac);
        await expectAsBefore(mac, before);
        await mac.brew(['services', 'stop', 'ollama'], { prefix: '/usr/local' });
        const asked = await product(mac, ['--yes']);
        expect([asked.code, asked.report.error?.code]).toEqual([2, 'several-installations']);
        await setup(mac, ['--target', 'homebrew:/opt/homebrew/opt/ollama']);
        expect((await mac.server())?.args[0]).toBe('/opt/homebrew/opt/ollama/bin/ollama');
      },
    ));

  it('the label changes: pending, and between setup and undo', () =>
    withMac('brew-label', { brew: { version: '6.0.15', service: 'started' } }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      await mac.upgradeHomebrew('7.0.7');
      const before = await shoot(mac);
      await setup(mac);
      await unchanged(mac);
      await undo(mac);
      await expectAsBefore(mac, before);
      await setup(mac);
      await mac.upgradeBrewFormula();
      const pending = await unchanged(mac);
      expect(codes(pending)).toEqual(['mac-brew-label-migration']);
      await brewRestart(mac);
      await mac.waitForListener('::');
      expect(Object.keys(await mac.loaded())).toEqual([`gui/501/${NEW}`]);
      await unchanged(mac);
      const back = await undo(mac);
      expect(back.report.after.scope).toBe('loopback');
      expect(Object.keys(await mac.loaded())).toEqual([`gui/501/${NEW}`]);
      expect(mac.host.exists(`${AGENTS}/${OLD}.plist`)).toBe(false);
      expect(mac.host.read(`${AGENTS}/${NEW}.plist`)).not.toContain('OLLAMA_HOST');
      expect(mac.host.exists(ENV_FILE)).toBe(false);
      await brewRestart(mac);
      await mac.waitForListener('127.0.0.1');
    }));

  it('a file for either label: both are set, the one that runs is restarted', () =>
    withMac('brew-labels', { brew: { version: '7.0.7', service: 'started' } }, async (mac) => {
      const text = mac.host.read(`${AGENTS}/${NEW}.plist`).replace(NEW, OLD);
      mac.host.write(`${AGENTS}/${OLD}.plist`, text, { uid: 501, gid: 20 });
      await mac.reboot();
      await mac.waitForListener('127.0.0.1');
      await mac.host.waitFor(
        async () => Object.values(await mac.loaded()).some(({ runs }) => runs > 1),
        8000,
        'the second of the two to fail',
      );
      const before = await shoot(mac);
      expect(before.loaded.length).toBe(2);
      const done = await setup(mac);
      expect(codes(done)).toContain('mac-brew-label-migration');
      expect(Object.keys(await mac.loaded()).length).toBe(1);
      await mac.reboot();
      await mac.waitForListener('::');
      await unchanged(mac);
      await undo(mac);
      await expectAsBefore(mac, before);
    }));
});
