import { parseIp } from '../ollama/go-net.ts';
import { DOMAIN, HOME, type Placeholders } from './placeholders.ts';

/** Accounts, folders and machines that are called so everywhere, and name nobody; some of them are this report's own words. */
const NOBODY = new Set(
  `root admin administrator user users guest nobody daemon system service test public default shared all
  ollama docker podman containerd linuxbrew homebrew brew systemd systemd-network systemd-resolve www-data runner runneradmin vagrant
  ubuntu debian fedora centos rocky alma arch alpine opensuse suse raspberrypi pi ec2-user azureuser opc core node
  stigmer agent localhost localdomain host gateway internal local linux mac macos macbook windows wsl desktop docker-desktop container server`.split(
    /\s+/,
  ),
);

function tellsNothing(name: string): boolean {
  return name.length < 2 || NOBODY.has(name.toLowerCase());
}

/** Files are called with a dot as well: what ends so is no host. */
const FILE =
  'conf|service|socket|timer|target|slice|scope|mount|path|env|plist|go|ts|js|cjs|mjs|c|cpp|h|py|sh|log|json|ya?ml|toml|txt|md|db|exe|dll|d';

/** Names that tell what is talked to, and not whose it is. */
const WELL_KNOWN =
  /^(?:localhost|(?:host|gateway|vm|kubernetes)\.[a-z]+\.internal|(?:.+\.)?(?:ollama\.(?:com|ai)|docker\.(?:com|io)|github\.com|ghcr\.io|brew\.sh|microsoft\.com|apple\.com|nodejs\.org|npmjs\.(?:com|org)|example\.(?:com|net|org)))$/i;

/** The names of the people and the machine that are to stay private. */
export class Names {
  readonly #users = new Set<string>();
  readonly #own: string;
  readonly #short: string;
  readonly #home: string;
  readonly #names: Placeholders;

  /** @param home the user's home folder, which need not be below /home */
  constructor(users: readonly string[], home: string, hostname: string, names: Placeholders) {
    this.#names = names;
    this.#own = hostname.toLowerCase().replace(/\.$/, '');
    this.#short = this.#own.split('.')[0] ?? '';
    this.#home = home.replace(/[\\/]+$/, '');
    for (const user of users) this.#learn(user);
    if (!tellsNothing(this.#short)) names.of('host', this.#short);
  }

  #learn(user: string): void {
    if (tellsNothing(user)) return;
    this.#users.add(user.toLowerCase());
    this.#names.of('user', user);
  }

  /** /home/x, /Users/x, /media/x, C:\Users\x, also with doubled backslashes; and a home that is elsewhere. */
  redactHomes(text: string): string {
    const folder = /([\\/](?:home|users|media)[\\/]{1,2})([^\\/:*?"<>|\r\n]{1,40}(?=\\)|[^\\/:*?"'`<>|,;)\]\s]+)/gi;
    const last = this.#home.split(/[\\/]/).at(-1) ?? '';
    const own = /^(?:[a-z]:)?[\\/](?:.*[\\/])?(?:home|users)[\\/][^\\/]+$/i.test(this.#home) || tellsNothing(last);
    const rest = own ? text : text.replace(wordOf([this.#home]), HOME);
    return rest.replace(folder, (found, before: string, user: string) => {
      // A full stop may end the sentence.
      const name = user.replace(/\.+$/, '');
      if (tellsNothing(name)) return found;
      // Drives are mounted below /media by what they are called, too.
      if (!/media/i.test(before)) this.#learn(name);
      return before + this.#names.of('user', name) + user.slice(name.length);
    });
  }

  /** The placeholder of a host that something talks to; undefined for one that may be told. */
  hostOf(host: string): string | undefined {
    const name = host.toLowerCase().replace(/\.$/, '');
    if (parseIp(name.replace(/^\[|\]$/g, '')) || WELL_KNOWN.test(name)) return undefined;
    if (this.#isOwn(name)) return this.#names.of('host', this.#short);
    // One without a dot is a container's or a service's.
    return name.includes('.') ? this.#names.of('host', name) : undefined;
  }

  #isOwn(name: string): boolean {
    return !tellsNothing(this.#short) && (name === this.#short || name.startsWith(`${this.#short}.`));
  }

  /** This machine's name, short and with any domain, and whatever has a port behind it as only hosts do. */
  redactHosts(text: string): string {
    const port = new RegExp(
      `(?<![\\w./\\\\@-])(?:[a-z0-9-]+\\.)+(?!(?:${FILE})\\b)[a-z][a-z0-9-]*(?=:\\d{2,5}(?![\\d:]))`,
      'gi',
    );
    let rest = text.replace(port, (host) => this.hostOf(host) ?? host);
    if (!tellsNothing(this.#short)) {
      const own = new RegExp(`${wordOf([this.#short]).source}(?:\\.(?!(?:${FILE})\\b)[\\p{L}\\p{N}-]+)*`, 'giu');
      rest = rest.replace(own, () => this.#names.of('host', this.#short));
    }
    const domain = this.#own.slice(this.#short.length + 1);
    return domain.includes('.') ? rest.replace(wordOf([domain]), DOMAIN) : rest;
  }

  /** The users as words of their own, in "anna-agent" and "anna_web_1" too; those whom only a home folder named as well. */
  redactUsers(text: string): string {
    const rest = text.replace(/(?<=\b(?:sudo -u|runuser -u|User=)\s*)[\w.-]+/g, (user) => {
      this.#learn(user);
      return user;
    });
    if (this.#users.size === 0) return rest;
    return rest.replace(wordOf([...this.#users]), (user) => this.#names.of('user', user));
  }
}

function wordOf(words: readonly string[]): RegExp {
  const longest = [...words].sort((a, b) => b.length - a.length);
  const one = longest.map((word) => word.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&')).join('|');
  return new RegExp(`(?<![\\p{L}\\p{N}])(?:${one})(?![\\p{L}\\p{N}])`, 'giu');
}
