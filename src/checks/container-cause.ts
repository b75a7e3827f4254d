import type { Client } from '../containers/clients.ts';
import type { Engine } from '../containers/engine.ts';
import type { Answer } from '../containers/request.ts';
import { isLoopback, proxyFor, type Target } from '../containers/target.ts';
import { readModels } from '../ollama/api.ts';
import type { ListenScope } from '../probes/listeners.ts';
import { faultOf, giveTo, isUnknownName, nameOfHost, ofFault, rightAddress } from './container-fault.ts';

/** All that is known of one question when its answer is read. */
export interface Asked {
  engine: Engine;
  /** The container that was asked from; undefined for one of our own. */
  client: Client | undefined;
  target: Target;
  /** The network that our own was on; undefined for the engine's default. */
  network: string | undefined;
  platform: NodeJS.Platform;
  /** Whether this is a distribution of WSL. */
  wsl: boolean;
  /** Where Ollama listens, and on which port. */
  scope: ListenScope;
  port: number;
  /** The last lines of Ollama's log, as far as they may be read. */
  log(): Promise<string>;
  /** The firewall of this host whose rule does so to this container's packets; undefined when no rule was seen to. */
  blockedBy?(does: 'drop' | 'reject'): Promise<Reason | undefined>;
}

/** Why it did not work: a name of the troubleshooting guide, half a sentence, and what mends it. */
export interface Reason {
  cause: string;
  why: string;
  remedy: string;
  /** What was seen besides the answer. */
  evidence?: string;
  /** The same in a few words, for the picture of the way. */
  brief?: string;
}

/**
 * What an answer that is not the list of models means, by what the socket said and what else was seen: that is all that
 * is told. In particular, what is left over is not the firewall's doing.
 */
export async function reasonOf(asked: Asked, answer: Exclude<Answer, { kind: 'unable' }>): Promise<Reason> {
  const fault = faultOf(asked, answer);
  if (fault !== undefined) return ofFault(asked, fault);
  if (answer.kind === 'failed') return (await ofFirewall(asked, answer.errno)) ?? ofSocket(asked, answer.errno);
  return answer.status === 403 ? forbidden(asked, await asked.log()) : ofStatus(asked, answer.status, answer.body);
}

/** A firewall is named only by the rule that does what the socket told: dropped packets time out, rejected ones do not. */
async function ofFirewall({ blockedBy, scope }: Asked, errno: string): Promise<Reason | undefined> {
  const rejected = errno === 'EHOSTUNREACH' || (errno === 'ECONNREFUSED' && (scope === 'all' || scope === 'address'));
  if (errno !== 'ETIMEDOUT' && !rejected) return undefined;
  return blockedBy?.(rejected ? 'reject' : 'drop');
}

function ofSocket(asked: Asked, errno: string): Reason {
  const { target, scope, port } = asked;
  if (isUnknownName(errno)) return unknownName(asked);
  if (errno === 'ECONNREFUSED') return refused(asked);
  if (errno === 'ETIMEDOUT') {
    const why = 'the connection timed out: packets are dropped somewhere on the way';
    return { cause: 'container-timeout', why, remedy: `sudo nft list ruleset   # or: sudo iptables -S INPUT` };
  }
  if (errno === 'EHOSTUNREACH') {
    const why = 'the answer was "no route to host": somebody on the way rejects the packets';
    return {
      cause: 'container-host-unreachable',
      why,
      remedy: 'sudo firewall-cmd --get-active-zones   # or: sudo nft list ruleset',
    };
  }
  if (errno === 'ENETUNREACH') return noNetwork(asked, 'the container has no route to that address');
  if (errno === 'ECONNRESET') {
    const why = 'the connection was taken and then dropped, as by a relay with nobody behind it';
    return { cause: 'container-reset', why, remedy: `curl http://127.0.0.1:${port}/api/version` };
  }
  const why = `the answer was ${errno}${scope === 'none' ? ', and nothing listens on the host' : ''}`;
  return { cause: 'container-not-reached', why, remedy: `curl -v ${target.url}   # inside the container` };
}

function noNetwork({ engine, client }: Asked, why: string): Reason {
  const remedy = `${engine.cli.name} inspect ${client?.name ?? ''} --format '{{json .NetworkSettings}}'`;
  return { cause: 'container-network-unreachable', why, remedy };
}

function unknownName(asked: Asked): Reason {
  const { engine, client, target, platform } = asked;
  const why = `the name ${target.host} is not known there`;
  if (client?.networkMode === 'none') return noNetwork(asked, 'the container is on no network (network mode "none")');
  if (target.host === 'host.docker.internal') {
    if (engine.addsHost && client?.networkMode === 'host')
      return { cause: 'dk-no-host-gateway', why, remedy: rightAddress(asked, '') };
    if (engine.addsHost) return { cause: 'dk-no-host-gateway', why, remedy: giveTo(client, nameOfHost(engine)) };
    if (engine.flavour.startsWith('podman')) {
      const cause = platform === 'darwin' ? 'mac-podman-machine-host-name' : 'dk-no-host-gateway';
      return { cause, why, remedy: rightAddress(asked, '') };
    }
    const remedy = `update ${engine.title}, or look for "dns" in the engine's settings`;
    return { cause: 'dk-desktop-internal-names-missing', why, remedy };
  }
  // A name without a dot is another container's, and there is none.
  const remedy = target.host.includes('.')
    ? `${engine.cli.name} exec ${client?.name ?? '…'} cat /etc/hosts`
    : rightAddress(asked, '');
  return { cause: 'container-name-not-found', why, remedy };
}

/** Where the name that was meant for the host may lead to the engine's virtual machine or namespace. */
const GATEWAYS: Partial<Record<Engine['flavour'], string>> = {
  colima: 'mac-colima-host-gateway-is-the-vm',
  'rancher-desktop': 'mac-rancher-desktop-host-gateway',
  'podman-rootless': 'pm-rootless-pasta-or-slirp',
};

/** Refused says: nobody listens there. Who that is depends on whose address it was. */
function refused({ engine, client, target, network, scope, port, platform, wsl }: Asked): Reason {
  const hostNetwork = client?.networkMode === 'host' || network === 'host';
  if (hostNetwork && isLoopback(target.host) && !engine.local) {
    const onLinux = wsl ? 'wsl2-network-host-is-docker-vm' : 'dk-desktop-for-linux-vm';
    const desktop = platform === 'linux' ? onLinux : 'dk-desktop-host-networking-off';
    const cause = engine.flavour === 'docker-desktop' ? desktop : 'vm-host-network';
    const why = `with ${engine.title}, the host network is that of its virtual machine`;
    return { cause, why, remedy: giveTo(client, ['-e', `OLLAMA_BASE_URL=http://${engine.hostName}:${port}`]) };
  }
  if (engine.flavour === 'docker-rootless' && scope !== 'none') {
    const why = 'to rootless Docker, host-gateway is its own namespace and not this host';
    const remedy = '--add-host host.docker.internal:ADDRESS   # this host’s own address on the local network';
    return { cause: 'dk-rootless-docker', why, remedy };
  }
  const gateway = scope === 'all' ? GATEWAYS[engine.flavour] : undefined;
  if (gateway !== undefined) {
    const why = `the connection was refused: in ${engine.title}, ${target.host} need not lead to this machine`;
    return { cause: gateway, why, remedy: rightAddress({ engine, client, target, port }, gateway) };
  }
  if (scope === 'loopback') {
    const why = 'the connection was refused, as follows from Ollama listening on this machine’s loopback only';
    return { cause: 'default-loopback-bind', why, remedy: 'npx stigmer-setup-ollama' };
  }
  if (scope === 'address') {
    const why = 'the connection was refused, as follows from Ollama listening on one other address';
    return { cause: 'specific-ip-locks-out-localhost', why, remedy: 'npx stigmer-setup-ollama' };
  }
  if (scope === 'none') {
    const why = 'the connection was refused, and nothing listens on the host either';
    return { cause: 'server-not-running-or-crash-loop', why, remedy: 'npx stigmer-setup-ollama doctor' };
  }
  const why = `the connection was refused, though Ollama listens: ${target.host} leads elsewhere, or somebody on the way refuses`;
  return { cause: 'container-refused', why, remedy: `${engine.cli.name} exec ${client?.name ?? '…'} cat /etc/hosts` };
}

/** Ollama's own guard, or somebody's on the way: its log tells (gin's lines end with the method and the path). */
function forbidden({ port, target }: Asked, log: string): Reason {
  const remedy = `curl -i http://127.0.0.1:${port}/api/tags`;
  if (log === '') {
    const why = 'the answer was 403; who refuses it is not told, since the log of Ollama cannot be read';
    return { cause: 'container-not-ollama', why, remedy: 'sudo npx stigmer-setup-ollama doctor' };
  }
  const byOllama = /\b403\b.*\/api\/tags/.test(log);
  if (!byOllama && target.port !== port) {
    const why = `the answer was 403, by whoever is at port ${target.port}: Ollama listens on ${port}`;
    return { cause: 'container-not-ollama', why, remedy };
  }
  return byOllama
    ? { cause: 'host-header-403', why: 'Ollama answered 403: it refuses the name it was called by', remedy }
    : { cause: 'sandbox-policy-403', why: 'the answer was 403, and not by Ollama as far as its log shows', remedy };
}

function ofStatus({ target, client, port }: Asked, status: number, body: string): Reason {
  // Without such variables it is a proxy that stands in front of Ollama, or of something else.
  if (status >= 502 && status <= 504 && client && proxyFor(client, target) !== undefined) {
    const why = `a proxy answered ${status}`;
    return { cause: 'client-proxy-env-captures-local', why, remedy: giveTo(client, ['-e', `NO_PROXY=${target.host}`]) };
  }
  const html = /^\s*</.test(body) ? ' with a page of HTML' : '';
  const why = `the answer was HTTP ${status}${html}, which is not Ollama's`;
  return { cause: 'container-not-ollama', why, remedy: `curl -i http://127.0.0.1:${port}/api/tags` };
}

/** The proxy of the container's environment took a question that goes through without it. */
export function proxyReason({ client, target }: Asked, proxy: string): Reason {
  return {
    cause: 'client-proxy-env-captures-local',
    why: `Ollama answers directly, but the container's HTTP_PROXY (${proxy.replace(/\/\/[^/]*@/, '//…@')}) takes the request and does not`,
    remedy: giveTo(client, ['-e', `NO_PROXY=localhost,127.0.0.1,${target.host}`]),
  };
}

/** The models that an answer lists; undefined when it is none of Ollama's. */
export function modelsIn(answer: Answer): { count: number; first?: string } | undefined {
  if (answer.kind !== 'answered' || answer.status !== 200) return undefined;
  const models = readModels(answer.body);
  return 'failure' in models ? undefined : models;
}

/** The networks that the container is on, by the names that its engine has for them. */
export function networksOf({ client, network, engine }: Asked): string[] {
  if (client) return client.networks.map(({ name }) => name);
  return [network ?? (engine.flavour.startsWith('podman') ? 'podman' : 'bridge')];
}
