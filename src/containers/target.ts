import { distance } from 'fastest-levenshtein';
import type { Host } from '../host/host.ts';
import { hasAddress } from '../probes/addresses.ts';
import type { Client, Container } from './clients.ts';
import type { Engine } from './engine.ts';

/** What a client's address looks like wrong, by the names that the troubleshooting guide uses. */
export type Fault =
  | 'client-localhost-in-container'
  | 'client-uses-0.0.0.0-as-target'
  | 'client-missing-scheme'
  | 'client-host-without-port-means-80'
  | 'client-https-against-http'
  | 'client-port-typo'
  | 'custom-port-server-only'
  | 'client-host-address-wrong'
  | 'client-typo-host-docker-internal'
  | 'client-path-in-base-url'
  | 'client-renamed-env-var';

/** The address that a client dials. */
export interface Target {
  /** What is asked: `http://host:port/…/api/tags`. */
  url: string;
  host: string;
  port: number;
  /** What the client was told, with the variable; undefined when it was told nothing. */
  told: string | undefined;
  /** Where the name leads by the container's own list of hosts (`--add-host`), if that is an address. */
  mapped?: string;
  /** False when it means another Ollama than this host's. */
  aimsHere: boolean;
  /** True where it cannot be read as an address at all, so that another one is asked. */
  unreadable?: true;
  /** What may be wrong with it, the likeliest first; only an answer tells whether it is. */
  faults: Fault[];
}

/** The names that engines and virtual machines give the host. */
const ALIASES = [
  ...['host.docker.internal', 'gateway.docker.internal', 'host.containers.internal', 'host.lima.internal'],
  ...['host.rancher-desktop.internal', 'host.orb.internal', 'host.minikube.internal', 'docker.for.mac.localhost'],
  ...['docker.for.mac.host.internal', 'docker.for.win.localhost', 'docker.for.win.host.internal'],
];
/** What stands for the host in default networks: docker0, slirp4netns, Docker Desktop's and Podman's own. */
const ADDRESSES = ['172.17.0.1', '10.0.2.2', '192.168.65.254', '192.168.65.2', '169.254.1.2'];

/** The address that a container dials which nobody told another. */
export function defaultTarget(host: string, port: number): Target {
  return { url: `http://${host}:${port}/api/tags`, host, port, told: undefined, aimsHere: true, faults: [] };
}

/**
 * The address that a client dials, read as clients read it: OLLAMA_HOST may come without scheme and port, as Ollama's own
 * libraries have it (_parse_host in ollama/ollama-python), every other variable has to be a URL.
 */
export function targetOf(host: Host, engine: Engine, client: Client, port: number): Target {
  const fallback = defaultTarget(client.networkMode === 'host' ? 'localhost' : engine.hostName, port);
  const { variable } = client;
  // Of several (OLLAMA_BASE_URLS) the first; Open WebUI's image has "/ollama" for "the default".
  const raw = variable?.value.trim().split(/[;,]/)[0] ?? '';
  if (variable === undefined || raw === '' || raw === '/ollama') return fallback;
  const loose = variable.name === 'OLLAMA_HOST';
  // What it was told goes into reports: no password does, and nothing that a terminal would obey.
  const told = `${variable.name}=${raw.replace(/\/\/[^/]*@/, '//…@').replaceAll(/\p{C}/gu, '')}`;
  const scheme = /^https?:\/\//i.test(raw);
  const unreadable = (...faults: Fault[]): Target => ({ ...fallback, told, unreadable: true, faults });
  // "http:/host" and "http//host": to a URL's parser the host is called http.
  if (!scheme && /^https?[:/]/i.test(raw)) return unreadable('client-missing-scheme');
  let url: URL;
  try {
    url = new URL(scheme ? raw : `http://${raw}`);
  } catch {
    return unreadable(/^https?:\/\/[^/]*:[^/\]]+(\/|$)/i.test(raw) ? 'client-port-typo' : 'client-missing-scheme');
  }
  const written = /^(?:https?:\/\/)?(?:\[[^\]]*\]|[^:/]*):(\d+)/i.exec(raw)?.[1];
  if (loose && !scheme && written === undefined) url.port = '11434';
  const name = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const dialled = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const path = pathOf(url, variable.name);
  const faults = [
    ...(!scheme && !loose ? (['client-missing-scheme'] as const) : []),
    ...hostFaults(host, engine, client, name),
    ...portFaults(dialled, port, written !== undefined || (loose && !scheme)),
    ...(url.protocol === 'https:' && dialled === port ? (['client-https-against-http'] as const) : []),
    ...(path === '' ? [] : (['client-path-in-base-url'] as const)),
    ...(variable.name === 'OLLAMA_API_BASE_URL' && /open-webui/.test(client.image)
      ? (['client-renamed-env-var'] as const)
      : []),
  ];
  const mapped = mappedTo(client, name);
  return {
    url: `${url.protocol}//${url.hostname}:${dialled}${path}/api/tags`,
    host: name,
    port: dialled,
    told,
    ...(mapped === undefined || mapped === GATEWAY ? {} : { mapped }),
    aimsHere: aimsHere(host, client, name),
    faults,
  };
}

/** What stands between the address and `/api/tags`; OpenAI's `/v1` is beside it, and the old variable has `/api`. */
function pathOf(url: URL, variable: string): string {
  const path = url.pathname.replace(/\/+$/, '');
  return path === '/v1' || (path === '/api' && variable === 'OLLAMA_API_BASE_URL') ? '' : path;
}

/** What the engine puts its own address in place of (docker-run(1), --add-host). */
const GATEWAY = 'host-gateway';

/** Where `--add-host` has a name lead, as written: `name:address`, with brackets or not, or `name=address`. */
function mappedTo({ extraHosts }: Container, name: string): string | undefined {
  const pairs = extraHosts.map((line) => /^([^:=]+)[:=]\[?(.*?)\]?$/.exec(line));
  return pairs.find((pair) => pair?.[1]?.toLowerCase() === name)?.[2];
}

function hostFaults(host: Host, { flavour }: Engine, client: Container, name: string): Fault[] {
  if (isUnspecified(name)) return ['client-uses-0.0.0.0-as-target'];
  const mapped = mappedTo(client, name);
  if (isLoopback(name) || (mapped && isLoopback(mapped)))
    return client.networkMode === 'host' ? [] : ['client-localhost-in-container'];
  const address = isIP(name) ? name : mapped;
  // With other engines what is no address of this machine may lead to it all the same.
  const elsewhere = address && isIP(address) && flavour === 'docker-engine' && !hasAddress(host, address);
  if (elsewhere) return ['client-host-address-wrong'];
  return isTypo(name) ? ['client-typo-host-docker-internal'] : [];
}

/** A slip of a finger or two; whoever calls Ollama's own port has not mistyped it. */
function portFaults(dialled: number, port: number, written: boolean): Fault[] {
  if (dialled === port) return [];
  if (!written) return ['client-host-without-port-means-80'];
  const slip = dialled !== 11434 && distance(String(dialled), String(port)) <= 2;
  return [slip ? 'client-port-typo' : 'custom-port-server-only'];
}

const isIP = (text: string) => /^[\d.]+$|:/.test(text);
const ownAddresses = (host: Host) => host.interfaces().map(({ address }) => address);
const isUnspecified = (name: string) => name === '0.0.0.0' || name === '::';
export const isLoopback = (name: string) => /^(localhost|127\.[\d.]+|::1)$/.test(name);
const isTypo = (name: string) =>
  !ALIASES.includes(name) && name.length > 12 && ALIASES.some((alias) => distance(name, alias) <= 3);

function aimsHere(host: Host, container: Container, name: string): boolean {
  const own = [host.hostname.toLowerCase(), ...ownAddresses(host)];
  const gateways = container.networks.map(({ gateway }) => gateway);
  const mapped = mappedTo(container, name);
  return (
    // The first address of a bridge as Docker makes them; where it has gone, so has the bridge.
    /^172\.(1[6-9]|2\d|3[01])\.0\.1$/.test(name) ||
    (mapped !== undefined && (mapped === GATEWAY || isLoopback(mapped) || own.includes(mapped))) ||
    isUnspecified(name) ||
    isLoopback(name) ||
    isTypo(name) ||
    [...ALIASES, ...ADDRESSES, ...own, ...gateways].includes(name)
  );
}

/**
 * The proxy of the container's environment that would get the question, by the rules of curl(1): the lower-case name wins,
 * and NO_PROXY holds names, their suffixes and `*`.
 */
export function proxyFor({ env }: Container, { host, url }: Target): string | undefined {
  const proxy = url.startsWith('https:') ? env.https_proxy || env.HTTPS_PROXY : env.http_proxy || env.HTTP_PROXY;
  const except = (env.no_proxy || env.NO_PROXY || '').split(/[\s,]+/).filter(Boolean);
  const spared = except.some((one) => {
    const name = one.toLowerCase().replace(/^\./, '').replace(/:\d+$/, '');
    return one === '*' || host === name || host.endsWith(`.${name}`);
  });
  return proxy && !spared ? proxy : undefined;
}
