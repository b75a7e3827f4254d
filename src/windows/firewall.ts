import type { Host } from '../host/host.ts';
import { parseRegQuery } from './registry.ts';
import { program } from './system.ts';

const RULES = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy\\FirewallRules';

/** A rule of Windows' firewall that lets in or keeps out ("v2.33|Action=Block|Active=TRUE|Dir=In|Protocol=6|App=…|Name=…|"). */
export interface FirewallRule {
  action: 'Allow' | 'Block';
  /** Domain, Private, Public; empty means all of them. */
  profiles: string[];
  app: string | undefined;
  ports: string | undefined;
  remote: string | undefined;
  name: string;
}

/** The active rules for incoming TCP connections to a program of this name, or to a port by itself. */
export async function rulesFor(host: Host, image: string, port: number): Promise<FirewallRule[] | undefined> {
  const { code, stdout } = await host.ask([program(host, 'reg'), 'query', RULES], { timeout: 20_000 });
  if (code !== 0) return undefined;
  const rules = (parseRegQuery(stdout)[0]?.values ?? []).flatMap(({ data }) => parseRule(data) ?? []);
  const isIts = ({ app }: FirewallRule) => app?.toLowerCase().endsWith(`\\${image.toLowerCase()}`) === true;
  return rules.filter((rule) => (isIts(rule) ? covers(rule, port, true) : !rule.app && covers(rule, port, false)));
}

/** Reads one rule; undefined for what is switched off, goes out, or is about another protocol. */
export function parseRule(data: string): FirewallRule | undefined {
  const fields = data
    .split('|')
    .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)] as const);
  const all = (name: string) => fields.filter(([key]) => key === name).map(([, value]) => value);
  const [action] = all('Action');
  const [protocol = '6'] = all('Protocol');
  if (action !== 'Allow' && action !== 'Block') return undefined;
  if (all('Active')[0] !== 'TRUE' || all('Dir')[0] !== 'In' || protocol !== '6') return undefined;
  const ports = [...all('LPort'), ...all('LPort2_10')].join(',');
  const remote = [...all('RA4'), ...all('RA6')].join(',');
  return {
    action,
    profiles: all('Profile'),
    app: all('App')[0],
    ports: ports || undefined,
    remote: remote || undefined,
    name: all('Name')[0] ?? '',
  };
}

/** Whether a rule is about a port; one that names none is about all, which only counts where it names the program. */
function covers({ ports }: FirewallRule, port: number, byDefault: boolean): boolean {
  if (ports === undefined) return byDefault;
  return ports.split(',').some((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return first <= port && port <= last;
  });
}

/** The firewall in words, as far as it concerns one program and one port. */
export async function firewallOnWindows(host: Host, image: string, port: number): Promise<string> {
  return firewallWords(await rulesFor(host, image, port), image, port);
}

/** What the firewall will do to incoming connections, in words that are true for a user without special rights. */
export function firewallWords(rules: readonly FirewallRule[] | undefined, image: string, port: number): string {
  if (rules === undefined) return 'not examined';
  const blocks = rules.filter(({ action }) => action === 'Block');
  const allows = rules.filter(({ action }) => action === 'Allow');
  if (blocks.length > 0) {
    return `Windows Firewall: a rule blocks ${image} for ${networksOf(blocks)}, whatever others allow; containers of Docker Desktop are not affected. Windows makes such rules itself when its question is declined or not shown. Only an administrator can remove it: ${removal(blocks, image)}`;
  }
  if (allows.length > 0)
    return `Windows Firewall: a rule lets others reach ${image} or port ${port} on ${networksOf(allows)}`;
  return `Windows Firewall: no rule is about ${image} or port ${port}, so other machines are kept out unless it is switched off; Windows may ask an administrator when Ollama starts, and blocks it for everybody else without asking. Containers of Docker Desktop are not affected. An administrator can let in private networks only: ${opening(port)}`;
}

function networksOf(rules: readonly FirewallRule[]): string {
  const profiles = new Set(rules.flatMap((rule) => (rule.profiles.length > 0 ? rule.profiles : ['every'])));
  if (profiles.has('every') || profiles.size === 3) return 'every network';
  return `${[...profiles]
    .map((name) => name.toLowerCase())
    .sort()
    .join(' and ')} networks`;
}

/** By the program where that can be typed: the words of the registry come in the console's code page. */
function removal(blocks: readonly FirewallRule[], image: string): string {
  const app = blocks.find((rule) => rule.app)?.app;
  if (app === undefined) return `netsh advfirewall firewall delete rule name="${blocks[0]?.name}" dir=in`;
  const isPlain = /^[\x20-\x7e]+$/.test(app) && !app.includes('?');
  return isPlain
    ? `netsh advfirewall firewall delete rule name=all dir=in program="${app}"`
    : `wf.msc, Inbound Rules, the ones for ${image}`;
}

/** The rule that an administrator may add. */
export function opening(port: number): string {
  return `netsh advfirewall firewall add rule name="Ollama (private networks)" dir=in action=allow protocol=TCP localport=${port} profile=private remoteip=localsubnet`;
}
