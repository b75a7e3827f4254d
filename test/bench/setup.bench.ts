import { readFileSync } from 'node:fs';
import { describe, it } from 'vitest';
import { rigUnavailable } from '../e2e/rig/available.ts';
import { type TestHost, withHost } from '../e2e/rig/host.ts';
import { installOllama } from '../e2e/rig/ollama.ts';
import { COMMAND, installProduct } from '../e2e/rig/product.ts';
import { median, show } from './figures.ts';

/** The least that the same change takes by hand: a drop-in, a reload, a restart, and waiting for the port. */
const FLOOR = `#!/bin/sh
mkdir -p /etc/systemd/system/ollama.service.d
printf '[Service]\\nEnvironment="OLLAMA_HOST=0.0.0.0:11434"\\n' >/etc/systemd/system/ollama.service.d/zz.conf
systemctl daemon-reload
systemctl restart ollama
until curl -fs -o /dev/null http://127.0.0.1:11434/api/version; do sleep 0.01; done
`;
const RESET = `#!/bin/sh
${COMMAND} undo --yes
rm -rf /etc/systemd/system/ollama.service.d
systemctl daemon-reload
systemctl reset-failed
systemctl restart ollama
`;

interface Command {
  name: string;
  argv: string[];
  before?: string[];
}

type Results = Record<string, [seconds: number, gap: number, peak: number][]>;

async function measure(host: TestHost, rounds: number, commands: Command[], watch = false): Promise<Results> {
  const input = JSON.stringify({ rounds, commands, watch });
  return JSON.parse(await host.must(['python3', '/root/measure.py'], { input, timeout: 600_000 })) as Results;
}

/** Columns of a measurement. */
const [SECONDS, GAP, PEAK] = [0, 1, 2];

function of(results: Results, name: string, column = SECONDS): number {
  return median((results[name] ?? []).map((row) => row[column]!));
}

describe.skipIf(rigUnavailable())('ratios, each pair measured in turns on one host', () => {
  it('start-up, nothing to do, apply, and the gap that clients see', async () => {
    await withHost('bench', {}, async (host) => {
      await installOllama(host);
      installProduct(host);
      host.write('/root/measure.py', readFileSync(new URL('measure.py', import.meta.url), 'utf8'));
      host.write('/root/empty.js', '');
      host.write('/root/floor.sh', FLOOR, { mode: 0o755 });
      host.write('/root/reset.sh', RESET, { mode: 0o755 });
      await startUp(host);
      await applying(host);
    });
  });
});

async function startUp(host: TestHost): Promise<void> {
  await host.must([COMMAND, '--yes']);
  const results = await measure(host, 25, [
    { name: 'node', argv: ['node', '/root/empty.js'] },
    { name: 'version', argv: [COMMAND, '--version'] },
    { name: 'help', argv: [COMMAND, '--help'] },
    { name: 'again', argv: [COMMAND, '--yes'] },
  ]);
  const node = of(results, 'node');
  show('--version against node on an empty file', of(results, 'version'), node, 1.15);
  show('--help against node on an empty file', of(results, 'help'), node, 1.35);
  show('nothing to do against node on an empty file', of(results, 'again'), node, 2.5);
  const memory = [of(results, 'again', PEAK), of(results, 'node', PEAK)] as const;
  show('peak memory, nothing to do, against the same node', ...memory, undefined, 'MiB');
}

async function applying(host: TestHost): Promise<void> {
  const before = ['/root/reset.sh'];
  const commands = [
    { name: 'node', argv: ['node', '/root/empty.js'] },
    { name: 'floor', argv: ['/root/floor.sh'], before },
    { name: 'setup', argv: [COMMAND, '--yes'], before },
    { name: 'restart', argv: ['systemctl', 'restart', 'ollama'], before },
  ];
  const times = await measure(host, 15, commands);
  const floor = of(times, 'node') + of(times, 'floor');
  show('apply against node + the same by hand', of(times, 'setup'), floor, 1.3);
  const gaps = await measure(host, 15, commands, true);
  show('gap for a client against `systemctl restart`', of(gaps, 'setup', GAP), of(gaps, 'restart', GAP), 1.3);
}
