import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import {
  AGENT_FILE,
  acts,
  appPid,
  awaitAgent,
  awaitBinding,
  expectAppAsBefore,
  fails,
  listening,
  quitApp,
  shootApp,
} from './app-kit.ts';
import { codes, product, setup, unchanged, undo } from './homebrew-kit.ts';
import { withMac } from './rig/mac.ts';

const OTHER = ['--host', '127.0.0.1:8080'];

describe.skipIf(rigUnavailable()).concurrent('Ollama.app, from ssh and with sudo', () => {
  it('ssh turns the switch of a running app, and cannot reach the session', () =>
    withMac('app-ssh', { app: { expose: 0 } }, async (mac) => {
      const [before, pid] = [await shootApp(mac), await appPid(mac)];
      const how = { via: 'ssh' } as const;
      await setup(mac, [], how);
      await awaitBinding(mac, ':: 11434');
      await unchanged(mac, ['--yes'], how);
      await undo(mac, [], how);
      await awaitBinding(mac, '127.0.0.1 11434');
      expect(await appPid(mac)).toBe(pid);
      const refused = await fails(mac, 5, ['--yes', ...OTHER], how);
      expect(refused.said).toMatch(/ssh[\s\S]*sudo npx/);
      await setup(mac, OTHER);
      await awaitBinding(mac, '127.0.0.1 8080');
      expect((await fails(mac, 5, ['undo', '--yes'], how)).said).toMatch(/in Terminal at the screen/);
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);

      // What is not running cannot be opened from there: it is set, and takes effect when the app is opened.
      await quitApp(mac);
      const stopped = await setup(mac, [], how);
      expect([acts(stopped), (await mac.appRow())?.expose]).toEqual([[], 1]);
      expect(stopped.said).toMatch(/takes effect when it is started next/);
      await mac.openApp();
      await awaitBinding(mac, ':: 11434');
      await undo(mac, [], how);
      await awaitBinding(mac, '127.0.0.1 11434');
    }));

  it('ssh to a Mac where nobody is logged in writes what the next login finds', () =>
    withMac('app-headless', { app: { expose: 0 }, console: false }, async (mac) => {
      const how = { via: 'ssh', tty: true } as const;
      const before = await shootApp(mac);
      const row = await product(mac, ['--yes'], how);
      expect([row.code, codes(row)]).toEqual([0, expect.arrayContaining(['mac-no-login-no-server'])]);
      await mac.login();
      await awaitBinding(mac, ':: 11434');
      await mac.logout();
      await undo(mac, [], how);
      await expectAppAsBefore(mac, before);

      const agent = await product(mac, ['--yes', ...OTHER], how);
      expect([agent.code, mac.host.exists(AGENT_FILE), acts(agent)]).toEqual([0, true, []]);
      await mac.login();
      await awaitBinding(mac, '127.0.0.1 8080');
      await awaitAgent(mac);
      // The login had given the variable to the session, and started the app: neither was setup.
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await mac.logout();
      await expectAppAsBefore(mac, before);
    }));

  it('sudo acts for the user, at the screen and over ssh', () =>
    withMac('app-sudo', { app: { expose: 0 } }, async (mac) => {
      const before = await shootApp(mac);
      await setup(mac, [], { via: 'sudo' });
      await awaitBinding(mac, ':: 11434');
      await undo(mac, [], { via: 'sudo' });
      await awaitBinding(mac, '127.0.0.1 11434');
      const how = { via: 'ssh sudo' } as const;
      await setup(mac, OTHER, how);
      await awaitBinding(mac, '127.0.0.1 8080');
      await unchanged(mac, ['--yes', ...OTHER], how);
      expect(mac.host.stat(AGENT_FILE)).toMatchObject({ uid: 501, gid: 20 });
      await undo(mac, [], how);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }));

  it('sudo opens a stopped app as the user', () =>
    withMac('app-sudo-stopped', { app: { expose: 0, launched: false } }, async (mac) => {
      const before = await shootApp(mac);
      await setup(mac, OTHER, { via: 'sudo', env: { OLLAMA_HOST: '10.1.1.1:9' } });
      await awaitBinding(mac, '127.0.0.1 8080');
      expect((await mac.server(8080))?.uid).toBe(501);
      await undo(mac, [], { via: 'sudo' });
      await awaitBinding(mac, '');
      await expectAppAsBefore(mac, before);
    }));

  it("leaves another user's app alone", () =>
    withMac('app-foreign', { app: { expose: null }, users: [{ name: 'eve', uid: 502 }] }, async (mac) => {
      await mac.logout();
      await mac.login('eve');
      await mac.must(['/usr/bin/open', '/Applications/Ollama.app'], { as: 'eve' });
      await awaitBinding(mac, '127.0.0.1 11434');
      const ran = await fails(mac, 5, ['--yes'], { via: 'ssh' });
      expect([ran.said, listening(mac)]).toEqual([expect.stringMatching(/runs for user 502/), ['127.0.0.1 11434']]);
    }));
});
