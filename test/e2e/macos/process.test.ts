import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { BINARY, program, type Stage, told, WIDE, withJobs } from './launchd-stage.ts';

/** What a server is started with, but for OLLAMA_HOST and what the shell adds. */
async function self({ mac }: Stage): Promise<Record<string, unknown>> {
  const server = await mac.server();
  const { OLLAMA_HOST: _, ...environment } = await mac.serverEnvironment();
  return { uid: server?.uid, args: server?.args, environment };
}

/** setup, setup again, undo: another process where it has to be, and the same in all else. */
async function wholeJob(stage: Stage): Promise<void> {
  const before = await self(stage);
  const old = await stage.pid();
  const ran = await stage.setup();
  expect(ran.code, told(ran)).toBe(0);
  expect(ran.report).toMatchObject({ outcome: 'changed', after: { scope: 'all' } });
  expect(ran.report.installations).toMatchObject([{ kind: 'process', id: String(old) }]);
  expect(ran.report.warnings.map(({ code }) => code)).toContain('not-durable');
  expect(stage.binding()).toEqual(['::']);
  expect((await stage.mac.serverEnvironment()).OLLAMA_HOST).toBe(WIDE);
  expect(await self(stage)).toEqual(before);
  const pid = await stage.pid();
  const again = await stage.setup();
  expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', steps: [] });
  expect(await stage.pid()).toBe(pid);
  const back = await stage.undo();
  expect(back.code, told(back)).toBe(0);
  expect(stage.binding()).toEqual(['127.0.0.1']);
  expect(await self(stage)).toEqual(before);
  expect(stage.mac.listeners(11434)).toHaveLength(1);
}

async function end({ mac }: Stage): Promise<void> {
  const server = await mac.server();
  await mac.must(['kill', String(server?.pid)], { as: 'root' });
  await mac.host.waitFor(() => mac.listeners(11434).length === 0, 10_000, 'the end of the server');
}

const BLANKS = '/Users/me/My Models/bin/ollama';
const ME = { uid: 501, gid: 20 };

describe.skipIf(rigUnavailable())('ollama serve by hand on a Mac', () => {
  it('is started anew as it was', async () => {
    const mine = { ...program(BLANKS), ...ME };
    await withJobs('by-hand', { listens: false, sudo: false, plists: [mine] }, async (stage) => {
      const { mac } = stage;
      const starts = [
        {},
        { binary: BLANKS, env: { OLLAMA_MODELS: '/Volumes/Big Disk/models and more', OLLAMA_KEEP_ALIVE: '5m' } },
        { binary: BINARY, args: ['start'], via: 'ssh' as const },
      ];
      for (const how of starts) {
        await mac.startByHand(how);
        await mac.waitForListener('127.0.0.1');
        await wholeJob(stage);
        await end(stage);
      }
    });
  });

  it('is refused where it cannot be done, and left as it is', async () => {
    const users = [{ name: 'other', uid: 502 }];
    await withJobs('refused', { listens: false, sudo: false, users }, async (stage) => {
      const { mac } = stage;
      await mac.startByHand();
      await mac.waitForListener('127.0.0.1');
      const offline = await stage.refuses(4, ['--no-restart']);
      expect(offline.report.error?.code).toBe('nothing-to-write');
      await mac.startByHand({ env: { OLLAMA_HOST: '127.0.0.1:11500' } });
      await mac.waitForListener('127.0.0.1', 11500);
      const alike = await stage.refuses(4);
      expect(alike.report.error?.code).toBe('processes-alike');
      for (const port of [11434, 11500]) await mac.must(['kill', String((await mac.server(port))?.pid)]);
      await mac.host.waitFor(() => mac.listeners().length === 0, 10_000, 'their end');
      mac.host.remove('/tmp/ollama-by-hand.log');
      await mac.startByHand({ as: 'other', via: 'daemon' });
      await mac.waitForListener('127.0.0.1');
      const foreign = await stage.refuses(5);
      expect(foreign.report.error?.code, told(foreign)).toMatch(/process-of-another-user|no-rights/);
      expect(foreign.report.before).toMatchObject({ scope: 'loopback' });
    });
  });

  it('of another user is started anew as that user, by root', async () => {
    const users = [{ name: 'other', uid: 502 }];
    await withJobs('of-another', { listens: false, users }, async (stage) => {
      await stage.mac.startByHand({ as: 'other', via: 'daemon' });
      await stage.mac.waitForListener('127.0.0.1');
      stage.how = { via: 'sudo' };
      await wholeJob(stage);
    });
  });

  it('gets this terminal’s environment where its own is hidden, and that is said', async () => {
    await withJobs('hidden', { listens: false }, async (stage) => {
      const { mac } = stage;
      // Apple's programs, and what is signed with the hardened runtime, show none.
      const plain = '#!/bin/sh\nfor word; do [ "$word" = -E ] || set -- "$@" "$word"; shift; done\nexec /bin/ps "$@"\n';
      mac.host.write('/Users/me/bin/ps', plain, { ...ME, mode: 0o755 });
      await mac.startByHand({ env: { OLLAMA_MODELS: '/somewhere' } });
      await mac.waitForListener('127.0.0.1');
      stage.how = { env: { PATH: '/Users/me/bin:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin', MARK: 'mine' } };
      const ran = await stage.setup();
      expect(ran.code, told(ran)).toBe(0);
      expect(ran.report.warnings.map(({ code }) => code)).toContain('environment-unseen');
      const environment = await mac.serverEnvironment();
      expect(environment).toMatchObject({ OLLAMA_HOST: WIDE, MARK: 'mine' });
      expect(environment).not.toHaveProperty('OLLAMA_MODELS');
    });
  });
});
