import { describe, expect, it } from 'vitest';
import {
  type Before,
  expectRestored,
  expectSetUp,
  prepared,
  ROOT_STATE,
  remains,
  reported,
  scope,
  succeeds,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { type TestHost, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { product, spawnProduct } from './rig/product.ts';

const JOURNAL = `${ROOT_STATE}/journal.json`;

/** How long a whole run takes here, in milliseconds. */
async function lengthOf(host: TestHost, args: readonly string[]): Promise<number> {
  const began = performance.now();
  expect((await product(host, args)).code).toBe(0);
  return performance.now() - began;
}

/** Starts a run and kills it `ms` after it began; resolves when nothing of it runs any more. */
async function killAfter(host: TestHost, args: readonly string[], ms: number, user = 'root'): Promise<void> {
  const run = spawnProduct(host, args, { user });
  const pid = await run.pid();
  await new Promise((resolve) => setTimeout(resolve, ms));
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
  await run.done;
}

/**
 * Does `one` for every moment of a run that takes `length` milliseconds, `step` apart; further apart on a machine that is
 * so busy that this would be more than `most` moments. Tells what went wrong at which moment, all and not only the first.
 */
async function sweeping(
  length: number,
  { step, most }: { step: number; most: number },
  one: (ms: number) => Promise<void>,
): Promise<void> {
  const failures: string[] = [];
  const end = length + 60;
  for (let ms = 0; ms <= end && failures.length < 3; ms += Math.max(step, end / most)) {
    try {
      await one(Math.round(ms));
    } catch (error) {
      failures.push(`killed after ${ms} ms: ${error instanceof Error ? error.message : error}`);
    }
  }
  expect(failures).toEqual([]);
}

/** The next run says that one was cut short exactly when that one had left its journal. */
function expectTold(journal: boolean, warnings: { code: string }[]): void {
  expect(warnings.some(({ code }) => code === 'unfinished-run')).toBe(journal);
}

async function undoAndCompare(host: TestHost, before: Before): Promise<void> {
  await succeeds(host, ['undo', '--yes']);
  await expectRestored(host, before);
}

describe.skipIf(rigUnavailable())('kill -9', { timeout: 400_000 }, () => {
  it('in every 10 ms of a setup: running it again completes it, and undo takes all of it back', async () => {
    await withHost('crash-rerun', {}, async (host) => {
      const before = await prepared(host);
      const length = await lengthOf(host, ['--yes']);
      await undoAndCompare(host, before);
      const seen = { journals: 0, runs: 0 };
      await sweeping(length, { step: 10, most: 45 }, async (ms) => {
        await killAfter(host, ['--yes'], ms);
        const journal = host.exists(JOURNAL);
        seen.runs += 1;
        seen.journals += Number(journal);
        expectTold(journal, (await succeeds(host, ['--yes'])).warnings);
        await expectSetUp(host, before);
        await undoAndCompare(host, before);
      });
      console.log(`setup takes ${Math.round(length)} ms; ${seen.runs} kills, ${seen.journals} of them left a journal`);
      expect(seen.journals).toBeGreaterThan(3);
    });
  });

  it('in every 10 ms of a setup: undo alone restores everything', async () => {
    await withHost('crash-undo', {}, async (host) => {
      const before = await prepared(host);
      const length = await lengthOf(host, ['--yes']);
      await undoAndCompare(host, before);
      await sweeping(length, { step: 10, most: 45 }, async (ms) => {
        await killAfter(host, ['--yes'], ms);
        const journal = host.exists(JOURNAL);
        expectTold(journal, (await succeeds(host, ['undo', '--yes'])).warnings);
        await expectRestored(host, before);
      });
    });
  });

  it('in every 20 ms of an undo: another undo, or a setup and its undo, end as they should', async () => {
    await withHost('crash-in-undo', {}, async (host) => {
      const before = await prepared(host);
      await succeeds(host, ['--yes']);
      const length = await lengthOf(host, ['undo', '--yes']);
      await expectRestored(host, before);
      let turn = 0;
      await sweeping(length, { step: 20, most: 20 }, async (ms) => {
        await succeeds(host, ['--yes']);
        await killAfter(host, ['undo', '--yes'], ms);
        const journal = host.exists(JOURNAL);
        turn += 1;
        if (turn % 2 === 0) {
          expectTold(journal, (await succeeds(host, ['--yes'])).warnings);
          await expectSetUp(host, before);
          await undoAndCompare(host, before);
        } else {
          expectTold(journal, (await succeeds(host, ['undo', '--yes'])).warnings);
          await expectRestored(host, before);
        }
      });
    });
  });

  it('again and again in the reruns themselves, then an undo: still back to the state before the first', async () => {
    await withHost('crash-chain', {}, async (host) => {
      const before = await prepared(host);
      const length = await lengthOf(host, ['--yes']);
      await undoAndCompare(host, before);
      for (const share of [0.4, 0.5, 0.6, 0.7, 0.8, 0.9]) await killAfter(host, ['--yes'], length * share);
      for (const share of [0.4, 0.6, 0.8]) await killAfter(host, ['undo', '--yes'], length * share);
      await undoAndCompare(host, before);
    });
  });

  it('of a user who works through sudo: the same', async () => {
    await withHost('crash-sudo', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host);
      const state = '/home/ann/.local/state/stigmer-setup-ollama';
      const ann = { user: 'ann' };
      const began = performance.now();
      expect((await product(host, ['--yes'], ann)).code).toBe(0);
      const length = performance.now() - began;
      await succeeds(host, ['undo', '--yes'], ann);
      await sweeping(length, { step: 60, most: 8 }, async (ms) => {
        await killAfter(host, ['--yes'], ms, 'ann');
        const journal = host.exists(`${state}/journal.json`);
        expectTold(journal, (await succeeds(host, ['--yes'], ann)).warnings);
        await expectSetUp(host, before, state);
        await succeeds(host, ['undo', '--yes'], ann);
        await expectRestored(host, before, state);
      });
    });
  });

  it('where a file of somebody else’s is edited: its bytes, mode and owner come back', async () => {
    await withHost('crash-edit', {}, async (host) => {
      const file = '/etc/default/ollama';
      const text = '# mine\r\nOLLAMA_KEEP_ALIVE=24h\nOLLAMA_HOST=127.0.0.1';
      const ready = await prepared(host, { extraUnitLines: [`EnvironmentFile=${file}`], start: false });
      host.write(file, text, { mode: 0o640, uid: 1, gid: 2 });
      await host.must(['systemctl', 'daemon-reload']);
      await host.must(['systemctl', 'start', 'ollama']);
      await waitForListener(host);
      const before = { ...ready, etc: host.snapshotEtc() };
      const length = await lengthOf(host, ['--yes']);
      expect(scope(host)).toBe('all');
      await undoAndCompare(host, before);
      let turn = 0;
      await sweeping(length, { step: 30, most: 16 }, async (ms) => {
        await killAfter(host, ['--yes'], ms);
        turn += 1;
        if (turn % 2 === 0) await succeeds(host, ['--yes']);
        await undoAndCompare(host, before);
      });
    });
  });

  it('is told by the commands that change nothing, which leave it as it is', async () => {
    await withHost('crash-told', {}, async (host) => {
      const before = await prepared(host, { extraUnitLines: ['Environment=STAND_IN_START_DELAY_MS=1500'] });
      const run = spawnProduct(host, ['--yes']);
      await host.waitFor(() => host.exists(JOURNAL) && scope(host) === 'none', 10_000, 'the restart');
      await run.kill9();
      const left = host.read(JOURNAL);
      for (const args of [['--dry-run'], ['undo', '--dry-run'], ['doctor']]) {
        const { code, report } = await reported(host, args);
        // The service comes up as the killed run wanted it: before that doctor finds nothing that listens.
        expect(args[0] === 'doctor' ? [0, 10] : [0], args.join(' ')).toContain(code);
        expect(report.warnings, args.join(' ')).toContainEqual(expect.objectContaining({ code: 'unfinished-run' }));
      }
      expect(host.read(JOURNAL)).toBe(left);
      await undoAndCompare(host, before);
      expect(remains(host)).toEqual([]);
    });
  });

  it('as a power failure: after the boot, undo restores and setup completes', async () => {
    await withHost('crash-power', {}, async (host) => {
      const before = await prepared(host, { extraUnitLines: ['Environment=STAND_IN_START_DELAY_MS=1000'] });
      for (const next of ['undo', 'setup']) {
        spawnProduct(host, ['--yes']);
        await host.waitFor(() => host.exists(JOURNAL) && scope(host) === 'none', 10_000, 'the restart');
        await host.reboot({ clean: false });
        const report = await succeeds(host, [next, '--yes']);
        expectTold(true, report.warnings);
        if (next === 'setup') await expectSetUp(host, before);
        if (next === 'setup') await undoAndCompare(host, before);
        else await expectRestored(host, before);
      }
    });
  });
});
