import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { exported } from '../../src/commands/export.ts';
import { ansibleRole } from '../../src/export/ansible.ts';
import { parseFlags } from '../../src/flags.ts';
import { newDropIn } from '../../src/rooms/systemd/drop-in.ts';
import { DROP_IN, DROP_IN_DIR, mainPid, scope } from './fault-helpers.ts';
import { ansiblePlaybook } from './rig/ansible.ts';
import { installed, rigUnavailable } from './rig/available.ts';
import { bootHost, diffSnapshots, type TestHost, withHost } from './rig/host.ts';
import { installOllama } from './rig/ollama.ts';

/** The exported playbook, run by the real Ansible against real hosts. */

const missing = rigUnavailable() ?? (installed('ansible-playbook') ? undefined : 'ansible-core is not installed');
const DEAD = ['Environment=STAND_IN_EXIT=3'];

describe.skipIf(missing)('export ansible', () => {
  it('on one host that is right, one that is wrong, and one whose Ollama cannot start', async () => {
    await withHost('right', { node: false }, async (right) => {
      const [wrong, dead] = await Promise.all([bootHost({ node: false }), bootHost({ node: false })]);
      try {
        await fleet({ right, wrong, dead });
      } finally {
        await Promise.all([wrong.stop(), dead.stop()]);
      }
    });
  });

  it('changes only our line in a drop-in that is there, and puts that back when it fails', async () => {
    await withHost('line', { node: false }, async (host) => {
      await installOllama(host);
      const playbook = async (value: string) => exported(parseFlags(['export', 'ansible', '--host', value], {}));
      const role = mkdtempSync(join(tmpdir(), 'stigmer-e2e-role-'));
      for (const [name, text] of Object.entries(ansibleRole({ wanted: '0.0.0.0:11434', version: __VERSION__ }))) {
        mkdirSync(dirname(join(role, name)), { recursive: true });
        writeFileSync(join(role, name), text);
      }
      const first = await ansiblePlaybook(
        { host },
        `- hosts: all\n  gather_facts: false\n  roles: [{role: ${role}}]\n`,
      );
      rmSync(role, { recursive: true });
      expect(first.code, first.stdout).toBe(0);
      host.write(DROP_IN, `${host.read(DROP_IN)}Environment=OLLAMA_KEEP_ALIVE=24h\n`);
      const before = host.read(DROP_IN);
      // An address that no interface has: Ollama cannot start with it.
      const failed = await ansiblePlaybook({ host }, await playbook('192.0.2.1:11434'), [
        '-e',
        'stigmer_ollama_timeout=20',
      ]);
      expect(failed.recap.host, failed.stdout).toMatchObject({ failed: 1, rescued: 1 });
      expect(host.read(DROP_IN)).toBe(before);
      expect(host.stat(DROP_IN)).toMatchObject({ uid: 0, mode: 0o100644 });
      await host.waitFor(() => scope(host) === 'all', 30_000, 'the old binding');
      const moved = await ansiblePlaybook({ host }, await playbook('127.0.0.1:11434'));
      expect(moved.code, moved.stdout).toBe(0);
      expect(host.read(DROP_IN)).toBe(before.replace('0.0.0.0', '127.0.0.1'));
      expect(scope(host)).toBe('loopback');
    });
  });
});

async function fleet(hosts: { right: TestHost; wrong: TestHost; dead: TestHost }): Promise<void> {
  const { right, wrong, dead } = hosts;
  right.write(`${DROP_IN_DIR}/override.conf`, '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n');
  await Promise.all([installOllama(right), installOllama(wrong)]);
  await installOllama(dead, { extraUnitLines: DEAD, wait: false });
  const all = Object.values(hosts);
  const before = all.map((host) => host.snapshotEtc());
  const unchanged = (index: number) => diffSnapshots(before[index]!, all[index]!.snapshotEtc());
  const playbook = await exported(parseFlags(['export', 'ansible'], {}));
  const pids = await Promise.all([mainPid(right), mainPid(wrong)]);

  const checked = await ansiblePlaybook(hosts, playbook, ['--check', '--diff']);
  expect(checked.code, checked.stdout + checked.stderr).toBe(0);
  expect(checked.stdout).toContain('+Environment="OLLAMA_HOST=0.0.0.0:11434"');
  expect(checked.recap.right).toMatchObject({ changed: 0, failed: 0 });
  expect(checked.recap.wrong?.changed).toBeGreaterThan(0);
  expect([0, 1, 2].flatMap(unchanged)).toEqual([]);
  expect(await Promise.all([mainPid(right), mainPid(wrong)])).toEqual(pids);

  const ran = await ansiblePlaybook(hosts, playbook, ['-e', 'stigmer_ollama_timeout=30']);
  expect(ran.code, ran.stdout).toBe(2);
  expect(ran.recap.right).toMatchObject({ changed: 0, failed: 0 });
  expect(ran.recap.wrong?.changed).toBeGreaterThan(0);
  expect(ran.recap.wrong?.failed).toBe(0);
  expect(ran.recap.dead).toMatchObject({ failed: 1, rescued: 1 });
  expect(ran.stdout).toContain('the drop-in is as it was');
  expect([scope(right), scope(wrong), scope(dead)]).toEqual(['all', 'all', 'none']);
  expect(wrong.read(DROP_IN)).toBe(newDropIn('0.0.0.0:11434', __VERSION__));
  expect([unchanged(0), unchanged(2)]).toEqual([[], []]);
  expect(await mainPid(right)).toBe(pids[0]);

  const pid = await mainPid(wrong);
  const two = { right, wrong };
  const again = await ansiblePlaybook(two, playbook);
  expect(again.code, again.stdout).toBe(0);
  expect([again.recap.right?.changed, again.recap.wrong?.changed]).toEqual([0, 0]);
  expect(await mainPid(wrong)).toBe(pid);

  const undone = await ansiblePlaybook(two, playbook, ['-e', 'stigmer_ollama_state=absent']);
  expect(undone.code, undone.stdout).toBe(0);
  expect([undone.recap.right?.changed, undone.recap.wrong?.changed]).toEqual([0, 1]);
  expect([unchanged(0), unchanged(1)]).toEqual([[], []]);
  expect([scope(right), scope(wrong)]).toEqual(['all', 'loopback']);
}
