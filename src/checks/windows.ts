import type { Host } from '../host/host.ts';
import { type HostValue, scopeOf } from '../ollama/host-value.ts';
import { firewallWords, isManaged, opening, removal } from '../windows/firewall.ts';
import { readFirewall } from '../windows/firewall-rules.ts';
import { portNote } from '../windows/ports.ts';
import type { Check } from './check.ts';

const SERVER = 'ollama.exe';

/** What there is to look at on Windows alone. `bound` is whether Ollama listens anywhere. */
export async function windowsChecks(host: Host, wanted: HostValue, bound: boolean): Promise<Check[]> {
  return [...(bound ? [] : await excludedPort(host, wanted)), ...(await windowsFirewall(host, wanted))];
}

/** A port that nobody holds, and that cannot be opened all the same. */
async function excludedPort(host: Host, { port }: HostValue): Promise<Check[]> {
  const [summary] = await portNote(host, [port]);
  if (summary === undefined) return [];
  return [
    {
      id: 'port',
      status: 'fail',
      cause: 'win-excluded-port-range',
      summary,
      evidence: 'netsh int ipv4 show excludedportrange protocol=tcp',
      remedy: 'net stop winnat & net start winnat   # as administrator',
    },
  ];
}

/**
 * What Windows' own firewall does to those who would reach the wanted address from elsewhere. Docker Desktop's containers
 * come in by way of loopback, which it does not look at: so nothing here is a failure.
 */
async function windowsFirewall(host: Host, wanted: HostValue): Promise<Check[]> {
  if (scopeOf(wanted) === 'loopback') return [];
  const firewall = await readFirewall(host, SERVER, wanted.port);
  if (firewall === undefined) return [];
  const summary = firewallWords(firewall, SERVER, wanted.port);
  const evidence = 'reg query HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy /s';
  const warn = (cause: string, remedy: string): Check[] => [
    { id: 'firewall', status: 'warn', cause, summary, evidence, remedy },
  ];
  const blocks = firewall.rules.filter(({ action }) => action === 'Block');
  if (blocks.length > 0) return warn('win-firewall-inbound', removal(blocks, SERVER));
  const isOn = firewall.profiles.some(({ on }) => on);
  if (isOn && firewall.rules.length === 0) {
    if (!isManaged(firewall)) return warn('win-firewall-inbound', `${opening(wanted.port)}   # as administrator`);
    const remedy = `ask whoever manages this PC for an inbound rule for TCP port ${wanted.port}`;
    return warn('win-firewall-gpo-no-local-rules', remedy);
  }
  return [{ id: 'firewall', status: 'pass', summary, evidence }];
}
