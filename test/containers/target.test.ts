import { describe, expect, it } from 'vitest';
import { clientsAmong, containersOf } from '../../src/containers/clients.ts';
import { findEngines } from '../../src/containers/engine.ts';
import { proxyFor, targetOf } from '../../src/containers/target.ts';
import { ENGINE, inspected, Machine } from './machine.ts';

type Given = Parameters<typeof inspected>[1];

async function look(...containers: object[]) {
  const host = new Machine()
    .info(ENGINE)
    .says('docker', 'ps', 'a\nb\n')
    .says('docker', 'inspect', JSON.stringify(containers));
  host.addresses = [{ name: 'en0', address: '192.168.1.20', family: 'IPv4', internal: false, cidr: null }];
  const { engines } = await findEngines(host);
  const engine = engines[0]!;
  return { host, engine, clients: clientsAmong(await containersOf(host, engine)) };
}

async function target(given: Given, port = 11434) {
  const { host, engine, clients } = await look(inspected('web', given));
  const client = clients[0]!;
  return { ...targetOf(host, engine, client, port), client };
}

describe('which containers are clients', () => {
  it('by their variables, and Stigmer’s by name or image', async () => {
    const { clients } = await look(
      inspected('db', { env: ['PATH=/bin', 'POSTGRES_URL=x'] }),
      inspected('web', { env: ['OLLAMA_BASE_URL=http://x:11434'] }),
      inspected('agent', { env: ['OPENAI_BASE_URL=http://y:11434/v1'] }),
      inspected('khoj', { env: ['LLM_OLLAMA_BASE_PATH=http://z'] }),
      inspected('stigmer-agent-runner'),
      inspected('runner', { image: 'ghcr.io/stigmer/stigmer-agent-runner:1.2' }),
      inspected('stopped', { env: ['OLLAMA_HOST=x'], running: false }),
      inspected('empty', { env: ['OLLAMA_HOST='] }),
    );
    expect(clients.map(({ name, variable }) => [name, variable?.name])).toEqual([
      ['web', 'OLLAMA_BASE_URL'],
      ['agent', 'OPENAI_BASE_URL'],
      ['khoj', 'LLM_OLLAMA_BASE_PATH'],
      ['stigmer-agent-runner', undefined],
      ['runner', undefined],
    ]);
  });

  it('not Ollama itself, whose image sets OLLAMA_HOST to where it listens', async () => {
    const { clients } = await look(
      inspected('ollama', { env: ['OLLAMA_HOST=0.0.0.0:11434'], words: ['/bin/ollama', 'serve'] }),
      inspected('webui', { env: ['USE_OLLAMA_DOCKER=true', 'OLLAMA_BASE_URL=/ollama'] }),
    );
    expect(clients).toEqual([]);
  });

  it('no answer, or one that is no JSON, is no container', async () => {
    const host = new Machine().info(ENGINE).says('docker', 'ps', 'a').says('docker', 'inspect', 'Error');
    expect(await containersOf(host, (await findEngines(host)).engines[0]!)).toEqual([]);
  });
});

describe('where a client goes', () => {
  const plain = 'http://host.docker.internal:11434/api/tags';
  const cases: [string, string, string[]][] = [
    ['OLLAMA_BASE_URL=http://host.docker.internal:11434', plain, []],
    ['OLLAMA_BASE_URL=http://host.docker.internal:11434/', plain, []],
    ['OPENAI_API_BASE=http://host.docker.internal:11434/v1/', plain, []],
    ['OLLAMA_BASE_URL=/ollama', plain, []],
    ['OLLAMA_BASE_URLS=http://host.docker.internal:11434;http://b:11434', plain, []],
    ['OLLAMA_API_BASE_URL=http://host.docker.internal:11434/api', plain, []],
    ['OLLAMA_HOST=host.docker.internal', plain, []],
    [
      'OLLAMA_HOST=http://host.docker.internal',
      'http://host.docker.internal:80/api/tags',
      ['client-host-without-port-means-80'],
    ],
    ['OLLAMA_HOST=0.0.0.0', 'http://0.0.0.0:11434/api/tags', ['client-uses-0.0.0.0-as-target']],
    ['OLLAMA_BASE_URL=http://localhost:11434', 'http://localhost:11434/api/tags', ['client-localhost-in-container']],
    ['OLLAMA_BASE_URL=http://[::1]:11434', 'http://[::1]:11434/api/tags', ['client-localhost-in-container']],
    ['OLLAMA_BASE_URL=host.docker.internal:11434', plain, ['client-missing-scheme']],
    [
      'OLLAMA_BASE_URL=http://host.docker.internal:11343',
      'http://host.docker.internal:11343/api/tags',
      ['client-port-typo'],
    ],
    [
      'OLLAMA_BASE_URL=http://host.docker.internal:80',
      'http://host.docker.internal:80/api/tags',
      ['custom-port-server-only'],
    ],
    [
      'OLLAMA_BASE_URL=https://host.docker.internal',
      'https://host.docker.internal:443/api/tags',
      ['client-host-without-port-means-80'],
    ],
    [
      'OLLAMA_BASE_URL=http://host.docker.interal:11434',
      'http://host.docker.interal:11434/api/tags',
      ['client-typo-host-docker-internal'],
    ],
    [
      'OLLAMA_BASE_URL=http://host.docker.internal:11434/api',
      'http://host.docker.internal:11434/api/api/tags',
      ['client-path-in-base-url'],
    ],
    ['OLLAMA_BASE_URL=http://[junk', plain, ['client-missing-scheme']],
  ];
  it.each(cases)('%s', async (variable, url, faults) => {
    const found = await target({ env: [variable] });
    expect({ url: found.url, faults: found.faults }).toEqual({ url, faults });
    expect(found.aimsHere).toBe(true);
  });

  it('on the network of the host, localhost is right, and the default', async () => {
    expect(await target({ env: ['OLLAMA_HOST=localhost'], mode: 'host' })).toMatchObject({ faults: [] });
    const { host, engine, clients } = await look(inspected('stigmer-agent-runner', { mode: 'host' }));
    expect(targetOf(host, engine, clients[0]!, 11434).url).toBe('http://localhost:11434/api/tags');
  });

  it.each([
    ['http://ollama:11434', false],
    ['https://ollama.example.com', false],
    ['http://192.168.1.99:11434', false],
    ['http://192.168.1.20:11434', true],
    ['http://172.19.0.1:11434', true],
    ['http://recorded:11434', true],
    ['http://dockerhost:11434', true],
  ])('%s means this host: %s', async (url, here) => {
    const networks = { app: { Gateway: '172.19.0.1' } };
    const found = await target({ env: [`OLLAMA_URL=${url}`], networks, extraHosts: ['dockerhost:host-gateway'] });
    expect(found.aimsHere).toBe(here);
  });

  it('tells no password and nothing that a terminal would obey', async () => {
    const { told, url } = await target({ env: ['OLLAMA_URL=http://me:secret@host.docker.internal:11434/\u001b[2J'] });
    expect(told + url).not.toMatch(/secret|\u001b/);
  });

  it('the renamed variable of Open WebUI', async () => {
    const env = ['OLLAMA_BASE_URL=/ollama', 'OLLAMA_API_BASE_URL=http://host.docker.internal:11434/api'];
    const found = await target({ env, image: 'ghcr.io/open-webui/open-webui:main' });
    expect(found.faults).toEqual(['client-renamed-env-var']);
  });
});

describe('the proxy that would get the question', () => {
  it.each([
    [[], undefined],
    [['HTTP_PROXY=http://p:1'], 'http://p:1'],
    [['http_proxy=http://q:1', 'HTTP_PROXY=http://p:1'], 'http://q:1'],
    [['https_proxy=http://p:1'], undefined],
    [['HTTP_PROXY=http://p:1', 'NO_PROXY=localhost,127.0.0.1'], 'http://p:1'],
    [['HTTP_PROXY=http://p:1', 'NO_PROXY=localhost,.internal'], undefined],
    [['HTTP_PROXY=http://p:1', 'no_proxy=host.docker.internal:11434'], undefined],
    [['HTTP_PROXY=http://p:1', 'NO_PROXY=*'], undefined],
  ])('%j: %s', async (more, proxy) => {
    const { client, ...found } = await target({ env: ['OLLAMA_URL=http://host.docker.internal:11434', ...more] });
    expect(proxyFor(client, found)).toBe(proxy);
  });
});
