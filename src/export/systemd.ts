import { dropInLines, filterPath, filterText, tableOf, tieText, WHO } from '../firewall/allow.ts';
import { ipv4Of, isUnspecified, joinHostPort, parseIp } from '../ollama/go-net.ts';
import { DEFAULT_PORT, parseHost, sameBinding, scopeOf } from '../ollama/host-value.ts';
import { assignment, DROP_IN, newDropIn } from '../rooms/systemd/drop-in.ts';
import { FILTER_DROP_IN } from '../rooms/systemd/filter-now.ts';
import type { ExportRequest } from './reg.ts';

/** The words that the templates for systemd hosts have between at signs. */
export function wordsOf({ wanted, version }: ExportRequest): Record<string, string> {
  const { port } = parseHost(wanted);
  return {
    value: wanted,
    version,
    name: DROP_IN,
    assignment: assignment(wanted),
    drop_in: newDropIn(wanted, version).slice(0, -1), // each template ends the line itself
    same: spellings(wanted).join(' '),
    spellings: spellings(wanted).join('\n'),
    listen: socketsOf(wanted).join(' '),
    url: urlOf(wanted),
    port: String(port),
    lsof: lsofOf(wanted),
  };
}

/** Where nft is on every distribution with systemd that keeps programs of administrators apart, or leads from one to the other. */
const NFT = '/usr/sbin/nft';

/**
 * Further words for a filter, which are empty without one. `unit` and `table` are what stands for those names in the format.
 */
export function filterWords(
  { wanted, version, allow }: ExportRequest,
  unit = 'ollama.service',
  table = 'stigmer_ollama',
): Record<string, string> {
  if (allow === undefined) return { too: '' };
  const ours = { unit: 'ollama.service', port: parseHost(wanted).port, allow, version };
  const named = (text: string) =>
    text
      .slice(0, -1)
      .replace(/\bollama\.service\b/g, () => unit)
      .replace(/\bstigmer_ollama\b/g, () => table);
  return {
    too: '$FILTER',
    allow,
    who: WHO[allow],
    nft: NFT,
    tie_name: FILTER_DROP_IN,
    rules: named(filterText(ours, [])),
    tie: named(tieText(dropInLines(NFT, tableOf(ours.unit), filterPath(ours.unit)), allow, version)),
  };
}

/** A template with those of its sections `#[NAME … #]` alone that are for this: `any` or `allow`, and whom it lets in. */
export function sections(template: string, allow: ExportRequest['allow']): string {
  const names = allow === undefined ? ['any'] : ['allow', allow];
  return template.replace(/^#\[(\w+)\n([\s\S]*?)^#\]\n/gm, (_, name: string, text: string) =>
    names.includes(name) ? text : '',
  );
}

/** A template with its words put in; where a text of several lines stands in an indented line, each line is indented. */
export function fill(template: string, words: Readonly<Record<string, string>>): string {
  return template.replace(/^([ ]*)@(\w+)@$|@(\w+)@/gm, (all, indent = '', whole?: string, part?: string) => {
    const text = words[whole ?? part ?? ''];
    return text === undefined ? all : text.replace(/^(?=.)/gm, indent);
  });
}

/** How else the same may be written where it is set already: without the default port, with a scheme, as any wildcard. */
export function spellings(wanted: string): string[] {
  const { host, port } = parseHost(wanted);
  const hosts = scopeOf(parseHost(wanted)) === 'all' ? ['0.0.0.0', '::', ''] : [host];
  const full = hosts.map((each) => joinHostPort(each, port));
  const short = port === DEFAULT_PORT ? hosts.filter(Boolean).flatMap((each) => [each, `[${each}]`]) : [];
  const all = [...full, ...full.map((each) => `http://${each}`), ...short];
  // In a unit file a percent sign is doubled.
  const right = all.filter((each) => sameBinding(each, wanted)).flatMap((each) => [each, each.replaceAll('%', '%%')]);
  return [...new Set([wanted, ...right])];
}

/**
 * The listening socket as /proc/net/tcp and /proc/net/tcp6 print it, ADDRESS:PORT in hexadecimal (proc(5)): an address
 * stands in 32-bit words in the byte order of the machine, so that each is given in both.
 */
export function socketsOf(wanted: string): string[] {
  const { host, port } = parseHost(wanted);
  const ip = parseIp(host === 'localhost' ? '127.0.0.1' : host);
  if (ip === undefined) throw new RangeError(`${wanted} is no address`);
  const bytes = ip.groups.map((group) => group.toString(16).padStart(4, '0')).join('');
  const six = bytes.toUpperCase().match(/.{8}/g) ?? [];
  const tables = isUnspecified(ip) ? [['00000000'], Array<string>(4).fill('00000000')] : [six];
  if (ipv4Of(ip)) tables.push(six.slice(3));
  const number = port.toString(16).toUpperCase().padStart(4, '0');
  const addresses = tables.flatMap((words) => [words.map(turned).join(''), words.join('')]);
  return [...new Set(addresses)].map((address) => `${address}:${number}`);
}

/** The same as lsof(8) prints it after -n and -P, as a regular expression. */
function lsofOf(wanted: string): string {
  const { host, port } = parseHost(wanted);
  const name = scopeOf(parseHost(wanted)) === 'all' ? '*' : host === 'localhost' ? '127.0.0.1' : host;
  return joinHostPort(name, port).replace(/[.*[\]]/g, '\\$&');
}

function turned(word: string): string {
  return (word.match(/../g) ?? []).reverse().join('');
}

/** Where Ollama is asked, on the host itself. A zone is no part of a URL that every program reads, so it is left out. */
function urlOf(wanted: string): string {
  const value = parseHost(wanted);
  const host = scopeOf(value) === 'all' ? '127.0.0.1' : value.host.replace(/%.*$/, '');
  return `http://${joinHostPort(host, value.port)}`;
}
