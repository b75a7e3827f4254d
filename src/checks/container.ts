import { asClient, type Client, type Container, clientsAmong, containersOf } from '../containers/clients.ts';
import { type Engine, type Engines, findEngines } from '../containers/engine.ts';
import { type Answer, ask, entering, pickProgram } from '../containers/request.ts';
import { defaultTarget, proxyFor, type Target, targetOf } from '../containers/target.ts';
import { openThrowAway } from '../containers/throw-away.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Actor, Host } from '../host/host.ts';
import type { ListenScope } from '../probes/listeners.ts';
import { wslVersion } from '../wsl/wsl.ts';
import type { Check } from './check.ts';
import { type Asked, modelsIn, proxyReason } from './container-cause.ts';
import { isUnknownName } from './container-fault.ts';
import { failure, type Outcome, type Result, resultOf, skip, type Way } from './container-result.ts';

export interface ContainerRequest {
  /** The container to ask from (--container); it has to run. */
  name: string | undefined;
  /** Whether a small image may be pulled when there is no other way. */
  pull: boolean;
  /** Whether a container of our own may be made where no client reached Ollama. */
  own: boolean;
  /** Where Ollama listens. */
  port: number;
  scope: ListenScope;
  log(): Promise<string>;
  /** Hands with root's rights, where there are any already: with them a firewall in the way can be named. */
  root?: Actor | undefined;
}

/** What was found. `reached` and `failed` hold who was asked by names that are the same in every run. */
export interface Findings {
  checks: Check[];
  reached: string[];
  failed: string[];
  /** Of those who were asked, the ways that their questions took. */
  ways: Way[];
  /** The engines that were asked. */
  flavours: Engine['flavour'][];
}

/** So many clients are asked; nobody has more that tell something new. */
const MOST = 5;
const MOST_NETWORKS = 2;

/**
 * Asks for Ollama's models from inside of containers: from the one that is named, else from those that look like clients,
 * and where none of them got an answer also from one of our own. Changes nothing of the user's and leaves nothing.
 * @throws SetupError exit 2 when the container that is named is not there or does not run
 */
export async function checkContainers(host: Host, request: ContainerRequest): Promise<Findings> {
  const found = await findEngines(host);
  const [first] = found.engines;
  if (first === undefined) return noEngine(found, request);
  const subjects = await subjectsOf(host, found.engines, request);
  const results = await Promise.all(subjects.map(({ engine, client }) => askClient(host, engine, client, request)));
  if (request.own && !host.interrupted.aborted && !results.some(({ outcome }) => outcome === 'reached')) {
    const failed = subjects.filter((_, index) => results[index]?.outcome !== 'elsewhere');
    const engine = failed[0]?.engine ?? first;
    results.push(
      ...(await askFromOwn(
        host,
        engine,
        failed.filter((one) => one.engine === engine),
        request,
      )),
    );
  }
  if (results.length === 0) results.push({ outcome: 'unable', key: '', checks: [skip('No client of Ollama runs.')] });
  const keys = (wanted: Outcome) => results.filter(({ outcome }) => outcome === wanted).map(({ key }) => key);
  return {
    checks: results.flatMap(({ checks }) => checks),
    reached: keys('reached'),
    failed: keys('failed'),
    ways: results.flatMap(({ way }) => way ?? []),
    flavours: found.engines.map(({ flavour }) => flavour),
  };
}

interface Subject {
  engine: Engine;
  client: Client;
}

function noEngine({ unusable }: Engines, { name }: ContainerRequest): Findings {
  const [why] = unusable;
  if (name !== undefined) {
    const message = `Container ${name} cannot be asked: ${why?.message ?? 'no container engine was found here.'}`;
    throw new SetupError('no-engine', EXIT.usage, message, {
      meaning: 'Nothing was changed.',
      remedy: why?.remedy ?? '',
    });
  }
  const check = why
    ? {
        ...skip(`${why.message} So it was not checked from a container.`, why.cause),
        evidence: why.evidence,
        remedy: why.remedy,
      }
    : skip('No container engine was found here, so it was not checked from a container.', 'no-engine');
  return { checks: [check], reached: [], failed: [], ways: [], flavours: [] };
}

async function subjectsOf(host: Host, engines: readonly Engine[], { name }: ContainerRequest): Promise<Subject[]> {
  const lists = await Promise.all(engines.map((engine) => containersOf(host, engine, name)));
  const all = engines.flatMap((engine, index) => lists[index]!.map((container) => ({ engine, container })));
  if (name === undefined) {
    const clients = engines.flatMap((engine, index) =>
      clientsAmong(lists[index]!).map((client) => ({ engine, client })),
    );
    return clients.slice(0, MOST);
  }
  const named = all.find(
    ({ container }) => container.name === name || (name.length >= 4 && container.id.startsWith(name)),
  );
  if (named?.container.running) return [{ engine: named.engine, client: asClient(named.container) }];
  throw notRunning(
    name,
    named?.container,
    all.map(({ container }) => container),
  );
}

function notRunning(name: string, found: Container | undefined, all: readonly Container[]): SetupError {
  const running = all.filter((one) => one.running).map((one) => one.name);
  const what = found ? `is not running (${found.status})` : 'is not there';
  return new SetupError('no-container', EXIT.usage, `Container ${name} ${what}.`, {
    meaning: `Nothing was changed. ${running.length > 0 ? `There run: ${running.join(', ')}.` : 'No container runs here.'}`,
    remedy: running[0] === undefined ? `docker start ${name}` : `--container ${running[0]}`,
  });
}

async function askClient(host: Host, engine: Engine, client: Client, request: ContainerRequest): Promise<Result> {
  const told = targetOf(host, engine, client, request.port);
  const key = `container ${client.name}`;
  const elsewhere = !told.aimsHere && request.name === undefined;
  // Names without a dot are those of containers, and nobody registers .internal: whether there is one, only asking tells.
  if (elsewhere && told.host.includes('.') && !told.host.endsWith('.internal')) return another(client, told, key);
  const target = told.aimsHere || elsewhere ? told : defaultTarget(engine.hostName, request.port);
  const asked = askedOf(host, engine, request, { client, target, network: undefined });
  const enter = entering(host, engine, client.id);
  const program = client.running ? await pickProgram(enter) : undefined;
  const reason = client.running ? 'it has no program that can ask' : `it is ${client.status}`;
  const answer: Answer = program ? await ask(enter, program, target.url) : { kind: 'unable', reason };
  if (elsewhere && !isUnknown(answer)) return another(client, told, key);
  const result = await resultOf(asked, `Container ${client.name}`, key, answer);
  const proxy = proxyFor(client, target);
  if (result.outcome !== 'reached' || !program || proxy === undefined) return result;
  const proxied = await ask(enter, program, target.url, true);
  if (proxied.kind === 'unable' || modelsIn(proxied)) return result;
  return failure(asked, `Container ${client.name}`, key, proxied, proxyReason(asked, proxy));
}

function another({ name }: Client, { told }: Target, key: string): Result {
  return { outcome: 'elsewhere', key, checks: [skip(`Container ${name} asks another Ollama (${told}).`)] };
}

const isUnknown = (answer: Answer) => answer.kind === 'failed' && isUnknownName(answer.errno);

/** From the default network, and from each on which a client was that got no answer. */
async function askFromOwn(host: Host, engine: Engine, failed: readonly Subject[], request: ContainerRequest) {
  const { url } = defaultTarget(engine.hostName, request.port);
  const opened = await openThrowAway(host, engine, request.pull, url);
  if ('unable' in opened) {
    const check = skip(`A container to check from could not be made: ${opened.unable}.`, 'no-way-in');
    const remedy = request.pull
      ? '--container NAME   # one that runs'
      : '--container NAME, or --pull to fetch a small image';
    return [{ outcome: 'unable' as const, key: '', checks: [{ ...check, remedy }] }];
  }
  const { first, way } = opened;
  try {
    const others = new Set(failed.map(({ client }) => networkOf(client)));
    others.delete(undefined);
    const names = [...others].slice(0, MOST_NETWORKS);
    return await Promise.all([
      resultFrom(host, engine, undefined, request, async () => first),
      ...names.map((name) => resultFrom(host, engine, name, request, (url) => way.ask(name, url))),
    ]);
  } finally {
    await way.close();
  }
}

/** A network that another container can be put on; undefined for the default one. */
function networkOf({ networkMode, networks }: Client): string | undefined {
  if (networkMode === 'host') return 'host';
  const name = networks[0]?.name;
  return name === undefined || ['bridge', 'none', 'podman', 'host'].includes(name) ? undefined : name;
}

async function resultFrom(
  host: Host,
  engine: Engine,
  network: string | undefined,
  request: ContainerRequest,
  answer: (url: string) => Promise<Answer>,
): Promise<Result> {
  const target = defaultTarget(network === 'host' ? 'localhost' : engine.hostName, request.port);
  const where = network === undefined ? 'the default network' : `network ${network}`;
  const asked = askedOf(host, engine, request, { client: undefined, target, network });
  return resultOf(asked, `A new container on ${where}`, `network ${network ?? 'default'}`, await answer(target.url));
}

function askedOf(
  host: Host,
  engine: Engine,
  { scope, port, log, root }: ContainerRequest,
  more: Pick<Asked, 'client' | 'target' | 'network'>,
): Asked {
  const wsl = wslVersion(host) !== undefined;
  const asked: Asked = { engine, ...more, platform: host.platform, wsl, scope, port, log };
  if (root === undefined || host.platform !== 'linux' || !engine.local) return asked;
  return {
    ...asked,
    // Loaded only where packets were lost or turned away.
    blockedBy: async (does) => (await import('./container-firewall.ts')).blockedBy(host, root, asked, does),
  };
}
