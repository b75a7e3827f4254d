import type { Host } from '../host/host.ts';
import type { ReachableAddress } from '../probes/addresses.ts';
import { networkingOf } from './networking.ts';
import { wslVersion } from './wsl.ts';

/** The same addresses, where the one behind Windows' NAT is said to be reached from Windows alone: no network leads to it. */
export async function reachInWsl(host: Host, addresses: ReachableAddress[]): Promise<ReachableAddress[]> {
  const version = wslVersion(host);
  if (version === undefined || addresses.length === 0) return addresses;
  const { mode, interface: name } = await networkingOf(host, version);
  if (mode !== 'nat') return addresses;
  return addresses.map((one) => (one.interface === name && one.reach === 'lan' ? { ...one, reach: 'windows' } : one));
}
