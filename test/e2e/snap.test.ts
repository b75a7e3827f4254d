import { describe, expect, it } from 'vitest';
import { expectForPeople, remains, reported, scope, succeeds } from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, type TestHost, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { installProduct } from './rig/product.ts';
import { installSnap, SNAPD, UNIT } from './rig/snap.ts';

/** Ollama's snap, on real hosts with a stand-in for snapd, which cannot be had without its shop. */

function hosted(name: string, options: Parameters<typeof installSnap>[1], test: (host: TestHost) => Promise<void>) {
  it(name, () =>
    withHost('snap', {}, async (host) => {
      await installSnap(host, options);
      installProduct(host);
      await test(host);
    }),
  );
}

const setting = (host: TestHost) => (host.exists(`${SNAPD}/host`) ? host.read(`${SNAPD}/host`).trim() : null);
const calls = (host: TestHost) =>
  host
    .read(`${SNAPD}/calls`)
    .split('\n')
    .filter((line) => line && !line.startsWith('get '));

async function unchanged(host: TestHost, code: number, cause: string, words = ['--yes']): Promise<string> {
  const value = setting(host);
  const ran = await reported(host, words);
  expect(ran.code, ran.stderr).toBe(code);
  expect(ran.report.error?.code, ran.stderr).toBe(cause);
  expectForPeople(ran.stderr);
  expect(setting(host)).toBe(value);
  expect(remains(host)).toEqual([]);
  return ran.stderr;
}

describe.skipIf(rigUnavailable())('the snap', () => {
  for (const hook of [true, false]) {
    hosted(
      `its setting is changed and put back, ${hook ? 'with' : 'without'} a hook that restarts it`,
      { hook },
      async (host) => {
        const before = host.snapshotEtc();
        const sick = await reported(host, ['doctor']);
        expect(sick.report.checks.map(({ cause }) => cause)).toContain('snap-host-setting');
        expect((await reported(host, ['--check'])).code).toBe(10);
        expect(calls(host)).toEqual([]);
        const report = await succeeds(host, ['--yes']);
        expect(report).toMatchObject({ outcome: 'changed', before: { scope: 'loopback' }, after: { scope: 'all' } });
        expect(calls(host)).toEqual(['set ollama host=0.0.0.0:11434', `${hook ? 'start' : 'restart'} ollama`]);
        expect(await succeeds(host, ['--yes'])).toMatchObject({ outcome: 'unchanged' });
        expect((await reported(host, ['doctor'])).code).toBe(0);
        await host.reboot();
        await waitForListener(host);
        expect(await succeeds(host, ['undo', '--yes'])).toMatchObject({ after: { scope: 'loopback' } });
        expect(setting(host)).toBe('127.0.0.1:11434');
        expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
        expect(host.exists('/var/lib/stigmer-setup-ollama')).toBe(false);
      },
    );
  }

  hosted(
    'what was not set is unset again; an address that no interface has is rolled back',
    { value: null },
    async (host) => {
      await succeeds(host, ['--yes']);
      expect(scope(host)).toBe('all');
      await succeeds(host, ['undo', '--yes']);
      expect(setting(host)).toBe(null);
      const ran = await reported(host, ['--yes', '--host', '192.0.2.1:11434', '--timeout', '20']);
      expect([ran.code, ran.report.outcome], ran.stderr).toEqual([7, 'rolled-back']);
      expect(setting(host)).toBe(null);
      await host.waitFor(() => scope(host) === 'loopback', 30_000, 'the old binding');
    },
  );

  hosted('snapd that fails, a user, and --no-restart leave everything as it is', {}, async (host) => {
    host.write(`${SNAPD}/down`, '');
    expect(await unchanged(host, 4, 'snap-host-setting')).toContain('cannot communicate with server');
    host.remove(`${SNAPD}/down`);
    host.write(`${SNAPD}/busy`, '');
    expect(await unchanged(host, 6, 'command-failed')).toContain('change in progress');
    host.remove(`${SNAPD}/busy`);
    host.write(`${SNAPD}/hook-fails`, '');
    expect(await unchanged(host, 6, 'command-failed')).toContain('Run configure hook');
    host.remove(`${SNAPD}/hook-fails`);
    await unchanged(host, 4, 'snap-restarts-itself', ['--no-restart', '--yes']);
    await host.addUser('ann', { sudo: 'nopasswd' });
    const ran = await reported(host, ['--yes'], { user: 'ann' });
    expect([ran.code, ran.report.error?.remedy]).toEqual([5, 'sudo npx stigmer-setup-ollama']);
    expect(scope(host)).toBe('loopback');
    await host.must(['systemctl', 'stop', UNIT]);
    await succeeds(host, ['--yes']);
    expect(scope(host)).toBe('all');
    await succeeds(host, ['undo', '--yes']);
    expect(scope(host)).toBe('none');
  });
});
