import { describe, expect, it } from 'vitest';
import { UNIT } from '../rig/systemd-host.ts';
import { type Box, box, causesOn, INSTALLED } from './box.ts';

/** Each cause on a host on which it is the whole trouble, and the host nearest to it on which it is not. */
interface Case {
  cause: string;
  /** What tells two cases of one cause apart. */
  by?: string;
  host: Box;
  near: Box;
  words?: string[];
  /** What the near miss suffers from, where not even that is well. */
  nearHas?: string[];
}

const ALL: Box = { given: '0.0.0.0:11434', at: ['::', 11434] };
const DROP_INS = `${UNIT}.d`;
const OVERRIDE = `${DROP_INS}/override.conf`;
const dropIn = (line: string, path = OVERRIDE) => ({ [path]: `[Service]\n${line}\n` });
const set = (value: string, path?: string) => dropIn(`Environment="OLLAMA_HOST=${value}"`, path);
const FAILED = { active: 'failed', status: 1 };
const installedWith = (line: string) => INSTALLED.replace('Restart=always', `${line}\nRestart=always`);
const dead = (value: string, log = ''): Box => ({ files: set(value), state: FAILED, at: null, log });
/** As proc(5) has it of docker0 while no container runs. */
const TRIE = {
  '/proc/net/fib_trie':
    '           |-- 172.17.0.1\n              /32 host LOCAL\n           |-- 172.17.0.9\n              /32 link UNICAST\n',
};
const cannotBind = (where: string) => `Error: listen tcp ${where}: bind: cannot assign requested address`;

const VALUES: Case[] = [
  { cause: 'default-loopback-bind', host: {}, near: { ...ALL, files: set('0.0.0.0:11434') } },
  {
    cause: 'explicit-loopback-left-over',
    host: { files: set('127.0.0.1:11434'), given: '127.0.0.1:11434' },
    near: { files: set('127.0.0.1:11434'), given: '127.0.0.1:11434' },
    nearHas: [],
    words: ['--host', '127.0.0.1:11434'],
  },
  {
    cause: 'http-scheme-means-port-80',
    host: { files: set('http://0.0.0.0'), given: 'http://0.0.0.0', at: ['::', 80] },
    near: { files: set('http://0.0.0.0:11434/'), given: 'http://0.0.0.0:11434/', at: ['::', 11434] },
  },
  {
    cause: 'http-scheme-means-port-80',
    by: 'where port 80 may not be opened',
    host: dead('http://0.0.0.0/', 'Error: listen tcp 0.0.0.0:80: bind: permission denied'),
    near: { ...ALL, files: set('0.0.0.0') },
  },
  ...['0.0.0.0,11434', '*', '11434', '0.0.0.0：11434', ':::11434', 'C:/Ollama/ollama.exe'].map(
    (value): Case => ({
      cause: 'value-is-a-path-or-junk',
      by: value,
      host: dead(value, 'Error: listen tcp: lookup: no such host'),
      near: { ...ALL, files: set(':11434'), given: ':11434' },
    }),
  ),
  {
    cause: 'value-is-a-path-or-junk',
    by: 'a path, for which Ollama takes its default',
    host: { files: set('/usr/bin/ollama'), given: '/usr/bin/ollama' },
    near: { ...ALL, files: set('0.0.0.0/'), given: '0.0.0.0/' },
  },
  {
    cause: 'value-is-a-path-or-junk',
    by: 'two addresses, of which Ollama takes the first',
    host: { files: set('localhost: 8.8.8.8'), given: 'localhost: 8.8.8.8' },
    near: { ...ALL, files: set('0.0.0.0:11434 #lan'), given: '0.0.0.0:11434 #lan' },
  },
  {
    cause: 'specific-ip-locks-out-localhost',
    host: {
      files: set('192.168.1.20:11434'),
      given: '192.168.1.20:11434',
      at: ['192.168.1.20', 11434],
      addresses: ['192.168.1.20'],
    },
    near: { ...ALL, files: set('0.0.0.0:11434'), addresses: ['192.168.1.20'] },
  },
  {
    cause: 'custom-port-server-only',
    host: { files: set('0.0.0.0:8080'), given: '0.0.0.0:8080', at: ['::', 8080] },
    near: { ...ALL, files: set('0.0.0.0:11434') },
  },
  {
    cause: 'bind-address-not-on-this-machine',
    by: 'and a bridge without containers is here',
    host: {
      ...dead('172.17.0.9:11434', cannotBind('172.17.0.9:11434')),
      files: { ...set('172.17.0.9:11434'), ...TRIE },
    },
    near: { ...dead('172.17.0.1:11434', 'Error: out of memory'), files: { ...set('172.17.0.1:11434'), ...TRIE } },
    nearHas: ['server-not-running-or-crash-loop'],
  },
  {
    cause: 'bind-address-not-on-this-machine',
    host: { ...dead('192.168.1.33:11434', cannotBind('192.168.1.33:11434')), addresses: ['192.168.1.20'] },
    near: { ...dead('192.168.1.20:11434', 'Error: out of memory'), addresses: ['192.168.1.20'] },
    nearHas: ['server-not-running-or-crash-loop'],
  },
  {
    cause: 'bind-bridge-ip-race-at-boot',
    host: { ...dead('172.17.0.1:11434', cannotBind('172.17.0.1:11434')), addresses: ['172.17.0.1'] },
    near: { ...dead('172.17.0.1:11434', cannotBind('172.17.0.1:11434')), addresses: ['192.168.1.20'] },
    nearHas: ['bind-address-not-on-this-machine'],
  },
  {
    cause: 'shell-export-not-seen-by-service',
    by: '.bashrc',
    host: { files: { '/root/.bashrc': '# mine\nexport OLLAMA_HOST="0.0.0.0:11434" # for docker\n' } },
    near: { files: { '/root/.bashrc': '# export OLLAMA_HOST=0.0.0.0\nOLLAMA_HOST=0.0.0.0 ollama serve\n' } },
    nearHas: ['default-loopback-bind'],
  },
  {
    cause: 'shell-export-not-seen-by-service',
    by: '/etc/environment',
    host: { files: { '/etc/environment': 'OLLAMA_HOST=0.0.0.0\n' } },
    // An address of another machine is for clients.
    near: { files: { '/etc/environment': 'OLLAMA_HOST=http://192.168.1.33:11434\n' } },
    nearHas: ['default-loopback-bind'],
  },
  {
    cause: 'shell-export-not-seen-by-service',
    by: 'this terminal',
    host: { env: { OLLAMA_HOST: '0.0.0.0' } },
    near: { env: { OLLAMA_HOST: '127.0.0.1:11434' } },
    nearHas: ['default-loopback-bind'],
  },
  ...['OLLAMA=0.0.0.0', 'OLLAMA_IP=0.0.0.0', 'OLLAMA_PORT=11434', 'OLLAMA_BIND=0.0.0.0', 'OLLAMA_MODELS=0.0.0.0'].map(
    (line): Case => ({
      cause: 'wrong-variable-name',
      by: line,
      host: { files: dropIn(`Environment="${line}"`) },
      near: { files: dropIn('Environment="OLLAMA_MODELS=/srv/models" "OLLAMA_DEBUG=1"') },
      nearHas: ['default-loopback-bind'],
    }),
  ),
  {
    cause: 'server-not-running-or-crash-loop',
    host: { state: { active: 'inactive' }, at: null },
    near: { ...ALL, files: set('0.0.0.0') },
  },
];

const FILES: Case[] = [
  {
    cause: 'sd-dropin-without-section-header',
    host: { files: { [OVERRIDE]: 'Environment="OLLAMA_HOST=0.0.0.0:11434"\n' } },
    near: { ...ALL, files: { [OVERRIDE]: '# mine\n\n[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0:11434"\n' } },
  },
  {
    cause: 'sd-curly-quotes',
    by: 'around the assignment',
    host: { files: dropIn('Environment=“OLLAMA_HOST=0.0.0.0:11434”') },
    near: { ...ALL, files: { [OVERRIDE]: '[Service]\n# “all”\nEnvironment="OLLAMA_HOST=0.0.0.0:11434"\n' } },
  },
  {
    cause: 'sd-curly-quotes',
    by: 'around the value',
    host: { ...dead('“0.0.0.0:11434”', 'Error: listen tcp: lookup “0.0.0.0: no such host') },
    near: { ...ALL, files: dropIn("Environment='OLLAMA_HOST=0.0.0.0:11434'") },
  },
  ...[
    '[service]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n',
    '[Service]\nOLLAMA_HOST=0.0.0.0\n',
    '[Service]\nEnvironment=OLLAMA_HOST = 0.0.0.0\n',
    '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0\n',
    '[Unit]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n',
    '[Service]\nEnviroment="OLLAMA_HOST=0.0.0.0"\n',
  ].map(
    (text): Case => ({
      cause: 'sd-malformed-environment-line',
      by: text.replaceAll('\n', ' '),
      host: { files: { [OVERRIDE]: text } },
      near: { ...ALL, files: { [OVERRIDE]: '\ufeff[Service]\r\nEnvironment=OLLAMA_HOST=0.0.0.0\r\n' } },
    }),
  ),
  {
    cause: 'sd-no-daemon-reload-or-restart',
    host: { files: set('0.0.0.0:11434'), state: { active: 'active', reload: true } },
    near: { ...ALL, files: set('0.0.0.0:11434') },
  },
  {
    cause: 'sd-unit-overwritten-by-upgrade',
    host: { ...ALL, unit: installedWith('Environment="OLLAMA_HOST=0.0.0.0:11434"') },
    near: { ...ALL, files: set('0.0.0.0:11434') },
  },
  {
    cause: 'sd-unit-overwritten-by-upgrade',
    by: 'a unit of one’s own stays',
    host: { ...ALL, unit: installedWith('Environment=OLLAMA_HOST=0.0.0.0 OLLAMA_DEBUG=1') },
    near: { ...ALL, unit: installedWith('Environment=OLLAMA_HOST=0.0.0.0').replace('=Ollama Service', '=Ours') },
  },
  {
    cause: 'sd-envfile-reference-lost-on-upgrade',
    host: { files: { '/etc/default/ollama': 'OLLAMA_HOST=0.0.0.0:11434\n' } },
    near: {
      ...ALL,
      files: { ...dropIn('EnvironmentFile=/etc/default/ollama'), '/etc/default/ollama': 'OLLAMA_HOST=0.0.0.0:11434\n' },
    },
  },
  {
    cause: 'sd-environmentfile-overrides-dropin',
    host: {
      given: '127.0.0.1:11434',
      unit: installedWith('EnvironmentFile=-/etc/ollama.conf'),
      files: { ...set('0.0.0.0:11434'), '/etc/ollama.conf': 'OLLAMA_HOST=127.0.0.1:11434\n' },
    },
    near: {
      ...ALL,
      unit: installedWith('EnvironmentFile=-/etc/ollama.conf'),
      files: { ...set('0.0.0.0:11434'), '/etc/ollama.conf': '# OLLAMA_HOST=127.0.0.1:11434\n' },
    },
  },
  {
    cause: 'sd-later-dropin-wins',
    host: {
      given: '127.0.0.1:11434',
      files: { ...set('0.0.0.0:11434', `${DROP_INS}/10-all.conf`), ...set('127.0.0.1:11434') },
    },
    near: { ...ALL, files: { ...set('127.0.0.1:11434', `${DROP_INS}/10-old.conf`), ...set('0.0.0.0:11434') } },
  },
  {
    cause: 'sd-unset-environment',
    host: { files: dropIn('Environment=OLLAMA_HOST=0.0.0.0\nUnsetEnvironment=OLLAMA_HOST') },
    near: { ...ALL, files: dropIn('Environment=OLLAMA_HOST=0.0.0.0\nUnsetEnvironment=OLLAMA_HOST=127.0.0.1') },
  },
  {
    cause: 'not-durable',
    by: 'no file has it any more',
    host: ALL,
    near: { ...ALL, unit: INSTALLED.replace('=/usr/local/bin/ollama serve', '=/opt/start-ollama') },
  },
  {
    cause: 'not-durable',
    by: 'a file has another value by now',
    host: { ...ALL, files: set('127.0.0.1') },
    near: { ...ALL, files: set('0.0.0.0') },
  },
  {
    cause: 'not-durable',
    by: 'the next boot takes it away',
    host: { ...ALL, files: set('0.0.0.0', '/run/systemd/system/ollama.service.d/a.conf') },
    near: { ...ALL, files: set('0.0.0.0', '/etc/systemd/system/ollama.service.d/a.conf') },
  },
  {
    cause: 'set-in-exec-start',
    host: {
      given: '127.0.0.1',
      unit: INSTALLED.replace('=/usr/local', '=/usr/bin/env OLLAMA_HOST=127.0.0.1 /usr/local'),
      files: set('0.0.0.0:11434'),
    },
    near: {
      ...ALL,
      unit: INSTALLED.replace('=/usr/local', '=/usr/bin/env A=b /usr/local'),
      files: set('0.0.0.0:11434'),
    },
  },
];

const HOME = '/usr/share/ollama';
const DOWN: Case[] = [
  {
    cause: 'sd-home-missing-or-unwritable',
    host: { state: FAILED, at: null, log: `Error: could not create directory mkdir ${HOME}: permission denied` },
    near: { state: FAILED, at: null, log: 'Error: mkdir /opt/elsewhere: permission denied' },
    nearHas: ['server-not-running-or-crash-loop'],
  },
  {
    cause: 'sd-models-dir-unreachable',
    host: {
      state: FAILED,
      at: null,
      files: dropIn('Environment=OLLAMA_MODELS=/home/ann/models'),
      log: 'Error: mkdir /home/ann/models: permission denied: ensure path elements are traversable',
    },
    near: {
      state: FAILED,
      at: null,
      files: dropIn('Environment=OLLAMA_MODELS=/home/ann/models'),
      log: 'Error: out of memory',
    },
    nearHas: ['server-not-running-or-crash-loop'],
  },
  {
    cause: 'sd-exit1-not-restarted',
    host: { state: FAILED, at: null, files: dropIn('RestartPreventExitStatus=1') },
    near: { state: FAILED, at: null, files: dropIn('RestartPreventExitStatus=1\nRestartPreventExitStatus=') },
    nearHas: ['server-not-running-or-crash-loop'],
  },
  ...['user_home_t', 'user_tmp_t'].map(
    (type): Case => ({
      cause: 'sd-selinux-exec-denied',
      by: type,
      host: {
        state: { active: 'failed', status: 203 },
        at: null,
        files: { '/sys/fs/selinux/enforce': '1' },
        commands: [[['ls', '-Z'], `unconfined_u:object_r:${type}:s0 /usr/local/bin/ollama\n`]],
      },
      near: {
        state: { active: 'failed', status: 203 },
        at: null,
        files: { '/sys/fs/selinux/enforce': '1' },
        commands: [[['ls', '-Z'], 'system_u:object_r:bin_t:s0 /usr/local/bin/ollama\n']],
      },
      nearHas: ['server-not-running-or-crash-loop'],
    }),
  ),
  {
    cause: 'environment-file-missing',
    host: { state: FAILED, at: null, files: dropIn('EnvironmentFile=/etc/ollama.env') },
    near: { ...ALL, files: dropIn('EnvironmentFile=-/etc/ollama.env\nEnvironment=OLLAMA_HOST=0.0.0.0') },
  },
];

const SERVE = ['ollama', 'serve'];
const IN_TERMINAL = '0::/user.slice/user-1000.slice/session-3.scope\n';
const OF_USER = '0::/user.slice/user-1000.slice/user@1000.service/app.slice/ollama.service\n';
const byHand = (more: object = {}) => ({ pid: 800, argv: SERVE, uid: 1000, cgroup: IN_TERMINAL, ...more });
const LOOPBACK: [string, number] = ['127.0.0.1', 11434];
const IN_USE = 'Error: listen tcp 0.0.0.0:11434: bind: address already in use';
const PROXY = {
  pid: 900,
  argv: ['/usr/bin/docker-proxy', '-proto', 'tcp', '-host-port', '11434'],
  comm: 'docker-proxy',
};
const INFO = JSON.stringify({
  OperatingSystem: 'Debian',
  OSType: 'linux',
  ServerVersion: '20.10',
  SecurityOptions: [],
  ClientInfo: {},
});
const docker = (row: string): [string[], string][] => [
  [['/usr/bin/docker', 'info'], INFO],
  [['/usr/bin/docker', 'ps'], ''],
  [['/usr/bin/docker', 'ps', '--filter', 'publish=11434'], row],
];

const RIVALS: Case[] = [
  {
    cause: 'sd-manual-serve-bypasses-unit',
    host: { files: set('0.0.0.0:11434'), state: FAILED, at: null, log: IN_USE, others: [byHand({ at: LOOPBACK })] },
    near: { ...ALL, files: set('0.0.0.0:11434') },
  },
  {
    cause: 'sd-user-unit-vs-system-unit',
    host: {
      files: set('0.0.0.0:11434'),
      state: FAILED,
      at: null,
      log: IN_USE,
      others: [byHand({ at: LOOPBACK, cgroup: OF_USER })],
    },
    near: { ...ALL, files: set('0.0.0.0:11434') },
  },
  {
    cause: 'second-server-misleading-error',
    host: {
      files: set('0.0.0.0:11434'),
      state: FAILED,
      at: null,
      log: IN_USE,
      others: [byHand({ at: LOOPBACK, uid: 997, cgroup: '0::/system.slice/llm.service\n' })],
    },
    near: { ...ALL, files: set('0.0.0.0:11434') },
  },
  {
    cause: 'port-held-by-docker-ollama',
    host: {
      files: set('0.0.0.0:11434'),
      state: FAILED,
      at: null,
      log: IN_USE,
      others: [{ ...PROXY, at: ['0.0.0.0', 11434] }],
      commands: docker('ollama\tollama/ollama:latest\n'),
    },
    near: { ...ALL, files: set('0.0.0.0:11434'), commands: docker('') },
  },
  {
    cause: 'client-published-port-on-wrong-container',
    host: {
      files: set('0.0.0.0:11434'),
      state: FAILED,
      at: null,
      log: IN_USE,
      others: [{ ...PROXY, at: ['0.0.0.0', 11434] }],
      commands: docker('webui\tghcr.io/open-webui/open-webui:main\n'),
      body: '<html>',
    },
    near: { ...ALL, files: set('0.0.0.0:11434'), commands: docker('') },
  },
  {
    cause: 'port-held',
    by: 'by something that is no Ollama',
    host: { state: FAILED, at: null, log: IN_USE, others: [{ pid: 900, argv: ['nc', '-l'], at: LOOPBACK }] },
    near: { ...ALL, files: set('0.0.0.0:11434'), others: [{ pid: 900, argv: ['nc', '-l'], at: ['127.0.0.1', 11500] }] },
  },
];

const OTHERS: Case[] = [
  {
    cause: 'snap-host-setting',
    host: {
      unit: null,
      others: [
        {
          pid: 800,
          argv: ['/snap/ollama/105/bin/ollama', 'serve'],
          cgroup: '0::/system.slice/snap.ollama.listener.service\n',
          at: LOOPBACK,
        },
      ],
    },
    near: {
      unit: null,
      others: [
        {
          pid: 800,
          argv: ['/snap/ollama/105/bin/ollama', 'serve'],
          cgroup: '0::/system.slice/snap.ollama.listener.service\n',
          at: ['::', 11434],
        },
      ],
    },
  },
  {
    cause: 'nixos-module-host-option',
    host: { files: { '/etc/NIXOS': '' } },
    near: { files: { '/etc/NIXOS': '' }, ...ALL },
  },
];

describe.each([
  ['the value', VALUES],
  ['the files of the service', FILES],
  ['a service that does not stay up', DOWN],
  ['another server', RIVALS],
  ['other ways', OTHERS],
])('%s', (_, cases) => {
  for (const { cause, by, host, near, nearHas = [], words = [] } of cases) {
    const name = by === undefined ? cause : `${cause}: ${by}`;
    it(`${name} is named, and nothing else`, async () => {
      expect(await causesOn(box(host))).toEqual([cause]);
    });

    it(`${name} is not blamed on its near miss`, async () => {
      expect(await causesOn(box(near), ['--no-container', ...words])).toEqual(nearHas);
    });
  }
});
