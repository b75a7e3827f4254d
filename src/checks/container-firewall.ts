import type { Bridge } from '../containers/bridges.ts';
import { bridgesOf } from '../containers/networks.ts';
import type { Actor, Host } from '../host/host.ts';
import { type Asked, networksOf, type Reason } from './container-cause.ts';
import { explainBlock, judgeBridges } from './firewall.ts';

/**
 * The firewall whose rule does this to the packets of the container that was asked; undefined when no such rule was seen.
 *
 * @param root hands with root's rights
 */
export async function blockedBy(
  host: Host,
  root: Actor,
  asked: Asked,
  does: 'drop' | 'reject',
): Promise<Reason | undefined> {
  const { engine, target, port } = asked;
  const bridges = await bridgesOf(host, engine);
  const own = bridges.filter(({ network }) => networksOf(asked).includes(network));
  if (own.length === 0) return undefined;
  const called = /^\d+\.\d+\.\d+\.\d+$/.test(target.host) ? { to: target.host } : {};
  const question = (some: readonly Bridge[]) => ({ port, root, bridges: some });
  const { blocked } = await judgeBridges(host, question(own.map((bridge) => ({ ...bridge, ...called }))));
  const first = blocked.find(({ by }) => by.action === does);
  if (first === undefined) return undefined;
  // The rules that mend it are for every network at once.
  const all = await judgeBridges(host, question(bridges));
  const same = all.blocked.filter(({ by, iif }) => by.firewall === first.by.firewall && iif !== first.iif);
  return explainBlock(host, root, port, all, [first, ...same]);
}
