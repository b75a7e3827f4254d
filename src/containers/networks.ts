import type { Host } from '../host/host.ts';
import { type Bridge, bridgesUp } from './bridges.ts';
import { call } from './cli.ts';
import { type Engine, findEngines } from './engine.ts';
import { at } from './json.ts';

/** The bridges of an engine whose containers are processes of this very kernel; none of any other. */
export async function bridgesOf(host: Host, { cli, local }: Engine): Promise<Bridge[]> {
  if (!local || host.platform !== 'linux') return [];
  const listed = await call(host, cli, ['network', 'ls', '-q', '--filter', 'driver=bridge']);
  const ids = listed.code === 0 ? listed.stdout.split(/\s+/).filter(Boolean) : [];
  if (ids.length === 0) return [];
  const { stdout } = await call(host, cli, ['network', 'inspect', ...ids]);
  const found = list(parse(stdout)).flatMap(cli.name === 'podman' ? ofPodman : ofDocker);
  // host.docker.internal:host-gateway is the address of the default bridge, on whatever network the container is.
  const gateway = found.find(({ network }) => network === 'bridge')?.gateway;
  return found.map(({ gateway: _, ...bridge }) => ({ ...bridge, ...(gateway === undefined ? {} : { to: gateway }) }));
}

/** The bridges of every engine that this user can speak to; where there is none, those that are up and are called like one's. */
export async function allBridges(host: Host): Promise<Bridge[]> {
  const { engines } = await findEngines(host);
  const found = (await Promise.all(engines.map((engine) => bridgesOf(host, engine)))).flat();
  if (found.length > 0) return found.filter(({ iif }, index) => found.findIndex((one) => one.iif === iif) === index);
  return bridgesUp(host);
}

type Found = Bridge & { gateway?: string };

/** `docker network inspect` (api/types/network in moby/moby); a bridge without a name of its own is br- and its id. */
function ofDocker(one: unknown): Found[] {
  const [network, id] = [at(one, 'Name'), at(one, 'Id')];
  const named = at(one, 'Options', 'com.docker.network.bridge.name');
  if (typeof network !== 'string' || typeof id !== 'string') return [];
  const iif = typeof named === 'string' ? named : `br-${id.slice(0, 12)}`;
  return [{ network, iif, ...addressesOf(list(at(one, 'IPAM', 'Config')), 'Subnet', 'Gateway') }];
}

/** `podman network inspect` (libnetwork/types in containers/common). */
function ofPodman(one: unknown): Found[] {
  const [network, iif] = [at(one, 'name'), at(one, 'network_interface')];
  if (typeof network !== 'string' || typeof iif !== 'string') return [];
  const { from } = addressesOf(list(at(one, 'subnets')), 'subnet', 'gateway');
  return [{ network, iif, ...(from === undefined ? {} : { from }) }];
}

function addressesOf(configs: unknown[], subnet: string, gateway: string): { from?: string; gateway?: string } {
  const four = configs.find((one) => /^\d+\.\d+\.\d+\.\d+\/\d+$/.test(String(at(one, subnet))));
  if (four === undefined) return {};
  const to = at(four, gateway);
  return { from: String(at(four, subnet)), ...(typeof to === 'string' && to !== '' ? { gateway: to } : {}) };
}

function list(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
