import { describe, expect, it } from 'vitest';
import {
  AGENTS,
  brewRestart,
  causes,
  codes,
  deeds,
  expectAsBefore,
  NEW,
  product,
  type Ran,
  setup,
  shoot,
  unchanged,
  undo,
} from './homebrew-kit.ts';
import { type Mac, withMac } from './rig/mac.ts';

const MINE = { uid: 501, gid: 20 };
const BREW = { version: '7.0.7', service: 'started' } as const;
const PLIST = `${AGENTS}/${NEW}.plist`;

/** Loads the plist as it is, without Homebrew. */
async function reloaded(mac: Mac): Promise<void> {
  await mac.launchctl(['bootout', `gui/501/${NEW}`]);
  await mac.host.waitFor(async () => !(await mac.loaded())[`gui/501/${NEW}`], 5000, 'the job to go');
  await mac.launchctl(['bootstrap', 'gui/501', PLIST]);
}

/** The service's plist in shapes of its own; undefined for a change that needs no other text. */
const SHAPES: [name: string, change: (mac: Mac, text: string) => Promise<void> | void][] = [
  ['binary', (mac) => convert(mac, 'FMT_BINARY')],
  ['comments, spaces, another order', (mac, text) => write(mac, text.replace('<dict>', '<dict>\n<!-- mine -->   '))],
  ['no variables', (mac, text) => write(mac, text.replace(/\t<key>Env[\s\S]*?<\/dict>\n/, ''))],
  ['no final newline, CRLF', (mac, text) => write(mac, text.trimEnd().replaceAll('\n', '\r\n'))],
  ['loopback by hand', (mac, text) => write(mac, withHost(text, '127.0.0.1:11434'))],
  [
    'a link',
    async (mac, text) => {
      mac.host.makeDirectory('/Users/me/dotfiles', MINE);
      mac.host.write('/Users/me/dotfiles/ollama.plist', text, MINE);
      await mac.must(['ln', '-sf', '/Users/me/dotfiles/ollama.plist', PLIST]);
    },
  ],
];

function write(mac: Mac, text: string): void {
  mac.host.write(PLIST, text, MINE);
}

function withHost(text: string, value: string): string {
  return text.replace(
    '\t\t<key>OLLAMA_KV',
    `\t\t<key>OLLAMA_HOST</key>\n\t\t<string>${value}</string>\n\t\t<key>OLLAMA_KV`,
  );
}

async function convert(mac: Mac, format: string): Promise<void> {
  const script = `import plistlib,sys
with open(sys.argv[1],'rb') as f: p=plistlib.load(f)
with open(sys.argv[1],'wb') as f: plistlib.dump(p,f,fmt=plistlib.${format})`;
  await mac.host.must(['/usr/bin/python3', '-IS', '-c', script, PLIST]);
}

describe("the service's property list", () => {
  it('keeps all but the one key, and has its bytes back', () =>
    withMac('brew-plist', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const original = mac.host.read(PLIST);
      for (const [name, change] of SHAPES) {
        await change(mac, original);
        await reloaded(mac);
        await mac.waitForListener('127.0.0.1');
        const before = await shoot(mac);
        const { EnvironmentVariables: variables, ...rest } = await mac.plist(PLIST);
        await setup(mac);
        const { EnvironmentVariables: now, ...others } = await mac.plist(PLIST);
        expect(others, name).toEqual(rest);
        expect(now, name).toEqual({ ...(variables as object), OLLAMA_HOST: '0.0.0.0:11434' });
        if (name === 'binary') await unchanged(mac);
        await undo(mac);
        await expectAsBefore(mac, before);
      }
    }));

  it('edited by hand and loaded: made to last without a restart', () =>
    withMac('brew-hand', { brew: { version: '6.0.22', service: 'started' } }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      write(mac, withHost(mac.host.read(PLIST), '0.0.0.0:11434'));
      const stale = await product(mac, ['doctor']);
      expect(stale.code).toBe(10);
      await mac.launchctl(['unload', PLIST]);
      await mac.host.waitFor(async () => !(await mac.loaded())[`gui/501/${NEW}`], 5000, 'the job to go');
      await mac.launchctl(['load', PLIST]);
      await mac.waitForListener('::');
      const doctor = await product(mac, ['doctor']);
      expect([doctor.code, causes(doctor).filter(Boolean)]).toEqual([0, ['mac-brew-restart-rewrites-plist']]);
      const before = await shoot(mac);
      expect((await product(mac, ['--check'])).code).toBe(10);
      const { pid } = (await mac.server())!;
      const done = await setup(mac);
      expect([deeds(done.calls), codes(done), (await mac.server())?.pid]).toEqual([[], [], pid]);
      expect(done.report.steps.map(({ id }) => id)).toEqual(['write-env-file']);
      await undo(mac);
      await expectAsBefore(mac, before);
      await setup(mac);
      await brewRestart(mac);
      await mac.waitForListener('::');
      await unchanged(mac);
    }));

  it('mode 0600: loaded by no launchd of today, mended', () =>
    withMac('brew-0600', { brew: BREW }, async (mac) => {
      mac.host.write(PLIST, mac.host.read(PLIST), { ...MINE, mode: 0o600 });
      await mac.reboot();
      expect(mac.listeners(11434)).toEqual([]);
      const before = await shoot(mac);
      await setup(mac);
      expect(mac.host.stat(PLIST)).toMatchObject({ mode: 0o100644 });
      await undo(mac);
      await expectAsBefore(mac, before);
    }));

  it('broken, unreadable, root’s: refused with line and reason, and nothing is touched', () =>
    withMac('brew-plist-odd', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const original = mac.host.read(PLIST);
      const refused = async (code: number, name: string, how: Parameters<typeof product>[2] = {}): Promise<Ran> => {
        const before = await shoot(mac);
        const ran = await product(mac, ['--yes'], how);
        expect([ran.code, ran.report.error?.code], ran.said).toEqual([code, name]);
        await expectAsBefore(mac, before);
        return ran;
      };
      write(mac, original.replace('</dict>\n</plist>', '</dict>\n</plst>'));
      expect((await refused(4, 'plist-broken')).report.error?.message).toMatch(/line \d+: /);
      write(mac, 'not a property list');
      await refused(4, 'plist-broken');
      mac.host.write(PLIST, original, { mode: 0o600 });
      await refused(5, 'plist-unreadable');
      mac.host.write(PLIST, original, { mode: 0o644 });
      await refused(4, 'foreign-owner');
      await refused(4, 'foreign-owner', { via: 'sudo' });
      // Where it says so already, it does not have to be the user's.
      mac.host.write(PLIST, withHost(original, '0.0.0.0:11434'), { mode: 0o644 });
      await setup(mac);
    }));

  it('in a keg of another user: left as it is, and told', () =>
    withMac(
      'brew-foreign-keg',
      { brew: { version: '6.0.14', service: 'started' }, users: [{ name: 'ann', uid: 502 }] },
      async (mac) => {
        await mac.waitForListener('127.0.0.1');
        await mac.must(['chown', '-R', 'ann:admin', '/opt/homebrew/Cellar', '/opt/homebrew/opt'], { as: 'root' });
        const before = await shoot(mac);
        const done = await setup(mac);
        expect(codes(done)).toContain('mac-brew-restart-rewrites-plist');
        expect(done.report.steps.map(({ id }) => id)).toEqual(['edit-plist', 'restart']);
        await undo(mac);
        await expectAsBefore(mac, before);
      },
    ));
});
