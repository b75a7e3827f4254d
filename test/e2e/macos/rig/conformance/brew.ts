import { describe, expect, it } from 'vitest';
import { diffSnapshots, withMac } from '../mac.ts';
import { AGENTS, ends, GUI, jobPid, NEW, OLD, RICHER } from './helpers.ts';

const ENV_FILE = '/Users/me/.homebrew/services/ollama.env';
const HOST = 'OLLAMA_HOST=0.0.0.0:11434\n';
const KEG = '/opt/homebrew/opt/ollama';
const tell = (verb: string, label: string) => `==> Successfully ${verb} \`ollama\` (label: ${label})\n`;
const STOPPING = 'Stopping `ollama`... (might take a while)\n';

/** macos.md 1.1-1.8 and the Homebrew rows of section 9. */
export function brewConformance(): void {
  describe('brew (1.2-1.8)', () => {
    it('the plist of 1.2, byte for byte', async () => {
      await withMac('bytes', { brew: { service: 'started', env: HOST } }, async (mac) => {
        const text = mac.host.read(`${AGENTS}/${NEW}.plist`);
        const lines = text.split('\n');
        expect(lines.slice(3, 14)).toEqual([
          '<dict>',
          '\t<key>EnvironmentVariables</key>',
          '\t<dict>',
          '\t\t<key>OLLAMA_FLASH_ATTENTION</key>',
          '\t\t<string>1</string>',
          '\t\t<key>OLLAMA_HOST</key>',
          '\t\t<string>0.0.0.0:11434</string>',
          '\t\t<key>OLLAMA_KV_CACHE_TYPE</key>',
          '\t\t<string>q8_0</string>',
          '\t</dict>',
          '\t<key>KeepAlive</key>',
        ]);
        expect(text).toMatch(/<string>\/opt\/homebrew\/var<\/string>\n<\/dict>\n<\/plist>\n$/);
        await mac.waitForListener('::');
        expect(await mac.serverEnvironment()).toMatchObject({ OLLAMA_HOST: '0.0.0.0:11434' });
      });
    });

    it.each([
      ['6.0.14', OLD, { agents: 'lost', keg: 'kept', env: 'ignored' }],
      ['6.0.15', OLD, { agents: 'lost', keg: 'lost', env: 'merged' }],
      ['6.0.22', NEW, { agents: 'lost', keg: 'lost', env: 'merged' }],
      ['7.0.7', NEW, { agents: 'lost', keg: 'lost', env: 'merged' }],
    ])('%s: what survives a restart and an upgrade (1.3)', async (version, label, wanted) => {
      await withMac('table', { brew: { version, service: 'started' } }, async (mac) => {
        const mine = { uid: 501, gid: 20 };
        const edited = (file: string, key: string) =>
          mac.host.write(
            file,
            mac.host
              .read(file)
              .replace('OLLAMA_KV_CACHE_TYPE', `${key}</key><string>x</string><key>OLLAMA_KV_CACHE_TYPE`),
            mine,
          );
        const agent = `${AGENTS}/${label}.plist`;
        const pid = await mac.waitForListener('127.0.0.1');
        edited(agent, 'IN_AGENT');
        const kept = mac.snapshot([agent]);
        await mac.upgradeBrewFormula('0.33.0');
        expect(diffSnapshots(kept, mac.snapshot([agent]))).toEqual([]);
        expect(await jobPid(mac, `${GUI}/${label}`)).toBe(pid);
        await mac.reboot();
        await mac.waitForListener('127.0.0.1');
        expect(await mac.serverEnvironment()).toHaveProperty('IN_AGENT');
        edited(`${KEG}/${label}.plist`, 'IN_KEG');
        mac.host.makeDirectory('/Users/me/.homebrew/services', mine);
        mac.host.write(ENV_FILE, 'IN_ENV=1\n', mine);
        await ends(mac, ['brew', 'services', 'restart', 'ollama'], {
          code: 0,
          stdout: STOPPING + tell('stopped', label) + tell('started', label),
        });
        await mac.waitForListener('127.0.0.1');
        const env = await mac.serverEnvironment();
        expect('IN_AGENT' in env).toBe(false);
        expect('IN_KEG' in env).toBe(wanted.keg === 'kept');
        expect('IN_ENV' in env).toBe(wanted.env === 'merged');
        await mac.upgradeBrewFormula('0.34.0');
        expect(mac.host.read(`${KEG}/${label}.plist`)).not.toContain('IN_KEG');
        expect(mac.host.read(`${KEG}/${label}.plist`).includes('IN_ENV')).toBe(wanted.env === 'merged');
        await ends(mac, ['brew', 'services', 'stop', '--keep', 'ollama'], {
          code: 0,
          stdout: STOPPING + tell('stopped', label),
        });
        expect(mac.host.exists(agent)).toBe(true);
        await ends(mac, ['brew', 'services', 'stop', 'ollama'], {
          code: 0,
          stderr: 'Warning: Service `ollama` is not started.\n',
        });
        expect(mac.host.exists(agent)).toBe(false);
      });
    });

    it('start with a live pid changes nothing; stop of what does not run; run is not persistent (1.5, 9.3)', async () => {
      await withMac('start', { brew: { env: HOST } }, async (mac) => {
        await ends(mac, ['brew', 'services', 'run', 'ollama'], { code: 0, stdout: tell('ran', NEW) });
        expect(mac.host.exists(`${AGENTS}/${NEW}.plist`)).toBe(false);
        const [info] = JSON.parse(await mac.must(['brew', 'services', 'info', 'ollama', '--json']));
        expect(info).toMatchObject({ loaded: true, registered: false, loaded_file: `${KEG}/${NEW}.plist` });
        await ends(mac, ['brew', 'services', 'restart', 'ollama'], {
          code: 0,
          stdout: STOPPING + tell('stopped', NEW) + tell('ran', NEW),
        });
        await ends(mac, ['brew', 'services', 'stop', 'ollama'], { code: 0 });
        await ends(mac, ['brew', 'services', 'start', 'ollama'], { code: 0, stdout: tell('started', NEW) });
        const pid = await mac.waitForListener('::');
        mac.host.write(ENV_FILE, 'OLLAMA_HOST=127.0.0.1\n', { uid: 501, gid: 20 });
        const before = mac.snapshot([AGENTS]);
        await ends(mac, ['brew', 'services', 'start', 'ollama'], {
          code: 0,
          stdout: 'Service `ollama` already started, use `brew services restart ollama` to restart.\n',
        });
        expect(diffSnapshots(before, mac.snapshot([AGENTS]))).toEqual([]);
        expect((await mac.server())?.pid).toBe(pid);
      });
    });

    it('the label changed: start does nothing, restart migrates (0.1, 1.5)', async () => {
      await withMac('labels', { brew: { version: '6.0.14', service: 'started' } }, async (mac) => {
        const pid = await mac.waitForListener('127.0.0.1');
        await mac.upgradeHomebrew('6.0.22');
        const pending = `Service \`ollama\` is already loaded as \`${OLD}\`; a service label migration is pending. Use \`brew services restart ollama\` to migrate to \`${NEW}\`.\n`;
        await ends(mac, ['brew', 'services', 'start', 'ollama'], { code: 0, stdout: pending });
        expect((await mac.server())?.pid).toBe(pid);
        const [info] = JSON.parse(await mac.must(['brew', 'services', 'info', 'ollama', '--json']));
        expect(info).toMatchObject({ service_name: OLD, loaded: true, file: `${AGENTS}/${OLD}.plist` });
        await ends(mac, ['brew', 'services', 'restart', 'ollama'], {
          code: 0,
          stdout: STOPPING + tell('stopped', OLD) + tell('started', NEW),
        });
        expect(mac.host.exists(`${AGENTS}/${OLD}.plist`)).toBe(false);
        expect(Object.keys(await mac.loaded())).toEqual([`${GUI}/${NEW}`]);
      });
    });

    it.each([
      ['group-writable', 0o664, 'file is group-writable.'],
      ['world-writable', 0o646, 'file is world-writable.'],
    ])('an env file that is %s is skipped with a warning (1.4)', async (_, mode, words) => {
      await withMac('skipped', { brew: { env: HOST } }, async (mac) => {
        await mac.must(['chmod', mode.toString(8), ENV_FILE]);
        await ends(mac, ['brew', 'services', 'start', 'ollama'], {
          code: 0,
          stderr: `Warning: Skipping ${ENV_FILE}: ${words}\n`,
        });
        await mac.waitForListener('127.0.0.1');
      });
    });

    it('the rules of the env file (1.4)', async () => {
      const env = [
        '# comment',
        '',
        ' A = b c ',
        'A=last',
        'Q="quoted"',
        'export X=1',
        'OLLAMA_FLASH_ATTENTION=0',
        'no sign',
        '=blank',
        'E=',
        'CR=x\r',
      ].join('\n');
      await withMac('rules', { brew: { env } }, async (mac) => {
        const { stderr } = await ends(mac, ['brew', 'services', 'start', 'ollama'], { code: 0 });
        for (const line of ['no sign', '=blank'])
          expect(stderr).toContain(`Warning: Skipping invalid line in ${ENV_FILE}: ${line}\n`);
        expect((await mac.plist(`${AGENTS}/${NEW}.plist`)).EnvironmentVariables).toEqual({
          ...{
            A: 'last',
            Q: '"quoted"',
            'export X': '1',
            OLLAMA_FLASH_ATTENTION: '0',
            OLLAMA_KV_CACHE_TYPE: 'q8_0',
            E: '',
            CR: 'x',
          },
        });
        expect(mac.host.read(`${AGENTS}/${NEW}.plist`)).toContain('\t\t<key>E</key>\n\t\t<string/>\n');
      });
    });

    it('another XDG_CONFIG_HOME, another file; a value of one’s own for HOMEBREW_USER_CONFIG_HOME does not count', async () => {
      await withMac('xdg', { brew: { env: HOST } }, async (mac) => {
        mac.host.write('/Users/me/xdg/homebrew/services/ollama.env', 'IN_XDG=1\n', { uid: 501, gid: 20 });
        const command = async (env: Record<string, string>) =>
          JSON.parse(await mac.must(['brew', 'services', 'info', 'ollama', '--json'], { env }))[0].command;
        const start = 'OLLAMA_FLASH_ATTENTION="1" OLLAMA_KV_CACHE_TYPE="q8_0"';
        expect(await command({ HOMEBREW_USER_CONFIG_HOME: '/nowhere' })).toBe(
          `${start} OLLAMA_HOST="0.0.0.0:11434" ${KEG}/bin/ollama serve`,
        );
        expect(await command({ XDG_CONFIG_HOME: '/Users/me/xdg' })).toBe(`${start} IN_XDG="1" ${KEG}/bin/ollama serve`);
        expect(await command({ HOMEBREW_XDG_CONFIG_HOME: '/Users/me/xdg' })).toContain('IN_XDG');
      });
    });

    it('domains: ssh with a terminal, sudo -u, and the failure text of bootstrap (1.5, 9.9)', async () => {
      await withMac('domains', { brew: { version: '6.0.22' }, console: false }, async (mac) => {
        const warning = (why: string) =>
          new RegExp(`^Warning: ${why}, using user/\\* instead of gui/\\* domain!\n.*\n.*\n$`);
        const start = ['brew', 'services', 'start', 'ollama'];
        const over = await mac.run(['/opt/homebrew/bin/brew', ...start.slice(1)], { via: 'ssh' });
        expect(over.code).toBe(1);
        const dest = `${AGENTS}/${NEW}.plist`;
        expect(over.stderr).toBe(
          'Bootstrap failed: 125: Domain does not support specified action\n' +
            `Error: Failure while executing; \`/bin/launchctl bootstrap gui/501 ${dest}\` exited with 125.\n`,
        );
        await ends(
          mac,
          start,
          { code: 0, stderr: warning('running over SSH without /dev/console ownership') },
          { via: 'ssh', env: { SSH_TTY: '/dev/ttys001', PATH: '/opt/homebrew/bin:/usr/bin:/bin' } },
        );
        expect(Object.keys(await mac.loaded())).toEqual([`user/501/${NEW}`]);
        await mac.login();
        await mac.host.waitFor(async () => Object.keys(await mac.loaded()).length === 2, 5000, 'the second copy');
        const asMe = ['sudo', '-u', 'me', '/opt/homebrew/bin/brew', 'services', 'info', 'ollama'];
        await ends(mac, asMe, { code: 0, stderr: warning('running through sudo') }, { via: 'sudo' });
        await ends(
          mac,
          [...asMe.slice(0, 3), 'env', 'HOMEBREW_SERVICES_NO_DOMAIN_WARNING=1', ...asMe.slice(3)],
          { code: 0, stderr: '' },
          { via: 'sudo' },
        );
      });
    });

    it('bootstrap 5, and what the owner of the console reads', async () => {
      await withMac('five', { brew: {}, faults: { bootstrapFails: 1 } }, async (mac) => {
        const { stderr } = await ends(mac, ['brew', 'services', 'start', 'ollama'], { code: 1, stdout: '' });
        const dest = `${AGENTS}/${NEW}.plist`;
        expect(stderr).toBe(
          `Bootstrap failed: 5: Input/output error\n${RICHER}Error: Failure while executing; \`/bin/launchctl bootstrap gui/501 ${dest}\` exited with 5.\n`,
        );
      });
    });

    it('root: nothing but services, the system domain, no env file, and the paths are root’s then (1.7)', async () => {
      await withMac('root', { brew: { env: HOST } }, async (mac) => {
        const sudo = { via: 'sudo' } as const;
        await ends(
          mac,
          ['brew', 'list', '--versions', 'ollama'],
          { code: 1, stderr: /^Error: Running Homebrew as root is extremely dangerous/ },
          sudo,
        );
        const { stderr } = await ends(
          mac,
          ['brew', 'services', 'start', 'ollama'],
          { code: 0, stdout: tell('started', NEW) },
          sudo,
        );
        expect(stderr).toContain('user env overrides are not supported for root services.\n');
        expect(stderr).toContain('Warning: Taking root:admin ownership of some ollama paths:\n');
        expect(stderr).toContain('Warning: `ollama` must be run as non-root to start at user login!\n');
        expect(Object.keys(await mac.loaded())).toEqual([`system/${NEW}`]);
        await ends(mac, ['brew', 'services', 'stop', 'ollama'], {
          code: 1,
          stderr: 'Error: Service `ollama` is started as `root`. Try:\n  sudo brew services stop ollama\n',
        });
        await ends(mac, ['brew', 'services', 'stop', 'ollama'], { code: 0 }, sudo);
      });
    });

    it('what is told: versions, prefixes, lists, JSON, refusals (1.6, 1.8)', async () => {
      const versionText = 'Homebrew >=4.3.0 (shallow or no git repository)\nHomebrew/homebrew-core N/A';
      const brew = [{ prefix: '/usr/local' as const, version: '6.0.14', versionText }, { formula: null }];
      await withMac('told', { brew }, async (mac) => {
        const at = (prefix: string, ...words: string[]) => [`${prefix}/bin/brew`, ...words];
        await ends(mac, at('/usr/local', '--version'), { code: 0, stdout: `${versionText}\n` });
        await ends(mac, at('/opt/homebrew', '--version'), { code: 0, stdout: 'Homebrew 6.0.22\n' });
        await ends(mac, at('/opt/homebrew', '--prefix', 'ollama'), { code: 0, stdout: '/opt/homebrew/opt/ollama\n' });
        await ends(mac, at('/opt/homebrew', '--prefix', '--installed', 'ollama'), { code: 1, stdout: '' });
        await ends(mac, at('/usr/local', 'list', '--versions', 'ollama'), { code: 0, stdout: 'ollama 0.32.3\n' });
        await ends(mac, at('/opt/homebrew', 'list', '--versions', 'ollama'), { code: 1, stdout: '', stderr: '' });
        await ends(mac, at('/opt/homebrew', 'services', 'start', 'ollama'), {
          code: 1,
          stderr: 'Error: Formula `ollama` is not installed.\n',
        });
        await ends(mac, at('/usr/local', 'services', 'start', 'x'), {
          code: 1,
          stderr: 'Error: No available formula with the name "x".\n',
        });
        await ends(mac, at('/opt/homebrew', 'services', 'list', '--json'), { code: 0, stdout: '[]\n' });
        const keg = `/usr/local/opt/ollama/${OLD}.plist`;
        const [row] = JSON.parse(await mac.must(at('/usr/local', 'services', 'list', '--json')));
        expect(row).toEqual({ name: 'ollama', status: 'none', user: null, file: keg, exit_code: null });
        await ends(mac, at('/usr/local', 'services', 'start', '--zap', 'ollama'), {
          code: 1,
          stderr: /^Error: invalid option/,
        });
        const tmux = { via: 'ssh', env: { TMUX: '/tmp/tmux-501/default,1,0' } } as const;
        await ends(
          mac,
          at('/usr/local', 'services', 'list'),
          { code: 1, stderr: 'Error: Invalid usage: `brew services` cannot run under tmux!\n' },
          tmux,
        );
        expect(
          Object.keys(JSON.parse(await mac.must(at('/usr/local', 'services', 'info', 'ollama', '--json')))[0]),
        ).toEqual([
          ...[
            'name',
            'service_name',
            'running',
            'loaded',
            'schedulable',
            'pid',
            'exit_code',
            'user',
            'status',
            'file',
            'registered',
          ],
          ...['loaded_file', 'command', 'working_dir', 'root_dir', 'log_path', 'error_log_path', 'interval', 'cron'],
        ]);
      });
    });
  });
}
