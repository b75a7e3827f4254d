import net from 'node:net';
import type { HttpAnswer, HttpFailure } from './host.ts';

const LONGEST = 8 * 1024 * 1024;

/**
 * One GET with a connection of its own; `timeout` in milliseconds covers the whole exchange. Never rejects.
 *
 * HTTP/1.0 (RFC 1945) on a socket, since the answer then ends with the connection and is never chunked: that is all this
 * needs, and loading node:http takes a fifth of the time that a run with nothing to do may take.
 */
export function get(
  url: string,
  { timeout, headers = {} }: { timeout: number; headers?: Record<string, string> },
): Promise<HttpAnswer | HttpFailure> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const lines = Object.entries({ host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`);
  return new Promise((resolve) => {
    const parts: Buffer[] = [];
    let size = 0;
    const socket = net.connect({ host: hostname.replace(/^\[|\]$/g, ''), port: Number(port || 80) });
    const timer = setTimeout(() => finish({ failure: 'ETIMEDOUT' }), timeout);
    const finish = (outcome: HttpAnswer | HttpFailure) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(outcome);
    };
    socket.write(`GET ${pathname}${search} HTTP/1.0\r\n${lines.join('')}connection: close\r\n\r\n`);
    socket.on('data', (part) => {
      size += part.length;
      parts.push(part);
      if (size > LONGEST) finish({ failure: 'too-large' });
    });
    socket.on('end', () => finish(readAnswer(Buffer.concat(parts).toString('utf8'))));
    socket.on('error', (error: NodeJS.ErrnoException) => finish({ failure: error.code ?? error.message }));
  });
}

function readAnswer(text: string): HttpAnswer | HttpFailure {
  const status = /^HTTP\/\d(?:\.\d)? (\d{3})/.exec(text)?.[1];
  const end = text.indexOf('\r\n\r\n');
  if (status === undefined || end < 0) return { failure: text === '' ? 'ECONNRESET' : 'not-http' };
  const fields = text.slice(0, end).split('\r\n').slice(1);
  const headers = fields.map((line) => [line.split(':', 1)[0]!.toLowerCase(), line.replace(/^[^:]*:/, '').trim()]);
  return { status: Number(status), headers: Object.fromEntries(headers), body: text.slice(end + 4) };
}
