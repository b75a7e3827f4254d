import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { allowedHost } from '../../src/demo/ollama-routes.ts';
import { runStandIn, type StandIn, type StandInOptions, startStandIn } from '../../src/demo/stand-in.ts';

const open: StandIn[] = [];

async function start(value: string, options: Omit<StandInOptions, 'env'> = {}): Promise<StandIn> {
  const standIn = await startStandIn({ env: { OLLAMA_HOST: value }, ...options });
  open.push(standIn);
  return standIn;
}

afterEach(async () => {
  for (const standIn of open.splice(0)) await standIn.close();
});

interface Answer {
  status: number;
  type: string | undefined;
  body: string;
}

function ask(
  address: string,
  port: number,
  path: string,
  { method = 'GET', host = 'localhost' } = {},
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const options = { host: address, port, path, method, headers: { host }, agent: false } as const;
    const request = http.request(options, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (part: string) => {
        body += part;
      });
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'], body }),
      );
    });
    request.on('error', reject).end();
  });
}

/** Whether this machine lets us listen on ::1. */
const ipv6 = await new Promise<boolean>((resolve) => {
  const probe = net.createServer().on('error', () => resolve(false));
  probe.listen(0, '::1', () => probe.close(() => resolve(true)));
});

describe('listening', () => {
  test('on 127.0.0.1 only', async () => {
    const { address, port, url } = await start('127.0.0.1:0');
    expect(address).toBe('127.0.0.1');
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await ask('127.0.0.1', port, '/')).body).toBe('Ollama is running');
    if (ipv6) await expect(ask('::1', port, '/')).rejects.toThrow('ECONNREFUSED');
  });

  test('localhost is 127.0.0.1', async () => {
    expect((await start('localhost:0')).address).toBe('127.0.0.1');
  });

  test.runIf(process.platform === 'linux')('on another loopback address', async () => {
    const { url, address, port } = await start('127.0.0.2:0');
    expect(address).toBe('127.0.0.2');
    expect((await fetch(`${url}/api/version`)).status).toBe(200);
    await expect(ask('127.0.0.1', port, '/')).rejects.toThrow('ECONNREFUSED');
  });

  test.each(['0.0.0.0:0', ':0', '[::]:0'])('%s is one dual-stack socket', async (value) => {
    const { address, port, url } = await start(value);
    expect(url).toBe(`http://127.0.0.1:${port}`);
    expect((await ask('127.0.0.1', port, '/')).status).toBe(200);
    if (!ipv6) return;
    expect(address).toBe('::');
    expect((await ask('::1', port, '/')).status).toBe(200);
  });

  test('a taken port, in the words of Go', async () => {
    const { port } = await start('127.0.0.1:0');
    const taken = (host: string, shown = host) =>
      expect(startStandIn({ env: { OLLAMA_HOST: `${host}:${port}` } })).rejects.toThrow(
        `listen tcp ${shown}:${port}: bind: address already in use`,
      );
    await taken('127.0.0.1');
    await taken('localhost', '127.0.0.1');
    // On macOS and Windows a wildcard and a single address may share a port.
    if (process.platform !== 'linux') return;
    await taken('0.0.0.0');
    await taken('[::]', '0.0.0.0');
    await taken('');
  });

  test('what cannot be bound', async () => {
    await expect(start('*')).rejects.toThrow('listen tcp: lookup *: no such host');
    await expect(start('192.0.2.1')).rejects.toThrow(
      'listen tcp 192.0.2.1:11434: bind: cannot assign requested address',
    );
  });
});

describe('the Host header', () => {
  const machine = { hostname: 'Workshop', addresses: ['203.0.113.7'] };

  test('is checked on loopback', async () => {
    const { port } = await start('127.0.0.1:0', { machine });
    const status = async (host: string) => (await ask('127.0.0.1', port, '/api/version', { host })).status;
    expect(await ask('127.0.0.1', port, '/', { host: 'evil.example' })).toEqual({
      status: 403,
      type: undefined,
      body: '',
    });
    expect(await status('evil.example:11434')).toBe(403);
    expect(await status('host.docker.internal:11434')).toBe(200);
    expect(await status('workshop')).toBe(200);
  });

  test('is not looked at on a wildcard', async () => {
    const { port } = await start('0.0.0.0:0');
    expect((await ask('127.0.0.1', port, '/', { host: 'evil.example' })).status).toBe(200);
  });

  test.each([
    '',
    'localhost',
    'LOCALHOST:1',
    'a.localhost',
    'b.local:80',
    'x.Internal',
    '127.0.0.9',
    '10.1.2.3:80',
    '172.31.0.1',
    '192.168.0.1',
    '0.0.0.0:11434',
    '[::1]:80',
    '::1',
    '[::]:80',
    '[fd00::1]:80',
    '203.0.113.7',
    'workshop:11434',
  ])('%j is allowed', (host) => expect(allowedHost(host, machine)).toBe(true));

  test.each([
    'evil.example',
    '8.8.8.8',
    '172.32.0.1:80',
    '[2001:db8::1]:80',
    'local',
    'internal',
    'notlocal',
    '203.0.113.8',
    'localhost.evil.example',
  ])('%j is refused', (host) => expect(allowedHost(host, machine)).toBe(false));
});

describe('the routes', () => {
  test('as Ollama answers them', async () => {
    const { port } = await start('127.0.0.1:0', {
      version: '9.9.9',
      models: [{ name: 'llama3.2:1b', size: 7 }],
      loaded: [{ name: 'llama3.2:1b', size: 8, expires: '2318-01-01T00:00:00Z' }],
    });
    const get = async (path: string) => ask('127.0.0.1', port, path);
    const json = 'application/json; charset=utf-8';
    expect(await get('/')).toEqual({ status: 200, type: 'text/plain; charset=utf-8', body: 'Ollama is running' });
    expect(await get('/api/version')).toEqual({ status: 200, type: json, body: '{"version":"9.9.9"}' });
    expect(JSON.parse((await get('/api/tags')).body)).toMatchObject({
      models: [{ name: 'llama3.2:1b', model: 'llama3.2:1b', size: 7 }],
    });
    expect(JSON.parse((await get('/api/ps')).body)).toMatchObject({
      models: [{ size: 8, expires_at: '2318-01-01T00:00:00Z' }],
    });
    expect(await get('/nowhere')).toEqual({ status: 404, type: 'text/plain', body: '404 page not found' });
  });

  test('other methods', async () => {
    const { port } = await start('127.0.0.1:0');
    const status = async (method: string, path: string) => (await ask('127.0.0.1', port, path, { method })).status;
    expect(await status('HEAD', '/api/version')).toBe(200);
    expect(await status('HEAD', '/api/ps')).toBe(405);
    expect(await status('DELETE', '/api/tags')).toBe(405);
    expect(await status('POST', '/api/generate')).toBe(404);
  });
});

describe('as a program, in this process', () => {
  test('serves until told to end', async () => {
    const end = new AbortController();
    const log: string[] = [];
    const options = { signal: end.signal, stderr: (text: string) => void log.push(text), version: '9.9.9' };
    const code = runStandIn(['serve'], { OLLAMA_HOST: '127.0.0.1:0' }, options);
    await expect.poll(() => log.length).toBe(1);
    expect(log[0]).toMatch(
      /^time=\S+ level=INFO source=routes.go:\d+ msg="Listening on 127.0.0.1:\d+ \(version 9.9.9\)"\n$/,
    );
    end.abort();
    expect(await code).toBe(0);
  });

  test('ends with 1 on a taken port', async () => {
    const { port } = await start('127.0.0.1:0');
    const log: string[] = [];
    const before = process.listenerCount('SIGTERM');
    expect(
      await runStandIn(['serve'], { OLLAMA_HOST: `127.0.0.1:${port}` }, { stderr: (text) => void log.push(text) }),
    ).toBe(1);
    expect(log).toEqual([`Error: listen tcp 127.0.0.1:${port}: bind: address already in use\n`]);
    expect(process.listenerCount('SIGTERM')).toBe(before);
  });

  test('knows no other command', async () => {
    const log: string[] = [];
    expect(await runStandIn(['run'], {}, { stderr: (text) => void log.push(text) })).toBe(1);
    expect(log).toEqual(['Error: unknown command "run" for "ollama"\n']);
  });
});

describe.runIf(process.platform !== 'win32')('as a program, in its own process', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stand-in-'));
  const program = join(folder, 'ollama.mjs');
  const running: ChildProcess[] = [];

  beforeAll(async () => {
    const contents = `import { runStandIn } from './stand-in.ts';
      process.exitCode = await runStandIn(process.argv.slice(2), process.env);`;
    const resolveDir = new URL('../../src/demo', import.meta.url).pathname;
    await build({
      stdin: { contents, resolveDir },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: program,
      logLevel: 'error',
    });
  });
  afterAll(() => {
    for (const child of running) child.kill('SIGKILL');
    rmSync(folder, { recursive: true });
  });

  test.each(['SIGTERM', 'SIGINT'] as const)('%s ends it with 0, open connections or not', async (signal) => {
    const child = spawn(process.execPath, [program, 'serve'], {
      env: { OLLAMA_HOST: '127.0.0.1:0' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    running.push(child);
    const port = await new Promise<number>((resolve) => {
      child.stderr.on('data', (part: Buffer) => resolve(Number(/:(\d+) \(version/.exec(part.toString())?.[1])));
    });
    const idle = net.connect(port, '127.0.0.1');
    idle.on('error', () => {});
    await new Promise((resolve) => idle.once('connect', resolve));
    const ended = new Promise((resolve) => child.once('exit', (code, by) => resolve([code, by])));
    child.kill(signal);
    expect(await ended).toEqual([0, null]);
  });
});
