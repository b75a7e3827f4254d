import { describe, expect, it } from 'vitest';
import { brewCommand, envFilePath, findBrews, keepsEnvFile } from '../../../src/rooms/homebrew/brew.ts';
import { RecordedHost } from '../../rig/recorded-host.ts';

const ME = { uid: 501, gid: 20, name: 'me', home: '/Users/me' };
const ROOT = { uid: 0, gid: 0, name: 'root', home: '/var/root' };
const BREW = '/opt/homebrew/bin/brew';

function mac(user = ME, env: Record<string, string> = {}): RecordedHost {
  const host = new RecordedHost(user);
  Object.assign(host.env, env);
  return host;
}

describe('the version that brew tells of itself', () => {
  it.each<[string, boolean | undefined]>([
    ['Homebrew 5.1.0', false],
    ['Homebrew 6.0.14-3-gaad366f-dirty', false],
    ['Homebrew 6.0.15', true],
    ['Homebrew 6.0.18-157-gaad366f\nHomebrew/homebrew-core (git revision abc1234; last commit 2026-08-22)', true],
    ['Homebrew 6.1', true],
    ['Homebrew 7.0.7', true],
    ['Homebrew >=4.3.0 (shallow or no git repository)', undefined],
    ['', undefined],
  ])('%s', async (stdout, keeps) => {
    const host = mac();
    let asked = 0;
    host.command(['env'], () => {
      asked += 1;
      return { stdout: `${stdout}\n` };
    });
    const brew = { prefix: '/opt/homebrew', program: BREW };
    expect(await keepsEnvFile(host, ME, brew)).toBe(keeps);
    expect(await keepsEnvFile(host, ME, brew)).toBe(keeps);
    expect(asked).toBe(1);
  });

  it('is not asked for where there is no brew', async () => {
    expect(await keepsEnvFile(mac(), ME, { prefix: '/opt/homebrew', program: undefined })).toBeUndefined();
  });
});

describe('the place of services/ollama.env', () => {
  it.each<[string, typeof ME, Record<string, string>, string]>([
    ['by itself', ME, {}, '/Users/me/.homebrew'],
    ['XDG_CONFIG_HOME', ME, { XDG_CONFIG_HOME: '/x', HOMEBREW_XDG_CONFIG_HOME: '/y' }, '/x/homebrew'],
    ['the same, empty', ME, { XDG_CONFIG_HOME: '', HOMEBREW_XDG_CONFIG_HOME: '/y' }, '/y/homebrew'],
    ["what a user's shell has of Homebrew", ME, { HOMEBREW_USER_CONFIG_HOME: '/z' }, '/Users/me/.homebrew'],
    ["root's, who acts for me", ROOT, { XDG_CONFIG_HOME: '/var/root/.config' }, '/Users/me/.homebrew'],
    ['mine, which sudo kept', ROOT, { XDG_CONFIG_HOME: '/Users/me/.config' }, '/Users/me/.config/homebrew'],
  ])('%s', (_, user, env, folder) => {
    expect(envFilePath(mac(user, env), ME)).toBe(`${folder}/services/ollama.env`);
  });
});

describe('brew is run', () => {
  const QUIET = ['HOMEBREW_NO_AUTO_UPDATE=1', 'HOMEBREW_NO_ENV_HINTS=1', 'HOMEBREW_NO_ANALYTICS=1'];
  const TTY = ['SSH_TTY=/dev/tty', 'HOMEBREW_SERVICES_NO_DOMAIN_WARNING=1'];
  it.each<[string, typeof ME, Record<string, string>, string, string[]]>([
    ['at the screen', ME, {}, 'gui/501', QUIET],
    ['over ssh, its user at the screen', ME, { SSH_TTY: '/dev/ttys1' }, 'gui/501', ['-u', 'SSH_TTY', ...QUIET]],
    ['over ssh, nobody at the screen', ME, {}, 'user/501', [...QUIET, ...TTY]],
    ['through sudo', ROOT, { SUDO_USER: 'me' }, 'gui/501', ['-u', 'SUDO_USER', ...QUIET]],
    ["with root's folders", ROOT, { XDG_CONFIG_HOME: '/var/root' }, 'gui/501', ['-u', 'XDG_CONFIG_HOME', ...QUIET]],
    ['with my folders', ROOT, { XDG_CONFIG_HOME: '/Users/me/c' }, 'gui/501', QUIET],
  ])('%s', (_, user, env, domain, before) => {
    const words = brewCommand(mac(user, env), ME, BREW, ['services', 'start', 'ollama'], domain);
    expect(words).toEqual(['env', ...before, BREW, 'services', 'start', 'ollama']);
  });
});

describe('a Homebrew with the formula', () => {
  it('is told by its folder, not by the link of the cask', async () => {
    const host = mac(ME, { PATH: '/opt/homebrew/bin:/usr/local/bin:/usr/bin' });
    host.disk.file('/usr/local/bin/brew', '').symlink('/usr/local/bin/ollama', '/Applications/Ollama.app/x');
    host.disk.folder('/opt/homebrew/Cellar/ollama/1').symlink('/opt/homebrew/opt/ollama', '../Cellar/ollama/1');
    expect(await findBrews(host)).toEqual([{ prefix: '/opt/homebrew', program: undefined }]);
  });

  it('may be elsewhere, where PATH leads to it', async () => {
    const host = mac(ME, { PATH: '/Users/me/brew/bin:/usr/bin' });
    host.disk.file('/Users/me/brew/bin/brew', '').folder('/Users/me/brew/opt/ollama');
    host.command(['/Users/me/brew/bin/brew', '--prefix'], () => ({ stdout: '/Users/me/brew\n' }));
    expect(await findBrews(host)).toEqual([{ prefix: '/Users/me/brew', program: '/Users/me/brew/bin/brew' }]);
  });
});
