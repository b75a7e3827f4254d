import { CREDENTIALS, outsidePlaceholders, Placeholders, REDACTED } from './placeholders.ts';
import { redactAddresses } from './redact-addresses.ts';
import { Names } from './redact-names.ts';

/** What is known to be private on this machine. */
export interface PrivateFacts {
  /** Who runs this program. */
  user: string;
  /** That user's home folder. */
  home: string;
  /** As the system tells it, short or with its domain. */
  hostname: string;
  /** The machine's own addresses, the private ones too. */
  addresses: readonly string[];
  /** Other people: SUDO_USER, the owner of a service. */
  users?: readonly string[];
}

export type Redactor = (text: string) => string;

/**
 * Makes what takes the private out of texts: the names of users and this host, home folders, public IP and MAC addresses,
 * e-mail addresses, and whatever lets somebody in. The same thing gets the same placeholder in every text. What is told
 * stays told: private, loopback and link-local addresses, and the names of containers as far as no person is in them.
 */
export function redactor({ user, home, hostname, addresses, users = [] }: PrivateFacts): Redactor {
  const placeholders = new Placeholders();
  const names = new Names([user, ...users], home, hostname, placeholders);
  const rules: Redactor[] = [
    (text) => redactUrls(text, names),
    redactSecrets,
    redactLogins,
    (text) => redactMail(text, placeholders),
    (text) => redactAddresses(text, addresses, placeholders),
    (text) => text.replace(/\bS-1-5-21(?:-\d+){3,}/g, (sid) => placeholders.of('account', sid)),
    (text) => names.redactHomes(text),
    (text) => names.redactHosts(text),
    (text) => names.redactUsers(text),
  ];
  return (text) => rules.reduce((rest, rule) => outsidePlaceholders(rest, rule), text);
}

/** One text by itself; see `redactor`. */
export function redact(text: string, facts: PrivateFacts): string {
  return redactor(facts)(text);
}

/**
 * Every string in a document. It is gone through twice, since a later string may tell who is meant in an earlier one.
 * @param isName tells by its key which string is one of a closed list, and stays
 */
export function redactAll<T>(document: T, redactText: Redactor, isName: (key: string) => boolean = () => false): T {
  const walk = (value: unknown): unknown => {
    if (typeof value === 'string') return redactText(value);
    if (Array.isArray(value)) return value.map(walk);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, isName(key) ? one : walk(one)]));
  };
  walk(document);
  return walk(document) as T;
}

/** Values that are called secret, headers that log in, and tokens that are known by how they begin. */
function redactSecrets(text: string): string {
  return text
    .replace(/-----BEGIN [A-Z ]+-----[\s\S]*?(?:-----END [A-Z ]+-----|$)/g, REDACTED)
    .replace(/(\b(?:proxy-)?authorization["']?\s*[:=]\s*["']?)[^"'\r\n<]+/gi, `$1${REDACTED}`)
    .replace(/(\bbearer\s+)[\w.~+/=-]{16,}/gi, `$1${REDACTED}`)
    .replace(
      /((?:api[_-]?key|access[_-]?key|token|secret|passw(?:or)?d|passphrase)["']?[=:] ?["']?)[^\s"',;&<]+/gi,
      `$1${REDACTED}`,
    )
    .replace(/(\b(?:ssh-(?:rsa|dss|ed25519)|ecdsa-sha2-\w+) )AAAA[\w+/=]+/g, `$1${REDACTED}`)
    .replace(
      /\b(?:(?:gh[pousr]|hf|github_pat)_\w{20,}|(?:sk|xox[abeprs]|tskey)-[\w-]{16,}|AKIA[0-9A-Z]{16}|eyJ[\w-]{8,512}\.[\w-]+\.[\w-]*)/g,
      REDACTED,
    );
}

/** Who logs in, hosts of others, and the values of the query; the path stays, since it tells what was asked. */
function redactUrls(text: string, names: Names): string {
  const url = /\b([a-z][a-z0-9+.-]{0,30}:\/\/)([^\s"'`<>|]*@)?(\[[^\]\s]*\]|[^\s/?#:"'`<>|\\()[\]]*)([^\s"'`<>|]*)/gi;
  return text.replace(url, (_, scheme: string, login: string | undefined, host: string, rest: string) => {
    const who = login === undefined ? '' : `${CREDENTIALS}@`;
    return `${scheme}${who}${names.hostOf(host) ?? host}${redactQuery(rest)}`;
  });
}

function redactQuery(rest: string): string {
  const at = rest.search(/[?#]/);
  if (at < 0 || /^#[^=]*$/.test(rest.slice(at))) return rest;
  const query = rest.slice(at).replace(/([?&;#])([^=&;#]*)(=?)[^&;#]*/g, (_, sign: string, key: string, is: string) => {
    return is ? `${sign}${key}=${REDACTED}` : `${sign}${REDACTED}`;
  });
  return rest.slice(0, at) + query;
}

/** "anna:geheim@proxy:3128", which is how proxies are set without a scheme; "name:tag@sha256:…" is an image. */
function redactLogins(text: string): string {
  return text.replace(/(?<=^|[\s"'=])[^\s"'=:/@]+:[^\s"'@]+@(?!sha256:)(?=[\w[<])/g, `${CREDENTIALS}@`);
}

/** Instances of systemd's units look alike ("user@1000.service"), and packages ("python@3.11"). */
function redactMail(text: string, names: Placeholders): string {
  const mail =
    /[\p{L}\p{N}._%+-]{1,64}@(?:[\p{L}\p{N}-]{1,63}\.){1,9}(?!(?:service|socket|timer|target|slice|scope|mount|path)\b)\p{L}{2,}/giu;
  return text.replace(mail, (found) => names.of('e-mail', found));
}
