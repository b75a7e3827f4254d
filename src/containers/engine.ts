import type { Host, RunResult } from '../host/host.ts';
import { type Cli, call, findClis } from './cli.ts';
import { at } from './json.ts';

export type Flavour =
  | 'docker-engine'
  | 'docker-rootless'
  | 'docker-desktop'
  | 'colima'
  | 'orbstack'
  | 'rancher-desktop'
  | 'docker-vm'
  | 'podman'
  | 'podman-rootless'
  | 'podman-machine'
  | 'nerdctl';

/** A container engine that answers. */
export interface Engine {
  cli: Cli;
  flavour: Flavour;
  /** "Docker Engine 28.2.2" */
  title: string;
  /** Whether its containers are processes of this very kernel, so that files of this host can be mounted into them. */
  local: boolean;
  /** The name by which its containers know the host. */
  hostName: string;
  /** Whether that name has to be given to each container (`--add-host …:host-gateway`). */
  addsHost: boolean;
}

/** Why an engine that is installed cannot be asked. */
export interface Unusable {
  cause:
    | 'engine-denied'
    | 'engine-down'
    | 'engine-hung'
    | 'engine-remote'
    | 'engine-other-containers'
    | 'engine-broken';
  message: string;
  evidence: string;
  remedy: string;
}

export interface Engines {
  engines: Engine[];
  unusable: Unusable[];
}

const TITLES: Record<Flavour, string> = {
  'docker-engine': 'Docker Engine',
  'docker-rootless': 'rootless Docker',
  'docker-desktop': 'Docker Desktop',
  colima: 'Colima',
  orbstack: 'OrbStack',
  'rancher-desktop': 'Rancher Desktop',
  'docker-vm': 'Docker in a virtual machine',
  podman: 'Podman',
  'podman-rootless': 'rootless Podman',
  'podman-machine': 'Podman machine',
  nerdctl: 'nerdctl',
};

/** Every container engine that this user can speak to, Docker first, and why the others cannot be. */
export async function findEngines(host: Host): Promise<Engines> {
  const asked = await Promise.all(findClis(host).map((cli) => identify(host, cli)));
  const engines = asked.flatMap((one) => ('flavour' in one ? [one] : []));
  // `docker` may be Podman under another name (the package podman-docker).
  const shim = engines.find(({ cli, flavour }) => cli.name === 'docker' && flavour.startsWith('podman'));
  return {
    engines: engines.filter(({ cli }) => !(shim && cli.name === 'podman')),
    unusable: asked.flatMap((one) => ('cause' in one ? [one] : [])),
  };
}

async function identify(host: Host, cli: Cli): Promise<Engine | Unusable> {
  const format = cli.name === 'podman' ? 'json' : '{{json .}}';
  const result = await call(host, cli, ['info', '--format', format]);
  const info = parse(result.stdout);
  // Docker's program prints an empty answer beside its error; only an engine tells what containers it has.
  if (at(info, 'host', 'kernel') !== undefined) return identifyPodman(host, cli, info);
  if (!at(info, 'ServerVersion')) return unusable(host, cli, result, at(info, 'ServerErrors'));
  if (at(info, 'OSType') !== 'linux') return { ...OTHER_CONTAINERS, evidence: `${cli.name} info: OSType` };
  const endpoint = await endpointOf(host, cli, info);
  const flavour = flavourOf(host, cli, info, endpoint);
  if (flavour === undefined) return remote(cli, endpoint);
  const local = ['docker-engine', 'docker-rootless', 'nerdctl'].includes(flavour);
  return engineOf(cli, flavour, String(at(info, 'ServerVersion')), local);
}

const OTHER_CONTAINERS = {
  cause: 'engine-other-containers',
  message: 'The container engine runs Windows containers, from which nothing is asked.',
  remedy: 'switch Docker Desktop to Linux containers',
} as const;

/** `podman info` (libpod/define/info.go in containers/podman): what is remote there is the VM of `podman machine`. */
function identifyPodman(host: Host, cli: Cli, info: unknown): Engine | Unusable {
  const remoteService = at(info, 'host', 'serviceIsRemote') === true || host.platform !== 'linux';
  const rootless = at(info, 'host', 'security', 'rootless') === true;
  const flavour = remoteService ? 'podman-machine' : rootless ? 'podman-rootless' : 'podman';
  const local = !remoteService && at(info, 'host', 'kernel') === host.release;
  return engineOf(cli, flavour, String(at(info, 'version', 'Version') ?? ''), local);
}

function engineOf(cli: Cli, flavour: Flavour, version: string, local: boolean): Engine {
  const podman = flavour.startsWith('podman');
  return {
    cli,
    flavour,
    title: `${TITLES[flavour]} ${version}`.trim(),
    local,
    hostName: podman ? 'host.containers.internal' : 'host.docker.internal',
    addsHost: !podman && local,
  };
}

/** Where the engine listens: DOCKER_HOST, or what the current context says (docker-context-inspect(1)). */
async function endpointOf(host: Host, cli: Cli, info: unknown): Promise<string> {
  if (cli.name !== 'docker') return '';
  const told = cli.env.DOCKER_HOST ?? host.env.DOCKER_HOST;
  const context = at(info, 'ClientInfo', 'Context');
  if (told || typeof context !== 'string' || context === 'default') return told ?? '';
  const words = ['context', 'inspect', '--format', '{{.Endpoints.docker.Host}}', context];
  return (await call(host, cli, words)).stdout.trim();
}

/**
 * Which Docker it is, by what `docker info` says of the daemon's machine; undefined for one on another machine. Desktop
 * and OrbStack name themselves as the operating system; the VMs of Colima and Rancher Desktop have their host names.
 */
function flavourOf(host: Host, cli: Cli, info: unknown, endpoint: string): Flavour | undefined {
  const [system, name] = [String(at(info, 'OperatingSystem') ?? ''), String(at(info, 'Name') ?? '')];
  if (/^Docker Desktop/.test(system)) return 'docker-desktop';
  if (/OrbStack/i.test(system) || name === 'orbstack' || endpoint.includes('/.orbstack/')) return 'orbstack';
  if (/^colima(-|$)/.test(name) || endpoint.includes('/.colima/')) return 'colima';
  if (/rancher.desktop/i.test(`${system} ${name}`) || endpoint.includes('/.rd/')) return 'rancher-desktop';
  if (isRemote(endpoint)) return undefined;
  if (host.platform !== 'linux' || at(info, 'KernelVersion') !== host.release) return 'docker-vm';
  if (cli.name === 'nerdctl') return 'nerdctl';
  const security = at(info, 'SecurityOptions');
  const rootless = Array.isArray(security) && security.some((word) => /name=rootless/.test(String(word)));
  return rootless ? 'docker-rootless' : 'docker-engine';
}

function isRemote(endpoint: string): boolean {
  if (/^ssh:/.test(endpoint)) return true;
  const tcp = /^(?:tcp|https?):\/\/(\[[^\]]*\]|[^:/]*)/.exec(endpoint)?.[1];
  return tcp !== undefined && !/^(localhost|127\.|\[::1\])/.test(tcp);
}

function remote(cli: Cli, endpoint: string): Unusable {
  return {
    cause: 'engine-remote',
    message: `${cli.name} speaks to an engine on another machine (${endpoint}), whose containers have another host.`,
    evidence: endpoint,
    remedy: `${cli.name} context use default`,
  };
}

function unusable(host: Host, cli: Cli, { error, stderr, stdout }: RunResult, errors: unknown): Unusable {
  const words = [stderr, Array.isArray(errors) ? errors.join('\n') : '', stdout.startsWith('{') ? '' : stdout].join(
    '\n',
  );
  const evidence = words.trim().split('\n')[0]?.slice(0, 300) || `${cli.name} info: ${error ?? 'no answer'}`;
  if (error === 'ETIMEDOUT') {
    const message = `${cli.name} does not answer: its engine hangs.`;
    return { cause: 'engine-hung', message, evidence, remedy: restart(host, cli) };
  }
  if (/permission denied/i.test(words)) {
    const message = `User ${host.user.name} may not speak to ${cli.name}'s engine.`;
    return { cause: 'engine-denied', message, evidence, remedy: 'sudo npx stigmer-setup-ollama doctor' };
  }
  if (/cannot connect|unable to connect|daemon running|no such file|connection refused/i.test(words)) {
    const message = `${cli.name} is installed, but its engine is not running.`;
    return { cause: 'engine-down', message, evidence, remedy: restart(host, cli) };
  }
  const message = `${cli.name} gives no usable answer.`;
  return { cause: 'engine-broken', message, evidence, remedy: `${cli.name} info` };
}

function restart({ platform }: Host, { name }: Cli): string {
  if (name === 'podman') return platform === 'linux' ? 'podman info' : 'podman machine start';
  if (platform !== 'linux') return 'start Docker Desktop (or: colima start)';
  return `sudo systemctl restart ${name === 'nerdctl' ? 'containerd' : 'docker'}`;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
