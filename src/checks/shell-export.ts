import { FileError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { parseHost, scopeOf } from '../ollama/host-value.ts';
import type { Installation } from '../rooms/room.ts';
import type { Reason } from './reason.ts';

/** What login shells and interactive ones read (bash(1), zsh(1)); /etc/environment is PAM's (pam_env(8)). */
const OF_USER = ['.bashrc', '.bash_profile', '.bash_login', '.profile', '.zshrc', '.zprofile', '.zshenv'];
const OF_ALL = ['/etc/environment', '/etc/profile', '/etc/bash.bashrc', '/etc/zsh/zshrc', '/etc/zsh/zshenv'];
const SERVICES = ['systemd', 'systemd-user', 'ollama-app', 'homebrew', 'launchd'];

/**
 * OLLAMA_HOST that is set to every address where only shells and logins see it. A value that names one address is left
 * alone: it may well be meant for clients.
 */
export function shellExport(host: Host, { kind }: Installation): Reason | undefined {
  if (host.platform === 'win32' || !SERVICES.includes(kind)) return undefined;
  for (const path of pathsOf(host)) {
    const value = exported(read(host, path));
    if (value === undefined || !opensAll(value)) continue;
    const mac = kind === 'ollama-app' && /\/\.?z[^/]*$/.test(path);
    const why = `OLLAMA_HOST=${value} is set in ${path}, which reaches terminals and not this server`;
    return { cause: mac ? 'mac-zshrc-export-ignored-by-app' : 'shell-export-not-seen-by-service', why, evidence: path };
  }
  const own = host.env.OLLAMA_HOST;
  if (own === undefined || !opensAll(own)) return undefined;
  const why = `OLLAMA_HOST=${own} is set in this terminal, which does not reach the server`;
  return { cause: 'shell-export-not-seen-by-service', why, evidence: `OLLAMA_HOST=${own}` };
}

function pathsOf({ files, user, env }: Host): string[] {
  const homes = [user.home, ...(env.SUDO_USER ? [`/home/${env.SUDO_USER}`, `/Users/${env.SUDO_USER}`] : [])];
  const more = files.list('/etc/profile.d').filter((name) => name.endsWith('.sh'));
  return [
    ...homes.flatMap((home) => OF_USER.map((name) => `${home}/${name}`)),
    ...OF_ALL,
    ...more.map((name) => `/etc/profile.d/${name}`),
  ];
}

/** The last assignment that stands on a line of its own; one in front of a command is for that command alone. */
function exported(text: string): string | undefined {
  const found = text.matchAll(/^[ \t]*(?:export[ \t]+)?OLLAMA_HOST=("[^"\n]*"|'[^'\n]*'|[^\s;#]*)[ \t]*(?:[;#].*)?$/gm);
  return [...found].at(-1)?.[1]?.replace(/^(["'])(.*)\1$/, '$2');
}

function opensAll(value: string): boolean {
  return value !== '' && scopeOf(parseHost(value)) === 'all';
}

function read(host: Host, path: string): string {
  try {
    return host.files.text(path) ?? '';
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}
