import type { Change } from '../actions/change.ts';
import { readState, textOf } from '../actions/file.ts';
import type { ValueChange } from '../actions/value.ts';
import type { Block } from './judge.ts';
import { editFile, interfacesOf, MARK, type NoOpening, OPEN, type Opening, type OpeningRequest } from './opening.ts';
import { programPath } from './programs.ts';

/** Where nftables.service of Debian, Arch and Alpine, and that of Fedora, load the rules from. */
const FILES = ['/etc/nftables.conf', '/etc/sysconfig/nftables.conf', '/etc/nftables.nft'];
/** Folders of further files that those may include. */
const FOLDERS = ['/etc/nftables.d', '/etc/nftables'];

/**
 * nft takes a rule out by its handle alone, which the kernel gives it when it is made: it is looked up by the comment.
 * Both are constant texts; what they are about comes as words: nft, family, table, chain, comment.
 */
const HANDLES =
  'list=$("$1" -a list chain "$2" "$3" "$4" 2>/dev/null) || exit 0; handles=$(printf "%s\\n" "$list" | sed -n "s/.* comment \\"$5\\" # handle \\([0-9]*\\)$/\\1/p")';
const READ = `${HANDLES}; if [ -n "$handles" ]; then echo ${OPEN}; fi`;
const REMOVE = `${HANDLES}; for handle in $handles; do "$1" delete rule "$2" "$3" "$4" handle "$handle" || exit 1; done`;

/** Rules at the top of the chain that keeps the packets out, in the kernel and in the file that it is loaded from. */
export async function openNftables(request: OpeningRequest): Promise<Opening | NoOpening> {
  const { host, port, blocked } = request;
  const nft = programPath(host, 'nft');
  const changes: Opening['changes'] = [];
  let lasting = true;
  const places = new Map(blocked.map(({ by }) => [`${by.family} ${by.table} ${by.base}`, by]));
  const names = interfacesOf(blocked).map((name) => name.replace('+', '*'));
  for (const by of nft ? places.values() : []) {
    changes.push(...[...names].reverse().map((name) => rule(nft!, by, name, port)));
    const file = await fileChange(
      request,
      changes,
      nft!,
      by,
      names.map((name) => conditions(name, port).join(' ')),
    );
    if (file) changes.push(file);
    else lasting = false;
  }
  const note =
    'No file is known from which this chain is loaded at every start: add the same rules there to keep them.';
  return { firewall: 'nftables', changes, lasting, ...(lasting ? {} : { note }) };
}

function comment(name: string): string {
  return `${MARK} ${name.replace('*', '')}`;
}

function conditions(name: string, port: number): string[] {
  return ['iifname', `"${name}"`, 'tcp', 'dport', String(port), 'accept', 'comment', `"${comment(name)}"`];
}

function rule(nft: string, { family, table, base }: Block, name: string, port: number): ValueChange {
  const chain = [family, table, base];
  const shell = (script: string) => ['/bin/sh', '-c', script, 'nft', nft, ...chain, comment(name)];
  return {
    type: 'value',
    id: `nft-${family}-${table}-${base}-${name.replace(/\W+$/, '')}`,
    title: `Let containers on ${name.replace('*', '…')} through ${chain.join(' ')} to port ${port}`,
    subject: `nft ${chain.join(' ')} rule for ${name} to port ${port}`,
    identity: 'root',
    from: null,
    to: OPEN,
    read: shell(READ),
    set: [nft, 'insert', 'rule', ...chain, ...conditions(name, port)],
    unset: shell(REMOVE),
  };
}

/** The same in the one file that has the chain, if nft accepts it then; undefined otherwise. */
async function fileChange({ host, root }: OpeningRequest, changes: Change[], nft: string, by: Block, rules: string[]) {
  const files = [...FILES, ...FOLDERS.flatMap((dir) => host.files.list(dir).map((name) => `${dir}/${name}`))];
  const there: string[] = [];
  for (const path of files.filter((each) => host.files.stat(each)?.kind === 'file')) {
    if (withRules(textOf(await readState(root, path)), by, rules)) there.push(path);
  }
  const [path] = there;
  if (path === undefined || there.length > 1) return undefined;
  const change = await editFile(root, changes, path, 'keep-nft-rules', (text) => withRules(text, by, rules));
  const input = textOf(change?.to ?? null);
  const checked = await root.run([nft, '-c', '-f', '-'], { timeout: 15_000, input });
  return checked.code === 0 ? change : undefined;
}

/** The text with the rules behind the line that hooks the chain; undefined unless there is exactly one such line. */
export function withRules(
  text: string,
  { family, table, base }: Pick<Block, 'family' | 'table' | 'base'>,
  rules: readonly string[],
): { text: string; lines: string[] } | undefined {
  const lines = text.split('\n');
  let [inTable, inChain] = [false, false];
  const hooks: number[] = [];
  for (const [i, line] of lines.entries()) {
    const [, kind, name] = /^\s*(table|chain)\s+(.+?)\s*\{/.exec(line) ?? [];
    // Without a family a table is of IPv4 (nft(8), TABLES).
    if (kind === 'table')
      inTable = (name?.includes(' ') ? name.replace(/\s+/g, ' ') : `ip ${name}`) === `${family} ${table}`;
    if (kind) inChain = kind === 'chain' && inTable && name === base;
    if (inChain && /\bhook\b.*;\s*$/.test(line) && !kind) hooks.push(i);
  }
  const [at] = hooks;
  if (at === undefined || hooks.length > 1) return undefined;
  const indent = /^\s*/.exec(lines[at]!)![0];
  const rest = lines.slice(at);
  const there = rest.slice(
    0,
    rest.findIndex((line) => /^\s*\}/.test(line)),
  );
  const added = rules.map((rule) => indent + rule).filter((line) => !there.includes(line));
  lines.splice(at + 1, 0, ...added);
  return { text: lines.join('\n'), lines: added };
}
