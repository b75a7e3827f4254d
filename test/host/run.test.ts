import { EventEmitter } from 'node:events';
import { PassThrough } from 'node:stream';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { letGo, run } from '../../src/host/run.ts';

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
  const all = await Promise.all([run(['/nonexistent/x']), run(['/bin/sh', '-c', 'x'.repeat(3_000_000)])]);
  expect(all.map(({ code, error }) => [code, error])).toEqual([
    [null, 'ENOENT'],
    [null, 'E2BIG'],
  ]);
});

it('words that no program can be given are a mistake of ours', async () => {
  vi.useRealTimers();
  await expect(run(['/bin/sh', 'a\0b'])).rejects.toThrow(/null bytes/);
});

it('gets what it is given on its standard input, and nothing else', async () => {
  vi.useRealTimers();
  const long = 'x'.repeat(300_000);
  const [read, none, unread] = await Promise.all([
    run(['wc', '-c'], { input: long }),
    run(['wc', '-c']),
    run(['true'], { input: long }),
  ]);
  expect([read.stdout.trim(), none.stdout.trim(), unread.code]).toEqual(['300000', '0', 0]);
});

it('is ended when its time is up, or when nobody waits any more', async () => {
  vi.useRealTimers();
  const caller = new AbortController();
  const deaf = ['sh', '-c', 'trap "exit 3" TERM; sleep 9 >/dev/null 2>&1 & wait'];
  const ends = [run(['sleep', '60'], { timeout: 100 }), run(['sleep', '60'], { signal: caller.signal })];
  setTimeout(() => caller.abort(), 100);
  const results = await Promise.all([...ends, run(deaf, { timeout: 500, kill: true }), run(deaf, { timeout: 500 })]);
  expect(results.map(({ code, error }) => [code, error])).toEqual([
    [null, 'ETIMEDOUT'],
    [null, 'ETIMEDOUT'],
    [null, 'ETIMEDOUT'],
    [3, 'ETIMEDOUT'],
  ]);
});
