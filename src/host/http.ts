import http from 'node:http';
import type { HttpAnswer, HttpFailure } from './host.ts';

const BODY_LIMIT = 8 * 1024 * 1024;

/** One GET with a connection of its own; `timeout` in milliseconds covers the whole exchange. Never rejects. */
export function get(
  url: string,
  { timeout, headers = {} }: { timeout: number; headers?: Record<string, string> },
): Promise<HttpAnswer | HttpFailure> {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false, headers: { connection: 'close', ...headers } }, (response) => {
      const parts: Buffer[] = [];
      let size = 0;
      response.on('data', (part: Buffer) => {
        size += part.length;
        if (size > BODY_LIMIT) finish({ failure: 'too-large' });
        else parts.push(part);
      });
      response.on('end', () =>
        finish({ status: response.statusCode ?? 0, body: Buffer.concat(parts).toString('utf8') }),
      );
      response.on('error', (error: NodeJS.ErrnoException) => finish({ failure: error.code ?? error.message }));
    });
    const timer = setTimeout(() => finish({ failure: 'ETIMEDOUT' }), timeout);
    request.on('error', (error: NodeJS.ErrnoException) => finish({ failure: error.code ?? error.message }));
    function finish(outcome: HttpAnswer | HttpFailure): void {
      clearTimeout(timer);
      request.destroy();
      resolve(outcome);
    }
  });
}
