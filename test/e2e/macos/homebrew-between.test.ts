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
import { withMac } from './rig/mac.ts';

const BREW = { version: '7.0.7', service: 'started' } as const;
const PLIST = `${AGENTS}/${NEW}.plist`;

describe("Homebrew's service, in other words", () => {
  it('other addresses and ports, a plan, a check', () =>
    withMac('brew-host', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      for (const [flag, code] of [
        ['--dry-run', 0],
        ['--check', 10],
      ] as const) {
        const { code: ended, report, calls } = await product(mac, [flag]);
        expect([ended, report.outcome, report.changed, deeds(calls)]).toEqual([code, 'planned', false, []]);
        await expectAsBefore(mac, before);
      }
      await setup(mac, ['--host', '0.0.0.0:8080']);
      expect(mac.listeners().map(({ port }) => port)).toEqual([8080]);
      expect((await product(mac, ['doctor', '--host', '0.0.0.0:8080'])).code).toBe(0);
      await setup(mac);
      expect(mac.host.read(ENV_FILE)).toBe('OLLAMA_HOST=0.0.0.0:11434\n');
      expect((await product(mac, ['--check'])).code).toBe(0);
      await setup(mac, ['--host', '127.0.0.1']);
      expect((await mac.serverEnvironment()).OLLAMA_HOST).toBe('127.0.0.1:11434');
      expect((await product(mac, ['undo', '--dry-run'])).report.outcome).toBe('planned');
      await undo(mac);
      await expectAsBefore(mac, before);
    }));

  it('what is done to it between setup and undo', () =>
    withMac('brew-between', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      await setup(mac);
      const text = `${mac.host.read(ENV_FILE)}OLLAMA_DEBUG=1\n`;
      mac.host.write(ENV_FILE, text, { uid: 501, gid: 20, mode: 0o664 });
      await brewRestart(mac);
      await mac.waitForListener('127.0.0.1');
      const doctor = await product(mac, ['doctor']);
      expect([doctor.code, causes(doctor)]).toEqual([10, expect.arrayContaining(['mac-brew-env-file-refused'])]);
      const mended = await setup(mac);
      expect(codes(mended)).toEqual([]);
      await brewRestart(mac);
      await mac.waitForListener('::');
      await undo(mac);
      expect(mac.host.read(ENV_FILE)).toBe('OLLAMA_DEBUG=1\n');
      mac.host.remove('/Users/me/.homebrew');
      await brewRestart(mac);
      await expectAsBefore(mac, before);
      await setup(mac);
      await mac.brew(['services', 'stop', 'ollama']);
      await undo(mac);
      expect([mac.listeners(11434), mac.host.exists(PLIST), mac.host.exists(ENV_FILE)]).toEqual([[], false, false]);
      await mac.brew(['services', 'start', 'ollama']);
      await mac.waitForListener('127.0.0.1');
      await setup(mac);
      await mac.brew(['services', 'stop', 'ollama']);
      await mac.brew(['uninstall', 'ollama']);
      await undo(mac);
      expect(mac.host.exists(ENV_FILE)).toBe(false);
    }));

  it.each([
    ['no brew', undefined],
    ['a brew that does not know its version', 'Homebrew >=4.3.0 (shallow or no git repository)'],
  ])('%s: written wherever it may count', (_, versionText) =>
    withMac(
      versionText ? 'brew-shallow' : 'brew-missing',
      { brew: { version: '6.0.14', service: 'started', ...(versionText && { versionText }) } },
      async (mac) => {
        await mac.waitForListener('127.0.0.1');
        if (!versionText) mac.host.remove('/opt/homebrew/bin/brew');
        const before = await shoot(mac);
        const done = await setup(mac);
        expect(done.report.steps.map(({ id }) => id)).toEqual([
          'write-env-file',
          'edit-plist',
          'edit-keg-plist',
          'restart',
        ]);
        await unchanged(mac);
        await undo(mac);
        await expectAsBefore(mac, before);
        if (versionText) return;
        await mac.launchctl(['bootout', `gui/501/${OLD}`]);
        await mac.host.waitFor(async () => Object.keys(await mac.loaded()).length === 0, 8000, 'the job to go');
        mac.host.remove(`${AGENTS}/${OLD}.plist`);
        const refused = await product(mac, ['--yes']);
        expect([refused.code, refused.report.error?.code]).toEqual([4, 'brew-missing']);
      },
    ),
  );
});
