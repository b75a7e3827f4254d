import { describe, expect, it } from 'vitest';
import { PASSWORD, remountReadOnly, withMac } from '../mac.ts';
import { ends } from './helpers.ts';

const LOOK = `
const fs = require('node:fs'), os = require('node:os');
const tell = (ask) => { try { return ask(); } catch (error) { return error.code + ' ' + error.path; } };
(async () => console.log(JSON.stringify({
  platform: [process.platform, os.platform(), os.type()],
  exists: fs.existsSync('/proc/self/status'),
  read: tell(() => fs.readFileSync('/proc/net/tcp')),
  list: tell(() => fs.readdirSync('/sys')),
  stat: tell(() => fs.statSync(new URL('file:///run/systemd/system'))),
  quiet: fs.statSync('/proc', { throwIfNoEntry: false }) === undefined,
  promised: await fs.promises.readFile('/proc/1/environ').catch((error) => error.code),
  imported: await import('node:fs').then(({ existsSync }) => existsSync('/run/systemd')),
  called: await new Promise((done) => fs.readlink('/proc/self/exe', (error) => done(error.code + ' ' + error.path))),
  console: fs.statSync('/dev/console').uid,
  again: require('node:child_process').execFileSync(process.execPath, ['-p', 'process.platform'], { encoding: 'utf8' }),
})))();`;

/** The Node of the Mac, who runs what how, and what the rig itself promises. */
export function nodeConformance(): void {
  describe('Node, users and sessions', () => {
    it('the preload: darwin, and nothing of Linux', async () => {
      await withMac('node', {}, async (mac) => {
        expect(JSON.parse(await mac.must(['node', '-e', LOOK]))).toEqual({
          platform: ['darwin', 'darwin', 'Darwin'],
          exists: false,
          read: 'ENOENT /proc/net/tcp',
          list: 'ENOENT /sys',
          stat: 'ENOENT /run/systemd/system',
          quiet: true,
          promised: 'ENOENT',
          imported: false,
          called: 'ENOENT /proc/self/exe',
          console: 501,
          again: 'darwin\n',
        });
      });
    });

    it('environments: Terminal, ssh with and without a terminal, sudo', async () => {
      await withMac('env', {}, async (mac) => {
        const env = async (options = {}) => (await mac.must(['env'], options)).split(/\r?\n/);
        expect(await env()).toEqual(
          expect.arrayContaining(['HOME=/Users/me', 'SHELL=/bin/zsh', 'TERM_PROGRAM=Apple_Terminal']),
        );
        const remote = await env({ via: 'ssh' });
        expect(remote).toEqual(expect.arrayContaining(['PATH=/usr/bin:/bin:/usr/sbin:/sbin']));
        expect(remote.some((line) => line.startsWith('SSH_CONNECTION='))).toBe(true);
        expect(remote.some((line) => line.startsWith('SSH_TTY='))).toBe(false);
        expect(await env({ via: 'ssh', tty: true })).toEqual(expect.arrayContaining(['SSH_TTY=/dev/ttys001']));
        const root = await env({ via: 'sudo' });
        expect(root).toEqual(
          expect.arrayContaining(['HOME=/Users/me', 'USER=root', 'SUDO_USER=me', 'SUDO_UID=501', 'SUDO_GID=20']),
        );
        expect(root.find((line) => line.startsWith('PATH='))).toMatch(/^PATH=\/opt\/homebrew\/bin:/);
        await ends(mac, ['launchctl', 'managername'], { code: 0, stdout: 'Aqua\n' }, { via: 'sudo' });
        await ends(mac, ['id'], {
          code: 0,
          stdout: /^uid=501\(me\) gid=20\(staff\) groups=20\(staff\),80\(admin\)\n$/,
        });
      });
    });

    it('sudo asks for the password, or says no', async () => {
      await withMac('password', { sudo: 'password' }, async (mac) => {
        await ends(mac, ['sudo', '-n', 'true'], { code: 1, stderr: /a password is required/ });
        const asked = mac.spawn(['true'], { via: 'sudo', tty: true });
        await asked.waitForOutput(/[Pp]assword/);
        asked.write(`${PASSWORD}\n`);
        expect((await asked.done).code).toBe(0);
      });
      await withMac('no', { sudo: false }, async (mac) => ends(mac, ['sudo', '-n', 'true'], { code: 1 }));
    });

    it('what the rig does from outside: disks, signals, servers by hand', async () => {
      const handRun = [
        { env: { OLLAMA_HOST: '127.0.0.1:4000' } },
        { as: 'root', binary: '/usr/local/bin/ollama', env: { OLLAMA_HOST: '0.0.0.0:4001' } },
      ];
      await withMac('outside', { handRun }, async (mac) => {
        expect([(await mac.server(4000))?.uid, (await mac.server(4001))?.uid]).toEqual([501, 0]);
        mac.host.makeDirectory('/Users/me/small', { uid: 501, gid: 20 });
        await mac.host.mountTmpfs('/Users/me/small', 1);
        await mac.host.fillDisk('/Users/me/small');
        await ends(
          mac,
          ['tee', '/Users/me/small/more'],
          { code: 1, stderr: /No space left on device/ },
          { input: 'x' },
        );
        await remountReadOnly(mac, '/Library/LaunchDaemons');
        await ends(mac, ['touch', '/Library/LaunchDaemons/x'], { code: 1, stderr: /Read-only/ }, { via: 'sudo' });
        const sleeper = mac.spawn(['sh', '-c', 'echo here; exec sleep 600'], { tty: true });
        await sleeper.waitForOutput(/here/);
        await sleeper.signal('SIGTERM');
        expect((await sleeper.done).signal).toBe('SIGTERM');
      });
    });

    it('several Macs at once, each set up well under two seconds, that do not see each other', async () => {
      const began = performance.now();
      const pids = await Promise.all(
        ['one', 'two', 'three'].map((name) =>
          withMac(name, { brew: { service: 'started' } }, async (mac) => {
            const pid = await mac.waitForListener('127.0.0.1');
            await mac.must(['launchctl', 'setenv', 'WHO', name]);
            expect((await mac.launchctl(['getenv', 'WHO'])).stdout).toBe(`${name}\n`);
            expect(mac.calls('launchctl').map((call) => call.args)).toEqual([
              ['setenv', 'WHO', name],
              ['getenv', 'WHO'],
            ]);
            return pid;
          }),
        ),
      );
      expect(pids.every((pid) => pid > 0)).toBe(true);
      console.log(`three Macs, from nothing to nothing, in ${Math.round(performance.now() - began)} ms`);
    });
  });
}
