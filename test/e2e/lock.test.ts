import { describe, expect, it } from 'vitest';
import {
  expectForPeople,
  expectRestored,
  expectSetUp,
  expectUntouched,
  prepared,
  type Report,
  ROOT_STATE,
  reported,
  scope,
  succeeds,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { type Handle, type TestHost, withHost } from './rig/host.ts';
import { spawnProduct } from './rig/product.ts';

const STATE = '/home/ann/.local/state/stigmer-setup-ollama';
const SLOW = { extraUnitLines: ['Environment=STAND_IN_START_DELAY_MS=5000'] };

/** A run of setup that is in the middle of its restart. */
async function busy(host: TestHost, user = 'root'): Promise<Handle> {
  const run = spawnProduct(host, ['--yes', '--json'], { user });
  await host.waitFor(() => scope(host) === 'none', 10_000, 'the restart');
  return run;
}

/** The process number, inside the host, of the program that is at work. */
async function holderPid(host: TestHost): Promise<string> {
  const found = await host.must(['pgrep', '-o', '-f', 'node .*stigmer-setup-ollama']);
  return found.trim();
}

async function expectLockedOut(host: TestHost, args: readonly string[], pid: string, user = 'root'): Promise<void> {
  const { code, report, stderr } = await reported(host, args, { user });
  expect(code, stderr).toBe(11);
  expect(report).toMatchObject({ outcome: 'failed', changed: false, exitCode: 11, error: { code: 'locked' } });
  expect(report.error?.message).toContain(`process ${pid}`);
  expect(report.error?.remedy).toContain(pid);
  expectForPeople(stderr);
}

describe.skipIf(rigUnavailable())('two runs at once', () => {
  it('the second exits 11 and names the first, which is not disturbed', async () => {
    await withHost('two', {}, async (host) => {
      const before = await prepared(host, SLOW);
      const first = await busy(host);
      const pid = await holderPid(host);
      const journal = host.read(`${ROOT_STATE}/journal.json`);
      await expectLockedOut(host, ['--yes'], pid);
      await expectLockedOut(host, ['undo', '--yes'], pid);
      expect(host.read(`${ROOT_STATE}/journal.json`)).toBe(journal);
      const { code, stdout } = await first.done;
      expect(code).toBe(0);
      expect((JSON.parse(stdout) as Report).warnings).toEqual([]);
      await expectSetUp(host, before);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('what only looks is not locked out', async () => {
    await withHost('look', {}, async (host) => {
      await prepared(host, SLOW);
      const first = await busy(host);
      for (const args of [['doctor'], ['--dry-run'], ['undo', '--dry-run']]) {
        expect((await reported(host, args)).code, args.join(' ')).not.toBe(11);
      }
      expect((await first.done).code).toBe(0);
    });
  });

  it('root and a user with sudo exclude each other', async () => {
    await withHost('root-and-user', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host, SLOW);
      const root = await busy(host);
      await expectLockedOut(host, ['--yes'], await holderPid(host), 'ann');
      expect(host.exists(STATE)).toBe(false);
      expect((await root.done).code).toBe(0);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);

      const ann = await busy(host, 'ann');
      await expectLockedOut(host, ['--yes'], await holderPid(host));
      expect(host.exists(ROOT_STATE)).toBe(false);
      expect((await ann.done).code).toBe(0);
      await succeeds(host, ['undo', '--yes'], { user: 'ann' });
      await expectRestored(host, before, STATE);
    });
  });

  it('is free at once when its holder is killed', async () => {
    await withHost('killed', {}, async (host) => {
      const before = await prepared(host, SLOW);
      const first = await busy(host);
      await first.kill9();
      const report = await succeeds(host, ['--yes']);
      expect(report.warnings).toContainEqual(expect.objectContaining({ code: 'unfinished-run' }));
      await expectSetUp(host, before);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('is held while a question waits, and free when it was answered', async () => {
    await withHost('prompt', {}, async (host) => {
      const before = await prepared(host);
      const asking = spawnProduct(host, [], { tty: true });
      await asking.waitForOutput(/\(Y\/n\)/);
      await expectLockedOut(host, ['--yes'], await holderPid(host));
      asking.write('n\r');
      expect((await asking.done).code).toBe(5);
      await expectUntouched(host, before);
      await succeeds(host, ['--yes']);
      await expectSetUp(host, before);
    });
  });

  it('twenty at once: one does it, and none of the others breaks anything', async () => {
    await withHost('crowd', {}, async (host) => {
      const before = await prepared(host);
      const runs = Array.from({ length: 20 }, () => spawnProduct(host, ['--yes', '--json']));
      const ends = await Promise.all(runs.map((run) => run.done));
      const reports = ends.map(({ stdout }) => JSON.parse(stdout) as Report);
      for (const [index, { code, stderr }] of ends.entries())
        expect([0, 11], `run ${index}\n${stderr}`).toContain(code);
      expect(reports.filter(({ changed }) => changed)).toHaveLength(1);
      await expectSetUp(host, before);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('somebody else sits on the lock and says nothing: told after a moment, not waited for', async () => {
    await withHost('mute', {}, async (host) => {
      await host.addUser('eve');
      const before = await prepared(host);
      const script = `require('net').createServer(()=>{}).listen('\\0stigmer-setup-ollama',()=>console.log('ready'))`;
      const mute = host.spawn(['node', '-e', script], { user: 'eve' });
      await mute.waitForOutput(/ready/);
      const { code, report } = await reported(host, ['--yes']);
      expect(code).toBe(11);
      expect(report.error?.message).toMatch(/^Another run is at work/);
      await expectUntouched(host, before);
      await mute.killAll();
      await succeeds(host, ['--yes']);
    });
  });
});
