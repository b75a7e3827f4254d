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

/**
 * brew as its user, seen neither as sudo's (it would take the wrong domain) nor as one that may talk of other things.
 */
export function brewCommand(program: string, ...words: string[]): string[] {
  const quiet = ['HOMEBREW_NO_AUTO_UPDATE=1', 'HOMEBREW_NO_ENV_HINTS=1', 'HOMEBREW_NO_ANALYTICS=1'];
  const unset = ['SUDO_USER', 'SUDO_UID', 'SUDO_GID', 'SUDO_COMMAND'].flatMap((name) => ['-u', name]);
  return ['env', ...unset, ...quiet, program, ...words];
}

/**
 * True or false as Homebrew keeps a service's variables in services/<formula>.env; undefined when its version is not to
 * be had, as in a shallow clone (`Homebrew >=4.3.0`).
 */
export async function keepsEnvFile(host: Host, account: Account, { program }: Brew): Promise<boolean | undefined> {
  if (program === undefined) return undefined;
  const result = await host.as(identityOf(host, account)).run(brewCommand(program, '--version'), { timeout: 20_000 });
  const text = /^Homebrew (\d[^\s]*)/m.exec(result.stdout)?.[1];
  const { default: semver } = await import('semver');
  const version = semver.coerce(text);
  return version === null ? undefined : semver.gte(version, ENV_FILE_SINCE);
}

/** Where that file is for whoever runs brew with this environment (bin/brew in Homebrew/brew). */
export function envFilePath(host: Host, { home }: Account): string {
  const { XDG_CONFIG_HOME: xdg, HOMEBREW_XDG_CONFIG_HOME: own } = host.env;
  const base = xdg || own ? `${xdg || own}/homebrew` : `${home}/.homebrew`;
  return `${base}/services/ollama.env`;
}
