import type { Change } from '../actions/change.ts';
import type { ValueChange } from '../actions/value.ts';
import type { Block } from './judge.ts';
import {
  type Edit,
  editFile,
  interfacesOf,
  MARK,
  type NoOpening,
  OPEN,
  type Opening,
  type OpeningRequest,
  query,
} from './opening.ts';

/**
 * Where distributions keep the rules that they load at every start: Debian (iptables-persistent), Fedora and openSUSE
 * (iptables-services), Arch, Alpine (their packages' files).
 */
const FILES = {
  ip: ['/etc/iptables/rules.v4', '/etc/sysconfig/iptables', '/etc/iptables/iptables.rules', '/etc/iptables/rules-save'],
  ip6: [
    '/etc/iptables/rules.v6',
    '/etc/sysconfig/ip6tables',
    '/etc/iptables/ip6tables.rules',
    '/etc/iptables/rules6-save',
  ],
};

/** Rules at the top of the chain that keeps the packets out, in the kernel and in the file that it is loaded from. */
export async function openIptables(request: OpeningRequest): Promise<Opening | NoOpening> {
  const { port, blocked } = request;
  const changes: Opening['changes'] = [];
  let lasting = true;
  const places = new Map(blocked.map(({ by }) => [`${by.command} ${by.family} ${by.table} ${by.base}`, by]));
  for (const by of places.values()) {
    const names = interfacesOf(blocked).reverse();
    changes.push(...names.map((name) => rule(by, name, port)));
    const file = await fileChange(
      request,
      changes,
      by,
      names.map((name) => ['-A', by.base, ...conditions(name, port)].join(' ')),
    );
    if (file) changes.push(file);
    else lasting = false;
  }
  const note = 'No file is known from which iptables is loaded at every start: add the same rules there to keep them.';
  return { firewall: 'iptables', changes, lasting, ...(lasting ? {} : { note }) };
}

function conditions(name: string, port: number): string[] {
  const what = ['-i', name, '-p', 'tcp', '-m', 'tcp', '--dport', String(port)];
  return [...what, '-m', 'comment', '--comment', MARK, '-j', 'ACCEPT'];
}

function rule({ command, family, table, base }: Block, name: string, port: number): ValueChange {
  const iptables = command ?? (family === 'ip' ? 'iptables' : 'ip6tables');
  const act = (verb: string, at: string[] = []) => [
    iptables,
    '-w',
    '-t',
    table,
    verb,
    base,
    ...at,
    ...conditions(name, port),
  ];
  const program = iptables.slice(iptables.lastIndexOf('/') + 1);
  return {
    type: 'value',
    id: `${program}-${table}-${base.toLowerCase()}-${name.replace(/\W+$/, '')}`,
    title: `Let containers on ${name.replace('+', '…')} through ${program} to port ${port}`,
    subject: `${program} ${table} ${base} rule for ${name} to port ${port}`,
    identity: 'root',
    from: null,
    to: OPEN,
    // 1: no such rule, or no such chain (iptables(8), DIAGNOSTICS).
    read: query([1], act('-C')),
    set: act('-I', ['1']),
    unset: act('-D'),
  };
}

/** The same in the file; undefined where there is none, or none with the chain in it. */
async function fileChange(
  { root }: OpeningRequest,
  changes: Change[],
  { family, table, base }: Block,
  rules: string[],
) {
  const id = `keep-${family === 'ip' ? 'iptables' : 'ip6tables'}-rules`;
  for (const path of FILES[family === 'ip' ? 'ip' : 'ip6']) {
    const change = await editFile(root, changes, path, id, (text) => withRules(text, table, base, rules));
    if (change) return change;
  }
  return undefined;
}

function withRules(text: string, table: string, chain: string, rules: string[]): ReturnType<Edit> {
  const lines = text.split('\n');
  const at = firstRule(lines, table, chain);
  if (at === undefined) return undefined;
  const there = lines.slice(lines.indexOf(`*${table}`), lines.indexOf('COMMIT', at));
  const missing = [...rules].reverse().filter((rule) => !there.includes(rule));
  lines.splice(at, 0, ...missing);
  return { text: lines.join('\n'), lines: missing };
}

/** The index of the chain's first rule in its table, or of the end of the table. */
function firstRule(lines: readonly string[], table: string, chain: string): number | undefined {
  const start = lines.indexOf(`*${table}`);
  const end = lines.indexOf('COMMIT', start);
  if (start < 0 || end < 0 || !lines.slice(start, end).some((line) => line.startsWith(`:${chain} `))) return undefined;
  const first = lines.findIndex((line, i) => i > start && i < end && line.startsWith(`-A ${chain} `));
  return first < 0 ? end : first;
}
