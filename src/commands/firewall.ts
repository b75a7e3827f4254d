import type { Change } from '../engine/plan.ts';
import { EXIT, SetupError } from '../errors.ts';
import { choose } from '../ui/prompt.ts';
import type { Run } from './before.ts';
import { isForContainers } from './container.ts';

/**
 * What lets containers through the firewalls of this host, as changes of the plan: with --open-firewall, or where
 * somebody at the terminal says so. Without root's rights nothing is looked at unless the flag asks for it.
 * @throws SetupError exit 5 when the flag asks and there is no way to become root
 */
export async function openings(run: Run): Promise<Change[]> {
  const { host, options, report, wanted } = run;
  if (options.openFirewall && host.platform !== 'linux') {
    throw new SetupError('usage', EXIT.usage, '--open-firewall is for the firewalls of Linux.', {
      meaning: 'Nothing was changed.',
      remedy: 'npx stigmer-setup-ollama',
    });
  }
  if (host.platform !== 'linux' || host.root !== undefined || !isForContainers(wanted)) return [];
  const looksOnly = options.dryRun || options.check;
  const asks = !options.yes && !looksOnly && host.terminal.stdin && host.terminal.stderr;
  if (!options.openFirewall && !(asks && run.root())) return [];
  if (!looksOnly) await run.ensureRoot();
  const root = run.root();
  if (!root) {
    const message = 'Only root may read the rules of the firewall, so it is not known what --open-firewall would add.';
    report.warnings.push({ code: 'firewall-unseen', message });
    return [];
  }
  const [{ judgeBridges }, { planOpenings }, { allBridges }, { blockWords }] = await Promise.all([
    import('../checks/firewall.ts'),
    import('../firewall/open.ts'),
    import('../containers/networks.ts'),
    import('../firewall/judge.ts'),
  ]);
  const bridges = await allBridges(host);
  const { blocked, unknown } = await judgeBridges(host, { port: wanted.port, bridges, root });
  const others = blocked.filter(({ by }) => by.firewall !== 'allow');
  if (others.length === 0) {
    if (options.openFirewall && unknown.length > 0)
      report.warnings.push({
        code: 'firewall-unseen',
        message: `Whether a firewall keeps containers out cannot be told: ${unknown.join('; ')}.`,
      });
    return [];
  }
  const found = await planOpenings(host, root, wanted.port, others);
  const changes = found.flatMap((one) => one.changes);
  const said = [...new Set(others.map(({ by }) => blockWords(by)))].join('; ');
  const opens = changes.length > 0 && (options.openFirewall || (await wantsOpening(run, said)));
  for (const one of found) {
    if ('remedy' in one) report.warnings.push({ code: 'firewall-opening', message: `${one.meaning} ${one.remedy}` });
    else if (opens && one.note) report.warnings.push({ code: 'firewall-opening', message: one.note });
  }
  return opens ? changes : [];
}

function wantsOpening(run: Run, said: string): Promise<boolean> {
  return choose(run, `The firewall keeps containers from port ${run.wanted.port} (${said}).`, [
    { name: 'Let containers through it, and nobody else', value: true },
    { name: 'Leave the firewall as it is', value: false },
  ]);
}
