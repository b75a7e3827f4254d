import { afterEach, describe, expect, it } from 'vitest';
import { newAgent } from '../../src/rooms/ollama-app/agent.ts';
import type { RecordedHost } from '../rig/recorded-host.ts';
import { SystemdHost } from '../rig/systemd-host.ts';
import { APP, Mac } from '../rooms/ollama-app/mac.ts';
import { MACHINE, USER, Windows } from '../windows/machine.ts';
import { dress, GATEWAY, HandRunHost } from '../wsl/machine.ts';
import { box, causesOn } from './box.ts';

/** The cause, the host that has it, the nearest that has not, and what that has instead. */
type Case = [
  cause: string,
  by: string,
  host: () => RecordedHost,
  near: () => RecordedHost,
  nearHas?: string[],
  words?: string[],
];

let macs: Mac[] = [];
afterEach(() => {
  for (const mac of macs) mac.destroy();
  macs = [];
});

const ALL = '0.0.0.0:11434';
const ONE_ADDRESS = ['--no-container', '--host', '192.168.1.20:11434'];
const VERSION = { status: 200, body: '{"version":"0.32.3"}' };
const FILTER = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';

/** A Mac with the app; what its server is called at answers as long as it runs. */
function mac(change: (mac: Mac) => void, expose: 0 | 1 = 0): RecordedHost {
  const host = new Mac().makeDatabase(expose);
  macs.push(host);
  change(host);
  host.http = (url) => (host.bound && new URL(url).hostname === '127.0.0.1' ? VERSION : { failure: 'ECONNREFUSED' });
  return host;
}

const zshrc = (host: Mac, line: string) => host.disk.file(`${host.home}/.zshrc`, `${line}\n`, { uid: 501, gid: 20 });

/** The switch is on: nothing is wrong. */
const shared = () => mac((host) => host.start(), 1);

const MACS: Case[] = [
  ['default-loopback-bind', 'of the app', () => mac((host) => host.start()), shared],
  [
    'mac-zshrc-export-ignored-by-app',
    '',
    () => mac((host) => zshrc(host.start(), 'export OLLAMA_HOST=0.0.0.0')),
    () => mac((host) => zshrc(host.start(), '# export OLLAMA_HOST=0.0.0.0')),
    ['default-loopback-bind'],
  ],
  [
    'mac-launchctl-setenv-lost-on-reboot',
    '',
    () => mac((host) => Object.assign(host, { session: ALL }).start()),
    shared,
  ],
  [
    'mac-app-not-restarted-after-setenv',
    'with an agent for the next login',
    () =>
      mac((host) => {
        host.start();
        host.session = ALL;
        host.disk.file(host.agentPath, newAgent(ALL, APP), { uid: 501, gid: 20 });
      }),
    () => mac((host) => host.start()),
    ['default-loopback-bind'],
  ],
  [
    'mac-app-expose-drops-custom-port',
    '',
    () => mac((host) => Object.assign(host, { session: '0.0.0.0:8080' }).start(), 1),
    shared,
  ],
  [
    'mac-app-and-brew-both-installed',
    '',
    () =>
      mac((host) => {
        host.start();
        host.others = ['51 1 501 /opt/homebrew/opt/ollama/bin/ollama serve'];
        const app = host.execute(['lsof']).stdout;
        const brew = 'p51\ncollama\nu501\nf3\ntIPv4\nPTCP\nn127.0.0.1:11434\nTST=LISTEN\n';
        for (const name of ['lsof', '/usr/sbin/lsof']) host.command([name], { stdout: `${app}${brew}` });
      }, 1),
    () =>
      mac((host) => {
        host.start();
        host.others = ['51 1 501 /opt/homebrew/opt/ollama/bin/ollama runner'];
      }, 1),
  ],
];

/** Windows with its app, set to all addresses by its own switch. */
const windows = (change: (host: Windows) => void, expose: '0' | '1' = '1', release = '0.32.3'): RecordedHost => {
  const host = new Windows().install(release).withDatabase(expose);
  change(host);
  host.http = () => VERSION;
  return host;
};
const login = () => windows((host) => host.login());
const wall = (host: Windows) => host.registry.set(`${FILTER}\\PublicProfile`, 'EnableFirewall', 'REG_DWORD', '0x1');

const WINDOWS: Case[] = [
  ['default-loopback-bind', 'of the app', () => windows((host) => host.login(), '0'), login],
  [
    'explicit-loopback-left-over',
    'in the registry',
    () =>
      windows((host) => {
        host.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '127.0.0.1:11434');
        host.login();
      }, '0'),
    login,
  ],
  [
    'value-is-a-path-or-junk',
    'in the registry',
    () =>
      windows((host) => {
        host.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', 'localhost: 8.8.8.8');
        host.login();
      }, '0'),
    login,
  ],
  [
    'win-tray-app-not-restarted',
    'for one address',
    () =>
      windows((host) => {
        host.login();
        host.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '192.168.1.20:11434');
      }, '0'),
    () => windows((host) => host.login(), '0'),
    ['default-loopback-bind'],
    ONE_ADDRESS,
  ],
  ['win-firewall-inbound', '', () => windows((host) => wall(host.login())), login],
  [
    'win-excluded-port-range',
    '',
    () =>
      windows((host) => {
        host.task('ollama app.exe');
        host.excluded = '     11396       11495\r\n';
      }),
    () =>
      windows((host) => {
        host.excluded = '     11396       11400\r\n';
        host.login();
      }),
  ],
  [
    'win-loopback-and-wildcard-share-port',
    '',
    () =>
      windows((host) => {
        host.task('com.docker.backend.exe', 1, [['127.0.0.1', 11434]]);
        host.login();
      }),
    () =>
      windows((host) => {
        host.task('com.docker.backend.exe', 1, [['127.0.0.1', 11500]]);
        host.login();
      }),
  ],
  [
    'win-user-vs-machine-scope',
    '',
    () =>
      windows((host) => {
        host.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '192.168.1.20:11434');
        host.registry.set(MACHINE, 'OLLAMA_HOST', 'REG_SZ', '192.168.1.21:11434');
        host.login();
      }, '0'),
    () =>
      windows((host) => {
        host.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '192.168.1.20:11434');
        host.login();
      }, '0'),
    [],
    ONE_ADDRESS,
  ],
];

const NAT = `http://${GATEWAY}:11434`;

/** Inside WSL: a service on all addresses, with networking that needs nothing. */
const inWsl = (options: Parameters<typeof dress>[1] = {}) =>
  dress(box({ given: ALL, at: ['::', 11434], files: SET, addresses: ['172.20.70.5', '192.168.1.20', '172.17.0.1'] }), {
    mode: 'none',
    ...options,
  });
const SET = { '/etc/systemd/system/ollama.service.d/a.conf': `[Service]\nEnvironment="OLLAMA_HOST=${ALL}"\n` };

const WSL: Case[] = [
  ['wsl2-lan-needs-portproxy', '', () => inWsl({ mode: 'nat' }), () => inWsl()],
  ['wsl2-mirrored-hyperv-firewall', '', () => inWsl({ mode: 'mirrored' }), () => inWsl()],
  ['wsl2-two-ollamas', '', () => inWsl({ installed: true }), () => inWsl()],
  [
    'wsl2-windows-ollama-loopback',
    '',
    () => dress(new HandRunHost({ running: false }), { mode: 'nat', installed: true }),
    () => dress(new HandRunHost({ running: false }), { mode: 'nat', installed: true, answersAt: [NAT] }),
  ],
  ['default-loopback-bind', 'in WSL', () => dress(new SystemdHost(), { mode: 'nat' }), () => inWsl()],
];

/** Linux without systemd, where a server listens on every address or on loopback alone. */
const without = (files: string[], wide = false): RecordedHost => {
  const host = new HandRunHost({ running: !wide });
  for (const path of files) host.disk.file(path, '#!/sbin/openrc-run\ncommand=/usr/bin/ollama\ncommand_args=serve\n');
  if (wide) host.onDetach({ file: '', argv: [], cwd: '/', env: { OLLAMA_HOST: ALL }, uid: 0, gid: 0, logFile: '' });
  return host;
};
const OPENRC = ['/etc/init.d/ollama', '/sbin/openrc-run', '/run/openrc/softlevel', '/run/openrc/started/ollama'].concat(
  '/etc/runlevels/default/ollama',
);

const INITS: Case[] = [
  ['openrc-confd', '', () => without(OPENRC), () => without(OPENRC, true)],
  ['runit-void-run-script', '', () => without(['/etc/sv/ollama/run']), () => without(['/etc/sv/ollama/run'], true)],
];

describe.each([
  ['Linux without systemd', INITS],
  ['macOS', MACS],
  ['Windows', WINDOWS],
  ['WSL', WSL],
])('%s', (_, cases) => {
  for (const [cause, by, host, near, nearHas = [], words] of cases) {
    const name = by ? `${cause} (${by})` : cause;
    it(`${name} is named, and nothing else`, async () => {
      expect(await causesOn(host(), words)).toEqual([cause]);
    });

    it(`${name} is not blamed on its near miss`, async () => {
      expect(await causesOn(near(), words)).toEqual(nearHas);
    });
  }
});
