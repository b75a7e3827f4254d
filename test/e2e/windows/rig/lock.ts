import net from 'node:net';
import { sleep } from '../../rig/outside.ts';

/** Of several processes that call this with one name, one works and the others wait. The kernel frees the lock. */
export async function withLock<T>(name: string, work: () => Promise<T>): Promise<T> {
  let lock = await take(name);
  for (; lock === undefined; lock = await take(name)) await sleep(100);
  try {
    return await work();
  } finally {
    lock.close();
  }
}

function take(name: string): Promise<net.Server | undefined> {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(`\0stigmer-e2e-${name}`, () => resolve(server));
  });
}
