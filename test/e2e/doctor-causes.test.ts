import { describe, it } from 'vitest';
import { ALL, type Case, heal, holdPort, OVERRIDE, play, restart, service, UNIT, written } from './cause-kit.ts';
import { rigUnavailable } from './rig/available.ts';
import { withHost } from './rig/host.ts';
import { installOllama, startByHand, waitForListener } from './rig/ollama.ts';
import { installProduct } from './rig/product.ts';
import { Stage } from './scenarios.ts';

const copy = (name: string, ...more: string[]) => ['sed', '-e', 's/Ollama Service/Other/', ...more, name];

/** The service, its files, its value, and who else is on the port. */
const SERVICES: Case[] = [
  { causes: ['default-loopback-bind'], by: 'as installed', make: async () => {} },
  { causes: ['default-loopback-bind'], by: 'as a user', user: 'ann', make: async () => {} },
  { causes: [], by: 'healthy', make: (stage) => service(stage, ALL) },
  { causes: [], by: 'healthy, as a user', user: 'ann', make: (stage) => service(stage, ALL) },
  {
    causes: [],
    by: 'a bad port, for which Ollama takes 11434',
    make: (s) => service(s, 'Environment=OLLAMA_HOST=0.0.0.0:114344'),
  },
  { causes: [], by: 'loopback is what is wanted', words: ['--host', '127.0.0.1'], make: async () => {} },
  ...['127.0.0.1', 'localhost:11434', '[::1]', '127.0.0.1:11435', 'stage'].map((value) => ({
    causes: ['explicit-loopback-left-over'],
    by: value,
    make: (stage: Stage) => service(stage, `Environment=OLLAMA_HOST=${value}`),
  })),
  {
    causes: ['http-scheme-means-port-80'],
    by: 'no port',
    make: (s) => service(s, 'Environment=OLLAMA_HOST=http://0.0.0.0'),
  },
  { causes: [], by: 'a scheme and a port', make: (s) => service(s, 'Environment=OLLAMA_HOST=http://0.0.0.0:11434/') },
  ...['0.0.0.0,11434', '0.0.0.O', '0.0.0.0.0:11434', 'ollama.lan:11434'].map((value) => ({
    causes: ['value-is-a-path-or-junk'],
    by: value,
    make: (stage: Stage) => service(stage, `Environment=OLLAMA_HOST=${value}`),
  })),
  {
    causes: ['custom-port-server-only'],
    by: 'another port',
    make: (s) => service(s, 'Environment=OLLAMA_HOST=0.0.0.0:8080'),
  },
  {
    causes: [],
    by: 'that port is wanted',
    words: ['--host', ':8080'],
    make: (s) => service(s, 'Environment=OLLAMA_HOST=0.0.0.0:8080'),
  },
  {
    causes: ['bind-address-not-on-this-machine'],
    by: 'an address of another machine',
    make: (s) => service(s, 'Environment=OLLAMA_HOST=192.168.1.33'),
  },
  {
    causes: ['specific-ip-locks-out-localhost'],
    by: 'one address of this machine',
    make: (s) => service(s, `Environment=OLLAMA_HOST=${s.peer.hostAddress}`),
  },
  { causes: ['wrong-variable-name'], by: 'OLLAMA_BIND', make: (s) => service(s, 'Environment=OLLAMA_BIND=0.0.0.0') },
  {
    causes: ['shell-export-not-seen-by-service'],
    by: '.bashrc',
    make: async ({ host }) => host.write('/root/.bashrc', 'export OLLAMA_HOST=0.0.0.0\n'),
  },
  {
    causes: ['default-loopback-bind'],
    by: 'for one command only',
    make: async ({ host }) => host.write('/root/.bashrc', 'OLLAMA_HOST=0.0.0.0 ollama list\n'),
  },
  {
    causes: ['sd-environmentfile-overrides-dropin'],
    by: 'EnvironmentFile=',
    make: async (stage) => {
      stage.host.write('/etc/ollama.env', 'OLLAMA_HOST=127.0.0.1\n');
      await service(stage, ALL, 'EnvironmentFile=/etc/ollama.env');
    },
  },
  {
    causes: [],
    by: 'EnvironmentFile= with a comment',
    make: async (stage) => {
      stage.host.write('/etc/ollama.env', '#OLLAMA_HOST=127.0.0.1\n');
      await service(stage, ALL, 'EnvironmentFile=/etc/ollama.env');
    },
  },
  {
    causes: ['environment-file-missing'],
    by: 'no such file',
    make: (s) => service(s, ALL, 'EnvironmentFile=/etc/none.env'),
  },
  { causes: [], by: 'a file that may be missing', make: (s) => service(s, ALL, 'EnvironmentFile=-/etc/none.env') },
  {
    causes: ['sd-envfile-reference-lost-on-upgrade'],
    by: '/etc/default/ollama',
    make: async ({ host }) => host.write('/etc/default/ollama', 'OLLAMA_HOST=0.0.0.0\n'),
  },
  {
    causes: ['sd-later-dropin-wins'],
    by: 'a drop-in in front',
    make: async (stage) => {
      stage.host.write(`${UNIT}.d/10-all.conf`, `[Service]\n${ALL}\n`);
      await service(stage, 'Environment=OLLAMA_HOST=127.0.0.1');
    },
  },
  {
    causes: [],
    by: 'a drop-in behind',
    make: async (stage) => {
      stage.host.write(`${UNIT}.d/10-old.conf`, '[Service]\nEnvironment=OLLAMA_HOST=127.0.0.1\n');
      await service(stage, ALL);
    },
  },
  {
    causes: ['sd-unset-environment'],
    by: 'UnsetEnvironment=',
    make: (s) => service(s, ALL, 'UnsetEnvironment=OLLAMA_HOST'),
  },
  {
    causes: [],
    by: 'UnsetEnvironment= of another value',
    make: (s) => service(s, ALL, 'UnsetEnvironment=OLLAMA_HOST=127.0.0.1'),
  },
  {
    causes: ['set-in-exec-start'],
    by: 'the command sets it',
    make: (s) =>
      service(s, ALL, 'ExecStart=', 'ExecStart=/usr/bin/env OLLAMA_HOST=127.0.0.1 /usr/local/bin/ollama serve'),
  },
  { causes: ['sd-dropin-without-section-header'], by: 'no [Service]', make: ({ host }) => written(host, `${ALL}\n`) },
  { causes: ['sd-curly-quotes'], by: 'curly quotes', make: (s) => service(s, 'Environment=“OLLAMA_HOST=0.0.0.0”') },
  {
    causes: ['sd-malformed-environment-line'],
    by: 'blanks',
    make: (s) => service(s, 'Environment=OLLAMA_HOST = 0.0.0.0'),
  },
  {
    causes: ['sd-malformed-environment-line'],
    by: 'a wrong key',
    make: (s) => service(s, 'Enviroment=OLLAMA_HOST=0.0.0.0'),
  },
  { causes: [], by: 'CRLF', make: ({ host }) => written(host, `[Service]\r\n${ALL}\r\n`) },
  {
    causes: ['sd-no-daemon-reload-or-restart'],
    by: 'neither reload nor restart',
    make: async ({ host }) => host.write(OVERRIDE, `[Service]\n${ALL}\n`),
  },
  {
    causes: ['sd-no-daemon-reload-or-restart'],
    by: 'no restart',
    make: async ({ host }) => {
      host.write(OVERRIDE, `[Service]\n${ALL}\n`);
      await host.must(['systemctl', 'daemon-reload']);
    },
  },
  {
    causes: ['sd-unit-overwritten-by-upgrade'],
    by: 'the setting is in the installer’s own file',
    make: ({ host }) => written(host, host.read(UNIT).replace('[Service]', `[Service]\n${ALL}`), UNIT),
  },
  {
    causes: ['not-durable'],
    by: 'the drop-in is gone, the server is not',
    make: async (stage) => {
      await service(stage, ALL);
      await stage.host.must(['rm', '-r', `${UNIT}.d`]);
    },
  },
  {
    causes: ['not-durable'],
    by: '/run',
    make: ({ host }) => written(host, `[Service]\n${ALL}\n`, '/run/systemd/system/ollama.service.d/a.conf'),
  },
  {
    causes: ['not-durable'],
    by: 'systemctl set-environment',
    make: async ({ host }) => {
      await host.must(['systemctl', 'set-environment', 'OLLAMA_HOST=0.0.0.0']);
      await restart(host);
    },
  },
  {
    causes: ['not-enabled'],
    by: 'not enabled',
    make: async (stage) => {
      await service(stage, ALL);
      await stage.host.must(['systemctl', 'disable', '-q', 'ollama']);
    },
  },
  {
    causes: ['server-not-running-or-crash-loop'],
    by: 'stopped',
    make: ({ host }) => host.must(['systemctl', 'stop', 'ollama']),
  },
  {
    causes: ['server-not-running-or-crash-loop'],
    by: 'a crash loop',
    make: (s) => service(s, ALL, 'Environment=STAND_IN_EXIT=3'),
  },
  {
    causes: ['server-not-running-or-crash-loop'],
    by: 'no such user',
    make: (s) => service(s, ALL, 'User=nobody-there'),
  },
  {
    causes: ['sd-exit1-not-restarted'],
    by: 'once, and no more',
    make: (s) => service(s, ALL, 'Environment=STAND_IN_EXIT=1', 'RestartPreventExitStatus=1'),
  },
  {
    causes: ['unit-masked'],
    by: 'masked',
    make: async ({ host }) => {
      await host.must(['systemctl', 'stop', 'ollama']);
      await host.must(['ln', '-sf', '/dev/null', UNIT]);
      await host.must(['systemctl', 'daemon-reload']);
    },
  },
  {
    causes: ['not-answering-yet'],
    by: 'silent',
    make: (s) => service(s, ALL, 'Environment=STAND_IN_HTTP_DELAY_MS=60000'),
  },
  {
    causes: ['port-held'],
    by: 'another program',
    make: async (stage) => {
      await stage.host.must(['systemctl', 'stop', 'ollama']);
      await holdPort(stage.host);
      await service(stage, ALL);
    },
  },
  {
    causes: [],
    by: 'another program on another port',
    make: async (stage) => {
      await holdPort(stage.host, 11500);
      await service(stage, ALL);
    },
  },
  {
    causes: ['second-server-misleading-error'],
    by: 'two services',
    make: async (stage) => {
      const { host } = stage;
      await host.must(['systemctl', 'stop', 'ollama']);
      host.write('/etc/systemd/system/llm.service', await host.must(copy(UNIT, '-e', '/^\\[Install\\]/,$d')));
      await host.must(['systemctl', 'daemon-reload']);
      await host.must(['systemctl', 'start', 'llm']);
      await waitForListener(host);
      await service(stage, ALL);
    },
  },
  {
    causes: [],
    by: 'a second service that has another port',
    make: async (stage) => {
      const { host } = stage;
      const moved = [
        '-e',
        's/^\\[Service\\]/&\\nEnvironment=OLLAMA_HOST=127.0.0.1:11500/',
        '-e',
        '/^\\[Install\\]/,$d',
      ];
      host.write('/etc/systemd/system/llm.service', await host.must(copy(UNIT, ...moved)));
      await service(stage, ALL);
      await host.must(['systemctl', 'start', 'llm']);
      await waitForListener(host, 11500);
    },
  },
  {
    causes: ['sd-manual-serve-bypasses-unit'],
    by: 'by hand, while the service loops',
    make: async (stage) => {
      await stage.host.must(['systemctl', 'stop', 'ollama']);
      await startByHand(stage.host, { user: 'ann' });
      await service(stage, ALL);
    },
  },
  {
    causes: [],
    by: 'by hand on another port',
    make: async (stage) => {
      await service(stage, ALL);
      await startByHand(stage.host, { user: 'ann', env: { OLLAMA_HOST: '127.0.0.1:12000' } });
      await waitForListener(stage.host, 12000);
    },
  },
];

describe.skipIf(rigUnavailable())('doctor names the cause and no other', () => {
  it('of a service', { timeout: 600_000 }, async () => {
    await withHost('stage', {}, async (host) => {
      installProduct(host);
      await host.addUser('ann');
      await installOllama(host);
      const stage = new Stage(host, await host.addPeer());
      for (const one of SERVICES) {
        await heal(host);
        await play(stage, undefined as never, { ...one, words: ['--no-container', ...(one.words ?? [])] });
      }
    });
  });
});
