import { describe, expect, it } from 'vitest';
import {
  DROP_IN,
  expectForPeople,
  expectRestored,
  expectSetUp,
  expectUntouched,
  prepared,
  type Report,
  ROOT_STATE,
  scope,
  succeeds,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { type Handle, type TestHost, withHost } from './rig/host.ts';
import { spawnProduct } from './rig/product.ts';

const SIGNALS = [
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
] as const;

/** A unit that takes its time: to stop, to open its port, or to answer over HTTP once the port is open. */
const SLOW = {
  stop: ['ExecStop=/bin/sleep 1'],
  start: ['Environment=STAND_IN_START_DELAY_MS=1200'],
  http: ['Environment=STAND_IN_HTTP_DELAY_MS=2500'],
};

/** The restart is under way: the old service is being stopped. */
async function untilStopping(host: TestHost): Promise<void> {
  const state = async () => (await host.show('ollama', 'ActiveState')).ActiveState === 'deactivating';
  await host.waitFor(state, 10_000, 'the stop of the old service');
}

/** The service manager has started the new process, and the program waits for its port. */
async function untilStarting(host: TestHost): Promise<void> {
  await host.waitFor(() => host.exists(DROP_IN) && scope(host) === 'none', 10_000, 'the old port to close');
  const started = async () => (await host.show('ollama', 'SubState', 'MainPID')).SubState === 'running';
  await host.waitFor(started, 10_000, 'the new process');
}

async function untilBound(host: TestHost): Promise<void> {
  await host.waitFor(() => scope(host) === 'all', 10_000, 'the new port');
}

const PHASES = [
  { phase: 'during the restart', lines: SLOW.stop, until: untilStopping },
  { phase: 'while the port is waited for', lines: SLOW.start, until: untilStarting },
  { phase: 'while HTTP is waited for', lines: SLOW.http, until: untilBound },
];

/** The end of a run with --json that was interrupted. */
async function interrupted(run: Handle): Promise<{ code: number | null; report: Report }> {
  const { code, stdout, stderr } = await run.done;
  expectForPeople(stderr);
  return { code, report: JSON.parse(stdout) as Report };
}

describe.skipIf(rigUnavailable())('SIGINT and SIGTERM', () => {
  it.each(PHASES.flatMap((phase) => SIGNALS.map((signal) => ({ ...phase, ...signal }))))(
    '$signal $phase: exit $code, all is put back, the old service runs',
    async ({ lines, until, signal, code }) => {
      await withHost('signal', {}, async (host) => {
        const before = await prepared(host, { extraUnitLines: lines });
        const run = spawnProduct(host, ['--yes', '--json']);
        await until(host);
        await run.signal(signal);
        const ended = await interrupted(run);
        expect(ended.code).toBe(code);
        expect(ended.report).toMatchObject({
          outcome: 'rolled-back',
          changed: false,
          exitCode: code,
          error: { code: 'interrupted' },
          after: { scope: 'loopback' },
        });
        expect(ended.report.steps[0]).toMatchObject({ id: 'write-drop-in', status: 'reverted' });
        await expectRestored(host, before);
        expect((await host.show('ollama', 'Environment')).Environment).not.toContain('OLLAMA_HOST');
      });
    },
  );

  it.each(SIGNALS)(
    '$signal swept over the whole run: it ends by it, or it is done; never anything between',
    async ({ signal, code }) => {
      await withHost('signal-sweep', {}, async (host) => {
        const before = await prepared(host);
        const ends = new Map<number | null, number>();
        for (let ms = 0; ms <= 450; ms += 30) {
          const run = spawnProduct(host, ['--yes', '--json']);
          await run.pid();
          await new Promise((resolve) => setTimeout(resolve, ms));
          await run.signal(signal);
          const ended = await run.done;
          // Before the program has begun to listen for signals, the signal ends Node itself.
          const exit = ended.signal === signal ? code : ended.code;
          ends.set(exit, (ends.get(exit) ?? 0) + 1);
          expect([0, code], `${signal} after ${ms} ms\n${ended.stderr}`).toContain(exit);
          expectForPeople(ended.stderr);
          if (exit === 0) {
            await expectSetUp(host, before);
            await succeeds(host, ['undo', '--yes']);
          }
          await expectRestored(host, before);
        }
        expect(ends.get(code)).toBeGreaterThan(2);
      });
    },
  );

  it('a second and a third SIGINT do not disturb the roll-back', async () => {
    await withHost('signal-thrice', {}, async (host) => {
      const before = await prepared(host, { extraUnitLines: [...SLOW.start, ...SLOW.stop] });
      const run = spawnProduct(host, ['--yes', '--json']);
      await untilStarting(host);
      for (let turn = 0; turn < 6; turn++) {
        await run.signal('SIGINT');
        await new Promise((resolve) => setTimeout(resolve, 400));
      }
      await run.signal('SIGTERM');
      const { code, report } = await interrupted(run);
      expect(code).toBe(130);
      expect(report).toMatchObject({ outcome: 'rolled-back', after: { scope: 'loopback' } });
      await expectRestored(host, before);
    });
  });

  it.each(SIGNALS)('$signal in an undo: what setup made is in place again', async ({ signal, code }) => {
    await withHost('signal-undo', {}, async (host) => {
      const before = await prepared(host, { extraUnitLines: SLOW.start });
      await succeeds(host, ['--yes']);
      const run = spawnProduct(host, ['undo', '--yes', '--json']);
      await host.waitFor(() => !host.exists(DROP_IN) && scope(host) === 'none', 10_000, 'the restart');
      await run.signal(signal);
      const ended = await interrupted(run);
      expect(ended.code).toBe(code);
      expect(ended.report).toMatchObject({ outcome: 'rolled-back', changed: false });
      await host.waitFor(() => scope(host) === 'all', 10_000, 'the port that setup opened');
      await expectSetUp(host, before);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('of a user who works through sudo: the same', async () => {
    await withHost('signal-sudo', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host, { extraUnitLines: SLOW.stop });
      const run = spawnProduct(host, ['--yes', '--json'], { user: 'ann' });
      await untilStopping(host);
      await run.signal('SIGTERM');
      const { code, report } = await interrupted(run);
      expect(code).toBe(143);
      expect(report).toMatchObject({ outcome: 'rolled-back', after: { scope: 'loopback' } });
      await expectRestored(host, before, '/home/ann/.local/state/stigmer-setup-ollama');
    });
  });
});

describe.skipIf(rigUnavailable())('Ctrl-C at a terminal', () => {
  it.each([
    { key: 'Ctrl-C', end: async (run: Handle) => run.write('\x03'), code: 130 },
    { key: 'SIGTERM', end: (run: Handle) => run.signal('SIGTERM'), code: 143 },
  ])('at the question ($key): exit $code, untouched', async ({ end, code }) => {
    await withHost('typed-question', {}, async (host) => {
      const before = await prepared(host);
      const run = spawnProduct(host, [], { tty: true });
      await run.waitForOutput(/\(Y\/n\)/);
      await end(run);
      const ended = await run.done;
      expect(ended.code).toBe(code);
      expectForPeople(ended.stdout);
      expect(ended.stdout).toMatch(/Interrupted\.[\s\S]*Nothing was changed/);
      await expectUntouched(host, before);
    });
  });

  it.each(PHASES)('$phase: rolled back, also when it is typed again and again', async ({ lines, until }) => {
    await withHost('typed-wait', {}, async (host) => {
      const before = await prepared(host, { extraUnitLines: lines });
      const run = spawnProduct(host, ['--yes'], { tty: true });
      await until(host);
      for (let turn = 0; turn < 3; turn++) {
        run.write('\x03');
        await new Promise((resolve) => setTimeout(resolve, 150));
      }
      const ended = await run.done;
      expect(ended.code).toBe(130);
      expectForPeople(ended.stdout);
      expect(ended.stdout).toMatch(/Interrupted\.[\s\S]*put back as it was/);
      await expectRestored(host, before);
      expect(host.exists(ROOT_STATE)).toBe(false);
    });
  });

  it('through sudo, whose processes are in the terminal’s group as well', async () => {
    await withHost('typed-sudo', {}, async (host) => {
      await host.addUser('ann', { sudo: 'password' });
      const before = await prepared(host, { extraUnitLines: SLOW.stop });
      const run = spawnProduct(host, [], { user: 'ann', tty: true, session: true });
      await run.waitForOutput(/\(Y\/n\)/);
      run.write('\r');
      await run.waitForOutput(/password for ann: /);
      run.write('correct horse\r');
      await untilStopping(host);
      run.write('\x03');
      const ended = await run.done;
      expect(ended.code).toBe(130);
      expectForPeople(ended.stdout);
      await expectRestored(host, before, '/home/ann/.local/state/stigmer-setup-ollama');
    });
  });

  it('the terminal goes away in the middle: rolled back, though nobody can be told', async () => {
    await withHost('hung-up', {}, async (host) => {
      const before = await prepared(host, { extraUnitLines: SLOW.start });
      const run = spawnProduct(host, ['--yes'], { tty: true });
      await untilStarting(host);
      // With the process that holds its other end, the terminal is gone: SIGHUP, and every write fails.
      await host.must(['pkill', '-KILL', '-f', 'pty.fork']);
      await run.done;
      await host.waitFor(() => !host.exists(ROOT_STATE), 15_000, 'the end of the roll-back');
      await expectRestored(host, before);
    });
  });
});

describe.skipIf(rigUnavailable())('a reader that goes away', () => {
  it.each([
    { what: 'standard output', line: 'stigmer-setup-ollama --yes | true; exit $PIPESTATUS' },
    { what: 'standard error', line: 'stigmer-setup-ollama --yes --verbose 2> >(exec true) >/dev/null' },
    { what: 'a full disk behind both', line: 'stigmer-setup-ollama --yes --verbose >/dev/full 2>/dev/full' },
    { what: 'standard output that is closed', line: 'stigmer-setup-ollama --yes >&- 2>&-' },
  ])('$what: the run goes to its end all the same', async ({ line }) => {
    await withHost('reader', {}, async (host) => {
      const before = await prepared(host);
      expect(await host.run(['bash', '-c', line])).toMatchObject({ code: 0 });
      await expectSetUp(host, before);
      const undo = line.replace('stigmer-setup-ollama', 'stigmer-setup-ollama undo');
      expect(await host.run(['bash', '-c', undo])).toMatchObject({ code: 0 });
      await expectRestored(host, before);
    });
  });
});
