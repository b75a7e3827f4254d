import { unlinkSync } from 'node:fs';
import net from 'node:net';
import type { Lock, LockHolder } from './host.ts';

/**
 * Where the lock listens. A listening endpoint is the lock because the kernel gives it up with its process, however
 * that ends: an abstract socket on Linux (unix(7)), a named pipe on Windows, a socket file elsewhere.
 */
function endpoint(name: string): string {
  if (process.platform === 'linux') return `\0${name}`;
  return process.platform === 'win32' ? `\\\\.\\pipe\\${name}` : `/tmp/${name}.sock`;
}

/** Takes the lock, or tells who holds it. The holder answers whoever connects with one line about itself. */
export async function lock(name: string, command: string): Promise<Lock | LockHolder> {
  const path = endpoint(name);
  const card = JSON.stringify({ pid: process.pid, command, since: new Date().toISOString() });
  for (let attempt = 0; attempt < 3; attempt++) {
    const taken = await listen(path, card);
    if (taken) return taken;
    const holder = await ask(path);
    if (holder !== 'gone') return holder;
    if (process.platform === 'darwin') unlinkSync(path); // left by a process that is dead: nobody listens on it
  }
  return { pid: null, command: null, since: null };
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
    socket.on('error', (error: NodeJS.ErrnoException) => finish(error.code === 'ECONNREFUSED' ? 'gone' : unknown));
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
