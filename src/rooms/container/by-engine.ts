import type { Check } from '../../checks/check.ts';
import { type Client, type Container, clientsAmong, containersOf } from '../../containers/clients.ts';
import { findEngines } from '../../containers/engine.ts';
import type { Host } from '../../host/host.ts';
import { version } from '../../ollama/api.ts';
import { parseHost, scopeOf } from '../../ollama/host-value.ts';
import { listeningSockets, scopeOfListeners } from '../../probes/listeners.ts';
import { explained, type Installation } from '../room.ts';
import { publishing } from './room.ts';

/**
 * The Ollamas that run in containers whose processes are out of sight: in an engine's virtual machine, or in another
 * namespace. Asked only where nothing else was found, since it takes the engines' programs.
 */
export async function detectByEngine(host: Host): Promise<Installation[]> {
  const { engines } = await findEngines(host);
  const lists = await Promise.all(engines.map((engine) => containersOf(host, engine)));
  return lists.flatMap((list) =>
    list
      .filter(({ running, serves }) => running && serves)
      .map((one) =>
        describe(
          host,
          one,
          clientsAmong(list).find(({ variable }) => asksFor(one, variable?.value)),
        ),
      ),
  );
}

/** By a name that containers on its networks have for it. */
function asksFor({ name, aliases }: Container, url = ''): boolean {
  const host = /^(?:https?:\/\/)?([^:/]+)/.exec(url)?.[1];
  return host !== undefined && (host === name || aliases.includes(host));
}

function describe(host: Host, container: Container, neighbour: Client | undefined): Installation {
  const { name } = container;
  const state = { phase: 'running', pids: [], uid: undefined } as const;
  const title = `the Ollama in container ${name}`;
  const one = explained('container', name, title, { ...state, pids: [] }, publishing(name));
  return { ...one, examine: async (wanted) => [await checkOf(host, container, title, wanted, neighbour?.name)] };
}

/** Whether the engine passes the port on, and whether somebody is behind it. */
async function checkOf(
  host: Host,
  container: Container,
  title: string,
  port: number,
  neighbour?: string,
): Promise<Check> {
  const { name, env, networkMode } = container;
  const own = parseHost(env.OLLAMA_HOST);
  const ports =
    networkMode === 'host'
      ? listeningSockets(host).filter((socket) => socket.port === own.port)
      : container.published.filter(({ inside }) => inside === own.port);
  const remedy = publishing(name).remedy;
  const check = { id: 'listener', evidence: `docker inspect ${name}` };
  const fail = (cause: string, what: string, mend = remedy): Check => {
    return { ...check, status: 'fail', cause, summary: `${title} ${what}.`, remedy: mend };
  };
  const inside = fail('container-ollama-bound-loopback', 'listens on the loopback of its container', OPEN);
  const shut = networkMode !== 'host' && scopeOf(own) === 'loopback';
  const scope = scopeOfListeners(ports);
  if (scope === 'none' && networkMode === 'host') return { ...check, status: 'skip', summary: `${title} is not seen.` };
  if (scope === 'none' && neighbour && !shut) {
    const summary = `${title} is not published; container ${neighbour} asks for it by name.`;
    return { ...check, status: 'skip', summary };
  }
  if (scope === 'none') return shut ? inside : fail('ollama-in-container', `is not published on port ${port}`);
  if (networkMode === 'host' && scope === 'loopback') return inside;
  const [first] = ports;
  const address = scope === 'address' && first ? first.address : '127.0.0.1';
  const answer = await version(host, `http://${address}:${first?.port}`, 2000);
  if ('failure' in answer && shut) return inside;
  if (scope === 'loopback') return fail('ollama-in-container', `is published to this machine alone`);
  if (first && first.port !== port)
    return fail('custom-port-server-only', `is published on port ${first.port}, and not on ${port}`);
  if ('failure' in answer) {
    const summary = `${title} is published on port ${port}, and does not answer there (${answer.failure}).`;
    return { ...check, status: 'warn', cause: 'not-answering-yet', summary };
  }
  return { ...check, status: 'pass', summary: `${title} is published on port ${port}, and answers there.` };
}

const OPEN = 'docker run -e OLLAMA_HOST=0.0.0.0:11434 -p 11434:11434 IMAGE';
