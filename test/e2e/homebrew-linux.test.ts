import { describe, expect, it } from 'vitest';
import { exported } from '../../src/commands/export.ts';
import { parseFlags } from '../../src/flags.ts';
import { newDropIn } from '../../src/rooms/systemd/drop-in.ts';
import { reported, scope, succeeds } from './fault-helpers.ts';
import { ansiblePlaybook } from './rig/ansible.ts';
import { installed, rigUnavailable } from './rig/available.ts';
import { BREW, BREW_UNIT, installFromHomebrew } from './rig/brew.ts';
import { diffSnapshots, type TestHost, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { installProduct } from './rig/product.ts';

/** Homebrew's Ollama on Linux: a service of its user's own, whose unit is written anew at every start. */

const UNITS = '/home/ann/.config/systemd/user';
const DROP_IN = `${UNITS}/${BREW_UNIT}.d/zz-stigmer-ollama-host.conf`;
const ANN = { user: 'ann' };
const WORDS = ['-e', 'stigmer_ollama_user=ann', '-e', `stigmer_ollama_unit=${BREW_UNIT}`];

/** The sockets as lsof's -F prints them; the real one is no part of these hosts. */
const LSOF = `#!/bin/sh
ss -Hltn "sport = :11434" | while read -r _ _ _ name _; do printf 'p1\\ncollama\\nf3\\nn%s\\n' "$name"; done
`;

async function brew(host: TestHost, verb: string): Promise<void> {
  await host.must([BREW, 'services', verb, 'ollama'], ANN);
  if (verb !== 'stop') await waitForListener(host);
}

describe.skipIf(rigUnavailable())('Homebrew on Linux', () => {
  it("the drop-in outlasts brew's restarts, stops and starts, and beats services/ollama.env", async () => {
    await withHost('brew', {}, async (host) => {
      await installFromHomebrew(host);
      installProduct(host);
      host.makeDirectory('/home/ann/.homebrew/services', { uid: 1000, gid: 1000 });
      host.write('/home/ann/.homebrew/services/ollama.env', 'OLLAMA_HOST=127.0.0.1:11434\n', { uid: 1000, gid: 1000 });
      await brew(host, 'restart');
      const before = host.snapshot(UNITS);
      await succeeds(host, ['--yes'], ANN);
      expect(scope(host)).toBe('all');
      await brew(host, 'restart');
      expect(scope(host)).toBe('all');
      await brew(host, 'stop');
      expect((await reported(host, ['--check'], ANN)).code).toBe(3);
      await brew(host, 'start');
      expect(await succeeds(host, ['--yes'], ANN)).toMatchObject({ outcome: 'unchanged' });
      await host.reboot();
      await waitForListener(host);
      expect(scope(host)).toBe('all');
      await succeeds(host, ['undo', '--yes'], ANN);
      expect(scope(host)).toBe('loopback');
      expect(diffSnapshots(before, host.snapshot(UNITS))).toEqual([]);
      // What is set in the unit alone is gone with the next start: then the drop-in is written all the same.
      host.write(
        `${UNITS}/${BREW_UNIT}`,
        `${host.read(`${UNITS}/${BREW_UNIT}`)}Environment=OLLAMA_HOST=0.0.0.0:11434\n`,
      );
      await succeeds(host, ['--yes'], ANN);
      expect(host.exists(DROP_IN)).toBe(true);
    });
  });

  it.skipIf(!installed('ansible-playbook'))('the exports: sh as that user, and Ansible', async () => {
    await withHost('brew', {}, async (host) => {
      await installFromHomebrew(host);
      const before = host.snapshot(UNITS);
      host.write('/home/ann/o.sh', await exported(parseFlags(['export', 'sh'], {})));
      const sh = (word: string) =>
        host.run(['sh', '/home/ann/o.sh', word, '--unit', BREW_UNIT, '--scope', 'user'], ANN);
      expect((await sh('check')).code).toBe(10);
      const applied = await sh('apply');
      expect(applied.code, applied.stderr).toBe(0);
      expect(host.read(DROP_IN)).toBe(newDropIn('0.0.0.0:11434', __VERSION__));
      expect(scope(host)).toBe('all');
      expect((await sh('check')).code).toBe(0);
      expect((await sh('undo')).code).toBe(0);
      expect(scope(host)).toBe('loopback');
      expect(diffSnapshots(before, host.snapshot(UNITS))).toEqual([]);

      const playbook = await exported(parseFlags(['export', 'ansible'], {}));
      const checked = await ansiblePlaybook({ host }, playbook, ['--check', '--diff', ...WORDS]);
      expect(checked.recap.host, checked.stdout).toMatchObject({ failed: 0 });
      expect(checked.recap.host?.changed).toBeGreaterThan(0);
      expect(diffSnapshots(before, host.snapshot(UNITS))).toEqual([]);
      const ran = await ansiblePlaybook({ host }, playbook, WORDS);
      expect(ran.code, ran.stdout).toBe(0);
      expect(scope(host)).toBe('all');
      expect(host.stat(DROP_IN)).toMatchObject({ uid: 1000, gid: 1000, mode: 0o100644 });
      expect((await ansiblePlaybook({ host }, playbook, WORDS)).recap.host).toMatchObject({ changed: 0, failed: 0 });
      await brew(host, 'restart');
      expect(scope(host)).toBe('all');
      const other = await exported(parseFlags(['export', 'ansible', '--host', '192.0.2.1:11434'], {}));
      const failed = await ansiblePlaybook({ host }, other, [...WORDS, '-e', 'stigmer_ollama_timeout=20']);
      expect(failed.recap.host, failed.stdout).toMatchObject({ failed: 1, rescued: 1 });
      expect(host.read(DROP_IN)).toBe(newDropIn('0.0.0.0:11434', __VERSION__));
      await host.waitFor(() => scope(host) === 'all', 30_000, 'the old binding');
      // A host with Node takes the export for its own.
      installProduct(host);
      await succeeds(host, ['undo', '--yes'], ANN);
      expect(scope(host)).toBe('loopback');
      expect(diffSnapshots(before, host.snapshot(UNITS))).toEqual([]);
    });
  });

  it.skipIf(!installed('ansible-playbook'))(
    "Ansible, as on a Mac: Homebrew's own settings and its restart",
    async () => {
      await withHost('brew', {}, async (host) => {
        await installFromHomebrew(host);
        host.symlink(BREW, '/usr/local/bin/brew');
        host.write('/usr/local/bin/lsof', LSOF, { mode: 0o755 });
        const [file, folder] = ['/home/ann/.homebrew/services/ollama.env', '/home/ann/.homebrew/services'];
        const words = ['-e', 'stigmer_ollama_user=ann', '-e', 'stigmer_ollama_manager=homebrew'];
        const playbook = await exported(parseFlags(['export', 'ansible'], {}));
        const checked = await ansiblePlaybook({ host }, playbook, ['--check', '--diff', ...words]);
        expect(checked.recap.host, checked.stdout + checked.stderr).toMatchObject({ failed: 0 });
        expect(checked.recap.host?.changed).toBeGreaterThan(0);
        expect(host.exists(folder)).toBe(false);
        const ran = await ansiblePlaybook({ host }, playbook, words);
        expect(ran.code, ran.stdout).toBe(0);
        // As setup writes it on a Mac.
        expect(host.read(file)).toBe('OLLAMA_HOST=0.0.0.0:11434\n');
        expect(host.stat(file)).toMatchObject({ uid: 1000, mode: 0o100600 });
        expect(scope(host)).toBe('all');
        expect((await ansiblePlaybook({ host }, playbook, words)).recap.host).toMatchObject({ changed: 0, failed: 0 });
        const mine = 'OLLAMA_DEBUG=1\nOLLAMA_HOST = 0.0.0.0\n';
        host.write(file, mine, { uid: 1000, gid: 1000, mode: 0o644 });
        expect((await ansiblePlaybook({ host }, playbook, words)).recap.host).toMatchObject({ changed: 0, failed: 0 });
        const other = await exported(parseFlags(['export', 'ansible', '--host', '192.0.2.1:11434'], {}));
        const failed = await ansiblePlaybook({ host }, other, [...words, '-e', 'stigmer_ollama_timeout=3']);
        expect(failed.recap.host, failed.stdout).toMatchObject({ failed: 1, rescued: 1 });
        expect(host.read(file)).toBe(mine);
        expect(host.stat(file)).toMatchObject({ uid: 1000, mode: 0o100644 });
        host.write(file, 'OLLAMA_DEBUG=1\nOLLAMA_HOST=0.0.0.0:11434\n', { uid: 1000, gid: 1000 });
        const undone = await ansiblePlaybook({ host }, playbook, [...words, '-e', 'stigmer_ollama_state=absent']);
        expect(undone.code, undone.stdout).toBe(0);
        expect(host.read(file)).toBe('OLLAMA_DEBUG=1\n');
        await host.waitFor(() => scope(host) === 'loopback', 30_000, 'the old binding');
        host.write(BREW, host.read(BREW).replace('6.0.15', '6.0.14'), { mode: 0o755 });
        const old = await ansiblePlaybook({ host }, playbook, words);
        expect(old.recap.host).toMatchObject({ failed: 1, changed: 0 });
        expect(old.stdout).toContain('Before 6.0.15');
      });
    },
  );
});
