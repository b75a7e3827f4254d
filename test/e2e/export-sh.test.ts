import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exported } from '../../src/commands/export.ts';
import { parseFlags } from '../../src/flags.ts';
import { DROP_IN, DROP_IN_DIR, mainPid, scope } from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, type RunResult, type Snapshot, type TestHost, withHost } from './rig/host.ts';
import { installOllama, startByHand, waitForListener } from './rig/ollama.ts';
import { installProduct, product } from './rig/product.ts';

/** The exported script on real hosts without Node, read by each of the shells that it is written for. */

const SCRIPT = '/root/ollama-host.sh';
const BUSYBOX = '/usr/bin/busybox';
const SHELLS = [
  { shell: 'dash', argv: ['/bin/dash'], missing: undefined },
  { shell: 'bash', argv: ['/bin/bash', '--posix'], missing: undefined },
  { shell: 'busybox', argv: [BUSYBOX, 'ash'], missing: existsSync(BUSYBOX) ? undefined : 'busybox is not installed' },
];
const OPTIONS = { node: false as const, binds: existsSync(BUSYBOX) ? [{ source: BUSYBOX, target: BUSYBOX }] : [] };

interface Place {
  host: TestHost;
  etc: Snapshot;
  run(...words: string[]): Promise<RunResult>;
}

async function withScript(
  name: string,
  argv: string[],
  test: (place: Place) => Promise<void>,
  extraUnitLines: string[] = [],
): Promise<void> {
  await withHost(name, OPTIONS, async (host) => {
    await installOllama(host, { extraUnitLines });
    host.write(SCRIPT, await exported(parseFlags(['export', 'sh'], {})));
    const run = (...words: string[]) => host.run([...argv, SCRIPT, ...words], { timeout: 150_000 });
    await test({ host, etc: host.snapshotEtc(), run });
    // Neither a half-written file nor a lock nor a scratch folder is left, whatever happened.
    expect([...host.snapshot('/tmp').keys()].filter((path) => path.includes('/tmp.'))).toEqual([]);
    expect(host.exists('/run/stigmer-setup-ollama-export')).toBe(false);
  });
}

const said = ({ code, stdout, stderr }: RunResult) => `${code}\n${stdout}${stderr}`;

async function expectBack({ host, etc }: Place): Promise<void> {
  expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
  await host.waitFor(() => scope(host) === 'loopback', 30_000, 'the old binding');
  expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('active');
}

for (const { shell, argv, missing } of SHELLS) {
  describe.skipIf(rigUnavailable() ?? missing)(`export sh, read by ${shell}`, () => {
    it('plans, applies, has nothing to do the second time, verifies, and undoes byte for byte', async () => {
      await withScript(`sh-${shell}`, argv, async (place) => {
        const { host, etc, run } = place;
        const pid = await mainPid(host);
        const planned = await run();
        expect(planned.code, said(planned)).toBe(0);
        expect(planned.stdout).toContain('+Environment="OLLAMA_HOST=0.0.0.0:11434"');
        expect((await run('check')).code).toBe(10);
        expect((await run('verify', '--timeout', '1')).code).toBe(7);
        expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
        expect(await mainPid(host)).toBe(pid);

        const applied = await run('apply');
        expect(applied.code, said(applied)).toBe(0);
        expect(applied.stdout).toContain('Changed: ollama.service listens on 0.0.0.0:11434');
        expect(applied.stdout).toContain('It answers at http://127.0.0.1:11434/api/version');
        expect(scope(host)).toBe('all');
        expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([
          expect.stringMatching(/^added \/etc\/systemd\/system\/ollama\.service\.d: directory 0755 0 0/),
          expect.stringMatching(/zz-stigmer-ollama-host\.conf: file 0644 0 0/),
        ]);

        const running = await mainPid(host);
        const again = await run('apply');
        expect([again.code, again.stdout.split('\n')[0]]).toEqual([
          0,
          'Unchanged: ollama.service is set to 0.0.0.0:11434 already.',
        ]);
        expect((await run('check')).code).toBe(0);
        expect((await run('verify')).code).toBe(0);
        expect(await mainPid(host)).toBe(running);

        const undone = await run('undo');
        expect(undone.code, said(undone)).toBe(0);
        await expectBack(place);
        expect((await run('undo')).stdout).toContain('Unchanged');
      });
    });

    it('puts everything back when the port is held by another program', async () => {
      await withScript(`held-${shell}`, argv, async ({ host, etc, run }) => {
        await host.must(['systemctl', 'stop', 'ollama']);
        const { pid } = await startByHand(host);
        const result = await run('apply', '--timeout', '30');
        expect(result.code, said(result)).toBe(7);
        expect(result.stderr).toContain('address already in use');
        expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
        expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('inactive');
        expect((await host.run(['kill', '-0', String(pid)])).code).toBe(0);
      });
    });

    it('puts everything back when the service dies of the change, or cannot be written to', async () => {
      const dies = ['ExecStartPre=/bin/sh -c \'test "$$OLLAMA_HOST" != 0.0.0.0:11434\''];
      const test = async (place: Place) => {
        const { host, run } = place;
        const result = await run('apply', '--timeout', '30');
        expect(result.code, said(result)).toBe(6);
        expect(result.stderr).toContain('Everything was put back');
        await expectBack(place);
        const pid = await mainPid(host);
        await host.remountReadOnly('/etc');
        const refused = await run('apply');
        expect(refused.code, said(refused)).toBe(6);
        expect(refused.stderr).toContain('could not be written');
        expect(await mainPid(host)).toBe(pid);
        await host.unmount('/etc');
        await expectBack(place);
      };
      await withScript(`dies-${shell}`, argv, test, dies);
    });

    it('puts everything back when it is told to end', async () => {
      await withScript(`term-${shell}`, argv, async (place) => {
        const { host } = place;
        host.write(
          '/run/systemd/system/ollama.service.d/slow.conf',
          '[Service]\nEnvironment=STAND_IN_START_DELAY_MS=600000\n',
        );
        const handle = host.spawn([...argv, SCRIPT, 'apply']);
        await host.waitFor(async () => (await mainPid(host)) !== '0' && host.exists(DROP_IN), 30_000, 'the drop-in');
        await host.waitFor(() => scope(host) === 'none', 30_000, 'the restart');
        host.remove('/run/systemd/system/ollama.service.d');
        await handle.signal('SIGTERM');
        expect((await handle.done).code).toBe(143);
        await expectBack(place);
      });
    });
  });
}

describe.skipIf(rigUnavailable())('export sh', () => {
  it('refuses what a drop-in cannot win against, and touches nothing', async () => {
    await withScript('obstacles', ['/bin/sh'], async ({ host, run }) => {
      const refuses = async (code: number, words: RegExp) => {
        const etc = host.snapshotEtc();
        const result = await run('apply');
        expect(result.code, said(result)).toBe(code);
        expect(result.stderr).toMatch(words);
        expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
      };
      const other = `${DROP_IN_DIR}/other.conf`;
      const withOther = async (path: string, text: string) => {
        host.write(path, text);
        await host.must(['systemctl', 'daemon-reload']);
      };
      host.write('/etc/ollama.env', 'A=1\nOLLAMA_HOST=127.0.0.1\n');
      await withOther(other, '[Service]\nEnvironmentFile=/etc/ollama.env\n');
      await refuses(4, /ollama\.env sets OLLAMA_HOST=127\.0\.0\.1, which wins/);
      await withOther(other, '[Service]\nUnsetEnvironment=OLLAMA_HOST\n');
      await refuses(4, /takes OLLAMA_HOST away again/);
      host.remove(other);
      await withOther(`${DROP_IN_DIR}/~last.conf`, '[Service]\nEnvironment=OLLAMA_HOST=127.0.0.1\n');
      await refuses(4, /~last\.conf sets OLLAMA_HOST after/);
      host.remove(`${DROP_IN_DIR}/~last.conf`);
      await withOther(DROP_IN, '[Service]\nEnvironment=OLLAMA_HOST=127.0.0.1\n');
      await refuses(4, /not written by this program/);
      host.remove(DROP_IN);
      await host.must(['systemctl', 'daemon-reload']);
      expect((await run('apply', '--unit', 'other')).code).toBe(3);
      expect((await run('aply')).code).toBe(2);
      expect((await run('apply', '--timeout', '1x')).code).toBe(2);
      await host.addUser('somebody');
      expect((await host.run(['/bin/sh', '-s', 'apply'], { user: 'somebody', input: host.read(SCRIPT) })).code).toBe(5);
    });
  });

  it('leaves a setting that lasts alone, and only starts what does not listen so yet', async () => {
    await withScript('lasting', ['/bin/sh'], async ({ host, run }) => {
      host.write(`${DROP_IN_DIR}/override.conf`, '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n');
      await host.must(['systemctl', 'daemon-reload']);
      const result = await run('apply');
      expect(result.code, said(result)).toBe(0);
      expect(scope(host)).toBe('all');
      expect(host.exists(DROP_IN)).toBe(false);
      expect((await run('check')).code).toBe(0);
      host.write('/etc/ollama.env', 'OLLAMA_HOST="0.0.0.0:11434"\n');
      host.write(`${DROP_IN_DIR}/override.conf`, '[Service]\nEnvironmentFile=/etc/ollama.env\n');
      await host.must(['systemctl', 'daemon-reload']);
      expect((await run('check')).stdout).toContain('Unchanged');
    });
  });

  it('changes only our line in a drop-in that an earlier export wrote, and keeps its mode', async () => {
    await withScript('line', ['/bin/sh'], async ({ host, run }) => {
      expect((await run('apply')).code).toBe(0);
      const first = `${host.read(DROP_IN)}Environment=OLLAMA_KEEP_ALIVE=24h\n`;
      host.write(DROP_IN, first, { mode: 0o640 });
      host.write(SCRIPT, await exported(parseFlags(['export', 'sh', '--host', '127.0.0.1:11500'], {})));
      const planned = await run('plan');
      expect(planned.stdout).toContain(
        '-Environment="OLLAMA_HOST=0.0.0.0:11434"\n+Environment="OLLAMA_HOST=127.0.0.1:11500"',
      );
      const result = await run('apply');
      expect(result.code, said(result)).toBe(0);
      expect(host.listeners(11500).map(({ address }) => address)).toEqual(['127.0.0.1']);
      expect(host.read(DROP_IN)).toBe(first.replace('0.0.0.0:11434', '127.0.0.1:11500'));
      expect((host.stat(DROP_IN)?.mode ?? 0) & 0o777).toBe(0o640);
    });
  });

  it('completes a run that was killed, and can take it back', async () => {
    await withScript('killed', ['/bin/sh'], async (place) => {
      const { host, run } = place;
      const slow = '/run/systemd/system/ollama.service.d';
      host.write(`${slow}/slow.conf`, '[Service]\nEnvironment=STAND_IN_START_DELAY_MS=600000\n');
      const handle = host.spawn(['/bin/sh', SCRIPT, 'apply']);
      await host.waitFor(() => host.exists(DROP_IN) && scope(host) === 'none', 30_000, 'the restart');
      await handle.kill9();
      await handle.done;
      host.remove(slow);
      const result = await run('apply');
      expect(result.code, said(result)).toBe(0);
      expect(scope(host)).toBe('all');
      expect((await run('undo')).code).toBe(0);
      await expectBack(place);
      for (const left of host.snapshot('/tmp').keys()) if (left.includes('/tmp.')) host.remove(left);
    });
  });

  it('is undone by the program too, without a receipt, and an edit of others stays', async () => {
    await withHost('adopt', {}, async (host) => {
      await installOllama(host);
      installProduct(host);
      host.write(SCRIPT, await exported(parseFlags(['export', 'sh'], {})));
      const etc = host.snapshotEtc();
      await host.must(['sh', SCRIPT, 'apply']);
      const undone = await product(host, ['undo', '--yes', '--json']);
      expect(undone.code, said(undone)).toBe(0);
      expect(undone.report).toMatchObject({
        outcome: 'changed',
        before: { scope: 'all' },
        after: { scope: 'loopback' },
      });
      expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
      expect(host.exists('/var/lib/stigmer-setup-ollama')).toBe(false);
      await host.must(['sh', SCRIPT, 'apply']);
      host.write(DROP_IN, `${host.read(DROP_IN)}Environment=OLLAMA_KEEP_ALIVE=24h\n`);
      expect((await product(host, ['undo', '--yes'])).code).toBe(0);
      expect(host.read(DROP_IN)).toContain('OLLAMA_KEEP_ALIVE');
      expect(host.read(DROP_IN)).not.toContain('OLLAMA_HOST=');
      await waitForListener(host);
      expect(scope(host)).toBe('loopback');
    });
  });
});
