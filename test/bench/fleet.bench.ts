import { describe, it } from 'vitest';
import { exported } from '../../src/commands/export.ts';
import { parseFlags } from '../../src/flags.ts';
import { DROP_IN_DIR } from '../e2e/fault-helpers.ts';
import { ansiblePlaybook } from '../e2e/rig/ansible.ts';
import { installed, rigUnavailable } from '../e2e/rig/available.ts';
import { bootHost, type TestHost } from '../e2e/rig/host.ts';
import { installOllama, waitForListener } from '../e2e/rig/ollama.ts';

/** The exported playbook on a fleet, against the least that somebody would write by hand: no proof of who listens, no way back. */

const MINIMAL = `- hosts: all
  become: true
  gather_facts: false
  tasks:
    - name: Make the folder
      ansible.builtin.file:
        path: ${DROP_IN_DIR}
        state: directory
        mode: "0755"
    - name: Write the drop-in
      ansible.builtin.copy:
        dest: ${DROP_IN_DIR}/override.conf
        content: |
          [Service]
          Environment="OLLAMA_HOST=0.0.0.0:11434"
        mode: "0644"
      notify: Restart
    - name: Restart now
      ansible.builtin.meta: flush_handlers
    - name: Wait
      ansible.builtin.wait_for:
        port: 11434
    - name: Ask
      ansible.builtin.uri:
        url: http://127.0.0.1:11434/api/version
  handlers:
    - name: Restart
      ansible.builtin.systemd:
        name: ollama
        daemon_reload: true
        state: restarted
`;

const ROUNDS = 3;
const HOSTS = ['one', 'two', 'three', 'four'];

describe.skipIf(rigUnavailable() ?? (installed('ansible-playbook') ? undefined : 'no Ansible'))('a fleet', () => {
  it('of four hosts: the first run and the second', async () => {
    const fleet: Record<string, TestHost> = {};
    try {
      for (const name of HOSTS) {
        fleet[name] = await bootHost({ hostname: name, node: false });
        await installOllama(fleet[name]);
      }
      const ours = await exported(parseFlags(['export', 'ansible'], {}));
      const took: Record<string, number[]> = {};
      for (let round = 0; round < ROUNDS; round++)
        for (const [name, playbook] of Object.entries({ minimal: MINIMAL, ours })) {
          for (const run of ['first', 'again']) {
            const start = performance.now();
            const { code, stdout } = await ansiblePlaybook(fleet, playbook);
            if (code !== 0) throw new Error(stdout);
            took[`${name} ${run}`] = [...(took[`${name} ${run}`] ?? []), performance.now() - start];
          }
          for (const host of Object.values(fleet)) await reset(host);
        }
      const median = (name: string) =>
        [...(took[name] ?? [])].sort((a, b) => a - b)[Math.floor(ROUNDS / 2)] ?? Number.NaN;
      for (const run of ['first', 'again']) {
        const [mine, base] = [median(`ours ${run}`), median(`minimal ${run}`)];
        const seconds = `${(mine / 1000).toFixed(1)} s / ${(base / 1000).toFixed(1)} s`;
        console.log(
          `playbook, ${run} run, against a minimal one`.padEnd(52),
          `${(mine / base).toFixed(2)} x   target 1.2 x   (${seconds})`,
        );
      }
    } finally {
      await Promise.all(Object.values(fleet).map((host) => host.stop()));
    }
  });
});

async function reset(host: TestHost): Promise<void> {
  host.remove(DROP_IN_DIR);
  await host.must(['systemctl', 'daemon-reload']);
  await host.must(['systemctl', 'reset-failed', 'ollama']);
  await host.must(['systemctl', 'restart', 'ollama']);
  await waitForListener(host);
}
