import type { Host } from '../host/host.ts';
import { type Firewall, type FirewallRule, type Profile, readFirewall } from './firewall-rules.ts';

/** The firewall in words, as far as it concerns one program and one port. */
export async function firewallOnWindows(host: Host, image: string, port: number): Promise<string> {
  return firewallWords(await readFirewall(host, image, port), image, port);
}

/** What the firewall will do to incoming connections, in words that are true for a user without special rights. */
export function firewallWords(firewall: Firewall | undefined, image: string, port: number): string {
  if (firewall === undefined) return 'not examined';
  const { profiles, rules } = firewall;
  const off = profiles.filter(({ on }) => !on).map(({ name }) => name);
  if (off.length === profiles.length)
    return `Windows Firewall is off: it keeps nobody from port ${port}, unless another firewall stands in for it.`;
  const open = off.length > 0 ? ` It is off on ${listed(off)} networks, where it keeps nobody from the port.` : '';
  const blocks = rules.filter(({ action }) => action === 'Block');
  const allows = rules.filter(({ action }) => action === 'Allow');
  if (blocks.length > 0) {
    return `Windows Firewall: a rule blocks ${image} for ${networksOf(blocks)}, whatever others allow; containers of Docker Desktop are not affected. Windows makes such rules itself when its question is declined or not shown. Only an administrator can remove it: ${removal(blocks, image)}.${open}`;
  }
  if (allows.length > 0)
    return `Windows Firewall: a rule lets others reach ${image} or port ${port} on ${networksOf(allows)}.${open}`;
  const asks = isManaged(firewall)
    ? ''
    : '; Windows may ask an administrator when Ollama starts, and blocks it for everybody else without asking';
  return `Windows Firewall: no rule is about ${image} or port ${port}, so other machines are kept out${off.length > 0 ? ' where it is on' : ''}${asks}. Containers of Docker Desktop are not affected. ${howToOpen(firewall, port)}${open}`;
}

/** True where this PC's own rules count on no network that the firewall guards: then no command of ours can open it. */
export function isManaged({ profiles }: Firewall): boolean {
  return profiles.filter(({ on }) => on).every(({ localRules }) => !localRules);
}

/** How private networks are let in. A policy may let the rules of this PC count on some networks, and on others not. */
function howToOpen(firewall: Firewall, port: number): string {
  const closed = firewall.profiles.filter(({ on, localRules }) => on && !localRules).map(({ name }) => name);
  if (isManaged(firewall))
    return `A policy lets no rules of this PC count, so that only whoever manages it can open TCP port ${port}.`;
  const but = closed.length > 0 ? ` On ${listed(closed)} networks a policy lets no rules of this PC count.` : '';
  return `An administrator can let in private networks only: ${opening(port)}.${but}`;
}

function networksOf(rules: Firewall['rules']): string {
  const names = new Set(rules.flatMap(({ on }) => on));
  return names.size === 3 ? 'every network' : `${listed([...names].sort())} networks`;
}

function listed(names: readonly Profile['name'][]): string {
  return names.join(' and ');
}

/** By the program where that can be typed: the words of the registry come in the console's code page. */
export function removal(blocks: readonly FirewallRule[], image: string): string {
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
