import type { Host, Identity, RunResult } from '../../host/host.ts';
import type { Scope } from '../../systemd/drop-ins.ts';

/** A service manager: the system's, or one user's. */
export interface Manager {
  kind: 'systemd' | 'systemd-user';
  scope: Scope;
  /** Whose rights a change of its units needs. */
  identity: Identity;
  /** The account that its `%u` and `%h` mean, and that user units run as. */
  user: { uid: number; gid: number; name: string; home: string };
  /** True when the manager is running and can be asked. */
  live: boolean;
  /** True when it is the manager of the user who runs this program, or the system's. */
  own: boolean;
}

/** True when systemd is PID 1 here and not merely installed (sd_booted(3)). */
export function isBooted(host: Host): boolean {
  return host.files.stat('/run/systemd/system')?.kind === 'directory' && /^(systemd|init)$/.test(pidOne(host));
}

function pidOne(host: Host): string {
  return (host.files.text('/proc/1/comm') ?? '').trim();
}

/** The system's manager. */
export function systemManager(host: Host, offline: boolean): Manager {
  return {
    kind: 'systemd',
    scope: { manager: 'system' },
    identity: offline ? 'self' : 'root',
    user: { uid: 0, gid: 0, name: 'root', home: '/root' },
    live: !offline && isBooted(host),
    own: true,
  };
}

/**
 * The managers of users: this user's own, and as root those of everybody who has units of his own, so that
 * `sudo npx …` finds what the user started. Runtime folders are where pam_systemd puts them (/run/user/UID).
 */
export function userManagers(host: Host): Manager[] {
  const own = host.user.uid;
  const users = own === 0 ? accounts(host) : [host.user];
  return users.map((user) => {
    const runtimeDir = `/run/user/${user.uid}`;
    const configHome = user.uid === own ? (host.env.XDG_CONFIG_HOME ?? `${user.home}/.config`) : `${user.home}/.config`;
    return {
      kind: 'systemd-user',
      scope: { manager: 'user', home: user.home, configHome, dataHome: `${user.home}/.local/share`, runtimeDir },
      identity: user.uid === own ? 'self' : { ...user },
      user,
      live: host.files.stat(`${runtimeDir}/systemd`)?.kind === 'directory',
      own: user.uid === own,
    };
  });
}

/** The accounts of /etc/passwd (passwd(5)) whose home has a folder for user units; without such a folder there is none to find. */
function accounts(host: Host): Manager['user'][] {
  return passwd(host).filter(({ uid, home }) => {
    const folder = host.files.stat(`${home}/.config/systemd/user`);
    return folder !== undefined && (folder.uid === uid || uid === 0);
  });
}

/** Every account in /etc/passwd. */
export function passwd(host: Host): Manager['user'][] {
  return (host.files.text('/etc/passwd') ?? '')
    .split('\n')
    .map((line) => line.split(':'))
    .filter((fields) => fields.length >= 7)
    .map(([name = '', , uid, gid, , home = '/']) => ({ name, uid: Number(uid), gid: Number(gid), home }));
}

/** `systemctl` for this manager, and the environment that finds its bus. */
export function systemctl(manager: Manager, ...words: string[]): { argv: string[]; env: Record<string, string> } {
  if (manager.kind === 'systemd') return { argv: ['systemctl', '--no-ask-password', ...words], env: {} };
  return { argv: ['systemctl', '--user', ...words], env: busEnvironment(manager) };
}

/** Under sudo, cron and the like these two are missing, and `systemctl --user` cannot find the bus without them. */
export function busEnvironment(manager: Manager): Record<string, string> {
  const runtimeDir = `/run/user/${manager.user.uid}`;
  return { XDG_RUNTIME_DIR: runtimeDir, DBUS_SESSION_BUS_ADDRESS: `unix:path=${runtimeDir}/bus` };
}

/** Asks the manager; asking needs no rights but, for a user's manager, to be that user. */
export function ask(host: Host, manager: Manager, ...words: string[]): Promise<RunResult> {
  const { argv, env } = systemctl(manager, ...words);
  const options = { env, timeout: 20_000 };
  return typeof manager.identity === 'object' ? host.as(manager.identity).run(argv, options) : host.ask(argv, options);
}
