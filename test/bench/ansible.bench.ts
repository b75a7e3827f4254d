import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { ansiblePlaybook } from '../e2e/rig/ansible.ts';
import { rigUnavailable } from '../e2e/rig/available.ts';
import { type TestHost, withHost } from '../e2e/rig/host.ts';
import { installOllama } from '../e2e/rig/ollama.ts';
import { COMMAND, installProduct } from '../e2e/rig/product.ts';
import { median, show } from './figures.ts';

const ROUNDS = 5;
const MINIMAL = readFileSync(new URL('minimal-playbook.yml', import.meta.url), 'utf8');

describe.skipIf(rigUnavailable())('this program against Ansible, in turns on one host', () => {
  it('apply, and nothing to do', async () => {
    await withHost('bench-ansible', {}, async (host) => {
      await installOllama(host);
      installProduct(host);
      const own = { apply: [] as number[], again: [] as number[] };
      const other = { apply: [] as number[], again: [] as number[] };
      for (let round = 0; round < ROUNDS; round += 1) {
        for (const kind of ['apply', 'again'] as const)
          own[kind].push(await seconds(() => host.must([COMMAND, '--yes'])));
        await host.must([COMMAND, 'undo', '--yes']);
        for (const kind of ['apply', 'again'] as const) other[kind].push(await seconds(() => play(host)));
        await host.must(['rm', '-r', '/etc/systemd/system/ollama.service.d']);
        await host.must(['systemctl', 'daemon-reload']);
        await host.must(['systemctl', 'restart', 'ollama']);
      }
      show('apply against a minimal playbook', median(own.apply), median(other.apply), 1);
      show('nothing to do against a minimal playbook', median(own.again), median(other.again), 1);
    });
  });
});

async function play(host: TestHost): Promise<void> {
  const { code, stdout } = await ansiblePlaybook({ host }, MINIMAL);
  if (code !== 0) throw new Error(stdout);
}

async function seconds(work: () => Promise<unknown>): Promise<number> {
  const start = performance.now();
  await work();
  return (performance.now() - start) / 1000;
}
