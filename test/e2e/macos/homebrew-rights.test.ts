import { describe, expect, it } from 'vitest';
import {
  AGENTS,
  brewRestart,
  codes,
  deeds,
  expectAsBefore,
  NEW,
  product,
  setup,
  shoot,
  unchanged,
  undo,
} from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

const DAEMON = `/Library/LaunchDaemons/${NEW}.plist`;

describe("Homebrew's service, by whom and from where", () => {
  it("root's daemon: HOME added, not lasting, and said so", () =>
    withMac('brew-root', { brew: { version: '6.0.22' } }, async (mac) => {
      await mac.brew(['services', 'start', 'ollama'], { as: 'root' });
      const before = await shoot(mac);
      const done = await setup(mac);
      expect(codes(done)).toEqual(['mac-brew-restart-rewrites-plist']);
      expect(await mac.serverEnvironment()).toMatchObject({ OLLAMA_HOST: '0.0.0.0:11434', HOME: '/var/root' });
      expect(mac.host.stat(DAEMON)).toMatchObject({ uid: 0, gid: 0, mode: 0o100644 });
      await unchanged(mac);
      await mac.reboot();
      await mac.waitForListener('::');
      expect((await mac.brew(['services', 'restart', 'ollama'], { via: 'sudo' })).code).toBe(0);
      const doctor = await product(mac, ['doctor']);
      expect(doctor.code).toBe(10);
      await setup(mac);
      await undo(mac);
      await expectAsBefore(mac, before);
      // The same by root: the receipt is root's then.
      await setup(mac, [], { via: 'sudo' });
      expect(mac.host.exists('/var/lib/stigmer-setup-ollama/receipts')).toBe(true);
      expect((await product(mac, ['undo', '--yes'])).code).toBe(5);
      await undo(mac, [], { via: 'sudo' });
      await expectAsBefore(mac, before);
    }));

  it("root's daemon that runs as a user, without rights to sudo", () =>
    withMac('brew-no-sudo', { brew: {}, sudo: false }, async (mac) => {
      await mac.brew(['services', 'start', 'ollama', '--sudo-service-user=me'], { as: 'root' });
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      const refused = await product(mac, ['--yes']);
      expect(refused.code).toBe(5);
      await expectAsBefore(mac, before);
      await setup(mac, [], { as: 'root' });
      expect((await mac.serverEnvironment()).HOME).toBe('/Users/me');
      await undo(mac, [], { as: 'root' });
      await expectAsBefore(mac, before);
    }));

  it.each(['5.1.0', '7.0.7'])(
    'through sudo of its user, Homebrew %s: files stay the user’s, the receipt is root’s',
    (version) =>
      withMac(`brew-sudo-${version}`, { brew: { version, service: 'started' } }, async (mac) => {
        await mac.waitForListener('127.0.0.1');
        const before = await shoot(mac);
        const done = await setup(mac, [], { via: 'sudo' });
        expect(done.calls.filter(({ program, uid }) => program === 'brew' && uid === 0)).toEqual([]);
        expect((await mac.server())?.uid).toBe(501);
        const mine = mac.snapshot(['/Users/me', '/opt/homebrew']);
        expect([...mine].filter(([, entry]) => / 0 \d+ [0-9a-f]{64}$/.test(entry))).toEqual([]);
        expect(mac.host.exists('/var/lib/stigmer-setup-ollama/receipts')).toBe(true);
        await unchanged(mac, ['--yes'], { via: 'sudo' });
        await undo(mac, [], { via: 'sudo' });
        await expectAsBefore(mac, before);
        // Over ssh, and with root's own idea of where the configuration is.
        await setup(mac, [], { via: 'ssh sudo' });
        await undo(mac, [], { via: 'ssh sudo' });
        await setup(mac, [], {
          as: 'root',
          env: { SUDO_USER: 'me', SUDO_UID: '501', SUDO_GID: '20', XDG_CONFIG_HOME: '/var/root/.config' },
        });
        expect(mac.host.exists('/var/root/.config')).toBe(false);
        await brewRestart(mac);
        await mac.waitForListener('::');
        await undo(mac, [], { as: 'root' });
        await expectAsBefore(mac, before);
      }),
  );

  it('never started, through sudo: brew is not run as root', () =>
    withMac('brew-sudo-never', { brew: {} }, async (mac) => {
      const before = await shoot(mac);
      const done = await setup(mac, [], { via: 'sudo' });
      expect(deeds(done.calls)).toEqual(['brew services start ollama']);
      expect(done.calls.filter(({ program, uid }) => program === 'brew' && uid === 0)).toEqual([]);
      expect(Object.keys(await mac.loaded())).toContain(`gui/501/${NEW}`);
      await undo(mac, [], { via: 'sudo' });
      await expectAsBefore(mac, before);
    }));

  it('over ssh, with its user at the screen', () =>
    withMac('brew-ssh', { brew: { service: 'started' } }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      for (const tty of [false, true]) {
        const done = await setup(mac, [], { via: 'ssh', tty });
        expect(deeds(done.calls)[0]).toBe(`launchctl bootout gui/501/${NEW}`);
        await undo(mac, [], { via: 'ssh', tty });
        await expectAsBefore(mac, before);
      }
      // Where ssh may not act on the session at the screen, it is said, and the service runs on.
      for (const sshGui of [5, 125] as const) {
        await mac.faults({ sshGui });
        const pid = (await mac.server())?.pid;
        const failed = await product(mac, ['--yes'], { via: 'ssh' });
        expect([failed.code, failed.report.outcome], failed.said).toEqual([6, 'rolled-back']);
        expect((await mac.server())?.pid).toBe(pid);
        await expectAsBefore(mac, before);
      }
    }));

  it('over ssh, with nobody at the screen: in the background domain', () =>
    withMac('brew-ssh-alone', { brew: {}, console: false }, async (mac) => {
      const before = await shoot(mac);
      for (const tty of [false, true]) {
        await setup(mac, [], { via: 'ssh', tty });
        expect(Object.keys(await mac.loaded())).toEqual([`user/501/${NEW}`]);
        await unchanged(mac, ['--yes'], { via: 'ssh', tty });
        await undo(mac, [], { via: 'ssh', tty });
        await expectAsBefore(mac, before);
      }
    }));

  it('loaded in both domains: told, and one is left', () =>
    withMac('brew-twice', { brew: { service: 'started' } }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      await mac.launchctl(['bootstrap', 'user/501', `${AGENTS}/${NEW}.plist`], { via: 'ssh' });
      const before = await shoot(mac);
      const done = await setup(mac);
      expect(codes(done)).toEqual(['mac-brew-over-ssh-domain']);
      expect(Object.keys(await mac.loaded())).toEqual([`gui/501/${NEW}`]);
      await undo(mac);
      await expectAsBefore(mac, before);
    }));
});
