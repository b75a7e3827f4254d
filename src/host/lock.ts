import { lstatSync, readdirSync, unlinkSync } from 'node:fs';
import net from 'node:net';
import type { Lock, LockHolder } from './host.ts';

const FOLDER = '/tmp';

/**
 * Where the lock listens. A listening endpoint is the lock because the kernel gives it up with its process, however
 * that ends: an abstract socket on Linux (unix(7)), a named pipe on Windows, a socket file elsewhere. Such a file stays
 * behind when its process is killed, and /tmp lets nobody remove another's: so every user has one of his own.
 */
function endpoint(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32'
    ? `\\\\.\\pipe\\${name}`
    : `${FOLDER}/${name}-${process.getuid?.()}${place(name)}.sock`;
}

/** Something of somebody else's under our name can neither be used nor removed: the next name is as good. */
function place(name: string): string {
  const taken = (at: string) => {
    const stat = lstatSync(`${FOLDER}/${name}-${process.getuid?.()}${at}.sock`, { throwIfNoEntry: false });
    return stat !== undefined && stat.uid !== process.getuid?.();
  };
  return ['', ...Array.from({ length: 8 }, (_, at) => `-${at + 1}`)].find((at) => !taken(at)) ?? '';
}

/** Takes the lock, or tells who holds it. The holder answers whoever connects with one line about itself. */
export async function lock(name: string, command: string): Promise<Lock | LockHolder> {
  const path = endpoint(name);
  const card = JSON.stringify({ pid: process.pid, command, since: new Date().toISOString() });
  for (let attempt = 0; attempt < 3; attempt++) {
    const taken = await listen(path, card);
    if (taken) return process.platform === 'darwin' ? agreed(taken, name, path) : taken;
    const holder = process.platform === 'darwin' && !isSocket(path) ? 'gone' : await ask(path);
    if (holder !== 'gone') return holder;
    if (process.platform === 'darwin') removeDead(path);
  }
  return { pid: null, command: null, since: null };
}

/** Ours is taken: now nobody else's may be. Of two that come at once, both see the other and both go. */
async function agreed(taken: Lock, name: string, own: string): Promise<Lock | LockHolder> {
  const others = readdirSync(FOLDER).filter((file) => file.startsWith(`${name}-`) && file.endsWith('.sock'));
  for (const path of others.map((file) => `${FOLDER}/${file}`).filter((each) => each !== own && isSocket(each))) {
    const holder = await ask(path);
    if (holder === 'gone') continue;
    await taken.release();
    return holder;
  }
  return taken;
}

/** A link may lead to whatever listens on this machine, which is no run of ours. */
function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

/** Left by a process that was killed: nobody listens on it. What is not ours to remove stays, and counts as held. */
function removeDead(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // the next try finds it again, and says so
  }
}

function listen(path: string, card: string): Promise<Lock | undefined> {
  return new Promise((resolve, reject) => {
    const server = net.createServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.end(`${card}\n`);
    });
    server.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(path, () => {
      server.unref();
      resolve({ release: () => new Promise((done) => server.close(() => done())) });
    });
  });
}

function ask(path: string): Promise<LockHolder | 'gone'> {
  const unknown: LockHolder = { pid: null, command: null, since: null };
  return new Promise((resolve) => {
    let text = '';
    const socket = net.connect(path);
    socket.setTimeout(1000, () => finish(unknown));
    socket.on('data', (part) => {
      text += part;
    });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      finish(['ECONNREFUSED', 'ENOENT', 'ENOTSOCK'].includes(error.code ?? '') ? 'gone' : unknown),
    );
    socket.on('end', () => finish(readCard(text)));
    function finish(answer: LockHolder | 'gone'): void {
      socket.destroy();
      resolve(answer);
    }
  });
}

function readCard(text: string): LockHolder {
  try {
    const { pid, command, since } = JSON.parse(text);
    return { pid: Number(pid) || null, command: String(command).slice(0, 80), since: String(since).slice(0, 40) };
  } catch {
    return { pid: null, command: null, since: null };
  }
}
