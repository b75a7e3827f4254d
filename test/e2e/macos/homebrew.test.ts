import { describe, expect, it } from 'vitest';
import {
  AGENTS,
  brewRestart,
  causes,
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
import { type Prefix, withMac } from './rig/mac.ts';

/** The life of a setting: over restarts, a reboot and upgrades of the formula, by Homebrew's version and prefix. */
const LIVES: [version: string, prefix: Prefix, label: string, lasts: boolean][] = [
  ['5.1.0', '/opt/homebrew', OLD, false],
  ['6.0.14', '/usr/local', OLD, false],
  ['6.0.15', '/opt/homebrew', OLD, true],
  ['6.0.22', '/opt/homebrew', NEW, true],
  ['7.0.7', '/usr/local', NEW, true],
];

describe("Homebrew's service", () => {
  it.each(LIVES)('of Homebrew %s in %s: set, kept and taken back', (version, prefix, label, lasts) =>
    withMac(`brew-${version}`, { brew: { version, prefix, service: 'started' } }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      const keg = `${prefix}/Cellar/ollama/0.32.3/${label}.plist`;

      const done = await setup(mac);
      expect(done.report).toMatchObject({ before: { scope: 'loopback' }, after: { scope: 'all' } });
      expect(done.report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
        ...(lasts ? ['write-env-file done'] : []),
        'edit-plist done',
        ...(lasts ? [] : ['edit-keg-plist done']),
        'restart done',
      ]);
      expect(deeds(done.calls)).toEqual([
        `launchctl bootout gui/501/${label}`,
        `launchctl enable gui/501/${label}`,
        `launchctl bootstrap gui/501 ${AGENTS}/${label}.plist`,
      ]);
      expect(codes(done)).toEqual(lasts ? [] : ['mac-brew-upgrade-resets-keg-plist']);
      expect(mac.host.exists(ENV_FILE)).toBe(lasts);
      if (lasts) expect(mac.host.stat(ENV_FILE)).toMatchObject({ mode: 0o100600, uid: 501, gid: 20 });
      expect(await mac.serverEnvironment()).toMatchObject({
        OLLAMA_HOST: '0.0.0.0:11434',
        OLLAMA_FLASH_ATTENTION: '1',
        OLLAMA_KV_CACHE_TYPE: 'q8_0',
      });
      await unchanged(mac);

      await undo(mac);
      await mac.waitForListener('127.0.0.1');
      await expectAsBefore(mac, before);
      expect((await product(mac, ['undo', '--yes'])).report.outcome).toBe('unchanged');

      await setup(mac);
      await brewRestart(mac);
      await mac.waitForListener('::');
      await unchanged(mac);
      await mac.reboot();
      await mac.waitForListener('::');
      await mac.upgradeBrewFormula();
      await brewRestart(mac);
      await mac.waitForListener(lasts ? '::' : '127.0.0.1');
      const doctor = await product(mac, ['doctor']);
      expect([doctor.code, causes(doctor).includes('mac-brew-upgrade-resets-keg-plist')]).toEqual([
        lasts ? 0 : 10,
        !lasts,
      ]);
      if (!lasts) await setup(mac);

      await undo(mac);
      await mac.waitForListener('127.0.0.1');
      expect((await mac.serverEnvironment()).OLLAMA_HOST).toBeUndefined();
      expect(mac.host.exists(keg)).toBe(false);
      await brewRestart(mac);
      await mac.waitForListener('127.0.0.1');
      const after = await shoot(mac);
      const elsewhere = [...before.files].filter(([path]) => !path.startsWith(prefix));
      expect([...after.files].filter(([path]) => !path.startsWith(prefix))).toEqual(elsewhere);
      const kegNow = mac.host.read(`${prefix}/opt/ollama/${label}.plist`);
      expect(kegNow).not.toContain('OLLAMA_HOST');
    }),
  );
});
