import type { AskOptions, Host, Identity, RunResult } from '../host/host.ts';

/** A program that speaks to a container engine, and whose engine it speaks to. */
export interface Cli {
  name: 'docker' | 'podman' | 'nerdctl';
  path: string;
  env: Record<string, string>;
  identity: Identity;
}

const NAMES = ['docker', 'podman', 'nerdctl'] as const;
/** Where engines put their program when PATH is a service's or sudo's; the homes' only for their owner. */
const FOLDERS = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/snap/bin', '/opt/podman/bin'];
const HOME_FOLDERS = ['.docker/bin', '.orbstack/bin', '.rd/bin'];

/** Milliseconds that an engine gets for a plain answer: one that hangs must not take this program along. */
const PATIENCE = 8000;

/**
 * Runs the engine's program without a shell. When time is up, or at Ctrl-C, it is killed outright: `docker run` would hand
 * a SIGTERM on to its container and wait on (docker-run(1), --sig-proxy).
 */
export function call(
  host: Host,
  { path, env, identity }: Cli,
  args: readonly string[],
  { timeout = PATIENCE, input, deaf = false }: { timeout?: number; input?: Buffer; deaf?: boolean } = {},
): Promise<RunResult> {
  const options: AskOptions = { timeout, kill: true, env };
  return host.as(identity).run([path, ...args], {
    ...options,
    ...(input ? { input } : {}),
    ...(deaf ? {} : { signal: host.interrupted }),
  });
}

/** The programs that are installed, and for root under sudo also those of the caller's own engines. */
export function findClis(host: Host): Cli[] {
  const found = NAMES.flatMap((name): Cli[] => {
    const path = locate(host, name);
    return path === undefined ? [] : [{ name, path, env: {}, identity: 'self' }];
  });
  return [...found, ...ofCaller(host, found)];
}

function locate(host: Host, name: string): string | undefined {
  const windows = host.platform === 'win32';
  const own = (host.env.PATH ?? host.env.Path ?? '').split(windows ? ';' : ':').filter(Boolean);
  const homes = host.user.uid === 0 ? [] : HOME_FOLDERS.map((dir) => `${host.user.home}/${dir}`);
  const files = [...own, ...(windows ? [] : FOLDERS), ...homes].map((dir) => `${dir}/${name}${windows ? '.exe' : ''}`);
  return files.find((file) => isFile(host, file));
}

function isFile(host: Host, path: string): boolean {
  try {
    const real = host.files.real(path);
    return real !== undefined && host.files.stat(real)?.kind === 'file';
  } catch {
    return false;
  }
}

/**
 * Who calls sudo often has a rootless engine or Docker Desktop, whose socket is the caller's. It is asked as the caller:
 * root would run the plugins that lie in the caller's home.
 */
function ofCaller(host: Host, found: readonly Cli[]): Cli[] {
  const { SUDO_UID, SUDO_GID, SUDO_USER } = host.env;
  const docker = found.find(({ name }) => name === 'docker');
  const [uid, gid] = [Number(SUDO_UID), Number(SUDO_GID)];
  if (host.platform !== 'linux' || host.user.uid !== 0 || !docker || !(uid > 0) || !(gid > 0) || !SUDO_USER) return [];
  const home = homeOf(host, uid);
  const identity: Identity = { uid, gid, name: SUDO_USER, home: home ?? '/' };
  const sockets = [`/run/user/${uid}/docker.sock`, ...(home ? [`${home}/.docker/desktop/docker.sock`] : [])];
  return sockets
    .filter((socket) => host.files.stat(socket) !== undefined)
    .map((socket) => ({ ...docker, identity, env: { DOCKER_HOST: `unix://${socket}` } }));
}

function homeOf(host: Host, uid: number): string | undefined {
  const lines = (host.files.text('/etc/passwd') ?? '').split('\n').map((line) => line.split(':'));
  return lines.find((fields) => Number(fields[2]) === uid)?.[5] || undefined;
}
