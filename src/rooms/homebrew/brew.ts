import type { Host } from '../../host/host.ts';
import { type Account, identityOf } from '../../launchd/accounts.ts';

/** The service's label: Homebrew renamed it in September 2026 (Homebrew/brew#23741, #23750). */
export const LABELS = ['sh.brew.ollama', 'homebrew.mxcl.ollama'] as const;

/** Apple Silicon and Intel (Homebrew's docs/Installation.md); a Mac with Rosetta can have both. */
const PREFIXES = ['/opt/homebrew', '/usr/local'];

/** From here on the plist is written anew at every start, out of the formula and services/ollama.env (Homebrew/brew#23312). */
const ENV_FILE_SINCE = '6.0.15';

/** A Homebrew that has Ollama's formula installed. */
export interface Brew {
  prefix: string;
  /** The `brew` program; undefined when it is gone. */
  program: string | undefined;
}

/** Every Homebrew on this Mac with the formula: the usual two places, and whichever the caller's PATH leads to. */
export async function findBrews(host: Host): Promise<Brew[]> {
  const onPath = brewOnPath(host);
  const usual = PREFIXES.filter((prefix) => `${prefix}/bin/brew` !== onPath || hasFormula(host, prefix));
  const other =
    onPath && !PREFIXES.some((prefix) => onPath === `${prefix}/bin/brew`) ? await prefixOf(host, onPath) : '';
  const prefixes = [...new Set([...usual, ...(other ? [other] : [])])].filter((prefix) => hasFormula(host, prefix));
  return prefixes.map((prefix) => {
    const own = `${prefix}/bin/brew`;
    return { prefix, program: host.files.stat(own) ? own : prefix === other ? onPath : undefined };
  });
}

/** The cask links `bin/ollama` too, so only the formula's own folder tells (Homebrew's keg layout). */
function hasFormula(host: Host, prefix: string): boolean {
  return host.files.real(`${prefix}/opt/ollama`) !== undefined;
}

function brewOnPath(host: Host): string | undefined {
  const dirs = (host.env.PATH ?? '').split(':').filter((dir) => dir.startsWith('/'));
  return dirs.map((dir) => `${dir}/brew`).find((path) => host.files.stat(path) !== undefined);
}

async function prefixOf(host: Host, program: string): Promise<string> {
  const result = await host.ask([program, '--prefix'], { timeout: 10_000 });
  return result.code === 0 && result.stdout.startsWith('/') ? result.stdout.trim() : '';
}

const SUDO = ['SUDO_USER', 'SUDO_UID', 'SUDO_GID', 'SUDO_COMMAND'];

/**
 * brew as its user, seen neither as sudo's (it would take the wrong domain) nor as one that may talk of other things, and
 * with the configuration folder that we write to. It acts on user/501 where SSH_TTY is set and its user does not sit at the
 * screen, else on gui/501, which over ssh need not be there (services/system.rb in Homebrew/brew).
 */
export function brewCommand(
  host: Host,
  account: Account,
  program: string,
  words: readonly string[],
  domain?: string,
): string[] {
  const quiet = ['HOMEBREW_NO_AUTO_UPDATE=1', 'HOMEBREW_NO_ENV_HINTS=1', 'HOMEBREW_NO_ANALYTICS=1'];
  const background = domain?.startsWith('user/') === true;
  const strange = CONFIG_HOMES.filter((name) => !isOf(account, host, host.env[name]));
  const misleading = [...SUDO, ...strange, ...(background ? [] : ['SSH_TTY'])];
  const unset = misleading.filter((name) => host.env[name] !== undefined).flatMap((name) => ['-u', name]);
  const tty = background ? ['SSH_TTY=/dev/tty', 'HOMEBREW_SERVICES_NO_DOMAIN_WARNING=1'] : [];
  return ['env', ...unset, ...quiet, ...tty, program, ...words];
}

/**
 * True or false as Homebrew keeps a service's variables in services/<formula>.env; undefined when its version is not to
 * be had, as in a shallow clone (`Homebrew >=4.3.0`).
 */
export function keepsEnvFile(host: Host, account: Account, { program }: Brew): Promise<boolean | undefined> {
  if (program === undefined) return Promise.resolve(undefined);
  const known = answers.get(host) ?? new Map<string, Promise<boolean | undefined>>();
  answers.set(host, known);
  const answer = known.get(program) ?? askVersion(host, account, program);
  known.set(program, answer);
  return answer;
}

/** Asked once a run: brew takes its time to start. */
const answers = new WeakMap<Host, Map<string, Promise<boolean | undefined>>>();

async function askVersion(host: Host, account: Account, program: string): Promise<boolean | undefined> {
  const actor = host.as(host.user.uid === 0 ? identityOf(host, account) : 'self');
  const result = await actor.run(brewCommand(host, account, program, ['--version']), { timeout: 20_000 });
  const text = /^Homebrew (\d[^\s]*)/m.exec(result.stdout)?.[1];
  const semver = await import('../../ollama/semver.ts');
  const version = semver.coerce(text);
  return version === null ? undefined : semver.gte(version, ENV_FILE_SINCE);
}

/** Of these the first that is set decides (bin/brew in Homebrew/brew). */
const CONFIG_HOMES = ['XDG_CONFIG_HOME', 'HOMEBREW_XDG_CONFIG_HOME'];

/** Where that file is for whoever runs brew with this environment; without such a variable in a folder of Homebrew's own. */
export function envFilePath(host: Host, account: Account): string {
  const dir = CONFIG_HOMES.map((name) => host.env[name]).find((each) => each && isOf(account, host, each));
  return `${dir === undefined ? `${account.home}/.homebrew` : `${dir}/homebrew`}/services/ollama.env`;
}

/** Root's environment says nothing about the folders of the user that root acts for, unless sudo kept that user's. */
function isOf({ uid, home }: Account, { user }: Host, dir: string | undefined): boolean {
  return uid === user.uid || !dir || dir.startsWith(`${home}/`);
}
