import { describe, expect, it } from 'vitest';
import { AGENTS, codes, deeds, expectAsBefore, NEW, product, setup, shoot, undo } from './homebrew-kit.ts';
import { type Faults, type Mac, withMac } from './rig/mac.ts';

const BREW = { version: '7.0.7', service: 'started' } as const;
/** All switches of this file back to what they are by themselves. */
const WELL: Faults = { bootstrapFails: 0, drainSeconds: 0.3, bootout36: false, neverSpawns: false };
const PLIST = `${AGENTS}/${NEW}.plist`;
const JOB = `gui/501/${NEW}`;

/** The job is out, as after `launchctl bootout`. */
async function bootOut(mac: Mac): Promise<void> {
  await mac.launchctl(['bootout', JOB]);
  await mac.host.waitFor(async () => !(await mac.loaded())[JOB], 8000, 'the job to go');
}

const called = (mac: Mac, verb: string) => mac.calls('launchctl').some(({ args }) => args[0] === verb);

/** What passes, or is cured on the way; the verbs that it takes. */
const PASSING: [name: string, faults: Faults, verb: string, times: number][] = [
  ['bootstrap fails three times', { bootstrapFails: 3 }, 'bootstrap', 4],
  ['a slow drain', { drainSeconds: 2.5 }, 'bootstrap', 1],
  ['bootout says that it is under way', { bootout36: true, drainSeconds: 1 }, 'bootstrap', 1],
  ['loaded and never spawned', { neverSpawns: true }, 'kickstart', 1],
];

describe('launchd at its worst', () => {
  it.each([5, 119] as const)('a label that is disabled (%d): on for setup, off again after undo', (disabledCode) =>
    withMac(`brew-disabled-${disabledCode}`, { brew: BREW, faults: { disabledCode } }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      await mac.launchctl(['disable', JOB]);
      const running = await shoot(mac);
      await setup(mac);
      expect((await mac.disabled())[NEW]).toBe(false);
      await undo(mac);
      await expectAsBefore(mac, running);
      await bootOut(mac);
      const stopped = await shoot(mac);
      expect(stopped.disabled).toMatchObject({ 'gui/501': { [NEW]: true } });
      await setup(mac);
      await undo(mac);
      await expectAsBefore(mac, stopped);
    }),
  );

  it.concurrent('what passes by itself is waited for', () =>
    withMac('brew-passing', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      for (const [name, faults, verb, times] of PASSING) {
        await mac.faults(faults);
        const done = await setup(mac);
        const verbs = deeds(done.calls).map((call) => call.split(' ')[1]);
        expect(
          verbs.filter((each) => each === verb),
          name,
        ).toHaveLength(times);
        expect(verbs.filter((each) => each === 'load' || each === 'unload')).toEqual([]);
        expect(done.calls.some(({ program, args }) => program === 'launchctl' && args.includes('-k'))).toBe(false);
        await undo(mac);
        await mac.faults(WELL);
        await expectAsBefore(mac, before);
      }
    }));

  it.concurrent('bootstrap fails for good with the new file: rolled back, and the old service runs', () =>
    withMac('brew-refused', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      await mac.faults({ bootstrapFails: 'always' });
      const original = mac.host.read(PLIST);
      const running = product(mac, ['--yes']);
      await mac.host.waitFor(() => called(mac, 'bootstrap'), 20_000, 'the first try');
      await mac.host.waitFor(() => mac.host.read(PLIST) === original, 30_000, 'the file to be put back');
      await mac.faults(WELL);
      const failed = await running;
      expect([failed.code, failed.report.outcome], failed.said).toEqual([6, 'rolled-back']);
      expect(failed.report.after.scope).toBe('loopback');
      await expectAsBefore(mac, before);
    }));

  it.concurrent('bootstrap fails for good with any file: told, and undo brings the service back', () =>
    withMac('brew-hopeless', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      await mac.faults({ bootstrapFails: 'always' });
      const failed = await product(mac, ['--yes'], { timeout: 120_000 });
      expect([failed.code, failed.report.outcome], failed.said).toEqual([9, 'failed']);
      expect(failed.report.error?.meaning).toContain(NEW);
      expect(failed.report.after.listeners).toEqual([]);
      await mac.faults(WELL);
      await undo(mac);
      await mac.waitForListener('127.0.0.1');
      await expectAsBefore(mac, before);
    }));

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s while launchd lets go of the job', (signal, code) =>
    withMac(`brew-${signal}`, { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      await mac.faults({ drainSeconds: 3 });
      mac.forgetCalls();
      const run = mac.spawnProduct(['--yes']);
      await mac.host.waitFor(() => called(mac, 'bootout'), 20_000, 'bootout');
      await run.signal(signal);
      const { code: ended } = await run.done;
      expect(ended).toBe(code);
      await mac.waitForListener('127.0.0.1');
      await expectAsBefore(mac, before);
    }),
  );

  it('killed while launchd lets go of the job: the next setup completes it, or undo takes it back', () =>
    withMac('brew-killed', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      for (const next of ['setup', 'undo'] as const) {
        await mac.faults({ drainSeconds: 2 });
        mac.forgetCalls();
        const run = mac.spawnProduct(['--yes']);
        await mac.host.waitFor(() => called(mac, 'bootout'), 20_000, 'bootout');
        await run.kill9();
        await run.done;
        await mac.host.waitFor(async () => !(await mac.loaded())[JOB], 8000, 'the job to go');
        await mac.faults(WELL);
        if (next === 'setup') {
          const done = await setup(mac);
          expect(codes(done)).toContain('unfinished-run');
          await mac.waitForListener('::');
        }
        await undo(mac);
        await mac.waitForListener('127.0.0.1');
        await expectAsBefore(mac, before);
      }
    }));

  it('the port is held by somebody else: named, and all is as it was', () =>
    withMac('brew-held', { brew: BREW }, async (mac) => {
      await mac.waitForListener('127.0.0.1');
      const before = await shoot(mac);
      const holder = mac.host.spawn(['/usr/bin/python3', '-m', 'http.server', '8080', '--bind', '0.0.0.0']);
      await mac.host.waitFor(() => mac.listeners(8080).length > 0, 8000, 'the holder');
      const failed = await product(mac, ['--yes', '--host', '0.0.0.0:8080', '--timeout', '5']);
      expect([failed.code, failed.report.outcome], failed.said).toEqual([7, 'rolled-back']);
      expect([failed.report.error?.code, failed.report.error?.meaning]).toEqual([
        'port-held',
        expect.stringMatching(/Port 8080 is held by process \d+ \(\w+/),
      ]);
      expect(failed.report.after.scope).toBe('loopback');
      await expectAsBefore(mac, before);
      await holder.signal('SIGTERM');
      await holder.done;
    }));
});
