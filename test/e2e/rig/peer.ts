import type { Machine } from './machine.ts';
import { must, type OutsideOptions, outside, type RunResult } from './outside.ts';

/** What an HTTP request from a peer came to: an answer, or curl's exit code and words. */
export type PeerAnswer = { status: number; body: string } | { curl: number; error: string };

/** Another machine on the same wire as the host: a network namespace of its own, with this machine's files. */
export class Peer {
  /** The host's address on the wire. */
  readonly hostAddress: string;
  /** The peer's own address. */
  readonly address: string;
  /** The host's network interface on this wire. */
  readonly hostInterface: string;
  readonly #namespace: string;

  constructor(namespace: string, number: number) {
    this.#namespace = namespace;
    this.hostAddress = `10.${76 + number}.0.1`;
    this.address = `10.${76 + number}.0.2`;
    this.hostInterface = `lan${number}`;
  }

  /** Runs a command of this machine from the peer's side of the wire. */
  run(argv: readonly string[], options: OutsideOptions = {}): Promise<RunResult> {
    return outside(['nsenter', `--net=/run/netns/${this.#namespace}`, '--', ...argv], options);
  }

  /** One GET from the peer, given up after 3 s. A path alone means the host's port 11434. */
  async get(urlOrPath: string, headers: Record<string, string> = {}): Promise<PeerAnswer> {
    const url = urlOrPath.startsWith('/') ? `http://${this.hostAddress}:11434${urlOrPath}` : urlOrPath;
    const extra = Object.entries(headers).flatMap(([name, value]) => ['-H', `${name}: ${value}`]);
    const curl = ['curl', '-q', '-sS', '--noproxy', '*', '--max-time', '3', '-w', '\n%{http_code}', ...extra, url];
    const { code, stdout, stderr } = await this.run(curl);
    if (code !== 0) return { curl: code ?? -1, error: stderr.trim() };
    const end = stdout.lastIndexOf('\n');
    return { status: Number(stdout.slice(end + 1)), body: stdout.slice(0, end) };
  }
}

/** Lays a wire from the host to a new peer; the first is 10.77.0.1 (host) to 10.77.0.2 (peer). */
export async function addPeer(machine: Machine, number: number): Promise<Peer> {
  const namespace = `${machine.name}.peer${number}`;
  const peer = new Peer(namespace, number);
  const [host, lan] = [machine.name, peer.hostInterface];
  await must(['ip', 'netns', 'add', namespace]);
  await must(['ip', 'link', 'add', lan, 'netns', host, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', namespace]);
  for (const [where, device, address] of [
    [host, lan, peer.hostAddress],
    [namespace, 'eth0', peer.address],
  ] as const) {
    await must(['ip', '-n', where, 'address', 'add', `${address}/24`, 'dev', device]);
    for (const each of ['lo', device]) await must(['ip', '-n', where, 'link', 'set', each, 'up']);
  }
  return peer;
}
