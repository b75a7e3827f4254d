import { describe, expect, it } from 'vitest';
import {
  DROP_IN,
  DROP_IN_DIR,
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
  takeDown,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { type TestHost, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { product, spawnProduct } from './rig/product.ts';

const UNITS = '/etc/systemd/system';
const STATE = '/home/ann/.local/state/stigmer-setup-ollama';
const USERS = [
  { user: 'root', state: ROOT_STATE },
  { user: 'ann', state: STATE },
] as const;

/** A run that fails because of a disk: exit 6, the cause in words, and everything as it was. */
async function expectRefusedByDisk(host: TestHost, args: readonly string[], user: string, words: RegExp) {
  const { code, report, stderr } = await reported(host, args, { user });
  expect(code, stderr).toBe(6);
  expect(report).toMatchObject({ outcome: 'rolled-back', changed: false, exitCode: 6 });
  expect(report.error?.message).toMatch(words);
  expect(stderr).toMatch(words);
  expectForPeople(stderr);
  return report;
}

describe.skipIf(rigUnavailable())('a full disk', () => {
  it.each(USERS)('where the drop-in goes ($user)', async ({ user, state }) => {
    await withHost('full-etc', { smallDisk: { path: UNITS, megabytes: 1 } }, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host);
      const free = await host.fillDisk(UNITS);
      const report = await expectRefusedByDisk(host, ['--yes'], user, /systemd\/system.*the disk is full/);
      expect(report.error?.remedy).toContain('df -h');
      await expectUntouched(host, before, state);
      free();
      await succeeds(host, ['--yes'], { user });
      await expectSetUp(host, before, state);
      await host.fillDisk(UNITS);
      await succeeds(host, ['undo', '--yes'], { user });
      await expectRestored(host, before, state);
    });
  });

  it('where the state goes: without its record no change is made', async () => {
    await withHost('full-state', { smallDisk: { path: '/var/lib', megabytes: 16 } }, async (host) => {
      const before = await prepared(host);
      const free = await host.fillDisk('/var/lib');
      await expectRefusedByDisk(host, ['--yes'], 'root', /\/var\/lib\/stigmer-setup-ollama.*the disk is full/);
      await expectUntouched(host, before);
      free();
      await succeeds(host, ['--yes']);
      await expectSetUp(host, before);
      await host.fillDisk('/var/lib');
      const { code, report } = await reported(host, ['undo', '--yes']);
      expect([0, 6]).toContain(code);
      if (code === 6) {
        expect(report.error?.message).toMatch(/the disk is full/);
        await expectSetUp(host, before);
        host.remove('/var/lib/.rig-filler');
        await succeeds(host, ['undo', '--yes']);
      }
      await expectRestored(host, before);
    });
  });

  it('where both go', async () => {
    await withHost('full-both', { smallDisk: { path: '/var/lib', megabytes: 16 } }, async (host) => {
      await host.mountTmpfs(UNITS, 1, { copy: true });
      const before = await prepared(host);
      await host.fillDisk('/var/lib');
      await host.fillDisk(UNITS);
      await expectRefusedByDisk(host, ['--yes'], 'root', /the disk is full/);
      await expectUntouched(host, before);
    });
  });

  it('with room for a part of the record only: a part is not taken for the whole', async () => {
    await withHost('almost-full', { smallDisk: { path: '/var/lib', megabytes: 16 } }, async (host) => {
      const before = await prepared(host);
      for (let pages = 1; pages <= 6; pages++) {
        const spare = host.outsidePath('/var/lib/spare');
        host.write('/var/lib/spare', Buffer.alloc(pages * 4096));
        const free = await host.fillDisk('/var/lib');
        expect(spare).toContain('/var/lib/spare');
        host.remove('/var/lib/spare');
        const { code, report, stderr } = await reported(host, ['--yes']);
        expect([0, 6], `${pages} pages\n${stderr}`).toContain(code);
        expectForPeople(stderr);
        if (code === 6) {
          expect(report.error?.message).toMatch(/the disk is full/);
          await expectRestored(host, before);
        }
        free();
        await succeeds(host, ['--yes']);
        await expectSetUp(host, before);
        await succeeds(host, ['undo', '--yes']);
        await expectRestored(host, before);
      }
    });
  });

  it('where temporary files go: the new file cannot be checked first', async () => {
    await withHost('full-tmp', {}, async (host) => {
      const before = await prepared(host);
      await host.mountTmpfs('/tmp', 1);
      await host.fillDisk('/tmp');
      await expectRefusedByDisk(host, ['--yes'], 'root', /\/tmp.*the disk is full/);
      await expectUntouched(host, before);
    });
  });

  it('out of inodes', async () => {
    await withHost('inodes', {}, async (host) => {
      const before = await prepared(host);
      await host.must(['mount', '-t', 'tmpfs', '-o', 'size=1m,nr_inodes=2,mode=0755', 'rig-disk', '/var/lib/systemd']);
      await host.unmount('/var/lib/systemd');
      host.makeDirectory(ROOT_STATE, { mode: 0o700 });
      await host.must(['mount', '-t', 'tmpfs', '-o', 'size=1m,nr_inodes=1,mode=0700', 'rig-disk', ROOT_STATE]);
      await expectRefusedByDisk(host, ['--yes'], 'root', /the disk is full/);
      await host.unmount(ROOT_STATE);
      host.remove(ROOT_STATE);
      await expectUntouched(host, before);
    });
  });
});

describe.skipIf(rigUnavailable())('a read-only file system', () => {
  it.each(USERS)('/etc ($user)', async ({ user, state }) => {
    await withHost('ro-etc', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host);
      await host.remountReadOnly('/etc');
      await expectRefusedByDisk(host, ['--yes'], user, /\/etc\/systemd\/system.*read-only/);
      await expectUntouched(host, before, state);
      const doctor = await reported(host, ['doctor'], { user });
      expect(doctor.code).toBe(10);
      await host.unmount('/etc');
      await succeeds(host, ['--yes'], { user });
      await expectSetUp(host, before, state);
      await host.remountReadOnly('/etc');
      const setUp = await takeDown(host);
      await expectRefusedByDisk(host, ['undo', '--yes'], user, /read-only/);
      expect(await takeDown(host)).toEqual(setUp);
      await host.unmount('/etc');
      await succeeds(host, ['undo', '--yes'], { user });
      await expectRestored(host, before, state);
    });
  });

  it('the folder of the drop-in, which is there already', async () => {
    await withHost('ro-folder', {}, async (host) => {
      const ready = await prepared(host);
      host.write(`${DROP_IN_DIR}/other.conf`, '[Service]\nEnvironment=OTHER=1\n');
      const before = { ...ready, etc: host.snapshotEtc() };
      await host.remountReadOnly(DROP_IN_DIR);
      await expectRefusedByDisk(host, ['--yes'], 'root', /read-only/);
      await expectUntouched(host, before);
    });
  });

  it('the state folder', async () => {
    await withHost('ro-state', {}, async (host) => {
      const before = await prepared(host);
      await host.remountReadOnly('/var/lib');
      await expectRefusedByDisk(host, ['--yes'], 'root', /\/var\/lib.*read-only/);
      await expectUntouched(host, before);
    });
  });

  it('an immutable drop-in folder (as chattr +i has it, and only for one file)', async () => {
    await withHost('ro-file', {}, async (host) => {
      const before = await prepared(host);
      await succeeds(host, ['--yes']);
      const path = `${DROP_IN_DIR}/zz-stigmer-ollama-host.conf`;
      await host.remountReadOnly(path);
      const setUp = await takeDown(host);
      const { code, stderr } = await reported(host, ['undo', '--yes']);
      expect(code).toBe(6);
      expectForPeople(stderr);
      expect(await takeDown(host)).toEqual(setUp);
      await host.unmount(path);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('that becomes so in the middle: the roll-back fails, is told as it is, and undo mends it later', async () => {
    await withHost('ro-meanwhile', {}, async (host) => {
      const before = await prepared(host, {
        extraUnitLines: ['Environment=STAND_IN_START_DELAY_MS=4000'],
        wait: false,
      });
      await waitForListener(host);
      const run = spawnProduct(host, ['--yes', '--json', '--timeout', '1']);
      await host.waitFor(() => host.exists(DROP_IN) && scope(host) === 'none', 10_000, 'the restart');
      await host.remountReadOnly('/etc');
      const { code, stdout, stderr } = await run.done;
      expect(code, stderr).toBe(9);
      const { error, outcome } = JSON.parse(stdout) as Report;
      expect(outcome).toBe('failed');
      expect(error).toMatchObject({ code: 'rollback-failed', remedy: 'npx stigmer-setup-ollama undo' });
      expect(error?.meaning).toContain(DROP_IN);
      expectForPeople(stderr);
      expect(host.exists(`${ROOT_STATE}/journal.json`)).toBe(true);
      await host.unmount('/etc');
      const report = await succeeds(host, ['undo', '--yes']);
      expect(report.warnings).toContainEqual(expect.objectContaining({ code: 'unfinished-run' }));
      await expectRestored(host, before);
    });
  });

  it('is told to people in plain words', async () => {
    await withHost('ro-words', {}, async (host) => {
      await prepared(host);
      await host.remountReadOnly('/etc');
      const { code, stderr } = await product(host, ['--yes']);
      expect(code).toBe(6);
      expect(stderr).toMatch(/^Error: \/etc\/systemd\/system\/\S+ could not be read or written.*read-only/m);
      expect(stderr).toMatch(/Nothing was changed|put back as it was/);
    });
  });
});
