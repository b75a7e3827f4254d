import type { TestHost } from './host.ts';
import { must, type OutsideOptions, outside, type RunResult } from './outside.ts';

/** A bridge of the host as Docker makes them, with one container on it: a namespace of its own behind a wire. */
export class Container {
  readonly bridge: string;
  /** The container's network, and the bridge's own address in it, by which containers call the host. */
  readonly network: string;
  readonly gateway: string;
  readonly network6: string;
  readonly gateway6: string;
  readonly #namespace: string;

  constructor(namespace: string, bridge: string, number: number) {
    this.#namespace = namespace;
    this.bridge = bridge;
    this.network = `172.${16 + number}.0.0/16`;
    this.gateway = `172.${16 + number}.0.1`;
    this.network6 = `fd00:${16 + number}::/64`;
    this.gateway6 = `fd00:${16 + number}::1`;
  }

  /** Runs a command of this machine inside the container's namespace. */
  run(argv: readonly string[], options: OutsideOptions = {}): Promise<RunResult> {
    return outside(['nsenter', `--net=/run/netns/${this.#namespace}`, '--', ...argv], options);
  }

  /** What curl comes to: `200`, or `curl 7` (refused, unreachable) or `curl 28` (no answer). */
  reach(address = this.gateway, port = 11434): Promise<string> {
    return reach((argv) => this.run(argv), address, port);
  }
}

/** One request, given up after 2 s: the status, or curl's exit code. */
export async function reach(
  run: (argv: readonly string[]) => Promise<RunResult>,
  address: string,
  port = 11434,
): Promise<string> {
  const url = `http://${address.includes(':') ? `[${address}]` : address}:${port}/api/version`;
  const curl = ['curl', '-q', '-s', '--noproxy', '*', '--max-time', '2', '-o', '/dev/null', '-w', '%{http_code}', url];
  const { code, stdout } = await run(curl);
  return code === 0 ? stdout : `curl ${code}`;
}

/** Makes a bridge with a container on it; the first one that a host gets is 172.17.0.0/16, as Docker's own. */
export async function addContainer(host: TestHost, bridge: string, number = 1): Promise<Container> {
  // A name like a peer's, so that it goes with the host whatever happens.
  const namespace = `${host.name}.peer${50 + number}`;
  const container = new Container(namespace, bridge, number);
  const [ip, far] = [
    ['ip', '-n', host.name],
    ['ip', '-n', namespace],
  ];
  const wire = `veth${50 + number}`;
  await must(['ip', 'netns', 'add', namespace]);
  await must([...ip!, 'link', 'add', bridge, 'type', 'bridge']);
  await must([
    'ip',
    'link',
    'add',
    wire,
    'netns',
    host.name,
    'type',
    'veth',
    'peer',
    'name',
    'eth0',
    'netns',
    namespace,
  ]);
  await must([...ip!, 'link', 'set', wire, 'master', bridge]);
  const { gateway, gateway6 } = container;
  const [address, address6] = [gateway.replace(/1$/, '2'), gateway6.replace(/1$/, '2')];
  await must([...ip!, 'address', 'add', `${gateway}/16`, 'dev', bridge]);
  await must([...ip!, 'address', 'add', `${gateway6}/64`, 'dev', bridge, 'nodad']);
  await must([...far!, 'address', 'add', `${address}/16`, 'dev', 'eth0']);
  await must([...far!, 'address', 'add', `${address6}/64`, 'dev', 'eth0', 'nodad']);
  for (const [where, device] of [
    [ip!, bridge],
    [ip!, wire],
    [far!, 'lo'],
    [far!, 'eth0'],
  ] as const)
    await must([...where, 'link', 'set', device, 'up']);
  await must([...far!, 'route', 'add', 'default', 'via', gateway]);
  return container;
}
