import { describe, expect, it } from 'vitest';
import {
  brewRestart,
  codes,
  ENV_FILE,
  expectAsBefore,
  product,
  setup,
  shoot,
  unchanged,
  undo,
} from './homebrew-kit.ts';
import { type Mac, withMac } from './rig/mac.ts';

const MINE = { uid: 501, gid: 20 };
const BREW = { version: '7.0.7', service: 'started' } as const;
const OURS = 'OLLAMA_HOST=0.0.0.0:11434';

/** Puts the service in force with what the files say now, as its user would. */
async function restarted(mac: Mac): Promise<void> {
  await brewRestart(mac);
  await mac.host.waitFor(() => mac.listeners(11434).length > 0, 5000, 'the server');
}

/** services/ollama.env as it was, and as it is afterwards. */
const TEXTS: [name: string, before: string, after: string, mode?: number][] = [
  ['loopback', 'OLLAMA_HOST=127.0.0.1\nA=b\n', `${OURS}\nA=b\n`],
  [
    'the last of two lines counts',
    'OLLAMA_HOST=0.0.0.0\n OLLAMA_HOST = localhost \n',
    `OLLAMA_HOST=0.0.0.0\n${OURS}\n`,
  ],
  ['CRLF', 'A=b\r\nOLLAMA_HOST=127.0.0.1:11434\r\n', `A=b\r\n${OURS}\r\n`],
  ['a byte order mark', `\uFEFF${OURS}\n`, `\uFEFF${OURS}\n${OURS}\n`],
  ['ours, but open to the group', `${OURS}\n`, `${OURS}\n`, 0o664],
];

/** Values of the file that mean the same already: nothing is written. */
const EQUAL = ['OLLAMA_HOST=0.0.0.0\n', 'OLLAMA_HOST="0.0.0.0:11434"\n', 'OLLAMA_HOST = http://0.0.0.0:11434\r\n'];

describe('services/ollama.env', () => {
  it('keeps its other lines, its owner and its mode as far as Homebrew reads it', () =>
    withMac('brew-env', { brew: BREW }, async (mac) => {
      mac.host.makeDirectory('/Users/me/.homebrew/services', MINE);
      for (const [name, before, after, mode = 0o644] of TEXTS) {
        mac.host.write(ENV_FILE, before, { ...MINE, mode });
        const shot = await shoot(mac);
        const done = await setup(mac);
        expect(mac.host.read(ENV_FILE), name).toBe(after);
        expect(mac.host.stat(ENV_FILE), name).toMatchObject({ ...MINE, mode: 0o100000 | (mode & ~0o022) });
        expect(codes(done), name).toEqual([]);
        if (mode === 0o664) {
          await restarted(mac);
          await mac.waitForListener('::');
        }
        await undo(mac);
        await expectAsBefore(mac, shot);
      }
      for (const text of EQUAL) {
        mac.host.write(ENV_FILE, text, { ...MINE, mode: 0o644 });
        await restarted(mac);
        await mac.waitForListener('::');
        await unchanged(mac);
      }
    }));

  it('a link into a folder of dotfiles, and one that leads to nothing yet', () =>
    withMac('brew-env-link', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      for (const folder of ['.homebrew', '.homebrew/services', 'dotfiles'])
        mac.host.makeDirectory(`/Users/me/${folder}`, MINE);
      await mac.must(['ln', '-s', '../../dotfiles/ollama.env', ENV_FILE]);
      for (const text of [undefined, 'A=b\n']) {
        if (text) mac.host.write('/Users/me/dotfiles/ollama.env', text, MINE);
        await restarted(mac);
        const before = await shoot(mac);
        await setup(mac);
        expect(mac.host.read('/Users/me/dotfiles/ollama.env')).toBe(`${text ?? ''}${OURS}\n`);
        await mac.must(['test', '-L', ENV_FILE]);
        await restarted(mac);
        await mac.waitForListener('::');
        await undo(mac);
        await expectAsBefore(mac, before);
      }
    }));

  it('where XDG_CONFIG_HOME has it', () =>
    withMac('brew-xdg', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      const env = { XDG_CONFIG_HOME: '/Users/me/.config' };
      await setup(mac, [], { env });
      expect(mac.host.read('/Users/me/.config/homebrew/services/ollama.env')).toBe(`${OURS}\n`);
      await brewRestart(mac, { env });
      await mac.waitForListener('::');
      await unchanged(mac, ['--yes'], { env });
      await undo(mac, [], { env });
      await expectAsBefore(mac, before);
    }));

  it('root’s, a folder, unreadable: refused, and nothing is touched', () =>
    withMac('brew-env-odd', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      mac.host.makeDirectory('/Users/me/.homebrew', MINE);
      mac.host.makeDirectory('/Users/me/.homebrew/services', MINE);
      const refused = async (code: string, how: Parameters<typeof product>[2] = {}) => {
        const before = await shoot(mac);
        const ran = await product(mac, ['--yes'], how);
        expect([ran.code, ran.report.error?.code], ran.said).toEqual([4, code]);
        await expectAsBefore(mac, before);
        expect((await product(mac, ['doctor'], how)).code).toBe(10);
      };
      mac.host.write(ENV_FILE, 'A=b\n', { mode: 0o644 });
      await refused('foreign-owner');
      await refused('foreign-owner', { via: 'sudo' });
      mac.host.write(ENV_FILE, 'A=b\n', { ...MINE, mode: 0o000 });
      await refused('env-file-unreadable');
      mac.host.remove(ENV_FILE);
      mac.host.makeDirectory(ENV_FILE, MINE);
      await refused('env-file-unreadable');
    }));
});
