import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { rigUnavailable } from '../e2e/rig/available.ts';
import { dockerUnavailable, withDocker } from '../e2e/rig/docker.ts';
import { installOllama } from '../e2e/rig/ollama.ts';
import { COMMAND, installProduct } from '../e2e/rig/product.ts';
import { median, show } from './figures.ts';

type Results = Record<string, [seconds: number][]>;

/** Runs what follows as nobody in particular: the programs for that take a millisecond or two, in both of a pair. */
const USER = ['setpriv', '--reuid=65534', '--regid=65534', '--clear-groups', 'env', 'HOME=/tmp'];
const DOCTOR = [COMMAND, 'doctor', '--no-container'];

describe.skipIf(rigUnavailable() || dockerUnavailable())(
  'doctor on a healthy host, in turns with what it is held against',
  () => {
    it('as root, as a user, and with a container', async () => {
      await withDocker(async (host) => {
        await installOllama(host);
        installProduct(host);
        host.write('/root/measure.py', readFileSync(new URL('measure.py', import.meta.url), 'utf8'));
        await host.must([COMMAND, '--yes', '--no-container']);
        const node = ['node', '-e', '0'];
        const commands = [
          { name: 'node', argv: node },
          { name: 'doctor', argv: DOCTOR },
          { name: 'node as a user', argv: [...USER, ...node] },
          { name: 'doctor as a user', argv: [...USER, ...DOCTOR] },
          { name: 'docker run', argv: ['docker', 'run', '--rm', '--pull=never', 'client', 'true'] },
          { name: 'whole doctor', argv: [COMMAND, 'doctor'] },
        ];
        const input = JSON.stringify({ rounds: 15, commands });
        const told = await host.must(['python3', '/root/measure.py'], { input, timeout: 600_000 });
        const results = JSON.parse(told) as Results;
        const of = (name: string) => median((results[name] ?? []).map(([seconds]) => seconds));
        show('doctor without a container against bare node', of('doctor'), of('node'), 3);
        show('the same as a user', of('doctor as a user'), of('node as a user'), 3);
        show('doctor against 1 s and one `docker run`', of('whole doctor'), 1 + of('docker run'), 1);
      });
    });
  },
);
