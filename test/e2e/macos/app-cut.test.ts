import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { appPid, awaitAgent, awaitBinding, expectAppAsBefore, fails, shootApp } from './app-kit.ts';
import { product, setup, undo } from './homebrew-kit.ts';
import { type Mac, withMac } from './rig/mac.ts';

const OTHER = ['--host', '127.0.0.1:8080'];

/** Where a run is cut short (right after it has begun to do this), and what mends it. */
const UNDO = 'undo puts it back';
const AGAIN = 'another run completes it';
const MOMENTS = [
  { name: 'the switch', args: [], at: /expose-switch begun/, bound: ':: 11434', mended: UNDO },
  { name: 'the end of the server', args: [], at: /restart begun/, bound: ':: 11434', mended: AGAIN },
  { name: 'the end of the app', args: OTHER, at: /quit begun/, bound: '127.0.0.1 8080', mended: UNDO },
  { name: 'the end of the app', args: OTHER, at: /quit begun/, bound: '127.0.0.1 8080', mended: AGAIN },
  { name: 'the loading of the agent', args: OTHER, at: /reload-agent begun/, bound: '127.0.0.1 8080', mended: UNDO },
  { name: 'the opening', args: OTHER, at: /restart begun/, bound: '127.0.0.1 8080', mended: UNDO },
];

const STATE = '/Users/me/Library/Application Support/stigmer-setup-ollama';

async function cut(mac: Mac, args: readonly string[], at: RegExp, how: 'SIGKILL' | 'SIGINT') {
  const run = mac.spawnProduct(['--yes', ...args]);
  const there = () => mac.host.exists(`${STATE}/progress`) && at.test(mac.host.read(`${STATE}/progress`));
  await mac.host.waitFor(there, 20_000, String(at));
  if (how === 'SIGKILL') await run.killAll();
  else await run.signal(how);
  return run;
}

describe.skipIf(rigUnavailable()).concurrent('Ollama.app, when a run does not come to its end', () => {
  it.each(MOMENTS)('kill -9 at $name: $mended', ({ args, at, bound, mended }) =>
    withMac('app-killed', { app: { expose: 0 } }, async (mac) => {
      const before = await shootApp(mac);
      await cut(mac, args, at, 'SIGKILL');
      if (mended === AGAIN) {
        // The app may have come to what was wanted by itself.
        expect((await product(mac, ['--yes', ...args])).code).toBe(0);
        await awaitBinding(mac, bound);
      }
      await undo(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }),
  );

  it('Ctrl-C while it waits takes everything back', () =>
    withMac('app-ctrl-c', { app: { expose: 0 }, scale: 3 }, async (mac) => {
      const before = await shootApp(mac);
      const run = await cut(mac, [], /restart begun/, 'SIGINT');
      expect((await run.done).code).toBe(130);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }));

  it('an app that starts no server any more: rolled back', () =>
    withMac('app-dead', { app: { expose: 0 } }, async (mac) => {
      const before = await shootApp(mac);
      await mac.must(['/bin/sh', '-c', 'kill -STOP $(pgrep -x Ollama)']);
      const ran = await fails(mac, 7, ['--yes', '--timeout', '2']);
      expect(ran.report.outcome).toBe('rolled-back');
      expect(ran.said).toMatch(/did not open 0\.0\.0\.0:11434 in time/);
      await mac.must(['/bin/sh', '-c', 'kill -CONT $(pgrep -x Ollama)']);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }));

  it('a slow one is waited for', () =>
    withMac('app-slow', { app: { expose: 0 }, scale: 2 }, async (mac) => {
      await setup(mac);
      expect(mac.listeners(11434).map(({ address }) => address)).toEqual(['::']);
    }));

  it('undo while the agent restarts the app', () =>
    withMac('app-agent-at-work', { app: { expose: 0 }, loginOrder: 'app first' }, async (mac) => {
      const before = await shootApp(mac);
      await setup(mac, OTHER);
      await mac.logout();
      await mac.login();
      await mac.host.waitFor(async () => (await appPid(mac)) !== undefined, 5000, 'the app');
      // The gap between its two lives may be too short to be seen.
      const first = await appPid(mac);
      await mac.host.waitFor(async () => (await appPid(mac)) !== first, 8000, 'the app to be ended by the agent');
      await undo(mac);
      await awaitAgent(mac);
      await awaitBinding(mac, '127.0.0.1 11434');
      await expectAppAsBefore(mac, before);
    }));
});
