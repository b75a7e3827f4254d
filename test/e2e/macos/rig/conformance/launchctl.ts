import { describe, expect, it } from 'vitest';
import { withMac } from '../mac.ts';
import { AGENTS, ends, GUI, gone, jobPid, OLD, plistText, RICHER } from './helpers.ts';

const SLEEPER = plistText('a.sleeper', ['/bin/sleep', '600'], '<key>RunAtLoad</key><true/>');
const PLIST = `${AGENTS}/a.sleeper.plist`;
const TARGET = `${GUI}/a.sleeper`;
const REFUSED = { code: 5, stdout: '', stderr: `Bootstrap failed: 5: Input/output error\n${RICHER}` };

/** macos.md 2.2-2.5 and the launchd rows of section 9. */
export function launchctlConformance(): void {
  describe('launchctl (2.1-2.5)', () => {
    it('targets: what is malformed, missing or unknown', async () => {
      await withMac('targets', { plists: [{ path: 'a.sleeper.plist', content: SLEEPER }] }, async (mac) => {
        await ends(mac, ['launchctl', 'kickstart', 'nonsense'], { code: 64, stderr: /^Unrecognized target specifier/ });
        await ends(mac, ['launchctl', 'frobnicate'], { code: 1, stderr: 'Unrecognized subcommand: frobnicate\n' });
        await ends(mac, ['launchctl', 'print', '--json', TARGET], { code: 64 });
        const missing = (where: string) => `Could not find service "nope" in domain for ${where}\n`;
        await ends(mac, ['launchctl', 'print', `${GUI}/nope`], {
          code: 113,
          stdout: '',
          stderr: `Bad request.\n${missing('user gui: 501')}`,
        });
        await ends(mac, ['launchctl', 'print', 'user/501/nope'], {
          code: 113,
          stderr: `Bad request.\n${missing('uid: 501')}`,
        });
        await ends(mac, ['launchctl', 'print', 'system/nope'], {
          code: 113,
          stderr: `Bad request.\n${missing('system')}`,
        });
        await ends(mac, ['launchctl', 'kickstart', '-k', `${GUI}/nope`], {
          code: 113,
          stderr: missing('user gui: 501'),
        });
        await ends(mac, ['launchctl', 'list', 'nope'], { code: 113, stderr: missing('port') });
        await ends(mac, ['launchctl', 'bootout', `${GUI}/nope`], {
          code: 3,
          stderr: 'Boot-out failed: 3: No such process\n',
        });
        await ends(mac, ['launchctl', 'remove', 'nope'], { code: 0, stdout: '', stderr: '' });
        await ends(mac, ['launchctl', 'stop', 'nope'], { code: 3 });
        for (const verb of ['enable', 'disable']) {
          await ends(mac, ['launchctl', verb, `${GUI}/nope`], { code: 0, stdout: '', stderr: '' });
        }
        await ends(mac, ['launchctl', 'enable', 'system/nope'], { code: 1, stderr: 'Operation not permitted\n' });
      });
    });

    it('bootstrap: the copy of that moment, already loaded, and bootout that goes on for a while', async () => {
      const plists = [{ path: 'a.sleeper.plist', content: SLEEPER }];
      await withMac('bootstrap', { plists, faults: { drainSeconds: 0.8 } }, async (mac) => {
        await ends(mac, ['launchctl', 'print', TARGET], { code: 0, stdout: /\n\tstate = running\n/ });
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], REFUSED);
        mac.host.write(PLIST, SLEEPER.replace('600', '900'), { uid: 501, gid: 20 });
        const pid = await jobPid(mac, TARGET);
        await ends(mac, ['launchctl', 'kickstart', '-k', TARGET], { code: 0, stdout: '', stderr: '' });
        expect(await jobPid(mac, TARGET)).not.toBe(pid);
        expect((await mac.loaded())[TARGET]!.arguments).toEqual(['/bin/sleep', '600']);
        await ends(mac, ['launchctl', 'bootout', TARGET], { code: 0, stdout: '', stderr: '' });
        await ends(mac, ['launchctl', 'print', TARGET], { code: 0 });
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], REFUSED);
        await gone(mac, TARGET);
        await ends(mac, ['launchctl', 'print', TARGET], { code: 113 });
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], { code: 0, stdout: '', stderr: '' });
        expect((await mac.loaded())[TARGET]!.arguments).toEqual(['/bin/sleep', '900']);
        await mac.faults({ bootout36: true });
        await ends(mac, ['launchctl', 'bootout', TARGET], {
          code: 36,
          stderr: 'Boot-out failed: 36: Operation now in progress\n',
        });
        await gone(mac, TARGET);
        await mac.faults({ bootstrapFails: 2 });
        for (const code of [5, 5, 0]) await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], { code });
      });
    });

    it.each([
      ['group-writable', { mode: 0o664 }, SLEEPER],
      ['0600', { mode: 0o600 }, SLEEPER],
      ["somebody else's", { uid: 502 }, SLEEPER],
      ['malformed', {}, '{ "Label": "a.sleeper" }'],
      ['without Label', {}, SLEEPER.replace('Label', 'Lebal')],
      ['without program', {}, SLEEPER.replace('ProgramArguments', 'ProgramArgs')],
    ])('bootstrap refuses a plist that is %s with 5', async (_, owner, content) => {
      await withMac('refused', { plists: [{ path: 'a.sleeper.plist', content, ...owner }] }, async (mac) => {
        expect(await mac.loaded()).toEqual({});
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], REFUSED);
      });
    });

    it('disabled labels: both codes, print-disabled, and they outlive bootout, reboot and the file', async () => {
      await withMac('disabled', { plists: [{ path: 'a.sleeper.plist', content: SLEEPER }] }, async (mac) => {
        await ends(mac, ['launchctl', 'disable', TARGET], { code: 0 });
        await ends(mac, ['launchctl', 'print-disabled', GUI], {
          code: 0,
          stdout: /^\n\tdisabled services = \{\n\t\t"a.sleeper" => disabled\n\t\}/,
        });
        await mac.faults({ printDisabled: 'booleans' });
        await ends(mac, ['launchctl', 'print-disabled', GUI], { code: 0, stdout: /"a.sleeper" => true/ });
        await mac.reboot();
        expect(await mac.loaded()).toEqual({});
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], REFUSED);
        await mac.faults({ disabledCode: 119 });
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], {
          code: 119,
          stderr: `${PLIST}: Service is disabled\nBootstrap failed: 119: Service is disabled\n`,
        });
        await ends(mac, ['launchctl', 'enable', TARGET], { code: 0 });
        await ends(mac, ['launchctl', 'bootstrap', GUI, PLIST], { code: 0 });
      });
    });

    it('KeepAlive: a killed job comes back, not sooner than the throttle allows after its start', async () => {
      const content = plistText('a.kept', ['/bin/sleep', '600'], '<key>KeepAlive</key><true/>');
      await withMac('kept', { plists: [{ path: 'a.kept.plist', content }], scale: 0.3 }, async (mac) => {
        const job = async () => (await mac.loaded())[`${GUI}/a.kept`]!;
        await mac.must(['launchctl', 'kickstart', '-k', `${GUI}/a.kept`]);
        const began = performance.now();
        const pid = await jobPid(mac, `${GUI}/a.kept`);
        await mac.must(['kill', String(pid)]);
        await mac.host.waitFor(async () => (await job()).state === 'spawn scheduled', 5000, 'the end of the process');
        const dump = await ends(mac, ['launchctl', 'print', `${GUI}/a.kept`], { code: 0 });
        expect(dump.stdout).toMatch(/\n\tstate = spawn scheduled\n/);
        expect(dump.stdout).toMatch(/\n\tlast terminating signal = Terminated: 15\n/);
        expect(await jobPid(mac, `${GUI}/a.kept`)).not.toBe(pid);
        expect(performance.now() - began).toBeGreaterThan(2500);
        expect((await job()).runs).toBe(3);
      });
    });

    it('a program that is missing: loaded all the same, 78 later', async () => {
      const content = plistText('a.missing', ['/nowhere/at/all'], '<key>RunAtLoad</key><true/>');
      await withMac('missing', { plists: [{ path: '/Users/me/a.plist', content }] }, async (mac) => {
        await ends(mac, ['launchctl', 'bootstrap', GUI, '/Users/me/a.plist'], { code: 0 });
        await mac.host.waitFor(
          async () => (await mac.loaded())[`${GUI}/a.missing`]?.waitStatus === 78 << 8,
          5000,
          '78',
        );
        await ends(mac, ['launchctl', 'print', `${GUI}/a.missing`], {
          code: 0,
          stdout: /\tlast exit code = 78: EX_CONFIG\n/,
        });
      });
    });

    it('loaded but never spawned: kickstart cures', async () => {
      await withMac(
        'spawn',
        { plists: [{ path: 'a.sleeper.plist', content: SLEEPER }], faults: { neverSpawns: true } },
        async (mac) => {
          const { stdout } = await ends(mac, ['launchctl', 'print', TARGET], { code: 0 });
          expect(stdout).toMatch(/\n\tstate = not running\n/);
          expect(stdout).toMatch(/\n\truns = 0\n/);
          expect(stdout).toMatch(/\n\tlast exit code = \(never exited\)\n/);
          expect(stdout).not.toMatch(/pid = /);
          await ends(mac, ['launchctl', 'kickstart', '-p', TARGET], { code: 0, stdout: /^\d+\n$/ });
        },
      );
    });

    it('setenv, getenv, unsetenv: the domain of the session, gone at logout; a plist wins', async () => {
      const show = (name: string, more: string) =>
        plistText(name, ['/bin/sh', '-c', `env >/tmp/${name}; sleep 600`], `<key>RunAtLoad</key><true/>${more}`);
      const own = '<key>EnvironmentVariables</key><dict><key>A</key><string>plist</string></dict>';
      const plists = [
        { path: 'a.plain.plist', content: show('a.plain', '') },
        { path: 'a.own.plist', content: show('a.own', own) },
      ];
      await withMac('setenv', { plists }, async (mac) => {
        await ends(mac, ['launchctl', 'getenv', 'A'], { code: 0, stdout: '', stderr: '' });
        await ends(mac, ['launchctl', 'setenv', 'A', 'set'], { code: 0, stdout: '', stderr: '' });
        await ends(mac, ['launchctl', 'getenv', 'A'], { code: 0, stdout: 'set\n' });
        await ends(mac, ['launchctl', 'getenv', 'A'], { code: 0, stdout: '' }, { via: 'ssh' });
        await ends(mac, ['launchctl', 'getenv', 'A'], { code: 0, stdout: '' }, { via: 'sudo' });
        await ends(
          mac,
          ['launchctl', 'asuser', '501', 'launchctl', 'getenv', 'A'],
          { code: 0, stdout: 'set\n' },
          { via: 'ssh sudo' },
        );
        for (const label of ['a.plain', 'a.own'])
          await ends(mac, ['launchctl', 'kickstart', '-k', `${GUI}/${label}`], { code: 0 });
        const lines = (label: string) => mac.host.read(`/tmp/${label}`).split('\n');
        await mac.host.waitFor(() => lines('a.plain').includes('A=set'), 5000, 'the variable that was set');
        await mac.host.waitFor(() => lines('a.own').includes('A=plist'), 5000, "the plist's own variable");
        expect(lines('a.plain')).toEqual(
          expect.arrayContaining(['PATH=/usr/bin:/bin:/usr/sbin:/sbin', 'HOME=/Users/me', 'USER=me']),
        );
        await ends(mac, ['launchctl', 'print', `${GUI}/a.plain`], {
          code: 0,
          stdout: /\tinherited environment = \{\n[^}]*\tA => set\n/,
        });
        await mac.logout();
        await mac.login();
        await ends(mac, ['launchctl', 'getenv', 'A'], { code: 0, stdout: '' });
      });
    });

    it('daemons: before any login, as root without HOME, or as UserName; root alone may change them', async () => {
      const show = (name: string, more = '') =>
        plistText(
          name,
          ['/bin/sh', '-c', `env >/tmp/${name}; id -un >>/tmp/${name}; sleep 600`],
          `<key>RunAtLoad</key><true/>${more}`,
        );
      const plists = [
        { path: '/Library/LaunchDaemons/d.root.plist', content: show('d.root') },
        { path: '/Library/LaunchDaemons/d.me.plist', content: show('d.me', '<key>UserName</key><string>me</string>') },
        { path: '/Library/LaunchDaemons/d.open.plist', content: show('d.open'), mode: 0o664 },
      ];
      await withMac('daemons', { plists, console: false }, async (mac) => {
        expect(Object.keys(await mac.loaded()).sort()).toEqual(['system/d.me', 'system/d.root']);
        await mac.host.waitFor(
          () => mac.host.exists('/tmp/d.root') && mac.host.read('/tmp/d.root').endsWith('root\n'),
          5000,
          'root',
        );
        expect(mac.host.read('/tmp/d.root')).not.toMatch(/^HOME=/m);
        await mac.host.waitFor(
          () => mac.host.exists('/tmp/d.me') && mac.host.read('/tmp/d.me').endsWith('me\n'),
          5000,
          'me',
        );
        expect(mac.host.read('/tmp/d.me')).toMatch(/^HOME=\/Users\/me$/m);
        await ends(mac, ['launchctl', 'print', 'system/d.root'], { code: 0 }, { via: 'ssh' });
        await ends(mac, ['launchctl', 'bootout', 'system/d.root'], { code: 1 }, { via: 'ssh' });
        await ends(mac, ['launchctl', 'bootout', 'system/d.root'], { code: 0 }, { via: 'ssh sudo' });
        await gone(mac, 'system/d.root');
        mac.host.write('/Library/LaunchDaemons/d.root.plist', show('d.root'), { uid: 501 });
        await ends(
          mac,
          ['launchctl', 'bootstrap', 'system', '/Library/LaunchDaemons/d.root.plist'],
          { code: 5 },
          { via: 'ssh sudo' },
        );
      });
    });

    it('dumps: print and list of a brew service, as Homebrew reads them (2.4)', async () => {
      await withMac('dumps', { brew: { version: '6.0.14', service: 'started' } }, async (mac) => {
        const pid = await mac.waitForListener('127.0.0.1');
        const { stdout } = await ends(mac, ['launchctl', 'print', `${GUI}/${OLD}`], { code: 0 });
        expect(stdout.match(/^\tpid = (\d+)$/m)?.[1]).toBe(String(pid));
        expect(stdout.match(/^\tpath = (.*)$/m)?.[1]).toBe(`${AGENTS}/${OLD}.plist`);
        expect(stdout).toContain('\tenvironment = {\n\t\tOSLogRateLimit => 64\n\t\tOLLAMA_FLASH_ATTENTION => 1\n');
        expect(stdout).toContain('\tminimum runtime = 10\n\texit timeout = 5\n\truns = 1\n');
        expect(stdout).toMatch(/\tproperties = keepalive \| runatload \| inferred program\n\}\n$/);
        await ends(mac, ['launchctl', 'list', OLD], { code: 0, stdout: new RegExp(`\t"PID" = ${pid};\n`) });
        await ends(mac, ['launchctl', 'list'], { code: 0, stdout: `PID\tStatus\tLabel\n${pid}\t0\t${OLD}\n` });
        await ends(mac, ['launchctl', 'print', GUI], { code: 0, stdout: new RegExp(`\\s${pid}\\s+-\\s+${OLD}\n`) });
      });
    });

    it('load and unload: the same job, and an exit code that is not to be relied on', async () => {
      await withMac('legacy', { plists: [{ path: 'a.sleeper.plist', content: SLEEPER }] }, async (mac) => {
        const richer = 'Try running `launchctl bootstrap` as root for richer errors.\n';
        await ends(mac, ['launchctl', 'load', PLIST], {
          code: 5,
          stderr: `Load failed: 5: Input/output error\n${richer}`,
        });
        await mac.faults({ legacyExit: 0 });
        await ends(mac, ['launchctl', 'load', PLIST], { code: 0, stderr: `${PLIST}: service already loaded\n` });
        await ends(mac, ['launchctl', 'unload', '-w', PLIST], { code: 0, stdout: '', stderr: '' });
        await gone(mac, TARGET);
        expect(await mac.disabled()).toEqual({ 'a.sleeper': true });
        await ends(mac, ['launchctl', 'load', '-w', PLIST], { code: 0, stderr: '' });
        expect(await mac.disabled()).toEqual({ 'a.sleeper': false });
      });
    });

    it('ssh and no graphical session: 112 or 125, Background, and the switch for a closed Aqua session', async () => {
      await withMac(
        'headless',
        { console: false, plists: [{ path: 'a.sleeper.plist', content: SLEEPER }] },
        async (mac) => {
          const ssh = { via: 'ssh' } as const;
          await ends(mac, ['launchctl', 'managername'], { code: 0, stdout: 'Background\n' }, ssh);
          await ends(
            mac,
            ['launchctl', 'print', TARGET],
            { code: 112, stderr: 'Bad request.\nCould not find domain for user gui: 501\n' },
            ssh,
          );
          await mac.faults({ noDomainCode: 125 });
          await ends(mac, ['launchctl', 'print', TARGET], { code: 125 }, ssh);
          await ends(
            mac,
            ['launchctl', 'bootstrap', GUI, PLIST],
            { code: 125, stderr: 'Bootstrap failed: 125: Domain does not support specified action\n' },
            ssh,
          );
          await ends(mac, ['launchctl', 'bootstrap', 'user/501', PLIST], { code: 134 }, ssh);
          await mac.login();
          await ends(mac, ['launchctl', 'managername'], { code: 0, stdout: 'Aqua\n' });
          await ends(mac, ['launchctl', 'print', TARGET], { code: 0 }, ssh);
          await mac.faults({ sshGui: 125 });
          await ends(mac, ['launchctl', 'bootout', TARGET], { code: 125 }, ssh);
          await ends(mac, ['launchctl', 'bootout', TARGET], { code: 0 });
          await ends(mac, ['env', '-i', '/bin/launchctl', 'managername'], { code: 0, stdout: 'Background\n' }, ssh);
        },
      );
    });
  });
}
