import { inspectChange } from '../actions/change.ts';
import type { Actor, Host } from '../host/host.ts';
import { openFirewalld } from './firewalld.ts';
import { openIptables } from './iptables.ts';
import { openNftables } from './nftables.ts';
import type { Blocked, NoOpening, Opening, OpeningRequest } from './opening.ts';
import type { FirewallName } from './read.ts';
import { openUfw } from './ufw.ts';

/**
 * What lets containers through every firewall that keeps them out: one opening for each. Nothing is changed; of the
 * changes only those are offered that are not made already.
 *
 * @param root hands with root's rights, for looking
 * @param blocked the ways that `judge` found blocked
 */
export async function planOpenings(
  host: Host,
  root: Actor,
  port: number,
  blocked: readonly Blocked[],
): Promise<(Opening | NoOpening)[]> {
  const names = [...new Set(blocked.map(({ by }) => by.firewall))];
  return Promise.all(names.map((name) => planOpening({ host, root, port, blocked: ofFirewall(blocked, name) }, name)));
}

function ofFirewall(blocked: readonly Blocked[], name: FirewallName): Blocked[] {
  return blocked.filter(({ by }) => by.firewall === name);
}

async function planOpening(request: OpeningRequest, name: FirewallName): Promise<Opening | NoOpening> {
  const opening = await openingOf(request, name);
  if (!('lasting' in opening)) return opening;
  const states = await Promise.all(opening.changes.map((change) => inspectChange(request.host, change)));
  return { ...opening, changes: opening.changes.filter((_, i) => states[i] !== 'done') };
}

function openingOf(request: OpeningRequest, name: FirewallName): Promise<Opening | NoOpening> | Opening | NoOpening {
  switch (name) {
    case 'ufw':
      return openUfw(request);
    case 'firewalld':
      return openFirewalld(request);
    case 'iptables':
      return openIptables(request);
    case 'nftables':
      return openNftables(request);
    case 'nixos':
      return declared(request.port);
    case 'allow':
      return ownFilter(request.port);
  }
}

/** NixOS makes its rules from its configuration, and makes them anew: only there do they last (networking.firewall). */
function declared(port: number): NoOpening {
  const lines = ['docker0', 'br-+'].map(
    (name) => `networking.firewall.interfaces."${name}".allowedTCPPorts = [ ${port} ];`,
  );
  const meaning = 'NixOS declares its firewall in its configuration, so the change belongs there.';
  const remedy = [...lines, '# then: sudo nixos-rebuild switch   (with the nftables firewall, "br-*" for "br-+")'];
  return { firewall: 'nixos', changes: [], meaning, remedy: remedy.join('\n') };
}

function ownFilter(port: number): NoOpening {
  const meaning = `The filter that an earlier run with --allow made keeps these containers from port ${port}.`;
  return { firewall: 'allow', changes: [], meaning, remedy: 'npx stigmer-setup-ollama --allow any' };
}
