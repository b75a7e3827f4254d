import type { TestHost } from './host.ts';
import { installBinary, waitForListener } from './ollama.ts';

/** How Ollama is put on a host with OpenRC. */
export interface OpenrcOptions {
  /** Under OpenRC's supervisor, as Gentoo has it (unless told), or by a start() of the script's own, in the background. */
  script?: 'supervised' | 'own';
  /** Lines at the end of the init script. */
  extra?: readonly string[];
  /** The text of /etc/conf.d/ollama; no such file unless told. */
  confd?: string;
  /** Add it to the default runlevel and start it. True unless told. */
  start?: boolean;
}

const BINARY = '/usr/bin/ollama';

const SCRIPTS = {
  supervised: [
    ...['supervisor=supervise-daemon', `command="${BINARY}"`, 'command_args="serve"'],
    ...['command_user="ollama:ollama"', 'error_log="/var/log/$RC_SVCNAME.log"'],
  ],
  own: [
    ...['description="Ollama"', 'pidfile="/run/${RC_SVCNAME}.pid"', '', 'start() {', '\tebegin "Starting Ollama"'],
    `\tstart-stop-daemon --start --background --make-pidfile --pidfile "$pidfile" --chuid ollama --exec ${BINARY} -- serve`,
    ...['\teend $?', '}', '', 'stop() {', '\tebegin "Stopping Ollama"'],
    ...['\tstart-stop-daemon --stop --retry 5 --pidfile "$pidfile"', '\teend $?', '}'],
  ],
};

/** Installs Ollama as a service of OpenRC, and starts it. */
export async function installUnderOpenrc(host: TestHost, options: OpenrcOptions = {}): Promise<void> {
  await host.must(['useradd', '-r', '-s', '/bin/false', '-U', '-m', '-d', '/var/lib/ollama', 'ollama']);
  putUnderOpenrc(host, options);
  if (options.start === false) return;
  await host.must(['rc-update', 'add', 'ollama', 'default']);
  await host.must(['rc-service', 'ollama', 'start']);
  await waitForListener(host);
}

/** Writes the files of such a service. */
export function putUnderOpenrc(host: TestHost, { script = 'supervised', extra = [], confd }: OpenrcOptions): void {
  installBinary(host, BINARY);
  const { uid, gid } = host.user('ollama');
  host.write('/var/log/ollama.log', '', { uid, gid });
  const text = ['#!/sbin/openrc-run', ...SCRIPTS[script], ...extra, ''].join('\n');
  host.write('/etc/init.d/ollama', text, { mode: 0o755 });
  if (confd !== undefined) host.write('/etc/conf.d/ollama', confd);
}
