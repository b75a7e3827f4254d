import type { Host } from '../host/host.ts';
import { joinHostPort } from '../ollama/go-net.ts';
import { type HostValue, listenAddress, sameBinding, scopeOf } from '../ollama/host-value.ts';
import {
  canInspect,
  isWildcard,
  type Listener,
  type ListenScope,
  listeningSockets,
  NOT_TOLD,
  nameHolders,
  ownedBy,
  scopeOfListeners,
} from '../probes/listeners.ts';
import { listenersOnMac, ownedOnMac } from '../probes/mac-listeners.ts';
import { readProcess } from '../probes/processes.ts';
import { listenersOnWindows, ownedOnWindows } from '../probes/windows-listeners.ts';
import type { ServiceState } from '../rooms/room.ts';

/** Where an installation listens, by what the kernel says. */
export interface Binding {
  scope: ListenScope;
  listeners: Listener[];
}

/**
 * The sockets of an installation's processes. Where those may not be looked into (another user's, without root), the
 * kernel's word on the owner of each socket has to do: same user, and a port that Ollama was told to use.
 */
export async function bindingOf(host: Host, state: ServiceState, ports: readonly number[]): Promise<Binding> {
  const listeners = await ownListeners(host, state, ports);
  return { scope: scopeOfListeners(listeners), listeners };
}

async function ownListeners(host: Host, state: ServiceState, ports: readonly number[]): Promise<Listener[]> {
  if (host.platform === 'win32') return ownedOnWindows(host, state.pids, ports);
  return host.platform === 'darwin' ? ownedOnMac(host, state.pids, ports) : ownedInProc(host, state, ports);
}

function ownedInProc(host: Host, state: ServiceState, ports: readonly number[]): Listener[] {
  // One that has just ended shows no sockets either, and another program of the same user must not be taken for it.
  const alive = state.pids.filter((pid) => readProcess(host, pid)?.zombie === false);
  const inspectable = alive.filter((pid) => canInspect(host, pid));
  const blind = alive.length > 0 && inspectable.length === 0;
  return blind
    ? listeningSockets(host).filter(({ uid, port }) => uid === state.uid && ports.includes(port))
    : ownedBy(host, inspectable);
}

/** True when one of the listeners is what Ollama opens for `wanted`. */
export function matches(binding: Binding, wanted: HostValue): boolean {
  return matching(binding, wanted) !== undefined;
}

/** The listener that is what Ollama opens for `wanted`. */
export function matching({ listeners }: Binding, wanted: HostValue): Listener | undefined {
  const scope = scopeOf(wanted);
  // The kernel's table names no zone: fe80::1%eth0 is fe80::1 there.
  const asked = listenAddress(wanted).replace(/%[^\]]*/, '');
  return listeners.find(({ address, port }) => {
    if (port !== wanted.port) return false;
    return scope === 'all' ? isWildcard(address) : sameBinding(joinHostPort(address, port), asked);
  });
}

/** Who else holds the port: any listener on it that is not among `own`, with the process behind it where that can be seen. */
export async function rivals(host: Host, port: number, own: readonly Listener[]): Promise<Listener[]> {
  const inodes = new Set(own.map(({ inode }) => inode));
  const isOther = (socket: Listener) => socket.port === port && !inodes.has(socket.inode);
  if (host.platform === 'win32') return (await listenersOnWindows(host)).filter(isOther);
  if (host.platform === 'darwin') return (await listenersOnMac(host)).filter(isOther);
  return nameHolders(host, listeningSockets(host).filter(isOther));
}

/** "process 782 (python3) of user 0 on 127.0.0.1:11434" */
export function describeListener({ address, port, pid, process, uid }: Listener): string {
  const owner = uid === NOT_TOLD ? '' : ` of user ${uid}`;
  const who = pid === null ? `a process${owner || ' of another user'}` : `process ${pid} (${process ?? '?'})${owner}`;
  return `${who} on ${address.includes(':') ? `[${address}]` : address}:${port}`;
}

/** Where on this machine a binding can be asked over HTTP; of several listeners the first. */
export function baseOf({
  scope,
  listeners: [first],
}: Pick<Binding, 'scope'> & { listeners: Pick<Listener, 'address' | 'port'>[] }): string {
  const address = scope === 'all' ? '127.0.0.1' : (first?.address ?? '127.0.0.1');
  return `http://${address.includes(':') ? `[${address}]` : address}:${first?.port}`;
}
