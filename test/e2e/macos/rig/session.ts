import type { GuestUser, RunOptions } from '../../rig/host.ts';
import type { MacRunOptions } from './options.ts';

const PLAIN_PATH = '/usr/bin:/bin:/usr/sbin:/sbin';
/** As path_helper makes it of /etc/paths, behind what Homebrew's shellenv puts in front. */
const LOGIN_PATH = `/opt/homebrew/bin:/opt/homebrew/sbin:/usr/local/bin:/System/Cryptexes/App/usr/bin:${PLAIN_PATH}`;
const DEBIAN = '/usr/local/libexec/debian/bin';

/** The marks of programs/maclib/sessions.py. */
const MARKS = { aqua: 110, background: 210, system: 310 } as const;

/** Joins the session, goes to the folder, becomes the command. */
const JOIN = 'echo "$1" >/proc/self/oom_score_adj; cd "$2" || exit 125; shift 2; exec "$@"';

/** The words that run a command on the Mac, for `TestHost.run` as root: `launchd` is the pid that holds its mounts. */
export function macCommand(
  argv: readonly string[],
  user: GuestUser,
  launchd: number,
  options: MacRunOptions,
  consoleUser: string | null,
): string[] {
  const via = options.via ?? (user.uid === 0 ? 'daemon' : 'terminal');
  const remote = via.startsWith('ssh');
  if ((via === 'terminal' || via === 'sudo') && consoleUser !== user.name) {
    throw new Error(`${user.name} is not logged in at the console: there is no Terminal to run ${argv[0]} in`);
  }
  const mark = via === 'daemon' ? MARKS.system : remote ? MARKS.background : MARKS.aqua;
  const env = { ...environment(user, via, options.tty ?? false), ...options.env };
  const pairs = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--init-groups'];
  return [
    ...['nsenter', '-t', String(launchd), '-m', '--', `${DEBIAN}/sh`, '-c', JOIN, 'sh', String(mark)],
    ...[options.cwd ?? user.home, `${DEBIAN}/env`, '-i', ...pairs, `${DEBIAN}/setpriv`, ...identity, '--'],
    ...(via.endsWith('sudo') ? ['sudo', ...argv] : argv),
  ];
}

/** What of the options is for the host: how root starts `macCommand`'s words there. */
export function outer({ input, timeout, tty }: MacRunOptions): RunOptions {
  return {
    cwd: '/',
    ...(input !== undefined && { input }),
    ...(timeout !== undefined && { timeout }),
    ...(tty !== undefined && { tty }),
  };
}

function environment(user: GuestUser, via: string, tty: boolean): Record<string, string> {
  const own = { HOME: user.home, USER: user.name, LOGNAME: user.name, SHELL: '/bin/zsh' };
  if (via === 'daemon') return { ...own, PATH: user.uid === 0 ? PLAIN_PATH : LOGIN_PATH };
  const temporary = `/var/folders/${String(user.uid % 100).padStart(2, '0')}/mac${user.uid}/T/`;
  if (via.startsWith('ssh')) {
    const connection = { SSH_CLIENT: '192.168.1.9 50522 22', SSH_CONNECTION: '192.168.1.9 50522 192.168.1.5 22' };
    if (!tty) return { ...own, ...connection, TMPDIR: temporary, PATH: PLAIN_PATH };
    return { ...own, ...connection, TMPDIR: temporary, SSH_TTY: '/dev/ttys001', PATH: LOGIN_PATH, LANG: 'en_US.UTF-8' };
  }
  return {
    ...own,
    PATH: LOGIN_PATH,
    TMPDIR: temporary,
    LANG: 'en_US.UTF-8',
    ...(tty && { TERM: 'xterm-256color' }),
    TERM_PROGRAM: 'Apple_Terminal',
    TERM_PROGRAM_VERSION: '460',
    TERM_SESSION_ID: 'A7A4A9C6-0000-4000-8000-000000000001',
    SSH_AUTH_SOCK: '/private/tmp/com.apple.launchd.MACrig/Listeners',
    XPC_FLAGS: '0x0',
    XPC_SERVICE_NAME: '0',
    __CFBundleIdentifier: 'com.apple.Terminal',
    __CF_USER_TEXT_ENCODING: `0x${user.uid.toString(16).toUpperCase()}:0x0:0x0`,
  };
}
