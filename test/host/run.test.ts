import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { letGo, runPlain } from '../../src/host/run.ts';

/** A child whose pipes somebody else holds open, as what it has started does on Windows. */
function childOf() {
  const child = Object.assign(new EventEmitter(), { stdout: new PassThrough(), stderr: new PassThrough() });
  let said = '';
  child.stdout.on('data', (part: Buffer) => {
    said += part;
  });
  letGo(child as unknown as Parameters<typeof letGo>[0]);
  return { child, said: () => said };
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'setTimeout', 'clearTimeout'] });
});
afterEach(() => {
  vi.useRealTimers();
});

const turn = () => new Promise((resolve) => setImmediate(resolve));

it('pipes that stay open are given up once the program has ended and nothing comes any more', async () => {
  const { child } = childOf();
  vi.advanceTimersByTime(10_000);
  expect(child.stdout.destroyed).toBe(false);
  child.emit('exit');
  vi.advanceTimersByTime(10_000);
  expect([child.stdout.destroyed, child.stderr.destroyed]).toEqual([true, true]);
});

it('what is still under way is waited for, however long it takes in all', async () => {
  const { child, said } = childOf();
  child.emit('exit');
  for (const part of ['a', 'b', 'c', 'd']) {
    vi.advanceTimersByTime(800);
    child.stdout.write(part);
    await turn();
  }
  expect([said(), child.stdout.destroyed]).toEqual(['abcd', false]);
});

it('a program that has closed its pipes is not waited for', () => {
  const { child } = childOf();
  child.emit('exit');
  child.emit('close');
  expect(vi.getTimerCount()).toBe(0);
});

it('a program that the system does not start is told, for whatever reason', async () => {
  vi.useRealTimers();
  const all = await Promise.all([runPlain(['/nonexistent/x']), runPlain(['/bin/sh', '-c', 'x'.repeat(3_000_000)])]);
  expect(all.map(({ code, error }) => [code, error])).toEqual([
    [null, 'ENOENT'],
    [null, 'E2BIG'],
  ]);
});

it('words that no program can be given are a mistake of ours', async () => {
  vi.useRealTimers();
  await expect(runPlain(['/bin/sh', 'a\0b'])).rejects.toThrow(/null bytes/);
});
