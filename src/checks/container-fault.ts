import type { Client } from '../containers/clients.ts';
import type { Answer } from '../containers/request.ts';
import type { Fault } from '../containers/target.ts';
import type { Asked, Reason } from './container-cause.ts';

/** The mistake in the client's address that this answer bears out, if there is one. */
export function faultOf({ target: { faults, unreadable } }: Asked, answer: Answer): Fault | undefined {
  if (unreadable) return faults[0];
  // Who answers at another port need not be there by mistake: a proxy in front has its own.
  if (answer.kind === 'answered' && faults.includes('custom-port-server-only')) return undefined;
  if (answer.kind === 'answered') return answer.status === 404 ? faults.at(-1) : faults[0];
  // What was asked had a scheme, and came no further than the name or the port.
  const innocent = ['client-missing-scheme', 'client-renamed-env-var', 'client-path-in-base-url'];
  if (answer.kind === 'failed' && isUnknownName(answer.errno))
    return faults.find((one) => one.startsWith('client-typo'));
  return faults.find((fault) => !innocent.includes(fault));
}

/** What resolvers say of a name that nobody knows, or that nobody can be asked for. */
export const isUnknownName = (errno: string) => errno === 'ENOTFOUND' || errno === 'EAI_AGAIN';

/** The mistake in an address that worked all the same when it was asked here, but will not for every program. */
export function doubtOf(asked: Asked): Reason | undefined {
  const { faults, unreadable } = asked.target;
  const doubts: Fault[] = unreadable ? faults : ['client-missing-scheme', 'client-renamed-env-var'];
  const fault = faults.find((one) => doubts.includes(one));
  return fault && ofFault(asked, fault);
}

const FAULTS: Record<Fault, (asked: Asked) => string> = {
  'client-localhost-in-container': ({ target: { host, mapped } }) =>
    mapped
      ? `${host} leads to ${mapped} there, the container itself`
      : 'in a container, localhost is the container itself',
  'client-uses-0.0.0.0-as-target': () => '0.0.0.0 is where a server listens; nobody can be called there',
  'client-missing-scheme': () => 'the address has no http:// in front',
  'client-host-without-port-means-80': ({ target }) => `without a port, a URL means ${target.port}`,
  'client-port-typo': ({ target, port }) => `the address has port ${target.port}, Ollama listens on ${port}`,
  'custom-port-server-only': ({ target, port }) => `the address has port ${target.port}, Ollama listens on ${port}`,
  'client-https-against-http': () => 'the address says https, and Ollama speaks plain http',
  'client-host-address-wrong': ({ target: { host, mapped } }) =>
    `${mapped ? `${host} leads to ${mapped} there, which` : host} is no address of this machine`,
  'client-typo-host-docker-internal': ({ engine }) => `the name is misspelt: it is ${engine.hostName}`,
  'client-path-in-base-url': () => 'the address goes on after the port, so that every request misses',
  'client-renamed-env-var': () => 'this image reads OLLAMA_BASE_URL, not OLLAMA_API_BASE_URL',
};

/** The mistake as a reason, with the address that the client should have. */
export function ofFault(asked: Asked, cause: Fault): Reason {
  const { client, target } = asked;
  const remedy =
    target.mapped && !target.faults.some((one) => one.includes('port'))
      ? giveTo(client, ['--add-host', `${target.host}:host-gateway`])
      : rightAddress(asked, cause);
  const why = target.unreadable ? `${target.told} is no address` : FAULTS[cause](asked);
  return { cause, why, remedy };
}

/** The address that this client should have, as it is given to it. */
export function rightAddress(
  { engine, client, port, target }: Omit<Asked, 'log' | 'platform' | 'wsl' | 'network' | 'scope'>,
  cause: string,
) {
  const host = client?.networkMode === 'host' ? 'localhost' : engine.hostName;
  const variable = cause === 'client-renamed-env-var' ? 'OLLAMA_BASE_URL' : target.told?.split('=')[0];
  const v1 = /\/v1\/?$/.test(target.told ?? '') ? '/v1' : '';
  const known = !engine.addsHost || host === 'localhost' || client?.extraHosts.some((line) => line.startsWith(host));
  const name = known ? [] : [nameOfHost(engine)];
  return giveTo(client, ['-e', `${variable ?? 'OLLAMA_BASE_URL'}=http://${host}:${port}${v1}`], ...name);
}

/** What has to be added where the container is made: in its compose file, or to its `docker run`. */
export function giveTo(client: Client | undefined, ...given: Given[]): string {
  if (client?.service !== undefined) {
    const { service } = client;
    const lines = given.map(([flag, what]) => `${flag === '-e' ? 'environment' : 'extra_hosts'}: ["${what}"]`);
    return `${lines.join(' and ')}   # in the compose file, at service ${service}; then: docker compose up -d ${service}`;
  }
  return `${given.flat().join(' ')}   # where ${client?.name ?? 'the container'} is started (docker run)`;
}

type Given = readonly ['-e' | '--add-host', string];

/** The name of the host for a container that has none. */
export const nameOfHost = ({ hostName }: Asked['engine']): Given => ['--add-host', `${hostName}:host-gateway`];
