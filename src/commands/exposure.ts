import { baseOf } from '../checks/binding.ts';
import type { Check } from '../checks/check.ts';
import type { Firewalls } from '../firewall/read.ts';
import type { Host } from '../host/host.ts';
import type { ReachableAddress } from '../probes/addresses.ts';
import type { Run } from './before.ts';
import type { Report } from './report.ts';

const PUBLIC = 'public-address';

/**
 * A warning for each address of the internet that is open. Answers with the same as checks, for `doctor`.
 *
 * @param certain those to which every rule of this host was seen to let callers through
 */
export function warnOfPublic(report: Report, certain: readonly ReachableAddress[] = []): Check[] {
  report.warnings = report.warnings.filter(({ code }) => code !== PUBLIC);
  const open = report.exposure.addresses.filter(({ reach }) => reach === 'public');
  return open.map((one) => {
    const [cause, why] = certain.includes(one)
      ? ['exposed-to-the-world', ', and no firewall of this host is in front: unless the network has one']
      : [PUBLIC, ': unless a firewall is in front'];
    const summary = `${one.address} is an address of the internet${why}, anybody can use this Ollama.`;
    report.warnings.push({ code: PUBLIC, message: summary });
    return { id: 'exposure', status: 'warn', cause, summary, evidence: `${one.interface} has ${one.address}` };
  });
}

/** With OLLAMA_ORIGINS=* nothing is left off loopback that keeps the pages of a browser out. Answers as `warnOfPublic`. */
export async function warnOfOrigins(host: Host, report: Report): Promise<Check[]> {
  const { exposure, before } = report;
  if (exposure.hostHeaderGuard || before.scope === 'none') return [];
  const { originChecks } = await import('../checks/origins.ts');
  const checks = await originChecks(host, baseOf(before));
  for (const { summary } of checks) report.warnings.push({ code: 'origins-any', message: summary });
  return checks;
}

/**
 * Takes those addresses out of the report that a firewall closes to all who come from elsewhere. Answers as `warnOfPublic`.
 *
 * @param containers judges the ways of containers as well, which a plan may be about to open
 */
export async function closeFirewalled(
  host: Host,
  report: Report,
  firewalls: Firewalls,
  { port, containers }: { port: number; containers: boolean },
): Promise<Check[]> {
  const { judgeOutside } = await import('../checks/outside.ts');
  const { exposure } = report;
  const judged = exposure.addresses.filter(({ reach }) => containers || reach !== 'containers');
  const { closed, certain, words } = judgeOutside(host, firewalls, judged, port);
  exposure.addresses = exposure.addresses.filter((one) => !closed.includes(one));
  if (exposure.firewall === 'not examined') exposure.firewall = words;
  return warnOfPublic(report, certain);
}

/** Before the question: what the firewalls of this host leave open, where root's rights are there to read them. */
export async function examineFirewalls({ host, report, wanted, root }: Run): Promise<void> {
  const hands = root();
  const { addresses, firewall } = report.exposure;
  // A filter that is about to be made says it all.
  if (hands === undefined || host.platform !== 'linux' || report.host.wsl || firewall !== 'not examined') return;
  if (addresses.every(({ reach }) => reach === 'containers')) return;
  const { readFirewalls } = await import('../firewall/read.ts');
  await closeFirewalled(host, report, await readFirewalls(host, hands), { port: wanted.port, containers: false });
}
