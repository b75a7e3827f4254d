import { expect, test } from 'vitest';
import type { Host, HttpAnswer, HttpFailure } from '../../src/host/host.ts';
import { loaded, models, takesAnyOrigin, version } from '../../src/ollama/api.ts';

const asked: string[] = [];

/** A host whose every GET gets this answer. */
function answering(answer: HttpAnswer | HttpFailure | Error): Host {
  const get: Host['get'] = async (url, { timeout }) => {
    asked.push(`${url} ${timeout}`);
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { get } as Host;
}

const ok = (body: unknown) => answering({ status: 200, body: typeof body === 'string' ? body : JSON.stringify(body) });
const BASE = 'http://127.0.0.1:11434';

test('asks the right path, once', async () => {
  asked.length = 0;
  await version(ok({ version: '1' }), `${BASE}/`, 1000);
  await models(ok({ models: [] }), BASE, 2000);
  await loaded(ok({ models: [] }), BASE, 3000);
  expect(asked).toEqual([`${BASE}/api/version 1000`, `${BASE}/api/tags 2000`, `${BASE}/api/ps 3000`]);
});

test('the version', async () => {
  expect(await version(ok({ version: '0.32.3' }), BASE, 1)).toEqual({ version: '0.32.3' });
});

test.each([
  ['a web page', '<html>'],
  ['no body', ''],
  ['another shape', { name: 'x' }],
  ['a number', { version: 3 }],
  ['null', 'null'],
  ['a list', []],
  ['terminal control', { version: '1\u001b[2J' }],
  ['an endless name', { version: 'x'.repeat(301) }],
])('%s is not Ollama', async (_, body) => {
  expect(await version(ok(body), BASE, 1)).toEqual({ failure: 'not-ollama' });
  expect(await models(ok(body), BASE, 1)).toEqual({ failure: 'not-ollama' });
  expect(await loaded(ok(body), BASE, 1)).toEqual({ failure: 'not-ollama' });
});

test('failures are passed on', async () => {
  expect(await version(answering({ status: 403, body: '' }), BASE, 1)).toEqual({ failure: 'http-403' });
  expect(await models(answering({ failure: 'ECONNREFUSED' }), BASE, 1)).toEqual({ failure: 'ECONNREFUSED' });
  const invalid = Object.assign(new TypeError('Invalid URL'), { code: 'ERR_INVALID_URL' });
  expect(await loaded(answering(invalid), BASE, 1)).toEqual({ failure: 'ERR_INVALID_URL' });
});

test('installed models', async () => {
  expect(await models(ok({ models: [{ name: 'a:1b' }, { name: 'b' }] }), BASE, 1)).toEqual({ count: 2, first: 'a:1b' });
  expect(await models(ok({ models: [] }), BASE, 1)).toEqual({ count: 0 });
  expect(await models(ok({ models: null }), BASE, 1)).toEqual({ count: 0 });
  expect(await models(ok({ models: [{}] }), BASE, 1)).toEqual({ failure: 'not-ollama' });
});

test('loaded models, with Go times of any year and nanoseconds', async () => {
  const expires = '2318-12-03T01:02:03.123456789-07:00';
  const body = {
    models: [
      { name: 'a:1b', size: 5, expires_at: expires },
      { name: 'b', size: '5', expires_at: 'soon' },
    ],
  };
  expect(await loaded(ok(body), BASE, 1)).toEqual({
    models: [
      { name: 'a:1b', size: 5, expires },
      { name: 'b', size: null, expires: null },
    ],
  });
});

test.each([
  ['any page', 200, { 'access-control-allow-origin': '*' }, true],
  ['any page, each by its name', 200, { 'access-control-allow-origin': 'http://nobody.invalid' }, true],
  ['its own pages', 403, {}, false],
  ['pages of one origin', 200, { 'access-control-allow-origin': 'http://app.example' }, false],
  ['whoever does not look at it', 200, {}, false],
])('who may use it from a web page: %s', async (_, status, headers, any) => {
  expect(await takesAnyOrigin(answering({ status, headers, body: '{}' }), BASE, 1)).toBe(any);
});

test('nobody may while it does not answer', async () => {
  expect(await takesAnyOrigin(answering({ failure: 'ECONNREFUSED' }), BASE, 1)).toBe(false);
});
