import { existsSync, mkdirSync, rmdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lock } from '../../src/host/host.ts';
import { lock } from '../../src/host/lock.ts';

const uid = process.getuid?.();
const name = `stigmer-lock-test-${process.pid}`;
const mine = `/tmp/${name}-${uid}.sock`;
const platform = Object.getOwnPropertyDescriptor(process, 'platform')!;
const made: string[] = [];

beforeEach(() => Object.defineProperty(process, 'platform', { value: 'darwin' }));
afterEach(() => {
  Object.defineProperty(process, 'platform', platform);
  for (const path of made.splice(0)) rmSync(path, { force: true });
});

const isLock = (answer: object): answer is Lock => 'release' in answer;

async function take(): Promise<Lock> {
  const answer = await lock(name, 'setup');
  if (!isLock(answer)) throw new Error(`held: ${JSON.stringify(answer)}`);
  return answer;
}

function listen(path: string, text: string): Promise<net.Server> {
  made.push(path);
  const server = net.createServer((socket) => socket.end(text));
  return new Promise((resolve) => server.listen(path, () => resolve(server)));
}

describe.skipIf(process.platform === 'win32')('the lock of a Mac', () => {
  it('is held by one, who tells of himself, and given up without a trace', async () => {
    const held = await take();
    expect(await lock(name, 'undo')).toMatchObject({ pid: process.pid, command: 'setup' });
    await held.release();
    expect(existsSync(mine)).toBe(false);
    await (await take()).release();
  });

  it('is held by another user as well', async () => {
    const theirs = await listen(`/tmp/${name}-99999.sock`, '{"pid":7,"command":"undo","since":"then"}\n');
    expect(await lock(name, 'setup')).toEqual({ pid: 7, command: 'undo', since: 'then' });
    expect(existsSync(mine)).toBe(false);
    await new Promise((done) => theirs.close(done));
    await (await take()).release();
  });

  it('is not held by what somebody left or planted', async () => {
    writeFileSync(mine, 'left');
    made.push(mine, `/tmp/${name}-99998.sock`, `/tmp/${name}-99997.sock`, `/tmp/${name}-elsewhere`);
    writeFileSync(`/tmp/${name}-99998.sock`, 'planted');
    const elsewhere = await listen(`/tmp/${name}-elsewhere`, 'hello\n');
    symlinkSync(`/tmp/${name}-elsewhere`, `/tmp/${name}-99997.sock`);
    await (await take()).release();
    await new Promise((done) => elsewhere.close(done));
  });

  it('is not held for good by a folder under its name', async () => {
    mkdirSync(mine);
    expect(isLock(await lock(name, 'setup'))).toBe(false);
    rmdirSync(mine);
  });

  it('is had by at most one of many who come at once', async () => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => lock(name, 'setup')));
    const held = answers.filter(isLock);
    expect(held.length).toBeLessThanOrEqual(1);
    for (const each of held) await each.release();
  });
});
