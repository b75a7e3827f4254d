/**
 * OLLAMA_HOST as Ollama itself reads it: `Host()` and `Var()` in envconfig/config.go of ollama/ollama (commit fb30760,
 * 2026-08-21). test/ollama/fixtures/host-values.json holds what that function answered.
 */

import { parseIp, parsePort, printIp, splitHostPort } from './go-net.ts';

/** What Ollama makes of one value of OLLAMA_HOST. */
export interface HostValue {
  /** 'http' unless the value names another; the server ignores it, but it sets the default port. */
  scheme: string;
  /** As `net.SplitHostPort` leaves it, without brackets; '' means every interface. */
  host: string;
  port: number;
  /** 'invalid-port': Ollama logs `invalid port, using default` and takes the scheme's port. */
  warnings: 'invalid-port'[];
  /** What follows the first `/`, without it; the server ignores it. */
  path: string;
}

/** Ollama's own default (envconfig/config.go). */
export const DEFAULT_HOST = '127.0.0.1';
export const DEFAULT_PORT = 11434;

/** The ports of envconfig/config.go for a value with a scheme but no port; any other scheme keeps 11434. */
const SCHEME_PORTS: ReadonlyMap<string, number> = new Map([
  ['http', 80],
  ['https', 443],
]);

/** Go's `strings.TrimSpace`, by Unicode's White_Space: it has U+0085 and lacks U+FEFF, `String.trim` the other way round. */
const SPACE = '[\\t-\\r \\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000]';
const OUTER_SPACE = new RegExp(`^${SPACE}+|${SPACE}+$`, 'g');

/** The text that is left of a raw value after Ollama has taken off blanks, quotes, and blanks again. */
function trimValue(raw: string): string {
  return raw
    .replace(OUTER_SPACE, '')
    .replace(/^["']+|["']+$/g, '')
    .replace(OUTER_SPACE, '');
}

/** A value as Ollama reads it, with the pieces of its text that the reading hides. */
export interface Reading {
  value: HostValue;
  /** The text with blanks and quotes taken off. */
  text: string;
  /** Its part between scheme and path. */
  hostPort: string;
  /** The port as written; undefined when none was. */
  written: string | undefined;
}

/** Nothing is an error here, as in Ollama. */
export function readHost(raw: string | undefined): Reading {
  const text = trimValue(raw ?? '');
  // Ollama's one special case: its cloud, for its client.
  const cloud = text === 'ollama.com';
  const [scheme, rest] = cloud ? ['https', 'ollama.com:443'] : cut(text, '://', 'http');
  const standard = (text.includes('://') && SCHEME_PORTS.get(scheme)) || DEFAULT_PORT;
  const slash = rest.indexOf('/');
  const hostPort = slash < 0 ? rest : rest.slice(0, slash);
  const split = splitHostPort(hostPort);
  const port = split && parsePort(split.port);
  const value: HostValue = {
    scheme,
    host: split ? split.host : hostWithoutPort(hostPort),
    port: port ?? standard,
    warnings: split && port === undefined ? ['invalid-port'] : [],
    path: slash < 0 ? '' : rest.slice(slash + 1),
  };
  return { value, text, hostPort, written: cloud ? undefined : split?.port };
}

function cut(text: string, separator: string, scheme: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [scheme, text] : [text.slice(0, at), text.slice(at + separator.length)];
}

function hostWithoutPort(text: string): string {
  const ip = parseIp(text.replace(/^[[\]]+|[[\]]+$/g, ''));
  // `net.ParseIP`, unlike `netip.ParseAddr`, takes no zone.
  if (ip && ip.zone === '') return printIp(ip);
  return text === '' ? DEFAULT_HOST : text;
}
