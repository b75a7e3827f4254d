import type { Host } from '../host/host.ts';

/** A network of containers that is a bridge of this host. */
export interface Bridge {
  /** As the engine calls it: bridge, app_default. */
  network: string;
  /** The interface: docker0, br-…, or what it was given. */
  iif: string;
  /** Its addresses of IPv4; undefined when the engine does not tell. */
  from?: string;
  /** The address of this host that host-gateway leads to; undefined when it is not known. */
  to?: string;
}

/** The bridges that are up and are called like an engine's; nobody is asked. */
export function bridgesUp(host: Host): Bridge[] {
  const up = host.interfaces().filter(({ name, family }) => family === 'IPv4' && CALLED_SO.test(name));
  const called = (name: string) => (name === 'docker0' ? 'bridge' : name);
  return up.map(({ name, cidr }) => ({ network: called(name), iif: name, ...(cidr === null ? {} : { from: cidr }) }));
}

/** Docker's own bridge and those of its networks, Podman's, and those of CNI's plugins. */
const CALLED_SO = /^(docker0|br-[0-9a-f]{12}|podman\d+|cni\d+|cni-podman\d+)$/;
