import type { TestHost } from './host.ts';
import { bootLogTail, type Machine } from './machine.ts';

/** What a reader of a failed test needs to know about the host. Never throws. */
export async function describeFailure(host: TestHost, machine: Machine): Promise<string> {
  const parts: [string, () => string | Promise<string>][] = [
    ['console', () => bootLogTail(machine)],
    ['failed units', () => printed(host, ['systemctl', '--failed', '--no-legend', '--no-pager'])],
    [
      'ollama units',
      () => printed(host, ['systemctl', 'list-units', '--all', '--no-legend', '--no-pager', '*ollama*']),
    ],
    ['journal of the ollama units', () => printed(host, ['journalctl', '--no-pager', '-n', '30', '-u', '*ollama*'])],
    [
      'listeners',
      () =>
        host
          .listeners()
          .map(({ address, port, uid }) => `${address} ${port} uid ${uid}`)
          .join('\n'),
    ],
  ];
  const texts: string[] = [];
  for (const [title, ask] of parts) {
    const text = await attempt(ask);
    texts.push(`--- ${title}\n${text.trim() || '(nothing)'}`);
  }
  return `=== host ${machine.name}\n${texts.join('\n')}`;
}

async function printed(host: TestHost, argv: string[]): Promise<string> {
  const { stdout, stderr } = await host.run(argv, { timeout: 5000 });
  return stdout + stderr;
}

async function attempt(ask: () => string | Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    return `(${error instanceof Error ? error.message : error})`;
  }
}
