import { parseIp, printIp } from '../ollama/go-net.ts';
import { type HostValue, listenAddress, parseHost, scopeOf } from '../ollama/host-value.ts';
import type { Reason } from './reason.ts';

/** What an address looks like; anything else that is a name to Ollama is no name either. */
const ADDRESS = /^(?:https?:\/\/)?(?:\[[0-9a-f:]+\]|[\w.-]+)?(?::\d+)?\/?$/i;

/** No name ends in a number (URL Standard, "ends in a number checker"): 11434, 0.0.0.0.0, 192.168.1.300. */
const NUMBERS = /(?:^|\.)\d+$/;

/** What is wrong with the value itself, whatever it is held against. */
export function badValue(raw: string): Reason | undefined {
  const text = raw.trim();
  const value = parseHost(raw);
  if (/^["']?https?:\/\/(?:\[[^\]]*\]|[^:/]*)\/?["']?$/i.test(text)) {
    const why = `OLLAMA_HOST is ${raw}, a URL without a port, which Ollama reads as port ${value.port}`;
    return { cause: 'http-scheme-means-port-80', why };
  }
  // For a path Ollama takes its default host, of `localhost: 1` it takes the host; everything else is looked up.
  const junk = /^\/|\s/.test(text) || (scopeOf(value) === 'name' && (!ADDRESS.test(text) || NUMBERS.test(value.host)));
  if (!junk || scopeOf(value) === 'all') return undefined;
  return { cause: 'value-is-a-path-or-junk', why: `OLLAMA_HOST is ${JSON.stringify(raw)}, which is no address` };
}

/** Why a server that has this value and listens with it is not reached where it is wanted. */
export function narrowValue(raw: string, wanted: HostValue): Reason {
  const bad = badValue(raw);
  if (bad) return bad;
  const value = parseHost(raw);
  const scope = scopeOf(value);
  if (scope === 'address' && scopeOf(wanted) === 'all') {
    const why = `OLLAMA_HOST is ${raw}, so it listens on this one address and no other`;
    return { cause: 'specific-ip-locks-out-localhost', why };
  }
  if (scope === 'all' && value.port !== wanted.port) {
    return { cause: 'custom-port-server-only', why: `OLLAMA_HOST is ${raw}, another port than ${wanted.port}` };
  }
  return { cause: 'explicit-loopback-left-over', why: `OLLAMA_HOST is ${raw}` };
}

/** The address that a value names, if it is one of a single interface; without its zone, as the kernel's lists have it. */
export function oneAddress(raw: string): string | undefined {
  const value = parseHost(raw);
  const ip = scopeOf(value) === 'address' ? parseIp(value.host.replace(/%.*/, '')) : undefined;
  return ip && printIp(ip);
}

/** "192.168.1.20:11434", as Ollama's own message has it. */
export function asBound(raw: string): string {
  return listenAddress(parseHost(raw));
}
