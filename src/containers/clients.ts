import type { Host } from '../host/host.ts';
import { call } from './cli.ts';
import type { Engine } from './engine.ts';
import { at, strings } from './json.ts';

/** One running container, as far as `inspect` tells what matters here. */
export interface Container {
  id: string;
  name: string;
  image: string;
  running: boolean;
  /** As `State.Status` says it: running, paused, exited, … */
  status: string;
  env: Record<string, string>;
  /** `host`, `none`, or the kind or name of another network. */
  networkMode: string;
  networks: { name: string; gateway: string }[];
  extraHosts: string[];
  /** The names by which others on its networks call it. */
  aliases: string[];
  /** Its service in a compose file. */
  service: string | undefined;
  /** The ports of its own that the engine passes on, and where it listens for them. */
  published: { inside: number; address: string; port: number }[];
  /** Whether `ollama serve` is what it runs: no client, but a server. */
  serves: boolean;
}

/** A container that looks like a client of Ollama, by a variable of its environment or by being Stigmer's. */
export interface Client extends Container {
  variable: { name: string; value: string } | undefined;
}

/** Sooner ones are taken before later ones where a container has several. */
const VARIABLES = [
  ...['STIGMER_LLM_BASE_URL', 'OLLAMA_BASE_URL', 'OLLAMA_BASE_URLS', 'OLLAMA_HOST', 'OLLAMA_URL', 'OLLAMA_API_BASE'],
  ...['OLLAMA_API_URL', 'OLLAMA_ENDPOINT', 'OLLAMA_SERVER_URL', 'OLLAMA_API_BASE_URL'],
];
/** Any other name in which an address of Ollama is kept, such as LLM_OLLAMA_BASE_PATH. */
const LIKELY = /OLLAMA.*(URL|HOST|BASE|ENDPOINT|ADDR)|(URL|HOST|BASE|ENDPOINT).*OLLAMA/;
const ADDRESS = /(URL|BASE|HOST|ENDPOINT)/;

/** Every container that runs, and with `more` also the one that is named so; one that is gone meanwhile is left out. */
export async function containersOf(host: Host, { cli }: Engine, more?: string): Promise<Container[]> {
  const listed = await call(host, cli, ['ps', '-q', '--no-trunc']);
  const ids = listed.stdout.split(/\s+/).filter(Boolean);
  const [running, named] = await Promise.all([
    ids.length > 0 ? call(host, cli, ['inspect', '--type', 'container', ...ids]) : undefined,
    more === undefined ? undefined : call(host, cli, ['inspect', '--type', 'container', more]),
  ]);
  const found = [...readInspect(named?.stdout), ...readInspect(running?.stdout)];
  return found.filter(({ id }, index) => found.findIndex((other) => other.id === id) === index);
}

/** Those that look like clients of Ollama; one that is paused or restarting cannot be asked, and is told of. */
export function clientsAmong(containers: readonly Container[]): Client[] {
  return containers
    .filter(({ running, status, serves }) => !serves && (running || status === 'paused' || status === 'restarting'))
    .map(asClient)
    .filter(({ variable, name, image }) => variable !== undefined || isStigmers(name) || isStigmers(image));
}

/** The container with the variable from which its program takes the address of Ollama, if it has one. */
export function asClient(container: Container): Client {
  const { env } = container;
  const set = Object.keys(env).filter((name) => env[name] !== '');
  const name =
    VARIABLES.find((one) => set.includes(one) && !isRenamed(container, one)) ??
    set.find((one) => LIKELY.test(one)) ??
    set.find((one) => ADDRESS.test(one) && /:11434\b/.test(env[one] ?? ''));
  return { ...container, variable: name === undefined ? undefined : { name, value: env[name] ?? '' } };
}

/**
 * Open WebUI's image comes with OLLAMA_BASE_URL=/ollama, which its program reads as "not set" (backend/open_webui/config.py
 * in open-webui/open-webui). The old OLLAMA_API_BASE_URL beside it is then what the user has set.
 */
function isRenamed({ env }: Container, name: string): boolean {
  return name === 'OLLAMA_BASE_URL' && env[name] === '/ollama' && Boolean(env.OLLAMA_API_BASE_URL);
}

function isStigmers(name: string): boolean {
  return /(^|[/_-])stigmer-agent-runner\b/.test(name);
}

function readInspect(text: string | undefined): Container[] {
  try {
    const list: unknown = JSON.parse(text || '[]');
    return Array.isArray(list) ? list.map(readContainer).filter(({ id }) => id !== '') : [];
  } catch {
    return [];
  }
}

function readContainer(value: unknown): Container {
  const text = (...path: string[]) => String(at(value, ...path) ?? '');
  const env = Object.fromEntries(
    strings(at(value, 'Config', 'Env')).map((pair) => {
      const end = pair.indexOf('=');
      return end < 0 ? [pair, ''] : [pair.slice(0, end), pair.slice(end + 1)];
    }),
  );
  const networks = Object.entries((at(value, 'NetworkSettings', 'Networks') as object | undefined) ?? {});
  const service = at(value, 'Config', 'Labels', 'com.docker.compose.service');
  const words = [text('Path'), ...strings(at(value, 'Args'))];
  return {
    id: text('Id'),
    name: text('Name').replace(/^\//, ''),
    image: text('Config', 'Image'),
    running: at(value, 'State', 'Running') === true && text('State', 'Status') === 'running',
    status: text('State', 'Status'),
    env,
    networkMode: text('HostConfig', 'NetworkMode'),
    networks: networks.map(([name, network]) => ({ name, gateway: String(at(network, 'Gateway') ?? '') })),
    extraHosts: strings(at(value, 'HostConfig', 'ExtraHosts')),
    aliases: networks.flatMap(([, network]) => strings(at(network, 'Aliases'))),
    service: typeof service === 'string' ? service : undefined,
    published: publishedPorts(at(value, 'NetworkSettings', 'Ports')),
    // The official image's words are `/bin/ollama serve`; Open WebUI's bundle says it in a variable.
    serves: /(^|\/)ollama( \S+)* serve\b/.test(words.join(' ')) || /^true$/i.test(env.USE_OLLAMA_DOCKER ?? ''),
  };
}

/** `{"11434/tcp": [{"HostIp": "0.0.0.0", "HostPort": "11434"}]}` (api/types/container in moby/moby). */
function publishedPorts(value: unknown): Container['published'] {
  return Object.entries((value as object | undefined) ?? {}).flatMap(([inside, where]) =>
    (Array.isArray(where) ? where : []).map((one: unknown) => {
      const address = String(at(one, 'HostIp') || '0.0.0.0');
      return { inside: Number.parseInt(inside, 10), address, port: Number(at(one, 'HostPort')) };
    }),
  );
}
