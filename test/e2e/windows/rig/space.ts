import { readlinkSync } from 'node:fs';
import { children, killTree, limited, type RunResult, type Started, start, waitFor } from '../../rig/outside.ts';
import { HERE, PREFIX_INSIDE } from './places.ts';

/** The machine's address in its own network, and that of another machine there. */
export const ADDRESS = '192.168.77.2';
export const NEIGHBOUR = '192.168.77.9';

/**
 * Runs as PID 1 of the new namespaces. The prefix is the template with a layer in memory over it; /tmp is private since
 * the wineserver keeps its socket there. The neighbour lives in a network namespace of its own behind a cable.
 * PID 1 waits, so that it fetches the remains of what ends.
 */
const INIT = `
set -e
mount -t tmpfs -o size=2g,mode=0755 stigmer-e2e "$1"
mkdir "$1/upper" "$1/work" "$1/prefix"
mount -t overlay -o "lowerdir=$2,upperdir=$1/upper,workdir=$1/work" stigmer-e2e "$1/prefix"
mount -t tmpfs stigmer-e2e /tmp
unshare --net sh -c 'echo >/tmp/neighbour; exec sleep infinity' &
neighbour=$!
while [ ! -e /tmp/neighbour ]; do sleep 0.01; done
ip -batch - <<END
link set lo up
link add eth0 type veth peer name eth0 netns $neighbour
addr add ${ADDRESS}/24 dev eth0
link set eth0 up
END
nsenter -t $neighbour -n ip -batch - <<END
addr add ${NEIGHBOUR}/24 dev eth0
link set eth0 up
link set lo up
END
echo ready $neighbour
while :; do sleep 1000; done
`;

/** A set of namespaces with a Wine prefix in it. Everything in it ends with its first process, or with this one. */
export interface Space {
  /** PID 1 inside, by the numbers of this machine. */
  leader: number;
  /** The process whose network is the neighbour's. */
  neighbour: number;
  /** Where this machine sees the prefix. */
  prefix: string;
  end(): Promise<void>;
}

/** Makes the namespaces and mounts the prefix. Nothing of Wine runs yet. */
export async function makeSpace(template: string): Promise<Space> {
  const init = ['/bin/sh', '-c', INIT, 'sh', HERE, template];
  const share = ['unshare', '--net', '--mount', '--pid', '--fork', '--kill-child=KILL', '--mount-proc'];
  const begun = start(['setpriv', '--pdeathsig', 'KILL', ...share, '--propagation', 'private', ...init]);
  const { child, output } = begun;
  const ready = () => {
    if (child.exitCode !== null) throw new Error(`no namespaces:\n${output.stdout}${output.stderr}`);
    return /^ready \d+$/m.test(output.stdout);
  };
  await waitFor(ready, 20_000, () => `the namespaces of a machine:\n${output.stdout}${output.stderr}`);
  const leader = await waitFor(() => children(child.pid!).find(inNamespace), 5000, 'PID 1 of a machine');
  const neighbour = children(leader).find((pid) => link(pid, 'net') !== link(leader, 'net'));
  if (neighbour === undefined) throw new Error('the machine has no neighbour');
  const end = async () => {
    killTree(leader);
    await begun.done;
  };
  return { leader, neighbour, prefix: `/proc/${leader}/root${PREFIX_INSIDE}`, end };
}

/** Runs a command of this machine in all namespaces of a space, with exactly this environment. */
export function inSpace(
  space: Space,
  argv: readonly string[],
  env: Record<string, string>,
  timeout = 60_000,
): Promise<RunResult> {
  const pairs = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const full = ['nsenter', '-t', String(space.leader), '-n', '-m', '-p', '--', '/usr/bin/env', '-i', ...pairs, ...argv];
  const started: Started = start(full);
  return limited(started, argv, timeout, () => {
    for (const below of children(started.child.pid!)) killTree(below);
  });
}

/** Runs a command of this machine with the network of a process only. */
export function inNetwork(pid: number, argv: readonly string[], timeout = 20_000): Promise<RunResult> {
  const full = ['nsenter', '-t', String(pid), '-n', '--', ...argv];
  const started = start(full);
  return limited(started, argv, timeout, () => killTree(started.child.pid!));
}

function inNamespace(pid: number): boolean {
  return link(pid, 'pid') !== link('self', 'pid');
}

function link(pid: number | string, kind: string): string {
  try {
    return readlinkSync(`/proc/${pid}/ns/${kind}`);
  } catch {
    return '';
  }
}
