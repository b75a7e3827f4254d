import net from 'node:net';
import type { TestHost } from '../../rig/host.ts';

const SOCKET = '/run/mac/launchd.sock';

/** Asks the emulated launchd directly: a socket with a path can be reached from outside of the host. */
export function ask<T>(host: TestHost, request: { op: string } & Record<string, unknown>): Promise<T> {
  return new Promise((resolve, reject) => {
    const wire = net.connect(`/proc/${host.leader}/root${SOCKET}`);
    let text = '';
    wire.setEncoding('utf8').on('data', (part: string) => {
      text += part;
    });
    wire.on('error', reject);
    wire.on('end', () => {
      try {
        const answer = JSON.parse(text) as T & { code?: number; stderr?: string };
        if (answer.code === 70) reject(new Error(answer.stderr));
        else resolve(answer);
      } catch {
        reject(new Error(`launchd answered to ${request.op}: ${text}`));
      }
    });
    wire.write(`${JSON.stringify(request)}\n`);
  });
}
