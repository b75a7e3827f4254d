import type { Check } from '../checks/check.ts';
import type { Findings } from '../checks/container.ts';
import type { Verdicts } from '../checks/firewall.ts';
import { bridgesUp } from '../containers/bridges.ts';
import type { Actor } from '../host/host.ts';
import { reachableAddresses } from '../probes/addresses.ts';
import type { Installation } from '../rooms/room.ts';
import { filterCheck, narrow } from './allow.ts';
import type { Context } from './context.ts';
import { closeFirewalled, warnOfPublic } from './exposure.ts';

/** What was seen of those who decide who is let in. */
export interface Gates {
  /** Of the exposure, and of the filter of --allow. */
  checks: Check[];
  port: number;
  /** What becomes of containers' packets, with the hands that looked; undefined where only root could see it. */
  seen?: { root: Actor; verdicts: Verdicts };
}

/**
 * Who is let in to the port, as far as it can be seen: by the filter of --allow, and for root by every firewall. Fills
 * the report's exposure. Runs no program without root's rights.
 */
export async function lookAtGates(context: Context, subject: Installation | undefined, wanted: number): Promise<Gates> {
  const { host, options, report } = context;
  const root = context.root();
  const port = report.before.listeners[0]?.port ?? wanted;
  const filter = await narrowed(context, subject, port);
  if (root === undefined || report.host.wsl) return { port, checks: [...filter, ...warnOfPublic(report)] };
  const [{ readFirewalls }, { verdictsOn }] = await Promise.all([
    import('../firewall/read.ts'),
    import('../checks/firewall.ts'),
  ]);
  const [firewalls, bridges] = await Promise.all([
    readFirewalls(host, root),
    options.containerCheck ? import('../containers/networks.ts').then((one) => one.allBridges(host)) : bridgesUp(host),
  ]);
  const open = await closeFirewalled(host, report, firewalls, { port, containers: true });
  return { port, checks: [...filter, ...open], seen: { root, verdicts: verdictsOn(firewalls, bridges, port) } };
}

/** With a filter in force the report tells of those alone whom it lets in. */
async function narrowed({ report, root }: Context, subject: Installation | undefined, port: number): Promise<Check[]> {
  const { filter } = subject ?? {};
  if (filter?.now === undefined || report.before.scope === 'none') return [];
  const hands = root();
  if (hands && !(await filter.isLoaded(hands))) {
    const summary = `The filter of --allow ${filter.now} is not loaded: port ${port} is open to all.`;
    return [{ id: 'filter', status: 'fail', cause: 'filter-not-loaded', summary }];
  }
  narrow(report, { allow: filter.now, interfaces: await filter.interfaces() }, port);
  return hands ? [filterCheck(filter.now)] : [];
}

/**
 * The firewalls as checks, once containers were asked. A bridge by which one got through is open, whatever the rules seem
 * to say. Where one got through by another way, what keeps the rest out is a warning, unless a container met it.
 */
export async function firewallChecks(context: Context, gates: Gates, findings: Findings): Promise<Check[]> {
  const { host, report } = context;
  const { port, seen } = gates;
  const through = new Set(findings.ways.flatMap(({ models, networks }) => (models === undefined ? [] : networks)));
  if (seen === undefined) {
    const some = reachableAddresses(host).some(({ reach }) => reach === 'containers');
    return some && through.size === 0 && !report.host.wsl ? [unseen(context, port)] : [];
  }
  const { blockedChecks, passChecks } = await import('../checks/firewall.ts');
  const { verdicts, root } = seen;
  const blocked = verdicts.blocked.filter(({ network }) => !through.has(network));
  if (blocked.length === 0) return passChecks(verdicts, port, through.size > 0);
  const checks = await blockedChecks(host, { port, root }, verdicts, blocked);
  if (findings.ways.length === 0) findings.ways.push(wayInto(checks[0]!));
  const met = (cause: string) => findings.checks.some((one) => one.status === 'fail' && one.cause === cause);
  return checks.map(({ brief: _, ...check }) =>
    through.size > 0 && !met(check.cause ?? '') ? { ...check, status: 'warn' } : check,
  );
}

/** Where no container could be asked, the picture has what its packets would meet. */
function wayInto({ brief, cause }: Check & { brief: string }): Findings['ways'][number] {
  return { from: 'container', host: 'host.docker.internal', byBridge: true, by: brief, ...(cause && { cause }) };
}

function unseen({ host }: Context, port: number): Check {
  const isOn = /^\s*ENABLED\s*=\s*"?yes/im.test(host.files.text('/etc/ufw/ufw.conf') ?? '');
  const summary = `${isOn ? 'ufw is active; whether it' : 'Whether a firewall'} keeps containers from port ${port} is for root alone to see.`;
  return {
    id: 'firewall',
    status: 'skip',
    cause: 'firewall-unseen',
    summary,
    remedy: 'sudo npx stigmer-setup-ollama doctor',
  };
}
