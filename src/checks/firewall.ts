import { printCommand } from '../actions/index.ts';
import type { Bridge } from '../containers/networks.ts';
import { blockWords, judge, type Way } from '../firewall/judge.ts';
import { planOpenings } from '../firewall/open.ts';
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
  blocked: Blocked[];
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
  const verdicts: Verdicts = { firewalls, blocked: [], passing: [], unknown: [] };
  for (const bridge of bridges.length > 0 ? bridges : USUAL) {
    const way = wayOf(bridge, port);
    const verdict = judge(firewalls, way);
    if (verdict.kind === 'blocked') verdicts.blocked.push({ ...way, by: verdict.by });
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

/**
 * One check for each firewall that keeps containers out, with the rule that does it and the rules that let them in; else
 * one that says so, or why nobody can tell. Changes nothing. For `doctor`.
 */
export async function firewallChecks(host: Host, question: FirewallQuestion): Promise<Check[]> {
  if (host.platform !== 'linux') return [];
  const verdicts = await judgeBridges(host, question);
  const { firewalls, blocked, unknown } = verdicts;
  const active = firewalls.found.filter((one) => one.active).map(({ name }) => name);
  if (blocked.length > 0) {
    const names = [...new Set(blocked.map(({ by }) => by.firewall))];
    const each = names.map((name) =>
      blockedCheck(
        host,
        question,
        verdicts,
        blocked.filter(({ by }) => by.firewall === name),
      ),
    );
    return Promise.all(each);
  }
  if (unknown.length > 0) {
    const who = active.length > 0 ? `${active.join(' and ')} is active; whether` : 'Whether';
    const summary = `${who} a firewall keeps containers from port ${question.port} cannot be told: ${unknown.join('; ')}.`;
    const blind = firewalls.ruleset === undefined;
    return [
      {
        id: 'firewall',
        status: 'skip',
        summary,
        ...(blind ? { remedy: 'sudo npx stigmer-setup-ollama doctor' } : {}),
      },
    ];
  }
  const who = active.length > 0 ? `The firewalls here (${active.join(', ')}) let` : 'No firewall here keeps';
  const what = active.length > 0 ? 'containers through to' : 'containers from';
  return [{ id: 'firewall', status: 'pass', summary: `${who} ${what} port ${question.port}.` }];
}

async function blockedCheck(
  host: Host,
  { port, root }: FirewallQuestion,
  verdicts: Verdicts,
  blocked: Blocked[],
): Promise<Check> {
  const { cause, why, evidence, remedy } = await explainBlock(host, root ?? ownRoot(host), port, verdicts, blocked);
  const bridges = blocked.map(({ iif }) => iif).join(', ');
  const summary = `Containers on ${bridges} do not get through to port ${port}: ${why}.`;
  return { id: 'firewall', status: 'fail', cause, summary, evidence, remedy };
}

/** Names what keeps containers out: a cause of the guide, half a sentence, the rule, and the rules that let them in. */
export async function explainBlock(
  host: Host,
  root: Actor | undefined,
  port: number,
  { passing }: Pick<Verdicts, 'passing'>,
  blocked: readonly Blocked[],
): Promise<{ cause: string; why: string; evidence: string; remedy: string }> {
  const { by, iif } = blocked[0]!;
  const openings = root ? await planOpenings(host, root, port, blocked) : [];
  return {
    cause: causeOf(by, iif, passing),
    why: `${NAMES[by.firewall] ?? by.firewall} ${by.action === 'drop' ? 'drops' : 'rejects'} what comes from ${iif}`,
    evidence: blockWords(by),
    remedy: openings.map(openingWords).join('\n') || 'npx stigmer-setup-ollama --open-firewall',
  };
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

/** The rules for every bridge as command lines, and how this program makes them. */
function openingWords(opening: Opening | NoOpening): string {
  if ('remedy' in opening) return opening.remedy;
  const rules = opening.changes.flatMap((one) => (one.type === 'value' ? [`sudo ${printCommand(one.set)}`] : []));
  return ['npx stigmer-setup-ollama --open-firewall   # or by hand:', ...rules].join('\n');
}
