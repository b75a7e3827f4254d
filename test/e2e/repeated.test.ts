import { describe, expect, it } from 'vitest';
import { DROP_IN, expectRestored, mainPid, prepared, RECEIPT, ROOT_STATE, scope, succeeds } from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { type TestHost, withHost } from './rig/host.ts';
import { COMMAND } from './rig/product.ts';

/**
 * What configuration management does: the same words every half hour on every host for ever. Here a thousand times,
 * or as often as STIGMER_REPEATS says.
 */

const REPEATS = Number(process.env.STIGMER_REPEATS ?? 1000);
const ROUNDS = Math.min(Math.ceil(REPEATS / 3), 60);
const PART = Math.max(Math.floor(REPEATS / 10), 1);

/** Runs setup over and over; prints the milliseconds of each run that was right, and ends at one that was not. */
const LOOP = `import json, subprocess, sys, time
for _ in range(int(sys.argv[1])):
    start = time.monotonic()
    ran = subprocess.run(['${COMMAND}', '--yes', '--json'], capture_output=True, text=True)
    took = time.monotonic() - start
    report = json.loads(ran.stdout)
    if ran.returncode != 0 or report['changed'] or report['outcome'] != 'unchanged':
        sys.exit(ran.stdout + ran.stderr)
    print(round(took * 1000))
`;

async function runs(host: TestHost, count: number): Promise<number[]> {
  host.write('/root/loop.py', LOOP);
  const text = await host.must(['python3', '/root/loop.py', String(count)], { timeout: 1_500_000 });
  return text.trim().split('\n').map(Number);
}

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? 0;

/** All that this program keeps, and all that it might leave lying about. */
const kept = (host: TestHost) =>
  ['/etc', ROOT_STATE, '/tmp', '/run/lock']
    .flatMap((dir) => [...host.snapshot(dir)])
    .map(([path, what]) => `${path} ${what}`);

describe.skipIf(rigUnavailable())('run over and over', () => {
  it(`${REPEATS} runs with nothing to do: no change, no growth, no slower`, { timeout: 1_800_000 }, async () => {
    await withHost('again', {}, async (host) => {
      const before = await prepared(host);
      await succeeds(host, ['--yes']);
      const [pid, state] = [await mainPid(host), kept(host)];
      const took = await runs(host, REPEATS);
      expect(took).toHaveLength(REPEATS);
      expect(await mainPid(host)).toBe(pid);
      expect(kept(host).filter((line) => !line.startsWith('/tmp '))).toEqual(
        state.filter((line) => !line.startsWith('/tmp ')),
      );
      const [first, last] = [median(took.slice(0, PART)), median(took.slice(-PART))];
      console.log(`median of the first ${PART}: ${first} ms, of the last ${PART}: ${last} ms`);
      // Where state grew, the last would take a multiple; neighbours on this machine are no reason to fail.
      expect(last).toBeLessThan(first * 3);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });

  it("between somebody's edits: the first originals stay, the receipt does not grow without end", {
    timeout: 900_000,
  }, async () => {
    await withHost('edits', {}, async (host) => {
      const before = await prepared(host);
      await succeeds(host, ['--yes']);
      const sizes: number[] = [];
      for (let round = 0; round < ROUNDS; round++) {
        // Systemd counts restarts: more than five in ten seconds it refuses.
        await host.must(['systemctl', 'reset-failed', 'ollama']);
        if (round % 3 === 0) host.remove(DROP_IN);
        else if (round % 3 === 1) await succeeds(host, ['--yes', '--host', `127.0.0.1:${11500 + round}`]);
        else host.write(DROP_IN, `${host.read(DROP_IN)}# a note of round ${round}\n`);
        await host.must(['systemctl', 'reset-failed', 'ollama']);
        await succeeds(host, ['--yes']);
        expect(scope(host)).toBe('all');
        sizes.push(host.read(RECEIPT).length);
      }
      // Twenty states of a file are known by their hashes; after that, nothing is added.
      const [middle, last] = [sizes[Math.floor(sizes.length / 2)] ?? 0, sizes.at(-1) ?? 0];
      console.log(`receipt: ${sizes[0]} bytes at first, ${middle} half way, ${last} in the end`);
      expect(last).toBeLessThan(20_000);
      expect([...host.snapshot(ROOT_STATE).keys()].filter((path) => path.endsWith('.json'))).toEqual([RECEIPT]);
      await host.must(['systemctl', 'reset-failed', 'ollama']);
      host.remove(DROP_IN);
      await succeeds(host, ['--yes']);
      await host.must(['systemctl', 'reset-failed', 'ollama']);
      await succeeds(host, ['undo', '--yes']);
      await expectRestored(host, before);
    });
  });
});
