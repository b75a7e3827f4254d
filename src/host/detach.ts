import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { FileError } from '../errors.ts';
import type { Detached } from './host.ts';

/** What the helper is given, and what it answers. */
type Order = Pick<Detached, 'file' | 'argv' | 'cwd' | 'env' | 'uid' | 'gid' | 'groups'>;
type Answer = { pid: number } | { code: string; message: string };

/**
 * Run by a Node of its own, as root: `spawn` with a user drops the supplementary groups (uv_spawn(), setgroups(0)), and
 * those of a server may be what opens the GPU to it. The order comes over the channel, since the words of a process are
 * everybody's to read.
 */
const BECOME = `process.once('message', ({ file, argv: [argv0, ...args], cwd, env, uid, gid, groups }) => {
  const answer = (message) => process.send(message, () => process.disconnect());
  try {
    // Of macOS a process may be told more groups (by its directory service) than setgroups(2) takes.
    if (process.platform === 'darwin') process.initgroups(uid, gid);
    else process.setgroups(groups);
    process.setgid(gid);
    process.setuid(uid);
    const stdio = ['ignore', 'inherit', 'inherit'];
    const child = require('node:child_process').spawn(file, args, { argv0, cwd, env, detached: true, stdio });
    child.on('error', ({ code, message }) => answer({ code, message }));
    child.on('spawn', () => {
      child.unref();
      answer({ pid: child.pid });
    });
  } catch ({ code, message }) {
    answer({ code, message });
  }
});`;

/** Starts a process that outlives this one, as its user; only root (`self` 0) may name another user than its own. */
export function detach(order: Detached, self: number): Promise<number> {
  const log = openSync(order.logFile, 'a', 0o600);
  try {
    return order.uid === self ? start(order, log) : startAs(order, log);
  } finally {
    closeSync(log);
  }
}

function start({ file, argv, cwd, env }: Detached, log: number): Promise<number> {
  const [argv0 = file, ...args] = argv;
  const child = spawn(file, args, { argv0, cwd, env, detached: true, stdio: ['ignore', log, log] });
  return new Promise((resolve, reject) => {
    child.on('error', (error: NodeJS.ErrnoException) => reject(failure(file, error)));
    child.on('spawn', () => {
      child.unref();
      resolve(child.pid as number);
    });
  });
}

function startAs({ file, argv, cwd, env, uid, gid, groups }: Detached, log: number): Promise<number> {
  const helper = spawn(process.execPath, ['-e', BECOME], { cwd: '/', stdio: ['ignore', log, log, 'ipc'] });
  const order: Order = { file, argv, cwd, env, uid, gid, groups: groups ?? [] };
  return new Promise((resolve, reject) => {
    helper.on('error', (error: NodeJS.ErrnoException) => reject(failure(process.execPath, error)));
    helper.on('exit', (code) => reject(failure(file, { message: `its start ended with exit code ${code}` })));
    helper.on('message', (answer: Answer) => ('pid' in answer ? resolve(answer.pid) : reject(failure(file, answer))));
    helper.send(order);
  });
}

function failure(path: string, { code, message }: { code?: string | undefined; message: string }): FileError {
  return new FileError(code ?? 'EIO', path, message);
}
