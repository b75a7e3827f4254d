import { describe, it } from 'vitest';
import { ALL, type Case, clean, heal, holdPort, play, restart, service, UNIT } from './cause-kit.ts';
import { BASE, GATEWAY, tells } from './container-kit.ts';
import { rigUnavailable } from './rig/available.ts';
import { type Docker, needDocker, withDocker } from './rig/docker.ts';
import { installOllama } from './rig/ollama.ts';
import { installProduct } from './rig/product.ts';
import { standInBinary } from './rig/stand-in.ts';
import { Stage } from './scenarios.ts';

function client(causes: string[], by: string, ...words: string[]): Case {
  return { causes, by, make: (_, docker) => docker.client('agent', ...words) };
}

/** What is wrong with a client, or with what is between it and an Ollama that is open to all. */
const CLIENTS: Case[] = [
  { causes: [], by: 'no client at all', make: async () => {} },
  client([], 'well', ...GATEWAY, ...tells(BASE)),
  client(['client-localhost-in-container'], 'localhost', ...GATEWAY, ...tells('http://localhost:11434')),
  client(['client-localhost-in-container'], '::1', ...GATEWAY, ...tells('http://[::1]:11434')),
  client(
    ['client-localhost-in-container'],
    'the name leads to it',
    '--add-host',
    'host.docker.internal:127.0.0.1',
    ...tells(BASE),
  ),
  client([], 'localhost on the host’s network', '--network', 'host', ...tells('http://localhost:11434')),
  client(['client-uses-0.0.0.0-as-target'], '0.0.0.0', ...GATEWAY, ...tells('http://0.0.0.0:11434')),
  client(['client-missing-scheme'], 'no scheme', ...GATEWAY, ...tells('host.docker.internal:11434')),
  client(['client-missing-scheme'], 'half a scheme', ...GATEWAY, ...tells('http:/host.docker.internal:11434')),
  client([], 'no scheme, where none is needed', ...GATEWAY, ...tells('host.docker.internal', 'OLLAMA_HOST')),
  client(['client-https-against-http'], 'https', ...GATEWAY, ...tells('https://host.docker.internal:11434')),
  client(['client-host-without-port-means-80'], 'no port', ...GATEWAY, ...tells('http://host.docker.internal')),
  client(['client-port-typo'], '11343', ...GATEWAY, ...tells('http://host.docker.internal:11343')),
  client(['client-port-typo'], '114344', ...GATEWAY, ...tells('http://host.docker.internal:114344')),
  client(['custom-port-server-only'], 'quite another port', ...GATEWAY, ...tells('http://host.docker.internal:8080')),
  client(['client-path-in-base-url'], 'a path', ...GATEWAY, ...tells(`${BASE}/api/generate`)),
  client([], '/v1', ...GATEWAY, ...tells(`${BASE}/v1`, 'OPENAI_API_BASE')),
  client(['client-typo-host-docker-internal'], 'a typo', ...GATEWAY, ...tells('http://host.docker.interal:11434')),
  client(['dk-no-host-gateway'], 'no extra_hosts', ...tells(BASE)),
  client(['dk-no-host-gateway'], 'no extra_hosts, on the host’s network', '--network', 'host', ...tells(BASE)),
  client(
    ['client-host-address-wrong'],
    'extra_hosts of a neighbour',
    '--add-host',
    'host.docker.internal:172.17.0.99',
    ...tells(BASE),
  ),
  client(
    ['client-host-address-wrong'],
    'extra_hosts of afar',
    '--add-host',
    'host.docker.internal:192.168.5.2',
    ...tells(BASE),
  ),
  client([], 'extra_hosts of this host', '--add-host', 'host.docker.internal:172.17.0.1', ...tells(BASE)),
  client(['client-host-address-wrong'], 'a bridge that has gone', ...tells('http://172.30.0.1:11434')),
  client([], 'docker0', ...tells('http://172.17.0.1:11434')),
  client(['container-network-unreachable'], 'no network', '--network', 'none', ...tells(BASE)),
  client(
    ['container-network-unreachable'],
    'no network, by address',
    '--network',
    'none',
    ...tells('http://172.17.0.1:11434'),
  ),
  client(['container-name-not-found'], 'a service that is not there', ...GATEWAY, ...tells('http://ollama:11434')),
  client([], 'another Ollama', ...GATEWAY, ...tells('https://ollama.example.com')),
  client(
    ['client-proxy-env-captures-local'],
    'a proxy',
    ...GATEWAY,
    ...tells(BASE),
    '-e',
    'HTTP_PROXY=http://172.17.0.1:9',
  ),
  client(
    [],
    'a proxy, and not for this',
    ...GATEWAY,
    ...tells(BASE),
    '-e',
    'HTTP_PROXY=http://172.17.0.1:9',
    '-e',
    'NO_PROXY=host.docker.internal',
  ),
  ...[502, 404, 403].map(
    (status): Case => ({
      causes: ['container-not-ollama'],
      by: `a proxy in front that answers ${status}`,
      make: async ({ host }, docker) => {
        await holdPort(host, 8080, ['/root/answer.py', '8080', String(status)]);
        await docker.client('agent', ...GATEWAY, ...tells('http://host.docker.internal:8080'));
      },
    }),
  ),
  {
    causes: [],
    by: 'a client on two networks',
    make: async (_, docker) => {
      await docker.client('agent', '--network', 'app', ...GATEWAY, ...tells(BASE));
      await docker.must('network', 'connect', 'inner', 'agent');
    },
  },
  client([], 'IPv6', '--network', 'six', ...tells('http://[fd00:aa::1]:11434')),
  {
    causes: [],
    by: 'a client that starts again and again',
    make: (_, docker) =>
      docker.must(
        'run',
        '-d',
        '--pull=never',
        '--name',
        'agent',
        '--restart',
        'always',
        ...tells(BASE),
        'client',
        'false',
      ),
  },
  {
    causes: [],
    by: 'a client that has ended',
    make: (_, docker) => docker.must('run', '--pull=never', '--name', 'agent', ...tells(BASE), 'client', 'true'),
  },
];

/** Which of several causes is the root. */
const ROOTS: Case[] = [
  {
    causes: ['default-loopback-bind'],
    by: 'refused, since it listens on loopback',
    make: async ({ host }, docker) => {
      await heal(host);
      await docker.client('agent', ...GATEWAY, ...tells(BASE));
    },
  },
  {
    causes: ['client-localhost-in-container', 'default-loopback-bind'],
    by: 'two faults',
    make: async ({ host }, docker) => {
      await heal(host);
      await docker.client('agent', ...GATEWAY, ...tells('http://localhost:11434'));
    },
  },
  {
    causes: ['default-loopback-bind'],
    by: 'loopback is enough for this client',
    make: async ({ host }, docker) => {
      await heal(host);
      await docker.client('agent', '--network', 'host', ...tells('http://localhost:11434'));
    },
  },
  {
    causes: ['specific-ip-locks-out-localhost'],
    by: 'refused, since it listens on one other address',
    make: async (stage, docker) => {
      await service(stage, `Environment=OLLAMA_HOST=${stage.peer.hostAddress}`);
      await docker.client('agent', ...GATEWAY, ...tells(BASE));
    },
  },
  {
    causes: ['custom-port-server-only'],
    by: 'the server has another port than its client',
    make: async (stage, docker) => {
      await service(stage, 'Environment=OLLAMA_HOST=0.0.0.0:11435');
      await docker.client('agent', ...GATEWAY, ...tells(BASE));
    },
  },
];

const serve = (docker: Docker, ...words: string[]) =>
  docker.must(
    'run',
    '-d',
    '--pull=never',
    '--name',
    'agent',
    '-v',
    `${standInBinary()}:/bin/ollama:ro`,
    ...words,
    'client',
    '/bin/ollama',
    'serve',
  );
const WIDE = ['-e', 'OLLAMA_HOST=0.0.0.0'];

/** Ollama in a container, beside the host's own. */
const HOLDERS: Case[] = [
  {
    causes: ['port-held-by-docker-ollama'],
    by: 'it holds the port',
    make: async ({ host }, docker) => {
      await host.must(['systemctl', 'stop', 'ollama']);
      await serve(docker, ...WIDE, '-p', '11434:11434');
      await restart(host);
    },
  },
  {
    causes: [],
    by: 'it has another port',
    make: (_, docker) => serve(docker, ...WIDE, '-p', '11500:11434'),
  },
  {
    causes: ['client-published-port-on-wrong-container'],
    by: 'a container that is no Ollama publishes the port',
    make: async ({ host }, docker) => {
      await host.must(['systemctl', 'stop', 'ollama']);
      await docker.must(
        'run',
        '-d',
        '--pull=never',
        '--name',
        'agent',
        '-p',
        '11434:80',
        'client',
        'python3',
        '-m',
        'http.server',
        '80',
      );
      await restart(host);
    },
  },
];

/** Ollama in a container, and none on the host. */
const CONTAINED: Case[] = [
  { causes: ['ollama-in-container'], by: 'not published', make: (_, docker) => serve(docker, ...WIDE) },
  {
    causes: ['ollama-in-container'],
    by: 'published to loopback',
    make: (_, docker) => serve(docker, ...WIDE, '-p', '127.0.0.1:11434:11434'),
  },
  {
    causes: ['container-ollama-bound-loopback'],
    by: 'on its own loopback',
    make: (_, docker) => serve(docker, '-p', '11434:11434'),
  },
  {
    causes: ['custom-port-server-only'],
    by: 'on another port',
    make: (_, docker) => serve(docker, ...WIDE, '-p', '11500:11434'),
  },
  { causes: [], by: 'well', make: (_, docker) => serve(docker, ...WIDE, '-p', '11434:11434') },
];

const ANSWER = `import http.server, sys
class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(int(sys.argv[2]))
        self.end_headers()
        self.wfile.write(b'<html>')
http.server.ThreadingHTTPServer(('', int(sys.argv[1])), Answer).serve_forever()
`;

describe.skipIf(rigUnavailable())('doctor names the cause and no other', () => {
  it.skipIf(!needDocker())('of a client', { timeout: 600_000 }, async () => {
    await withDocker(async (host, docker) => {
      installProduct(host);
      await installOllama(host);
      host.write('/root/answer.py', ANSWER);
      await docker.must('network', 'create', 'app');
      await docker.must('network', 'create', '--internal', 'inner');
      await docker.must('network', 'create', '--ipv6', '--subnet', 'fd00:aa::/64', 'six');
      const stage = new Stage(host, await host.addPeer());
      await service(stage, ALL);
      for (const one of CLIENTS) {
        await play(stage, docker, one);
        await clean(host, docker);
      }
    });
  });

  it.skipIf(!needDocker())('of a server in a container, and of two faults the root', { timeout: 600_000 }, async () => {
    await withDocker(async (host, docker) => {
      installProduct(host);
      await installOllama(host);
      const stage = new Stage(host, await host.addPeer());
      for (const one of ROOTS) {
        await play(stage, docker, one);
        await clean(host, docker);
      }
      for (const one of HOLDERS) {
        await service(stage, ALL);
        await play(stage, docker, one);
        await clean(host, docker);
      }
      await host.must(['systemctl', 'disable', '-q', '--now', 'ollama']);
      await host.must(['rm', '-r', UNIT, `${UNIT}.d`]);
      await host.must(['systemctl', 'daemon-reload']);
      for (const one of CONTAINED) {
        await play(stage, docker, one);
        await clean(host, docker);
      }
    });
  });
});
