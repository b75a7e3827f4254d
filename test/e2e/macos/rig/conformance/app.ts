import { describe, expect, it } from 'vitest';
import { type Mac, withMac } from '../mac.ts';
import { ends, GUI, gone, LSOF, plistText } from './helpers.ts';

const SUPPORT = '/Users/me/Library/Application Support/Ollama';
const DB = `${SUPPORT}/db.sqlite`;
const APP = '/Applications/Ollama.app/Contents/MacOS/Ollama';
const SERVER = '/Applications/Ollama.app/Contents/Resources/ollama';
const set = (mac: Mac, sql: string) => mac.must(['/usr/bin/sqlite3', '-cmd', '.timeout 5000', DB, sql]);
const APP_LOG = '/Users/me/.ollama/logs/app.log';
const appLog = (mac: Mac) => (mac.host.exists(APP_LOG) ? mac.host.read(APP_LOG) : '');
const runs = async (mac: Mac) => (await mac.run(['pgrep', '-x', 'Ollama'])).code === 0;

/** macos.md 3.1-3.5 and the rows of section 9 about the app. */
export function appConformance(): void {
  describe('Ollama.app (3.1-3.5)', () => {
    it('expose is read at each spawn: UPDATE and SIGTERM to the child; a reboot keeps it (0.3, 3.4, 9.6)', async () => {
      await withMac('expose', { app: {} }, async (mac) => {
        const pid = await mac.waitForListener('127.0.0.1');
        expect(mac.host.read(`${SUPPORT}/ollama.pid`)).toBe(String(pid));
        expect((await mac.server())!.args).toEqual([SERVER, 'serve']);
        const { stdout } = await ends(mac, ['ps', '-ww', '-p', String(pid), '-o', 'pid=,ppid=,user=,args='], {
          code: 0,
        });
        expect(stdout.trim()).toMatch(new RegExp(`^${pid} +(\\d+) me +${SERVER} serve$`));
        const parent = stdout.trim().split(/ +/)[1]!;
        await ends(mac, ['ps', '-ww', '-p', parent, '-o', 'args='], { code: 0, stdout: `${APP} hidden\n` });
        expect(await set(mac, 'UPDATE settings SET expose=1 WHERE id=1 AND expose<>1; SELECT changes();')).toBe('1\n');
        expect((await mac.server())!.pid).toBe(pid);
        await mac.must(['kill', String(pid)]);
        expect(await mac.waitForListener('::')).not.toBe(pid);
        expect(await mac.serverEnvironment()).toMatchObject({ OLLAMA_HOST: '0.0.0.0', OLLAMA_NO_CLOUD: '0' });
        await mac.reboot();
        await mac.waitForListener('::');
        expect(mac.host.exists('/Users/me/.ollama/logs/server-1.log')).toBe(true);
        expect(await mac.appRow()).toMatchObject({ id: 1, expose: 1, schema_version: 17 });
        expect((await mac.must(['sqlite3', DB, 'PRAGMA journal_mode'])).trim()).toBe('wal');
      });
    });

    it('quit by AppleScript is answered with -128; pkill -x Ollama ends both, pkill -x ollama neither (0.4, 3.4)', async () => {
      await withMac('quit', { app: {} }, async (mac) => {
        const pid = await mac.waitForListener('127.0.0.1');
        const refusal = '0:26: execution error: Ollama got an error: User canceled. (-128)\n';
        for (const script of ['quit app "Ollama"', 'tell app "Ollama" to quit', 'tell application "Ollama" to quit']) {
          await ends(mac, ['osascript', '-e', script], { code: 1, stdout: '', stderr: refusal });
        }
        expect((await mac.server())?.pid).toBe(pid);
        await ends(mac, ['pkill', '-x', 'ollama'], { code: 0 });
        await mac.host.waitFor(async () => ((await mac.server())?.pid ?? pid) !== pid, 5000, 'another child');
        await ends(mac, ['pkill', '-x', 'Ollama'], { code: 0, stdout: '', stderr: '' });
        await mac.host.waitFor(async () => !(await runs(mac)), 5000, 'the end of the app');
        await ends(mac, LSOF, { code: 1, stdout: '', stderr: '' });
        await ends(mac, ['osascript', '-e', 'quit app "Ollama"'], { code: 0, stderr: '' });
        await ends(mac, ['osascript', '-e', 'quit app "Nope"'], { code: 1, stderr: /\(-1728\)\n$/ });
        await mac.faults({ appleEventsDenied: true });
        await ends(mac, ['osascript', '-e', 'quit app "Ollama"'], { code: 1, stderr: /\(-1743\)\n$/ });
        await ends(mac, ['osascript', '-e', 'quit app "Ollama"'], { code: 1, stderr: /\(-609\)\n$/ }, { via: 'ssh' });
      });
    });

    it('open: starts, hands over the environment, only activates what runs, and fails without a session', async () => {
      await withMac('open', { app: { launched: false } }, async (mac) => {
        await ends(
          mac,
          ['open', '-a', 'Ollama', '--args', 'hidden'],
          { code: 1, stderr: /with error -10810\.\n$/ },
          { via: 'ssh' },
        );
        await ends(mac, ['open', '-a', 'Nope'], { code: 1, stderr: "Unable to find application named 'Nope'\n" });
        await ends(mac, ['open', '/Applications/None.app'], {
          code: 1,
          stderr: 'The file /Applications/None.app does not exist.\n',
        });
        await mac.faults({ openUnindexed: true });
        await ends(mac, ['open', '-a', 'Ollama'], { code: 1, stderr: "Unable to find application named 'Ollama'\n" });
        await ends(mac, ['open', '--hide', '/Applications/Ollama.app'], { code: 1 });
        const env = { OLLAMA_HOST: '0.0.0.0' };
        await ends(
          mac,
          ['open', '-j', '/Applications/Ollama.app', '--args', 'hidden'],
          { code: 0, stdout: '', stderr: '' },
          { env },
        );
        const pid = await mac.waitForListener('::');
        expect(await mac.launchctl(['list'])).toMatchObject({
          stdout: expect.stringMatching(/application\.com\.electron\.ollama\.\d+\.\d+\n/),
        });
        await ends(mac, ['open', '/Applications/Ollama.app'], { code: 0 });
        expect((await mac.server())!.pid).toBe(pid);
      });
    });

    it('the first launch makes the database, and nothing else does', async () => {
      await withMac('first', { app: { expose: null, schema: 16 } }, async (mac) => {
        expect(mac.host.exists(SUPPORT)).toBe(false);
        await mac.openApp();
        await mac.waitForListener('127.0.0.1');
        expect(await mac.appRow()).toMatchObject({ expose: 0, schema_version: 16 });
        await mac.reboot();
        await mac.waitForListener('127.0.0.1');
      });
    });

    it('a text in expose: no server at all until it is a number again and the app is started anew (3.3)', async () => {
      await withMac('text', { app: {} }, async (mac) => {
        const pid = await mac.waitForListener('127.0.0.1');
        await set(mac, "UPDATE settings SET expose='true'");
        await mac.must(['kill', String(pid)]);
        await mac.host.waitFor(() => appLog(mac).includes('Scan error'), 5000, 'the error');
        expect(mac.listeners(11434)).toEqual([]);
        expect(await runs(mac)).toBe(true);
      });
    });

    it('inherited OLLAMA_HOST: by setenv, until logout; expose overrules port and address (3.2, 4)', async () => {
      await withMac('inherited', { app: {} }, async (mac) => {
        await mac.waitForListener('127.0.0.1');
        await mac.must(['launchctl', 'setenv', 'OLLAMA_HOST', '0.0.0.0:8080']);
        await mac.must(['pkill', '-x', 'ollama']);
        await mac.waitForListener('127.0.0.1');
        await mac.must(['pkill', '-x', 'Ollama']);
        await mac.host.waitFor(async () => !(await runs(mac)), 5000, 'the end of the app');
        await mac.must(['open', '/Applications/Ollama.app']);
        await mac.waitForListener('::', 8080);
        await set(mac, 'UPDATE settings SET expose=1');
        await mac.must(['pkill', '-x', 'ollama']);
        await mac.waitForListener('::', 11434);
      });
    });

    it('the port is taken: one reap, and a brew job wins all the same (3.5, 9.7)', async () => {
      await withMac('taken', { app: { expose: 1, launched: false }, brew: { service: 'started' } }, async (mac) => {
        const first = await mac.waitForListener('127.0.0.1');
        await mac.openApp();
        const log = () => appLog(mac);
        await mac.host.waitFor(() => log().includes(`reaping ${first}`), 5000, 'the reap');
        await mac.host.waitFor(() => (log().match(/ollama exited/g) ?? []).length >= 1, 5000, 'a few tries');
        expect(log().match(/reaping/g)).toHaveLength(1);
        const { stdout } = await mac.run(['cat', '/Users/me/.ollama/logs/server.log']);
        expect(stdout).toMatch(/Error: listen tcp 0\.0\.0\.0:11434: bind: address already in use/);
      });
    });

    it('one instance: a new one tells the old one to go', async () => {
      await withMac('single', { app: {} }, async (mac) => {
        const old = (await mac.must(['pgrep', '-x', 'Ollama'])).trim();
        const second = mac.spawn([APP]);
        await mac.host.waitFor(
          async () => (await mac.must(['pgrep', '-x', 'Ollama'])).trim() !== old,
          8000,
          'the hand-over',
        );
        await mac.waitForListener('127.0.0.1');
        await second.killAll();
      });
    });

    it('the login item: switched off the app does not start; the order decides a race with an agent (3.5, 4)', async () => {
      const words = ['/bin/launchctl', 'setenv', 'OLLAMA_HOST', '0.0.0.0'];
      const plists = [{ path: 'a.env.plist', content: plistText('a.env', words, '<key>RunAtLoad</key><true/>') }];
      await withMac('race', { app: {}, plists, loginOrder: 'app first', scale: 0.2 }, async (mac) => {
        await mac.waitForListener('127.0.0.1');
        await mac.host.waitFor(
          async () => (await mac.launchctl(['getenv', 'OLLAMA_HOST'])).stdout === '0.0.0.0\n',
          5000,
          'setenv',
        );
        await mac.configure({ loginOrder: 'agents first' });
        await mac.reboot();
        await mac.waitForListener('::');
        await mac.must(['launchctl', 'disable', `${GUI}/com.ollama.ollama`]);
        await mac.logout();
        expect(mac.listeners(11434)).toEqual([]);
        await mac.login();
        await mac.host.waitFor(
          async () => (await mac.launchctl(['getenv', 'OLLAMA_HOST'])).stdout === '0.0.0.0\n',
          5000,
          'setenv',
        );
        expect(await runs(mac)).toBe(false);
      });
    });

    it('up to 0.9.6: no database, the environment is inherited, AppleScript does quit (3)', async () => {
      await withMac('electron', { app: { version: '0.9.6' } }, async (mac) => {
        await mac.waitForListener('127.0.0.1');
        expect(mac.host.exists(DB)).toBe(false);
        await ends(mac, ['osascript', '-e', 'quit app "Ollama"'], { code: 0 });
        await mac.host.waitFor(async () => !(await runs(mac)), 5000, 'the end of the app');
        await gone(mac, 'gui/501/application');
      });
    });
  });
}
