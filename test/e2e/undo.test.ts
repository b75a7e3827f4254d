import { describe, expect, it } from 'vitest';
import {
  type Before,
  DROP_IN,
  DROP_IN_DIR,
  expectForPeople,
  expectRestored,
  expectSetUp,
  mainPid,
  prepared,
  RECEIPT,
  ROOT_STATE,
  reported,
  scope,
  succeeds,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, type TestHost, withHost } from './rig/host.ts';
import { installOllama, waitForListener } from './rig/ollama.ts';
import { product, spawnProduct } from './rig/product.ts';

const OURS = 'Environment="OLLAMA_HOST=0.0.0.0:11434"';
const THEIRS = 'Environment="OLLAMA_KEEP_ALIVE=24h"';

/** A host on which setup has been run. */
async function setUp(host: TestHost): Promise<Before> {
  const before = await prepared(host);
  await succeeds(host, ['--yes']);
  await expectSetUp(host, before);
  return before;
}

/** Runs the program, which has to leave /etc, the service and the receipt as they are; resolves with what it said. */
async function refused(host: TestHost, args: readonly string[], exit: number) {
  const etc = host.snapshotEtc();
  const state = host.snapshot(ROOT_STATE);
  const pid = await mainPid(host);
  const result = await reported(host, args);
  expect(result.code, result.stderr).toBe(exit);
  expect(result.report).toMatchObject({ changed: false, exitCode: exit });
  expectForPeople(result.stderr);
  expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
  expect(diffSnapshots(state, host.snapshot(ROOT_STATE))).toEqual([]);
  expect(await mainPid(host)).toBe(pid);
  return result;
}

describe.skipIf(rigUnavailable())('undo', () => {
  it('after one setup, and after several with other values between', async () => {
    await withHost('several', {}, async (host) => {
      const before = await setUp(host);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
      await succeeds(host, ['--yes', '--host', '0.0.0.0:11500']);
      await waitForListener(host, 11500);
      await succeeds(host, ['--yes']);
      await succeeds(host, ['--yes', '--host', '0.0.0.0:11600']);
      await succeeds(host, ['--yes']);
      await expectSetUp(host, before);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('twice: the second has nothing to do and says so', async () => {
    await withHost('twice', {}, async (host) => {
      const before = await setUp(host);
      const first = await succeeds(host, ['undo', '--yes']);
      expect(first).toMatchObject({ outcome: 'changed', before: { scope: 'all' }, after: { scope: 'loopback' } });
      await expectRestored(host, before);
      const pid = await mainPid(host);
      const again = await product(host, ['undo', '--yes']);
      expect(again.code).toBe(0);
      expect(again.stdout).toContain('Nothing to undo');
      expect(await succeeds(host, ['undo', '--yes'])).toMatchObject({ outcome: 'unchanged', changed: false });
      expect(await mainPid(host)).toBe(pid);
      await expectRestored(host, before);
    });
  });

  it('--dry-run shows the way back and goes no step of it', async () => {
    await withHost('dry', {}, async (host) => {
      await setUp(host);
      const { report } = await refused(host, ['undo', '--dry-run'], 0);
      expect(report.outcome).toBe('planned');
      expect(report.steps[0]?.diff).toContain(`-${OURS}`);
      expect(report.steps.map(({ status }) => status)).toEqual(report.steps.map(() => 'planned'));
    });
  });

  it('without a terminal and without --yes: refuses', async () => {
    await withHost('no-terminal', {}, async (host) => {
      await setUp(host);
      const { report } = await refused(host, ['undo'], 2);
      expect(report.error?.remedy).toContain('undo --yes');
    });
  });

  it('--target: the one that is meant, a wrong one is refused by name', async () => {
    await withHost('target', {}, async (host) => {
      const before = await setUp(host);
      for (const wrong of ['systemd:other.service', 'process', 'systemd-user:ollama.service']) {
        const result = await refused(host, ['undo', '--yes', '--target', wrong], 2);
        expect(result.stderr, wrong).toContain(wrong);
      }
      await succeeds(host, ['undo', '--yes', '--target', 'systemd:ollama.service']);
      await expectRestored(host, before);
    });
  });

  it('--target with two installations set up: the other stays', async () => {
    await withHost('two', {}, async (host) => {
      const before = await prepared(host);
      const lines = ['Environment=OLLAMA_HOST=127.0.0.1:11500'];
      await installOllama(host, { unitName: 'llm.service', layout: 'custom', extraUnitLines: lines });
      await waitForListener(host, 11500);
      const etc = host.snapshotEtc();
      await succeeds(host, ['--yes', '--target', 'systemd:ollama.service']);
      await succeeds(host, ['--yes', '--target', 'systemd:llm.service', '--host', '0.0.0.0:11500']);
      expect(host.listeners(11500).map(({ address }) => address)).toEqual(['::']);
      await succeeds(host, ['undo', '--yes', '--target', 'systemd:llm.service']);
      await host.waitFor(() => host.listeners(11500)[0]?.address === '127.0.0.1', 5000, 'the old binding');
      expect(scope(host)).toBe('all');
      expect(host.exists(RECEIPT)).toBe(true);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, { ...before, etc });
    });
  });

  it('--no-restart: the files are back, the server is told to be as it was', async () => {
    await withHost('no-restart', {}, async (host) => {
      const before = await setUp(host);
      const pid = await mainPid(host);
      const result = await product(host, ['undo', '--yes', '--no-restart']);
      expect(result.code).toBe(0);
      expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([]);
      expect(await mainPid(host)).toBe(pid);
      expect(scope(host)).toBe('all');
      expect(result.stdout).toMatch(/next|restart/i);
      await host.must(['systemctl', 'daemon-reload']);
      await host.must(['systemctl', 'restart', 'ollama']);
      await expectRestored(host, before);
    });
  });
});

describe.skipIf(rigUnavailable())('undo after somebody', () => {
  it('added a line to our drop-in: shown and refused without --yes; with it only our line goes', async () => {
    await withHost('edited', {}, async (host) => {
      const before = await setUp(host);
      host.write(DROP_IN, `${host.read(DROP_IN)}${THEIRS}\n`);
      const asked = await refused(host, ['undo'], 2);
      expect(asked.stderr).toContain(`+${THEIRS}`);
      expect(asked.stderr).toContain('--yes');
      expect(asked.report.error?.code).toBe('edited-since');

      const report = await succeeds(host, ['undo', '--yes']);
      expect(report.warnings).toContainEqual(expect.objectContaining({ code: 'edited-since' }));
      expect(report).toMatchObject({ outcome: 'changed', after: { scope: 'loopback' } });
      expect(host.read(DROP_IN)).toContain(THEIRS);
      expect(host.read(DROP_IN)).not.toContain('OLLAMA_HOST');
      expect((await host.show('ollama', 'Environment')).Environment).toContain('OLLAMA_KEEP_ALIVE=24h');
      expect(scope(host)).toBe('loopback');
      expect(host.exists(ROOT_STATE)).toBe(false);
      host.remove(DROP_IN_DIR);
      await host.must(['systemctl', 'daemon-reload']);
      await expectRestored(host, before);
    });
  });

  it('added a line, at a terminal: shown, asked, and done by Enter', async () => {
    await withHost('edited-tty', {}, async (host) => {
      await setUp(host);
      host.write(DROP_IN, `${host.read(DROP_IN)}${THEIRS}\n`);
      const run = spawnProduct(host, ['undo'], { tty: true });
      await run.waitForOutput(/\(Y\/n\)/);
      expect(run.stdout).toContain(`+${THEIRS}`);
      expect(host.read(DROP_IN)).toContain(OURS);
      run.write('\r');
      expect((await run.done).code).toBe(0);
      expect(host.read(DROP_IN)).toContain(THEIRS);
      expect(host.read(DROP_IN)).not.toContain('OLLAMA_HOST');
      await waitForListener(host);
      expect(scope(host)).toBe('loopback');
    });
  });

  it('changed our own line: it is theirs now, so exit 4 with the command to run', async () => {
    await withHost('edited-ours', {}, async (host) => {
      const before = await setUp(host);
      host.write(DROP_IN, host.read(DROP_IN).replace(OURS, 'Environment="OLLAMA_HOST=192.168.1.5:11434"'));
      for (const args of [['undo', '--yes'], ['undo']]) {
        const { report } = await refused(host, args, 4);
        expect(report.error?.remedy).toContain(`sudo rm ${DROP_IN}`);
      }
      await host.must(['rm', DROP_IN]);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('deleted our drop-in, or its folder, by hand', async () => {
    await withHost('deleted', {}, async (host) => {
      const before = await setUp(host);
      for (const path of [DROP_IN, DROP_IN_DIR]) {
        await succeeds(host, ['--yes']);
        await expectSetUp(host, before);
        host.remove(path);
        await succeeds(host, ['undo', '--yes']);
        await expectRestored(host, before);
      }
    });
  });

  it('put a drop-in of their own beside ours: theirs and the folder stay', async () => {
    await withHost('beside', {}, async (host) => {
      const before = await setUp(host);
      host.write(`${DROP_IN_DIR}/override.conf`, `[Service]\n${THEIRS}\n`);
      await succeeds(host, ['undo', '--yes']);
      expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([
        expect.stringMatching(/^added \S+ollama\.service\.d: directory 0755/),
        expect.stringMatching(/^added \S+override\.conf: file/),
      ]);
      expect(scope(host)).toBe('loopback');
      expect(host.exists(ROOT_STATE)).toBe(false);
    });
  });

  it('uninstalled the service: our file goes, nothing is restarted', async () => {
    await withHost('uninstalled', {}, async (host) => {
      const before = await setUp(host);
      await host.must(['systemctl', 'disable', '--now', 'ollama']);
      host.remove('/etc/systemd/system/ollama.service');
      await host.must(['systemctl', 'daemon-reload']);
      const report = await succeeds(host, ['undo', '--yes']);
      expect(report.steps.map(({ id }) => id)).not.toContain('restart');
      expect(host.exists(DROP_IN_DIR)).toBe(false);
      expect(host.exists(ROOT_STATE)).toBe(false);
      const left = diffSnapshots(before.etc, host.snapshotEtc());
      for (const each of left) expect(each).toMatch(/^removed \S+(ollama\.service|default\.target\.wants): /);
    });
  });

  it('stopped the service: it is not started', async () => {
    await withHost('stopped', {}, async (host) => {
      const before = await setUp(host);
      await host.must(['systemctl', 'stop', 'ollama']);
      await succeeds(host, ['undo', '--yes']);
      expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('inactive');
      expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([]);
      expect(host.exists(ROOT_STATE)).toBe(false);
    });
  });

  it('ran Ollama’s installer again: the unit that it wrote stays', async () => {
    await withHost('upgraded', {}, async (host) => {
      const before = await setUp(host);
      const unit = `${host.read(before.installed.unitPath)}# written by the installer, again\n`;
      host.write(before.installed.unitPath, unit);
      await host.must(['systemctl', 'daemon-reload']);
      await host.must(['systemctl', 'restart', 'ollama']);
      await host.waitFor(() => scope(host) === 'all', 5000, 'the new version');
      await succeeds(host, ['undo', '--yes']);
      expect(host.read(before.installed.unitPath)).toBe(unit);
      expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([
        expect.stringMatching(/^changed \/etc\/systemd\/system\/ollama\.service: /),
      ]);
      await waitForListener(host);
      expect(scope(host)).toBe('loopback');
    });
  });

  it('damaged the receipt: a clear error, nothing is changed', async () => {
    await withHost('damaged', {}, async (host) => {
      const before = await setUp(host);
      const good = host.read(RECEIPT);
      const damages: Record<string, string> = {
        'no JSON': '{"receiptVersion": 1,',
        empty: '',
        'another text': 'null',
        'a list': '[]',
        'a version to come': good.replace('"receiptVersion": 1', '"receiptVersion": 99'),
        'parts missing': '{"receiptVersion": 1}',
        'entries of another kind': good.replace(/"entries": \[/, '"entries": {"a": [').replace(/\n$/, '}\n'),
        'an entry without its change': good.replace('"change"', '"chance"'),
      };
      for (const [what, text] of Object.entries(damages)) {
        host.write(RECEIPT, text, { mode: 0o600 });
        for (const args of [
          ['undo', '--yes'],
          ['undo', '--dry-run'],
        ]) {
          const { report, code } = await reported(host, args);
          expect([6, 9], `${what}: ${code}`).toContain(code);
          expect(report.error?.message, what).toContain(RECEIPT);
        }
        await refused(host, ['undo', '--yes'], 6);
      }
      host.write(RECEIPT, good, { mode: 0o600 });
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it('damaged the journal of a run that was cut short: every command says so, none goes on', async () => {
    await withHost('damaged-journal', {}, async (host) => {
      const before = await setUp(host);
      for (const text of ['{"journalVersion": 1', '{"journalVersion": 1}', 'null']) {
        host.write(`${ROOT_STATE}/journal.json`, text, { mode: 0o600 });
        for (const args of [['--yes'], ['undo', '--yes']]) {
          const { report } = await refused(host, args, 6);
          expect(report.error?.message).toContain(`${ROOT_STATE}/journal.json`);
        }
      }
      host.remove(`${ROOT_STATE}/journal.json`);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });
});
