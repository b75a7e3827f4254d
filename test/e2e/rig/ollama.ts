import { chmodSync, copyFileSync } from 'node:fs';
import type { TestHost } from './host.ts';
import { standInBinary } from './stand-in.ts';

/** How Ollama is put on a host. */
export interface OllamaOptions {
  /** By Ollama's own script (unless told), by a distribution's package, or by somebody's own hand below /opt. */
  layout?: 'official' | 'distribution' | 'custom';
  /** `ollama.service` unless told. */
  unitName?: string;
  /** Lines added to the end of the unit's [Service] section. */
  extraUnitLines?: readonly string[];
  /** The service's user; made when it is missing. `ollama` unless told. */
  user?: string;
  /** Enable and start it. True unless told. */
  start?: boolean;
  /** After the start, wait for a listener on 11434. True unless told; for a service that is meant to fail, false. */
  wait?: boolean;
}

/** Where an installed Ollama is. */
export interface InstalledOllama {
  unit: string;
  unitPath: string;
  binary: string;
  user: string;
}

/** A server that somebody started in a terminal and left running. */
export interface HandRun {
  /** Its process number inside the host. */
  pid: number;
  /** Where its output goes. */
  log: string;
}

const LAYOUTS = {
  official: { binary: '/usr/local/bin/ollama', units: '/etc/systemd/system', home: '/usr/share/ollama' },
  distribution: { binary: '/usr/bin/ollama', units: '/usr/lib/systemd/system', home: '/var/lib/ollama' },
  custom: { binary: '/opt/ollama/bin/ollama', units: '/etc/systemd/system', home: '/opt/ollama' },
} as const;

/** Installs Ollama as a system service. */
export async function installOllama(host: TestHost, options: OllamaOptions = {}): Promise<InstalledOllama> {
  const { layout = 'official', unitName = 'ollama.service', user = 'ollama', start = true, wait = start } = options;
  const { binary, units, home } = LAYOUTS[layout];
  installBinary(host, binary);
  await makeServiceUser(host, user, home);
  const unitPath = `${units}/${unitName}`;
  host.write(unitPath, unitText(layout, binary, user, home, options.extraUnitLines ?? []));
  if (start) {
    await host.must(['systemctl', 'daemon-reload']);
    await host.must(['systemctl', 'enable', '--now', unitName]);
    if (wait) await waitForListener(host);
  }
  return { unit: unitName, unitPath, binary, user };
}

/** Puts the server's program, and nothing else, on a host. */
export function installBinary(host: TestHost, binary = '/usr/local/bin/ollama'): void {
  host.makeDirectory(binary.slice(0, binary.lastIndexOf('/')));
  copyFileSync(standInBinary(), host.outsidePath(binary));
  chmodSync(host.outsidePath(binary), 0o755);
}

/** Starts `ollama serve` in a login session of a user (root unless told) that is then left: the server stays. */
export async function startByHand(
  host: TestHost,
  options: { user?: string; env?: Record<string, string>; binary?: string; wait?: boolean } = {},
): Promise<HandRun> {
  const { user = 'root', env = {}, binary = '/usr/local/bin/ollama', wait = true } = options;
  if (!host.exists(binary)) installBinary(host, binary);
  const log = `/tmp/ollama-by-hand-${user}.log`;
  const script = 'log=$1; shift; setsid "$@" >>"$log" 2>&1 </dev/null & echo $!';
  const result = await host.runAs(user, ['/bin/sh', '-c', script, 'sh', log, binary, 'serve'], { env });
  const pid = Number(result.stdout);
  if (!(pid > 0)) throw new Error(`could not start ollama by hand: ${result.stdout}${result.stderr}`);
  if (wait) await waitForListener(host);
  return { pid, log };
}

/** Waits until something listens on a port of the host. */
export async function waitForListener(host: TestHost, port = 11434): Promise<void> {
  await host.waitFor(() => host.listeners(port).length > 0, 15_000, `a listener on port ${port}`);
}

async function makeServiceUser(host: TestHost, user: string, home: string): Promise<void> {
  if ((await host.run(['id', user])).code === 0) return;
  await host.must(['useradd', '-r', '-s', '/bin/false', '-U', '-m', '-d', home, user]);
}

function unitText(
  layout: NonNullable<OllamaOptions['layout']>,
  binary: string,
  user: string,
  home: string,
  extra: readonly string[],
): string {
  // As Ollama's install.sh writes it, PATH of the installing shell and all.
  const official = [
    ...['[Unit]', 'Description=Ollama Service', 'After=network-online.target', ''],
    ...['[Service]', `ExecStart=${binary} serve`, `User=${user}`, `Group=${user}`, 'Restart=always', 'RestartSec=3'],
    'Environment="PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"',
    ...[...extra, '', '[Install]', 'WantedBy=default.target', ''],
  ];
  // As Arch packages it.
  const packaged = [
    ...['[Unit]', 'Description=Ollama Service', 'Wants=network-online.target'],
    ...['After=network.target network-online.target', ''],
    ...['[Service]', `ExecStart=${binary} serve`, `WorkingDirectory=${home}`, `Environment="HOME=${home}"`],
    ...[`Environment="OLLAMA_MODELS=${home}"`, `User=${user}`, `Group=${user}`, 'Restart=on-failure', 'RestartSec=3'],
    ...['RestartPreventExitStatus=1', 'Type=simple', 'PrivateTmp=yes', 'ProtectSystem=full', 'ProtectHome=yes'],
    ...[...extra, '', '[Install]', 'WantedBy=multi-user.target', ''],
  ];
  return (layout === 'distribution' ? packaged : official).join('\n');
}
