import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { get } from '../../src/host/http.ts';

test('one GET: what is sent, and all of the answer', async () => {
  const server = createServer((request, response) => {
    response.setHeader('X-Asked', `${request.method} ${request.url} ${request.headers.origin}`);
    response.writeHead(207).end('grüße\r\n\r\n');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/a?b`;
  const answer = await get(url, { timeout: 5000, headers: { origin: 'http://o' } });
  server.close();
  expect(answer).toMatchObject({ status: 207, headers: { 'x-asked': 'GET /a?b http://o' }, body: 'grüße\r\n\r\n' });
});

test('a port that nobody listens on', async () => {
  expect(await get('http://127.0.0.1:1/', { timeout: 5000 })).toEqual({ failure: 'ECONNREFUSED' });
});
