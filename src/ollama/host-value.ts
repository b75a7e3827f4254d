/**
 * What a value of OLLAMA_HOST means: where Ollama listens with it, whether two mean the same, and whether one is fit to
 * be written.
 */

import {
  ipv4Of,
  isLoopback,
  isUnspecified,
  joinHostPort,
  parseIp,
  parsePort,
  printIp,
  splitHostPort,
} from './go-net.ts';
import { DEFAULT_HOST, DEFAULT_PORT, type HostValue, type Reading, readHost } from './read-host.ts';

export type { HostValue } from './read-host.ts';
export { DEFAULT_HOST, DEFAULT_PORT } from './read-host.ts';

/** What Go binds for a value. `name`: somebody must resolve it first, and most such values are mistakes. */
export type Scope = 'loopback' | 'all' | 'address' | 'name';

/** Reads a value as Ollama does; undefined and '' give its default, 127.0.0.1:11434. Nothing is an error here, as there. */
export function parseHost(raw: string | undefined): HostValue {
  return readHost(raw).value;
}

/** What `net.Listen("tcp", …)` gets (cmd/cmd.go, RunServer). */
export function listenAddress(value: HostValue): string {
  return joinHostPort(value.host, value.port);
}

/**
 * What Go's `net.Listen` binds for it (src/net/ipsock.go and ipsock_posix.go): every wildcard, 0.0.0.0 too, becomes one
 * dual-stack socket. Junk such as `*` or `11434` goes to the resolver and so is a `name`: most resolvers refuse it, but
 * glibc's and macOS's read `0` as 0.0.0.0 and `11434` as 0.0.44.170.
 */
export function scopeOf(value: HostValue): Scope {
  const host = listenHost(value);
  if (host === '') return 'all';
  if (host === undefined) return 'name';
  if (isLocalhost(host)) return 'loopback';
  const ip = parseIp(host);
  if (!ip) return 'name';
  if (isUnspecified(ip)) return 'all';
  return isLoopback(ip) ? 'loopback' : 'address';
}

/** The host that Go listens on: it splits the joined address once more; undefined where it refuses to. */
function listenHost(value: HostValue): string | undefined {
  return splitHostPort(listenAddress(value))?.host;
}

/** The one name that needs no lookup beyond the machine's own table. */
function isLocalhost(host: string): boolean {
  return host.toLowerCase() === 'localhost';
}

/**
 * Whether both raw values make Ollama bind the same socket. Port 0 asks for a different one each time, so it equals
 * nothing; `localhost` is 127.0.0.1, for Go prefers the IPv4 answer when it listens.
 */
export function sameBinding(a: string | undefined, b: string): boolean {
  const [one, other] = [parseHost(a), parseHost(b)];
  return one.port !== 0 && one.port === other.port && bindingKey(one) === bindingKey(other);
}

function bindingKey(value: HostValue): string {
  if (scopeOf(value) === 'all') return '*';
  const host = listenHost(value) ?? value.host;
  if (isLocalhost(host)) return DEFAULT_HOST;
  const ip = parseIp(host);
  if (!ip) return `name ${host.toLowerCase()}`;
  return ipv4Of(ip) ? printIp(ip) : `${printIp(ip)}%${ip.zone}`;
}

export type RefusalCode =
  | 'empty'
  | 'several-values'
  | 'curly-quotes'
  | 'full-width'
  | 'scheme-without-port'
  | 'https'
  | 'unknown-scheme'
  | 'path'
  | 'port-only'
  | 'hostname'
  | 'not-an-address'
  | 'port-in-address'
  | 'unparsable-port'
  | 'port-zero';

/** Why a value is no good, as one sentence for people, and what to write instead (`write`, itself acceptable). */
export interface Refusal {
  refused: string;
  code: RefusalCode;
  write: string;
}

type Objection = [code: RefusalCode, reading: string, write?: string];

/**
 * For `--host`: what will be written, or why not. Refused is whatever Ollama would take for something else than its
 * author meant, or could not start with; a narrow address is the user's choice.
 */
export function checkWanted(raw: string): { value: HostValue; canonical: string } | Refusal {
  const reading = readHost(raw);
  const objection = objectionToText(reading) ?? objectionToHost(reading) ?? objectionToPort(reading);
  if (objection) {
    const [code, why, write = suggest(reading.text)] = objection;
    return { refused: `Ollama ${why}; write ${write} instead.`, code, write };
  }
  // A wildcard is spelled out: other programs read OLLAMA_HOST too, and few of them know ":11434".
  const canonical = joinHostPort(listenHost(reading.value) || '0.0.0.0', reading.value.port);
  return { value: parseHost(canonical), canonical };
}

const CURLY_QUOTES = /[\u2018-\u201f\xab\xbb]/g;

function objectionToText({ text, hostPort, value, written }: Reading): Objection | undefined {
  const shown = quoted(text);
  if (text === '') return ['empty', 'reads an empty value as 127.0.0.1:11434'];
  if (text.search(CURLY_QUOTES) >= 0)
    return ['curly-quotes', `takes the curly quotes in ${shown} for a part of the address`];
  const wide = /[\uff01-\uff5e]/.exec(text)?.[0];
  if (wide) return ['full-width', `takes the full-width character ${wide} in ${shown} for a part of the address`];
  if (text.includes(',')) return ['several-values', `listens on one address and cannot read the list ${shown}`];
  const url = text.includes('://');
  if (url && !/^https?$/.test(value.scheme)) {
    return ['unknown-scheme', `does not know the scheme ${quoted(value.scheme)} and ignores it`];
  }
  if (url && written === undefined)
    return ['scheme-without-port', `reads ${shown} as port ${value.port}, as it is a URL without a port`];
  if (url && value.scheme === 'https')
    return ['https', `would still answer plain HTTP at ${shown}, while its own client asks for HTTPS`];
  if (hostPort === '') return ['empty', `finds no address in ${shown} and takes 127.0.0.1:11434`];
  if (value.path !== '') return ['path', `ignores the path ${quoted(`/${value.path}`)} when it listens`];
  return undefined;
}

function objectionToHost({ hostPort, value, written }: Reading): Objection | undefined {
  const shown = quoted(value.host);
  const host = listenHost(value) ?? '';
  const ip = parseIp(host);
  if (scopeOf(value) === 'name') {
    if (written === undefined && parsePort(host))
      return ['port-only', `takes ${shown} for the name of a host, not for a port`];
    if (/^[a-z0-9_.-]*[a-z][a-z0-9_.-]*$/i.test(host)) {
      return ['hostname', `has to look up the name ${shown} at every start and does not start when that fails`];
    }
    return ['not-an-address', `takes ${shown} for the name of a host to look up, not for an address`];
  }
  // A zone is the only place where anything may stand, even a line break.
  if (ip && !/^[\w.-]*$/.test(ip.zone)) return ['not-an-address', `takes ${shown} for an address with a strange zone`];
  // ::/96 holds no address in use but :: and ::1 (RFC 4291, 2.5.5.1); who writes "::8080" means a port.
  const [, one, port] = /^::(1:)?([0-9]{2,4})$/.exec(hostPort) ?? [];
  if (port) {
    const write = joinHostPort(one ? '::1' : '::', Number(port) || DEFAULT_PORT);
    return ['port-in-address', `reads ${quoted(hostPort)} as an IPv6 address with port ${value.port}`, write];
  }
  return undefined;
}

function objectionToPort({ value, written }: Reading): Objection | undefined {
  if (value.warnings.length > 0) {
    return ['unparsable-port', `cannot read ${quoted(written)} as a port and takes ${value.port}`];
  }
  return value.port === 0 ? ['port-zero', 'takes any free port for port 0, another one at each start'] : undefined;
}

/** The nearest value that says what was probably meant. */
function suggest(text: string): string {
  const plain =
    text
      .normalize('NFKC')
      .replace(CURLY_QUOTES, '')
      .split(/[,;\s]/)[0] ?? '';
  const { value, hostPort, written } = readHost(plain);
  const port = parsePort(written ?? value.host) || DEFAULT_PORT;
  const ip = hostPort === '' ? undefined : parseIp(listenHost(value) ?? '');
  return joinHostPort(ip && /^[\w.-]*$/.test(ip.zone) ? printIp(ip) + (ip.zone && `%${ip.zone}`) : '0.0.0.0', port);
}

/** For a sentence: in quotes, with line breaks and invisible characters spelled out. */
function quoted(text: string | undefined): string {
  return JSON.stringify(text ?? '').replace(/\p{Cf}/gu, (found) => `\\u{${found.codePointAt(0)!.toString(16)}}`);
}
