import type { Host, Identity } from '../host/host.ts';

/** A person on this Mac. */
export interface Account {
  uid: number;
  gid: number;
  name: string;
  home: string;
}

/** Whose the daemons are that name no other user. */
export const ROOT: Account = { uid: 0, gid: 0, name: 'root', home: '/var/root' };

/** The group `staff`, which everybody on a Mac is in first. */
const STAFF = 20;

/**
 * Whose agents and apps count: this user's, and for root those of whoever called sudo, or else of whoever sits at the
 * screen (who owns /dev/console, console(4)).
 */
export async function accounts(host: Host): Promise<Account[]> {
  const { user, env } = host;
  if (user.uid !== 0) return [user];
  const uid = Number(env.SUDO_UID) || (await consoleUser(host));
  if (!uid) return [];
  const name = env.SUDO_USER || (await say(host, ['id', '-un', String(uid)]));
  if (!name) return [];
  const gid = Number(env.SUDO_GID) || STAFF;
  return [{ uid, gid, name, home: await homeOf(host, uid, name) }];
}

/** How the machine is to be touched in an account's name: this process is that user, or is root and becomes it. */
export function identityOf(host: Host, account: Account): Identity {
  if (account.uid === host.user.uid) return 'self';
  return account.uid === 0 ? 'root' : account;
}

async function consoleUser(host: Host): Promise<number> {
  return Number(await say(host, ['stat', '-f', '%u', '/dev/console']));
}

/** sudo of macOS keeps HOME; where it does not, the home is nearly always where it always is. */
async function homeOf(host: Host, uid: number, name: string): Promise<string> {
  for (const home of [host.env.HOME, `/Users/${name}`])
    if (home?.startsWith('/') && host.files.stat(home)?.uid === uid) return home;
  const answer = await say(host, ['dscl', '.', '-read', `/Users/${name}`, 'NFSHomeDirectory']);
  return /^NFSHomeDirectory: (\/.*)$/m.exec(answer)?.[1] ?? `/Users/${name}`;
}

async function say(host: Host, argv: string[]): Promise<string> {
  const result = await host.ask(argv, { timeout: 5000 });
  return result.code === 0 ? result.stdout.trim() : '';
}
