import type { Bridge } from '../containers/bridges.ts';
import { blockWords, judge, type Way } from '../firewall/judge.ts';
import type { Blocked, NoOpening, Opening } from '../firewall/opening.ts';
import { type Firewalls, readFirewalls } from '../firewall/read.ts';
import type { Actor, Host } from '../host/host.ts';
import type { Check } from './check.ts';

export interface FirewallQuestion {
  port: number;
  /** The bridges that containers come by; those that Docker makes first where none are known. */
  bridges: readonly Bridge[];
  /** Hands with root's rights, where there are any already; root's own need not be given. */
  root?: Actor | undefined;
}

/** What the firewalls of this host do with containers, each way on its own. */
export interface Verdicts {
  firewalls: Firewalls;
  blocked: (Blocked & { network: string })[];
  /** Interfaces whose containers get through every rule. */
  passing: string[];
  /** Why nothing can be told of the other ways, as phrases for people. */
  unknown: string[];
}

/** What Docker makes when nothing is told: its own bridge, and the first of a compose file. */
const USUAL: readonly Bridge[] = [
  { network: 'bridge', iif: 'docker0', from: '172.17.0.0/16' },
  { network: 'compose', iif: 'br-000000000000', from: '172.18.0.0/16' },
];

/** Reads the firewalls and judges every way. Changes nothing, and asks nobody for a password. */
export async function judgeBridges(host: Host, { port, bridges, root }: FirewallQuestion): Promise<Verdicts> {
  const firewalls = await readFirewalls(host, root ?? ownRoot(host));
  return verdictsOn(firewalls, bridges.length > 0 ? bridges : USUAL, port);
}

/** The same of firewalls that were read before. */
export function verdictsOn(firewalls: Firewalls, bridges: readonly Bridge[], port: number): Verdicts {
  const verdicts: Verdicts = { firewalls, blocked: [], passing: [], unknown: [] };
  for (const bridge of bridges) {
    const way = wayOf(bridge, port);
    const verdict = judge(firewalls, way);
    if (verdict.kind === 'blocked') verdicts.blocked.push({ ...way, network: bridge.network, by: verdict.by });
    else if (verdict.kind === 'passes') verdicts.passing.push(way.iif);
    else if (!verdicts.unknown.includes(verdict.why)) verdicts.unknown.push(verdict.why);
  }
  return verdicts;
}

function ownRoot(host: Host): Actor | undefined {
  return host.user.uid === 0 ? host.as('root') : undefined;
}

function wayOf({ iif, from, to }: Bridge, port: number): Way {
  return { iif, port, ...(from === undefined ? {} : { from }), ...(to === undefined ? {} : { to }) };
}

/** The firewalls that are in force, by their names. */
export function activeNames({ found }: Firewalls): string[] {
  return found.filter(({ active }) => active).map(({ name }) => nameOf({ firewall: name }));
}

/** Where no container is kept out by a rule: that it is so, or why nobody can tell. */
export function passChecks({ firewalls, passing, unknown }: Verdicts, port: number, reached: boolean): Check[] {
  const names = activeNames(firewalls);
  if (unknown.length > 0) {
    // A container that got through has told more than any rule.
    if (reached) return [];
    const who = names.length > 0 ? `${names.join(' and ')} is active; whether` : 'Whether';
    const summary = `${who} a firewall keeps containers from port ${port} cannot be told: ${unknown.join('; ')}.`;
    return [{ id: 'firewall', status: 'skip', cause: 'firewall-unseen', summary }];
  }
  if (passing.length === 0) return [];
  const who = names.length > 0 ? `The firewalls here (${names.join(', ')}) let` : 'No firewall here keeps';
  const what = names.length > 0 ? 'containers through to' : 'containers from';
  return [{ id: 'firewall', status: 'pass', summary: `${who} ${what} port ${port}.` }];
}

/** One check for each firewall that keeps containers out: the rule that does it, and the rules that let them in. */
export function blockedChecks(
  host: Host,
  { port, root }: { port: number; root: Actor },
  { passing }: Verdicts,
  blocked: readonly Blocked[],
): Promise<(Check & { brief: string })[]> {
  const names = [...new Set(blocked.map(({ by }) => by.firewall))];
  return Promise.all(
    names.map(async (name) => {
      const some = blocked.filter(({ by }) => by.firewall === name);
      const { why, ...reason } = await explainBlock(host, root, port, { passing }, some);
      const bridges = some.map(({ iif }) => iif).join(', ');
      const summary = `Containers on ${bridges} do not get through to port ${port}: ${why}.`;
      return { id: 'firewall', status: 'fail' as const, ...reason, summary };
    }),
  );
}

/** What keeps containers out, as the cause of a check; `brief` is for the picture of the way. */
type Block = Record<'cause' | 'why' | 'evidence' | 'remedy' | 'brief', string>;

/** Names what keeps containers out: a cause of the guide, half a sentence, the rule, and the rules that let them in. */
export async function explainBlock(
  host: Host,
  root: Actor | undefined,
  port: number,
  { passing }: Pick<Verdicts, 'passing'>,
  blocked: readonly Blocked[],
): Promise<Block> {
  const { by, iif } = blocked[0]!;
  const who = nameOf(by);
  const does = by.action === 'drop' ? 'drops' : 'rejects';
  const openings = root ? await openingsFor(host, root, port, blocked) : [];
  return {
    cause: causeOf(by, iif, passing),
    why: `${who} ${does} what comes from ${iif}`,
    brief: `${who} ${does} ${iif}`,
    evidence: blockWords(by),
    remedy: openings.join('\n') || 'npx stigmer-setup-ollama --open-firewall',
  };
}

/** A firewall as people call it. */
export function nameOf({ firewall }: Pick<Blocked['by'], 'firewall'>): string {
  return NAMES[firewall] ?? firewall;
}

const NAMES: Record<string, string> = { allow: 'the filter of --allow', nixos: "NixOS's firewall" };

function causeOf({ firewall, action }: Blocked['by'], iif: string, passing: readonly string[]): string {
  switch (firewall) {
    case 'ufw':
      return iif !== 'docker0' && passing.includes('docker0')
        ? 'dk-ufw-rule-covers-docker0-only'
        : 'dk-ufw-drops-bridge';
    case 'firewalld':
      return 'dk-firewalld-reject';
    case 'nixos':
      return 'nixos-firewall-blocks-bridge';
    case 'allow':
      return 'kept-out-by-allow';
    default:
      return action === 'drop' ? 'firewall-drops-containers' : 'firewall-rejects-containers';
  }
}

/** Loaded only where something is blocked. */
async function openingsFor(host: Host, root: Actor, port: number, blocked: readonly Blocked[]): Promise<string[]> {
  const [{ planOpenings }, { printCommand }] = await Promise.all([
    import('../firewall/open.ts'),
    import('../actions/index.ts'),
  ]);
  return (await planOpenings(host, root, port, blocked)).map((one) => openingWords(one, printCommand));
}

/** The rules for every bridge as command lines, and how this program makes them. */
function openingWords(opening: Opening | NoOpening, print: (argv: readonly string[]) => string): string {
  if ('remedy' in opening) return opening.remedy;
  const rules = opening.changes.flatMap((one) => (one.type === 'value' ? [`sudo ${print(one.set)}`] : []));
  return ['npx stigmer-setup-ollama --open-firewall   # or by hand:', ...rules].join('\n');
}
