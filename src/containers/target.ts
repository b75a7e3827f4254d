import { distance } from 'fastest-levenshtein';
import type { Host } from '../host/host.ts';
import type { Client, Container } from './clients.ts';
import type { Engine } from './engine.ts';

/** What a client's address looks like wrong, by the names that the troubleshooting guide uses. */
export type Fault =
  | 'client-localhost-in-container'
  | 'client-uses-0.0.0.0-as-target'
  | 'client-missing-scheme'
  | 'client-host-without-port-means-80'
  | 'client-port-typo'
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
  /** False when it means another Ollama than this host's. */
  aimsHere: boolean;
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
  let url: URL;
  try {
    url = new URL(scheme ? raw : `http://${raw}`);
  } catch {
    return { ...fallback, told, faults: ['client-missing-scheme'] };
  }
  const written = /^(?:https?:\/\/)?(?:\[[^\]]*\]|[^:/]*):(\d+)/i.exec(raw)?.[1];
  if (loose && !scheme && written === undefined) url.port = '11434';
  const name = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
  const dialled = Number(url.port || (url.protocol === 'https:' ? 443 : 80));
  const path = pathOf(url, variable.name);
  const faults = [
    ...(!scheme && !loose ? (['client-missing-scheme'] as const) : []),
    ...hostFaults(name, client),
    ...portFaults(dialled, port, written !== undefined || (loose && !scheme)),
    ...(path === '' ? [] : (['client-path-in-base-url'] as const)),
    ...(variable.name === 'OLLAMA_API_BASE_URL' && /open-webui/.test(client.image)
      ? (['client-renamed-env-var'] as const)
      : []),
  ];
  return {
    url: `${url.protocol}//${url.hostname}:${dialled}${path}/api/tags`,
    host: name,
    port: dialled,
    told,
    aimsHere: aimsHere(host, client, name),
    faults,
  };
}

/** What stands between the address and `/api/tags`; OpenAI's `/v1` is beside it, and the old variable has `/api`. */
function pathOf(url: URL, variable: string): string {
  const path = url.pathname.replace(/\/+$/, '');
  return path === '/v1' || (path === '/api' && variable === 'OLLAMA_API_BASE_URL') ? '' : path;
}

function hostFaults(name: string, { networkMode }: Container): Fault[] {
  if (isUnspecified(name)) return ['client-uses-0.0.0.0-as-target'];
  if (isLoopback(name)) return networkMode === 'host' ? [] : ['client-localhost-in-container'];
  return isTypo(name) ? ['client-typo-host-docker-internal'] : [];
}

function portFaults(dialled: number, port: number, written: boolean): Fault[] {
  if (dialled === port) return [];
  return [written ? 'client-port-typo' : 'client-host-without-port-means-80'];
}

const isUnspecified = (name: string) => name === '0.0.0.0' || name === '::';
export const isLoopback = (name: string) => /^(localhost|127\.[\d.]+|::1)$/.test(name);
const isTypo = (name: string) =>
  !ALIASES.includes(name) && name.length > 12 && ALIASES.some((alias) => distance(name, alias) <= 3);

function aimsHere(host: Host, container: Container, name: string): boolean {
  const extra = container.extraHosts.map((line) => line.split(/[:=]/)[0]);
  const own = [host.hostname.toLowerCase(), ...host.interfaces().map(({ address }) => address)];
  const gateways = container.networks.map(({ gateway }) => gateway);
  return (
    isUnspecified(name) ||
    isLoopback(name) ||
    isTypo(name) ||
    [...ALIASES, ...ADDRESSES, ...extra, ...own, ...gateways].includes(name)
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
