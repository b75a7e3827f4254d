import { describe, expect, it } from 'vitest';
import { type ContainerRequest, checkContainers } from '../../src/checks/container.ts';
import { checkNoneLost, unreached } from '../../src/commands/container.ts';
import { newReport } from '../../src/commands/report.ts';
import type { SetupError } from '../../src/errors.ts';
import { ENGINE, inspected, Machine } from '../containers/machine.ts';

type Given = Parameters<typeof inspected>[1];

const MODELS = '{"models":[{"name":"llama3.2:3b"},{"name":"b"}]}';
const REQUEST: ContainerRequest = {
  name: undefined,
  pull: false,
  own: false,
  port: 11434,
  scope: 'all',
  log: async () => '',
};

/** A machine on which these containers run; each is asked with node, and gets `answer`. */
function machine(
  answer: string | ((own: boolean) => string),
  given: Given | Given[] = {},
  info: object = ENGINE,
  platform: NodeJS.Platform = 'linux',
) {
  const list = Array.isArray(given) ? given : [given];
  const env = ['OLLAMA_BASE_URL=http://host.docker.internal:11434'];
  const containers = list.map((one, index) => inspected(index === 0 ? 'web' : `web${index}`, { env, ...one }));
  const host = new Machine(['docker'], { platform }).info(info);
  host
    .says('docker', 'ps', list.map((_, i) => `${i}`).join('\n'))
    .says('docker', 'inspect', JSON.stringify(containers));
  return host.command(['/usr/bin/docker', 'exec'], (argv) => {
    if (argv.includes('sh')) return { stdout: 'node\n' };
    return { stdout: typeof answer === 'string' ? answer : answer(!argv.includes('http_proxy=')) };
  });
}

const answered = (status: number, body: string) => `stigmer answered ${status}\n${body}`;
const failed = (errno: string) => `stigmer failed ${errno}\n`;

async function verdict(host: Machine, more: Partial<ContainerRequest> = {}) {
  const { checks } = await checkContainers(host, { ...REQUEST, ...more });
  return checks.map(({ status, cause }) => (cause === undefined ? status : `${status} ${cause}`)).join(', ');
}

describe('what an answer means', () => {
  it('the models, counted, the first by name', async () => {
    const { checks, reached } = await checkContainers(machine(answered(200, MODELS)), REQUEST);
    expect(checks).toMatchObject([
      { id: 'container', status: 'pass', summary: expect.stringContaining('2 models, the first is llama3.2:3b') },
    ]);
    expect(reached).toEqual(['container web']);
  });

  it.each<[string, Given, Partial<ContainerRequest>, string]>([
    [failed('ECONNREFUSED'), {}, { scope: 'loopback' }, 'fail default-loopback-bind'],
    [failed('ECONNREFUSED'), {}, { scope: 'none' }, 'fail server-not-running-or-crash-loop'],
    [failed('ECONNREFUSED'), {}, {}, 'fail container-refused'],
    [failed('ETIMEDOUT'), {}, {}, 'fail container-timeout'],
    [failed('EHOSTUNREACH'), {}, {}, 'fail container-host-unreachable'],
    [failed('ENETUNREACH'), {}, {}, 'fail container-network-unreachable'],
    [failed('ECONNRESET'), {}, {}, 'fail container-reset'],
    [failed('ENOTFOUND'), {}, {}, 'fail dk-no-host-gateway'],
    [failed('EAI_AGAIN'), { env: ['OLLAMA_URL=http://recorded:11434'] }, {}, 'fail container-name-not-found'],
    [failed('EPROTO'), {}, {}, 'fail container-not-reached'],
    [failed('no-answer'), {}, {}, 'warn not-answering-yet'],
    [answered(404, 'not found'), {}, {}, 'fail container-not-ollama'],
    [
      answered(404, ''),
      { env: ['OLLAMA_URL=http://host.docker.internal:11434/api'] },
      {},
      'fail client-path-in-base-url',
    ],
    [answered(200, '<html>'), {}, {}, 'fail container-not-ollama'],
    [answered(502, '<html>'), {}, {}, 'fail container-not-ollama'],
    [answered(502, ''), { env: ['OLLAMA_URL=http://host.docker.internal:8080'] }, {}, 'fail container-not-ollama'],
    [
      answered(403, ''),
      { env: ['OLLAMA_URL=http://host.docker.internal:8080'] },
      { log: async () => 'up' },
      'fail container-not-ollama',
    ],
    [
      failed('ECONNREFUSED'),
      { env: ['OLLAMA_URL=http://host.docker.internal:8080'] },
      {},
      'fail custom-port-server-only',
    ],
    [failed('ECONNREFUSED'), {}, { scope: 'address' }, 'fail specific-ip-locks-out-localhost'],
    [
      failed('EPROTO'),
      { env: ['OLLAMA_URL=https://host.docker.internal:11434'] },
      {},
      'fail client-https-against-http',
    ],
    [failed('ENOTFOUND'), { env: ['OLLAMA_URL=host.docker.internal:11434'] }, {}, 'fail dk-no-host-gateway'],
    [failed('ENOTFOUND'), { mode: 'none' }, {}, 'fail container-network-unreachable'],
    [answered(200, MODELS), { env: ['OLLAMA_URL=http:/host.docker.internal:11434'] }, {}, 'warn client-missing-scheme'],
    [answered(200, MODELS), { env: ['OLLAMA_URL=http://host.docker.internal:114344'] }, {}, 'warn client-port-typo'],
    [
      failed('EHOSTUNREACH'),
      { extraHosts: ['host.docker.internal:172.17.0.99'] },
      {},
      'fail client-host-address-wrong',
    ],
    [failed('EHOSTUNREACH'), { env: ['OLLAMA_URL=http://172.18.0.1:11434'] }, {}, 'fail client-host-address-wrong'],
    [
      failed('ECONNREFUSED'),
      { extraHosts: ['host.docker.internal:127.0.0.1'] },
      {},
      'fail client-localhost-in-container',
    ],
    [failed('ENOTFOUND'), { env: ['OLLAMA_URL=http://ollama:11434'] }, {}, 'fail container-name-not-found'],
    [answered(200, MODELS), { env: ['OLLAMA_URL=http://ollama:11434'] }, {}, 'skip'],
    [failed('ETIMEDOUT'), { env: ['OLLAMA_URL=http://gpu:11434'], extraHosts: ['gpu:192.168.1.50'] }, {}, 'skip'],
    [answered(403, ''), {}, {}, 'fail container-not-ollama'],
    [answered(403, ''), {}, { log: async () => 'Listening on [::]:11434' }, 'fail sandbox-policy-403'],
    [
      answered(403, ''),
      {},
      { log: async () => '[GIN] 2026/11/21 - 10:00:00 | 403 | 12µs | 172.17.0.2 | GET      "/api/tags"' },
      'fail host-header-403',
    ],
    [answered(200, MODELS), { env: ['OLLAMA_URL=host.docker.internal:11434'] }, {}, 'warn client-missing-scheme'],
    ['', {}, {}, 'skip container-not-asked'],
  ])('%j %j %j: %s', async (answer, given, more, expected) => {
    const host = machine(answer, given);
    expect(await verdict(host, more)).toBe(expected);
    const { checks } = await checkContainers(host, { ...REQUEST, ...more });
    for (const check of checks.filter(({ status }) => status === 'fail')) {
      expect(check.remedy).toBeTruthy();
      expect(check.evidence).toContain('GET http');
      expect(`${check.summary} ${check.remedy}`).not.toMatch(/undefined|firewall(?!-cmd)/i);
    }
  });

  it('depends on whose engine it is', async () => {
    const rootless = { ...ENGINE, SecurityOptions: ['name=rootless'] };
    const desktop = { ...ENGINE, OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' };
    const colima = { ...ENGINE, OperatingSystem: 'Ubuntu 24.04 LTS', Name: 'colima' };
    const local: Given = { env: ['OLLAMA_URL=http://localhost:11434'], mode: 'host' };
    expect(await verdict(machine(failed('ECONNREFUSED'), {}, rootless))).toBe('fail dk-rootless-docker');
    expect(await verdict(machine(failed('ECONNREFUSED'), local, desktop))).toBe('fail dk-desktop-for-linux-vm');
    expect(await verdict(machine(failed('ECONNREFUSED'), local, desktop, 'darwin'))).toBe(
      'fail dk-desktop-host-networking-off',
    );
    expect(await verdict(machine(failed('ECONNREFUSED'), local, colima, 'darwin'))).toBe('fail vm-host-network');
    expect(await verdict(machine(failed('ECONNREFUSED'), {}, colima, 'darwin'))).toBe(
      'fail mac-colima-host-gateway-is-the-vm',
    );
    expect(await verdict(machine(failed('ENOTFOUND'), {}, desktop))).toBe('fail dk-desktop-internal-names-missing');
  });

  it('asks through the proxy too where one would get the question, and says which way works', async () => {
    const proxied = { env: ['OLLAMA_URL=http://host.docker.internal:11434', 'HTTP_PROXY=http://me:secret@p:3128'] };
    const captured = machine((own) => (own ? answered(502, '<html>') : answered(200, MODELS)), proxied);
    expect(await verdict(captured)).toBe('fail client-proxy-env-captures-local');
    expect(JSON.stringify(await checkContainers(captured, REQUEST))).not.toContain('secret');
    expect(await verdict(machine(answered(200, MODELS), proxied))).toBe('pass');
  });

  it('a remedy for a compose service is for its compose file', async () => {
    const given = { env: ['OLLAMA_URL=http://localhost:11434'], labels: { 'com.docker.compose.service': 'ui' } };
    const { checks } = await checkContainers(machine(failed('ECONNREFUSED'), given), REQUEST);
    expect(checks[0]?.remedy).toBe(
      'environment: ["OLLAMA_URL=http://host.docker.internal:11434"] and extra_hosts: ["host.docker.internal:host-gateway"]   # in the compose file, at service ui; then: docker compose up -d ui',
    );
  });
});

describe('who is asked', () => {
  it('five clients at most, and nobody twice', async () => {
    expect(await verdict(machine(answered(200, MODELS), Array(7).fill({})))).toBe(Array(5).fill('pass').join(', '));
  });

  it('a client of another Ollama is told and left alone', async () => {
    const host = machine(failed('ECONNREFUSED'), { env: ['OLLAMA_URL=http://ollama.example.com:11434'] });
    expect(await verdict(host)).toBe('skip');
    expect(host.done.filter(({ what }) => what.includes(' exec '))).toEqual([]);
  });

  it('no engine, and no client, is a skip with the reason', async () => {
    expect(await verdict(new Machine([]))).toBe('skip no-engine');
    expect(await verdict(machine('', []))).toBe('skip');
    const denied = new Machine().command(['/usr/bin/docker', 'info'], { code: 1, stderr: 'permission denied' });
    expect(await verdict(denied)).toBe('skip engine-denied');
  });

  it('a container that is named has to be there and to run', async () => {
    const host = machine(answered(200, MODELS), [{}, { running: false }]);
    expect(await verdict(host, { name: 'web' })).toBe('pass');
    for (const name of ['web1', 'nix']) {
      await expect(checkContainers(host, { ...REQUEST, name })).rejects.toMatchObject({
        code: 'no-container',
        exit: 2,
        meaning: expect.stringContaining('There run: web.'),
      });
    }
    await expect(checkContainers(new Machine([]), { ...REQUEST, name: 'web' })).rejects.toMatchObject({
      code: 'no-engine',
    });
  });
});

describe('before and after', () => {
  const found = (reached: string[], lost: string[], flavour: 'docker-engine' | 'docker-desktop' = 'docker-engine') => ({
    checks: [],
    reached,
    failed: lost,
    ways: [],
    flavours: [flavour],
  });
  const report = (wsl: boolean) => {
    const made = newReport(new Machine(), 'setup', '0.0.0.0:11434', '1.2.3');
    return { ...made, host: { ...made.host, wsl } };
  };

  it('who was answered before and is not now makes it a failure', () => {
    const lost = () => checkNoneLost(found(['container web'], []), found([], ['container web']), report(false));
    expect(lost).toThrow(expect.objectContaining({ code: 'container-lost-by-change', exit: 7 }) as unknown as Error);
  });

  it('inside WSL with Docker Desktop it has a name of its own', () => {
    const lost = (wsl: boolean, flavour: 'docker-engine' | 'docker-desktop') => {
      try {
        checkNoneLost(found(['network default'], []), found([], ['network default'], flavour), report(wsl));
      } catch (error) {
        return (error as SetupError).code;
      }
      return undefined;
    };
    expect(lost(true, 'docker-desktop')).toBe('wsl2-dualstack-not-relayed');
    expect(lost(true, 'docker-engine')).toBe('container-lost-by-change');
    expect(lost(false, 'docker-desktop')).toBe('container-lost-by-change');
  });

  it('who was not answered before, or could not be asked after, does not', () => {
    expect(() => checkNoneLost(undefined, found([], ['a']), report(false))).not.toThrow();
    expect(() => checkNoneLost(found([], ['a']), found([], ['a']), report(false))).not.toThrow();
    expect(() => checkNoneLost(found(['a'], []), found([], []), report(false))).not.toThrow();
  });

  it('a failed check is exit 8, a skipped one is none', async () => {
    const failing = await checkContainers(machine(failed('ETIMEDOUT')), REQUEST);
    expect(unreached(failing)).toMatchObject({ exit: 8, code: 'container-timeout' });
    expect(unreached(await checkContainers(new Machine([]), REQUEST))).toBeUndefined();
  });
});
