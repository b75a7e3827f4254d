import { afterEach, describe, expect, it } from 'vitest';
import { ENGINE, inspected } from '../containers/machine.ts';
import { table } from '../rig/proc.ts';
import type { RecordedHost } from '../rig/recorded-host.ts';
import { UNIT } from '../rig/systemd-host.ts';
import { Mac } from '../rooms/ollama-app/mac.ts';
import { dress } from '../wsl/machine.ts';
import { type Box, box, type Command, causesOn, hexOf, record } from './box.ts';

/** What clients in containers make of an Ollama that is open to them, or is not. */

type Given = NonNullable<Parameters<typeof inspected>[1]>;

const MODELS = 'stigmer answered 200\n{"models":[{"name":"llama3.2:3b"}]}';
const failed = (errno: string) => `stigmer failed ${errno}\n`;
const answered = (status: number, body = '') => `stigmer answered ${status}\n${body}`;
const OPEN: Box = { given: '0.0.0.0:11434', at: ['::', 11434] };
const SET = { [`${UNIT}.d/override.conf`]: '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0:11434"\n' };
const BASE = 'OLLAMA_BASE_URL=http://host.docker.internal:11434';

/** A client that was told so, and what came of its question; `proxied` where it went by its proxy. */
function client(
  got: string,
  given: Given = {},
  { info = ENGINE as object, proxied = got, program = 'docker' } = {},
): Command[] {
  const path = `/usr/bin/${program}`;
  return [
    [[path, 'info'], JSON.stringify(info)],
    [[path, 'ps'], 'web\n'],
    [[path, 'inspect'], JSON.stringify([inspected('web', { env: [BASE], ...given })])],
    [[path, 'exec'], (argv) => (argv.includes('sh') ? 'node\n' : argv.includes('http_proxy=') ? got : proxied)],
  ];
}

const open = (commands: Command[], more: Box = {}) => box({ ...OPEN, files: SET, ...more, commands });
const env = (...lines: string[]): Given => ({ env: lines });
const refused = failed('ECONNREFUSED');

let macs: Mac[] = [];
afterEach(() => {
  for (const mac of macs) mac.destroy();
  macs = [];
});

/** A Mac whose app is open to all. */
function mac(commands: Command[]): RecordedHost {
  const host = new Mac().makeDatabase(1).start();
  macs.push(host);
  host.http = (url) => {
    const own = new URL(url).hostname === '127.0.0.1';
    return own ? { status: 200, body: '{"version":"0.32.3"}' } : { failure: 'ECONNREFUSED' };
  };
  return record(host, commands);
}

const DESKTOP = { ...ENGINE, OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' };
const ROOTLESS = { ...ENGINE, SecurityOptions: ['name=rootless'] };
const COLIMA = { ...ENGINE, OperatingSystem: 'Ubuntu 24.04 LTS', Name: 'colima' };
const RANCHER = { ...ENGINE, OperatingSystem: 'Alpine Linux v3.20', Name: 'lima-rancher-desktop' };
const PODMAN = { host: { kernel: '6.9.0', serviceIsRemote: true }, version: { Version: '5.4.0' } };
const LOCAL: Given = { env: ['OLLAMA_URL=http://localhost:11434'], mode: 'host' };

/** Where it is called in there. */
const IN_WSL = { addresses: ['172.20.70.5', '172.17.0.1'] };

/** The cause, the host that has it, the nearest that has not, and what that has instead. */
type Case = [cause: string, host: () => RecordedHost, near: () => RecordedHost, nearHas?: string[]];

const well = () => open(client(MODELS));

const CASES: Case[] = [
  [
    'client-localhost-in-container',
    () => open(client(refused, env('OLLAMA_URL=http://localhost:11434'))),
    () => open(client(MODELS, LOCAL)),
  ],
  ['client-uses-0.0.0.0-as-target', () => open(client(refused, env('OLLAMA_HOST=0.0.0.0'))), well],
  [
    'client-host-without-port-means-80',
    () => open(client(refused, env('OLLAMA_URL=http://host.docker.internal'))),
    () => open(client(MODELS, env('OLLAMA_HOST=host.docker.internal'))),
  ],
  [
    'client-missing-scheme',
    () => open(client(MODELS, env('OLLAMA_URL=host.docker.internal:11434'))),
    () => open(client(MODELS, env('OLLAMA_HOST=host.docker.internal:11434'))),
  ],
  [
    'client-path-in-base-url',
    () => open(client(answered(404), env(`${BASE}/api`))),
    () => open(client(MODELS, env(`${BASE}/v1`))),
  ],
  [
    'client-port-typo',
    () => open(client(refused, env('OLLAMA_URL=http://host.docker.internal:11343'))),
    () => open(client(refused)),
    ['container-refused'],
  ],
  [
    'client-typo-host-docker-internal',
    () => open(client(failed('ENOTFOUND'), env('OLLAMA_URL=http://host.docker.interal:11434'))),
    () => open(client(failed('ENOTFOUND'), env('OLLAMA_URL=http://recorded:11434'))),
    ['container-name-not-found'],
  ],
  [
    'client-renamed-env-var',
    () =>
      open(
        client(MODELS, {
          image: 'ghcr.io/open-webui/open-webui:main',
          env: ['OLLAMA_API_BASE_URL=http://host.docker.internal:11434/api'],
        }),
      ),
    () => open(client(MODELS, { image: 'ghcr.io/open-webui/open-webui:main' })),
  ],
  [
    'client-proxy-env-captures-local',
    () => open(client(MODELS, env(BASE, 'HTTP_PROXY=http://p:3128'), { proxied: answered(503, '<html>') })),
    () =>
      open(
        client(MODELS, env(BASE, 'HTTP_PROXY=http://p:3128', 'NO_PROXY=host.docker.internal'), {
          proxied: answered(503),
        }),
      ),
  ],
  [
    'host-header-403',
    () =>
      open(client(answered(403)), {
        log: '[GIN] 2026/11/21 - 10:00:00 | 403 | 12µs | 172.17.0.2 | GET      "/api/tags"',
      }),
    () => open(client(MODELS), { log: '[GIN] 2026/11/21 - 10:00:00 | 403 | 12µs | 172.17.0.2 | GET      "/api/tags"' }),
  ],
  [
    'sandbox-policy-403',
    () => open(client(answered(403)), { log: 'Listening on [::]:11434 (version 0.33.0)' }),
    // Without the log nobody can say who refuses.
    () => open(client(answered(403))),
    ['container-not-ollama'],
  ],
  ['dk-no-host-gateway', () => open(client(failed('ENOTFOUND'))), well],
  [
    'dk-desktop-internal-names-missing',
    () => open(client(failed('ENOTFOUND'), {}, { info: DESKTOP })),
    () => open(client(failed('ENOTFOUND'))),
    ['dk-no-host-gateway'],
  ],
  ['dk-desktop-for-linux-vm', () => open(client(refused, LOCAL, { info: DESKTOP })), () => open(client(MODELS, LOCAL))],
  [
    'dk-rootless-docker',
    () => open(client(refused, {}, { info: ROOTLESS })),
    () => open(client(refused)),
    ['container-refused'],
  ],
  [
    'dk-desktop-host-networking-off',
    () => mac(client(refused, LOCAL, { info: DESKTOP })),
    () => mac(client(MODELS, {}, { info: DESKTOP })),
  ],
  [
    'mac-colima-host-gateway-is-the-vm',
    () => mac(client(refused, {}, { info: COLIMA })),
    () => mac(client(refused, {}, { info: DESKTOP })),
    ['container-refused'],
  ],
  [
    'mac-rancher-desktop-host-gateway',
    () => mac(client(refused, {}, { info: RANCHER })),
    () => mac(client(MODELS, {}, { info: RANCHER })),
  ],
  [
    'mac-podman-machine-host-name',
    () => mac(client(failed('ENOTFOUND'), {}, { info: PODMAN, program: 'podman' })),
    () => mac(client(MODELS, {}, { info: PODMAN, program: 'podman' })),
  ],
  [
    'wsl2-network-host-is-docker-vm',
    () => dress(open(client(refused, LOCAL, { info: DESKTOP }), IN_WSL), { mode: 'none' }),
    () => dress(open(client(MODELS, LOCAL), IN_WSL), { mode: 'none' }),
  ],
  ['default-loopback-bind', () => box({ commands: client(refused) }), () => open(client(MODELS))],
  // What a container sees is what the service's file has done, and goes by that name.
  [
    'sd-dropin-without-section-header',
    () =>
      box({ files: { [`${UNIT}.d/override.conf`]: 'Environment="OLLAMA_HOST=0.0.0.0"\n' }, commands: client(refused) }),
    () => open(client(MODELS)),
  ],
];

const INSIDE = {
  pid: 850,
  argv: ['/bin/ollama', 'serve'],
  nspid: '850\t1',
  cgroup: `0::/system.slice/docker-${'ab'.repeat(32)}.scope\n`,
};
const PROXY = { pid: 900, argv: ['/usr/bin/docker-proxy', '-proto', 'tcp'], comm: 'docker-proxy' };

/** An Ollama in a container: where it listens in there, and where the engine does for it. */
function contained(inside: string, outside: string | undefined, body?: string): RecordedHost {
  const others = [{ ...PROXY, ...(outside ? { at: [outside, 11434] as [string, number] } : {}) }];
  const host = box({ unit: null, others: [...others, INSIDE], ...(body ? { body } : {}) });
  const row = [{ local: hexOf(inside), port: 11434, inode: 77 }];
  const wide = hexOf(inside).length > 8;
  host.disk.file('/proc/850/net/tcp6', table(wide ? row : [])).file('/proc/850/net/tcp', table(wide ? [] : row));
  host.disk.symlink('/proc/850/fd/3', 'socket:[77]');
  return host;
}

const SERVERS: Case[] = [
  ['container-ollama-bound-loopback', () => contained('127.0.0.1', '0.0.0.0'), () => contained('::', '0.0.0.0')],
  ['ollama-in-container', () => contained('::', undefined), () => contained('::', '::')],
  ['ollama-in-container', () => contained('::', '127.0.0.1'), () => contained('0.0.0.0', '0.0.0.0')],
];

describe.each([
  ['a client in a container', CASES],
  ['a server in a container', SERVERS],
])('%s', (_, cases) => {
  for (const [cause, host, near, nearHas = []] of cases) {
    it(`${cause} is named, and nothing else`, async () => {
      expect(await causesOn(host(), [])).toEqual([cause]);
    });

    it(`${cause} is not blamed on its near miss`, async () => {
      expect(await causesOn(near(), [])).toEqual(nearHas);
    });
  }
});
