import type { CommandAct } from '../../actions/command.ts';
import type { ValueChange } from '../../actions/value.ts';
import type { Host } from '../../host/host.ts';
import type { Account } from '../../launchd/accounts.ts';
import { asker, domainExists, LAUNCHCTL } from '../../launchd/launchctl.ts';

export const VARIABLE = 'OLLAMA_HOST';

/** The user's login at the screen, in which the app lives. */
export interface Session {
  /** gui/501: there only while the user is logged in at the screen. */
  domain: string;
  exists: boolean;
  /** Whether its variables can be read and set from here: from ssh only root can. */
  reachable: boolean;
  /** What `launchctl setenv` gave it: every app that is started from then on has it. */
  value: string | undefined;
}

export async function readSession(host: Host, account: Account): Promise<Session> {
  const domain = `gui/${account.uid}`;
  const exists = await domainExists(asker(host), domain);
  const reachable = exists && (isOther(host, account) || (await isAtScreen(host)));
  if (!reachable) return { domain, exists, reachable, value: undefined };
  const { stdout } = await host.ask(getenv(host, account), { timeout: 10_000 });
  return { domain, exists, reachable, value: stdout.replace(/\r?\n$/, '') || undefined };
}

/**
 * `launchctl setenv` reaches the session of its caller. One that came by ssh is a session of its own, from which the app
 * inherits nothing (launchctl(1), `managername`; ollama/ollama#3581).
 */
async function isAtScreen(host: Host): Promise<boolean> {
  const { code, stdout } = await host.ask([LAUNCHCTL, 'managername'], { timeout: 10_000 });
  return code === 0 ? stdout.trim() === 'Aqua' : !host.env.SSH_CONNECTION;
}

/** True for root that acts for whoever called sudo. */
function isOther(host: Host, { uid }: Account): boolean {
  return uid !== host.user.uid;
}

/** A command with the rights of the app's user. */
export function asOwner(host: Host, account: Account, argv: string[]): string[] {
  return isOther(host, account) ? ['sudo', '-H', '-u', account.name, ...argv] : argv;
}

/** A command within the user's session (launchctl(1), `asuser`, which is root's alone). */
function inSession(host: Host, account: Account, argv: string[]): string[] {
  return isOther(host, account) ? [LAUNCHCTL, 'asuser', String(account.uid), ...argv] : argv;
}

/** Nothing is printed for a variable that is not set; whether that counts as a failure, Apple does not say. */
function getenv(host: Host, account: Account): string[] {
  return ['/bin/sh', '-c', '"$@" || :', 'sh', ...inSession(host, account, [LAUNCHCTL, 'getenv', VARIABLE])];
}

/** Gives the session a variable, or takes it away (null). It lasts until the user logs out. */
export function variableChange(host: Host, account: Account, session: Session, to: string | null): ValueChange {
  const from = session.value ?? null;
  const make = (value: string | null) =>
    inSession(host, account, [LAUNCHCTL, ...(value === null ? ['unsetenv', VARIABLE] : ['setenv', VARIABLE, value])]);
  return {
    type: 'value',
    id: 'session-variable',
    title: `${to === null ? 'Take' : 'Set'} ${VARIABLE} ${to === null ? 'out of' : 'in'} the login session of ${account.name}`,
    subject: variableSubject(session),
    identity: 'self',
    from,
    to,
    read: getenv(host, account),
    set: make(to),
    unset: make(from),
  };
}

/**
 * Opens the app in the background, with no window. `open` hands its own environment on to what it opens, so the
 * variables of this terminal are kept from it, and it gets `value`, as it would get it from the session.
 */
export function openCommand(host: Host, account: Account, bundle: string, value: string | undefined): string[] {
  const strange = Object.keys(host.env).filter((name) => name.startsWith('OLLAMA_') && name !== VARIABLE);
  const scrub = [...(value === undefined ? [VARIABLE] : []), ...strange.sort()].flatMap((name) => ['-u', name]);
  const given = value === undefined ? [] : [`${VARIABLE}=${value}`];
  const open = ['env', ...scrub, ...given, 'open', '-j', '-a', bundle, '--args', 'hidden'];
  return inSession(host, account, asOwner(host, account, open));
}

/** The same as an act. `open` ends as soon as the app has been started. */
export function openAct(id: string, title: string, argv: string[]): CommandAct {
  return { type: 'command', id, title, identity: 'self', argv, timeout: 30_000 };
}

/** What the variable of the session is known by in journals and receipts. */
export function variableSubject({ domain }: Pick<Session, 'domain'>): string {
  return `${VARIABLE} in ${domain}`;
}
