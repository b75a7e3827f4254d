import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { AGENTS, BINARY, job, LABEL, type Stage, told, WIDE, withJobs } from './launchd-stage.ts';

const MINE = `${AGENTS}/${LABEL}.plist`;
const ME = { uid: 501, gid: 20 };

function binary(xml: string): Buffer {
  const script =
    'import sys,plistlib; sys.stdout.buffer.write(plistlib.dumps(plistlib.loads(sys.stdin.buffer.read()), fmt=plistlib.FMT_BINARY))';
  return execFileSync('python3', ['-c', script], { input: xml });
}

/** Puts a job's file in place and loads it, as somebody did once by hand. */
async function load(
  { mac }: Stage,
  content: string | Buffer,
  more: { mode?: number; uid?: number } = {},
): Promise<void> {
  if (!mac.host.exists(AGENTS)) mac.host.makeDirectory(AGENTS, ME);
  mac.host.write(MINE, content, { ...ME, ...more });
  await mac.must(['launchctl', 'bootstrap', 'gui/501', MINE]);
}

async function unload({ mac }: Stage): Promise<void> {
  await mac.run(['launchctl', 'bootout', `gui/501/${LABEL}`]);
  await mac.host.waitFor(async () => Object.keys(await mac.loaded()).length === 0, 10_000, 'bootout');
}

const FORMS: [string, string | Buffer][] = [
  ['binary', binary(job())],
  ['binary without variables', binary(job({ EnvironmentVariables: undefined }))],
  [
    'with comments',
    job()
      .replace('<dict>', '<dict>\n\t<!-- started by hand & kept -->')
      .replace('</dict>\n</plist>', '</dict>\n<!-- end -->\n</plist>'),
  ],
  ['with CRLF', job().replaceAll('\n', '\r\n')],
  ['on one line', job().replaceAll(/>\s+</g, '><')],
  ['with an empty dictionary', job({ EnvironmentVariables: {} })],
  ['with OLLAMA_HOST empty', job({ EnvironmentVariables: { OLLAMA_HOST: '' } })],
];

describe.skipIf(rigUnavailable())('the file of a job', () => {
  it('keeps its form and every other byte', async () => {
    await withJobs('forms', { without: ['plutil'], listens: false }, async (stage) => {
      for (const [form, content] of FORMS) {
        await load(stage, content);
        await stage.mac.waitForListener('127.0.0.1');
        const was = await stage.mac.plist(MINE);
        const before = await stage.image();
        const ran = await stage.setup();
        expect(ran.code, `${form}: ${told(ran)}`).toBe(0);
        const environment = was.EnvironmentVariables as Record<string, string> | undefined;
        expect(await stage.mac.plist(MINE), form).toEqual({
          ...was,
          EnvironmentVariables: { ...environment, OLLAMA_HOST: WIDE },
        });
        if (form.startsWith('binary')) expect(stage.mac.host.read(MINE).slice(0, 8)).toBe('bplist00');
        const back = await stage.undo();
        expect(back.code, `${form}: ${told(back)}`).toBe(0);
        await stage.isAsBefore(before);
        await unload(stage);
      }
    });
  });

  it('may be a link into a folder of dotfiles, which stays one', async () => {
    await withJobs('dotfiles', { without: ['plutil'], listens: false }, async (stage) => {
      const { host } = stage.mac;
      host.makeDirectory('/Users/me/dotfiles', ME);
      host.write('/Users/me/dotfiles/ollama.plist', job(), ME);
      host.makeDirectory(AGENTS, ME);
      host.symlink('../../dotfiles/ollama.plist', MINE);
      await stage.mac.reboot();
      await stage.mac.waitForListener('127.0.0.1');
      const ran = await stage.wholeJob();
      expect(ran.report.steps[0]?.path).toBe('/Users/me/dotfiles/ollama.plist');
    });
  });

  it('that launchd does not load for its mode gets one that it does, and has its own again afterwards', async () => {
    await withJobs('owner', { without: ['plutil'], listens: false }, async (stage) => {
      // macOS 26 loads no file that only its owner may read, and none does that others may write.
      // Nor one with a variable that is no text.
      const number = job({ EnvironmentVariables: { OLLAMA_HOST: 11434 } });
      const files = [0o600, 0o664, 0o666, 0o644].map((mode) => ({ mode, content: mode === 0o644 ? number : job() }));
      for (const { mode, content } of files) {
        if (!stage.mac.host.exists(AGENTS)) stage.mac.host.makeDirectory(AGENTS, ME);
        stage.mac.host.write(MINE, content, { ...ME, mode });
        const was = await stage.image();
        const open = await stage.setup();
        expect(open.code, told(open)).toBe(0);
        expect(stage.binding()).toEqual(['::']);
        const shut = await stage.undo();
        expect(shut.code, told(shut)).toBe(0);
        await stage.isAsBefore(was);
      }
    });
  });

  it('that has our value already, and is not read by launchd yet, is only loaded anew', async () => {
    await withJobs('ours', { without: ['plutil'], listens: false }, async (stage) => {
      await load(stage, job());
      await stage.mac.waitForListener('127.0.0.1');
      stage.mac.host.write(MINE, job({ EnvironmentVariables: { OLLAMA_HOST: '0.0.0.0' } }), ME);
      const ran = await stage.setup();
      expect(ran.code, told(ran)).toBe(0);
      expect(ran.report.steps.map(({ id }) => id)).toEqual(['restart']);
      expect(stage.binding()).toEqual(['::']);
    });
  });

  it('is refused where it cannot be changed, with the reason, and nothing is touched', async () => {
    await withJobs('refused', { without: ['plutil'], sudo: false, listens: false }, async (stage) => {
      const { host } = stage.mac;
      const refused = async (content: string | Buffer, exit: number, code: string, more = {}) => {
        if (!host.exists(AGENTS)) host.makeDirectory(AGENTS, ME);
        host.write(MINE, content, { ...ME, ...more });
        const ran = await stage.refuses(exit);
        expect(ran.report.error?.code, told(ran)).toBe(code);
        return ran.report.error!;
      };
      const broken = await refused(job().replace('</array>', '</arr>'), 4, 'plist-broken');
      expect(broken.message).toMatch(/line 11: \S/);
      await refused(job().slice(0, 300), 4, 'plist-broken');
      await refused(Buffer.from('bplist00 ollama serve'), 4, 'plist-broken');
      await refused(
        job({ ProgramArguments: ['/bin/sh', '-c', 'OLLAMA_HOST=127.0.0.1 exec ollama serve'] }),
        4,
        'set-in-program',
      );
      host.write('/Users/me/bin/ollama-at-home', `#!/bin/sh\nexport OLLAMA_HOST=127.0.0.1\nexec ${BINARY} serve\n`, {
        ...ME,
        mode: 0o755,
      });
      await refused(
        job({ ProgramArguments: ['/Users/me/bin/ollama-at-home', 'serve'], Label: 'x.ollama' }),
        4,
        'set-in-program',
      );
      const foreign = await refused(job(), 4, 'plist-of-another', { uid: 0 });
      expect(foreign.remedy).toContain(`sudo chown me '${MINE}'`);
      host.write(MINE, job(), { uid: 0, gid: 0, mode: 0o600 });
      const unreadable = await stage.refuses(5);
      expect(unreadable.report.error?.code).toBe('plist-unreadable');
      host.remove(MINE);
      host.write('/nix/store/abc-ollama.plist', job(), { mode: 0o444 });
      host.symlink('/nix/store/abc-ollama.plist', MINE);
      const nix = await stage.refuses(4);
      expect(nix.report.error?.code).toBe('declared-in-nix');
    });
  });
});
