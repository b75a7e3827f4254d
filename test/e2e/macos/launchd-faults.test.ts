import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { AGENTS, BINARY, job, LABEL, type Stage, told, type Value, withJobs } from './launchd-stage.ts';
import type { MacOptions } from './rig/mac.ts';

const MINE = `${AGENTS}/${LABEL}.plist`;
const ME = { uid: 501, gid: 20 };

/** A Mac with one agent of mine. */
function withAgent(
  name: string,
  options: MacOptions & { keys?: Record<string, Value | undefined>; listens?: string | false },
  test: (stage: Stage) => Promise<void>,
): Promise<void> {
  const { keys, ...mac } = options;
  return withJobs(name, { without: ['plutil'], ...mac, plists: [{ path: MINE, content: job(keys) }] }, test);
}

async function stop({ mac }: Stage): Promise<void> {
  await mac.must(['launchctl', 'bootout', `gui/501/${LABEL}`]);
  await mac.host.waitFor(async () => Object.keys(await mac.loaded()).length === 0, 10_000, 'bootout');
}

/** setup and undo, without what a reboot has to say. */
async function thereAndBack(stage: Stage): Promise<void> {
  const before = await stage.image();
  const ran = await stage.setup();
  expect(ran.code, told(ran)).toBe(0);
  expect(stage.binding()).toEqual(['::']);
  const back = await stage.undo();
  expect(back.code, told(back)).toBe(0);
  await stage.isAsBefore(before);
}

describe.skipIf(rigUnavailable())('a job of launchd in trouble', () => {
  it('is started where it was stopped or disabled, and is so again afterwards', async () => {
    await withAgent('stopped', {}, async (stage) => {
      await stop(stage);
      await thereAndBack(stage);
      await stage.mac.must(['launchctl', 'disable', `gui/501/${LABEL}`]);
      for (const disabledCode of [5, 119] as const) {
        await stage.mac.faults({ disabledCode });
        await thereAndBack(stage);
      }
      const before = await stage.image();
      const ran = await stage.setup('--no-restart');
      expect(ran.code, told(ran)).toBe(0);
      const back = await stage.undo('--no-restart');
      expect(back.code, told(back)).toBe(0);
      await stage.isAsBefore(before);
    });
  });

  it('of somebody who is not at the screen is written, and starts so at the next login', async () => {
    await withAgent('headless', { console: false, listens: false }, async (stage) => {
      stage.how = { via: 'ssh' };
      const before = stage.mac.host.read(MINE);
      const ran = await stage.setup();
      expect(ran.code, told(ran)).toBe(0);
      expect(ran.report.steps.map(({ id }) => id)).toEqual(['edit-plist']);
      await stage.mac.login();
      await stage.mac.waitForListener('::');
      const back = await stage.undo();
      expect(back.code, told(back)).toBe(0);
      expect(stage.mac.host.read(MINE)).toBe(before);
      await stage.mac.waitForListener('127.0.0.1');
    });
  });

  it('is loaded by trying again while launchd answers with what passes', async () => {
    await withAgent('passing', {}, async (stage) => {
      for (const faults of [
        { bootout36: true, drainSeconds: 1, bootstrapFails: 3 },
        { neverSpawns: true, noDomainCode: 125, printDisabled: 'booleans', alreadyLoadedCode: 37 },
      ] as const) {
        await stage.mac.faults(faults);
        await thereAndBack(stage);
      }
    });
  });

  it('that cannot be loaded is put back, and where that fails too it is told', async () => {
    await withAgent('for-good', {}, async (stage) => {
      const before = await stage.image();
      // So many tries are made in the time that loading gets.
      await stage.mac.faults({ bootstrapFails: 32 });
      const ran = await stage.refuses(6);
      expect(ran.report.error?.message).toContain('Bootstrap failed: 5');
      await stage.mac.waitForListener('127.0.0.1');
      await stage.mac.faults({ bootstrapFails: 'always' });
      const stuck = await stage.setup();
      expect(stuck.code, told(stuck)).toBe(9);
      expect(stuck.report.error?.message).toContain('Bootstrap failed: 5');
      await stage.mac.faults({ bootstrapFails: 0 });
      const mended = await stage.undo();
      expect(mended.code, told(mended)).toBe(0);
      await stage.isAsBefore(before);
    });
  });

  it('that ends again and again is told at once, with its last words', async () => {
    const keys = {
      ProgramArguments: [
        '/bin/sh',
        '-c',
        `if [ "$OLLAMA_HOST" ]; then echo "no room for two" >&2; exit 3; fi; exec ${BINARY} serve`,
      ],
    };
    await withAgent('crash', { keys }, async (stage) => {
      const began = Date.now();
      const ran = await stage.refuses(7);
      expect(Date.now() - began).toBeLessThan(45_000);
      expect(ran.report.error?.message).toMatch(/restarting \(exit code 3/);
      expect(ran.report.error?.meaning).toContain('no room for two');
      await stage.mac.waitForListener('127.0.0.1');
    });
  });

  it('whose port is held by another is put back', async () => {
    const keys = { EnvironmentVariables: { OLLAMA_HOST: '127.0.0.1:11500' } };
    await withAgent('held', { keys, listens: false }, async (stage) => {
      await stage.mac.waitForListener('127.0.0.1', 11500);
      const other = await stage.mac.startByHand({ binary: '/usr/local/bin/node', args: HOLDER });
      await stage.mac.waitForListener('0.0.0.0');
      const ran = await stage.refuses(7);
      expect(ran.report.error?.code).toBe('port-held');
      expect(ran.report.error?.meaning).toContain(`process ${other}`);
      await stage.mac.waitForListener('127.0.0.1', 11500);
    });
  });

  it('among several is chosen by --target', async () => {
    await withAgent('several', {}, async (stage) => {
      const second = `${AGENTS}/org.example.second.plist`;
      const environment = { OLLAMA_HOST: '127.0.0.1:11500' };
      stage.mac.host.write(second, job({ Label: 'org.example.second', EnvironmentVariables: environment }), ME);
      await stage.mac.must(['launchctl', 'bootstrap', 'gui/501', second]);
      await stage.mac.waitForListener('127.0.0.1', 11500);
      const ran = await stage.refuses(2);
      expect(ran.report.error?.code).toBe('several-installations');
      for (const label of [LABEL, 'org.example.second'])
        expect(ran.report.error?.meaning).toContain(`--target launchd:${label}`);
      await stage.refuses(2, ['--target', 'launchd:org.example.third']);
      await stage.wholeJob({ words: ['--target', `launchd:${LABEL}`], reboot: false });
    });
  });

  it('that runs a script of another name is found by its process', async () => {
    const keys = { Label: 'org.example.llm', ProgramArguments: ['/Users/me/bin/llm'], EnvironmentVariables: undefined };
    const script = { path: '/Users/me/bin/llm', ...ME, mode: 0o755 };
    const named = { path: `${AGENTS}/llm.plist`, content: job(keys).replaceAll('ollama-job', 'llm') };
    const plain = `#!/bin/sh\nexec ${BINARY} serve\n`;
    await withJobs('script', { without: ['plutil'], plists: [named, { ...script, content: plain }] }, async (stage) => {
      await stage.wholeJob({ id: 'org.example.llm' });
      const child = `#!/bin/sh\nexport OLLAMA_HOST=127.0.0.1:11434\n${BINARY} serve\n`;
      stage.mac.host.write(script.path, child, script);
      await stage.mac.must(['launchctl', 'kickstart', '-k', 'gui/501/org.example.llm']);
      await stage.mac.waitForListener('127.0.0.1');
      const ran = await stage.refuses(4);
      expect(ran.report.error?.code).toBe('set-in-program');
      expect(ran.report.error?.message).toContain('/Users/me/bin/llm');
    });
  });

  it('is taken back by undo --target, also with its file edited or gone since', async () => {
    await withAgent('edited', {}, async (stage) => {
      await stage.setup();
      const edited = stage.mac.host.read(MINE).replace('<string>1</string>', '<string>0</string>');
      stage.mac.host.write(MINE, edited, ME);
      const back = await stage.undo('--target', `launchd:${LABEL}`);
      expect(back.code, told(back)).toBe(0);
      expect(stage.mac.host.read(MINE)).toBe(job().replace('<string>1</string>', '<string>0</string>'));
      expect(stage.binding()).toEqual(['127.0.0.1']);
    });
  });
});

/** Listens on every IPv4 address, and answers nobody. */
const HOLDER = ['-e', 'require("net").createServer(() => {}).listen(11434, "0.0.0.0")'];
