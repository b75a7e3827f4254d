import type { Host } from '../host/host.ts';
import { version } from '../ollama/api.ts';
import { isLoopback, type Listener, listeningSocketsAround, scopeOfListeners, socketsOf } from '../probes/listeners.ts';
import type { Installation } from '../rooms/room.ts';
import type { Check } from './check.ts';

/**
 * An Ollama in a container with a network of its own: where it listens in there, and whether the engine passes the port
 * on. Undefined where it listens nowhere, as far as can be seen.
 */
export async function publishedCheck(
  host: Host,
  { title, refusal }: Installation,
  pid: number,
  port: number,
  holders: readonly Listener[],
): Promise<Check | undefined> {
  const own = socketsOf(host, [pid]);
  const inside = listeningSocketsAround(host, pid).filter(({ inode }) => own.has(inode));
  if (inside.length === 0) return undefined;
  const evidence = `/proc/${pid}/net/tcp, /proc/${pid}/net/tcp6`;
  const check = (status: Check['status'], cause: string | undefined, summary: string, remedy?: string): Check => ({
    id: 'listener',
    status,
    ...(cause && { cause }),
    summary,
    evidence,
    ...(remedy && { remedy }),
  });
  if (inside.every(({ address }) => isLoopback(address))) {
    const cause = 'container-ollama-bound-loopback';
    return check('fail', cause, `${title} listens on the loopback of its container, where the engine cannot reach it.`);
  }
  // Without a program of the engine's that listens, the kernel may pass the port on (dockerd's userland-proxy=false).
  const answer = await version(host, `http://127.0.0.1:${port}`, 2000);
  const open = holders.length === 0 || scopeOfListeners(holders) === 'all';
  if (open && !('failure' in answer))
    return check('pass', undefined, `${title} is published on port ${port}, and answers there.`);
  const where =
    'failure' in answer ? `not published on port ${port}` : `published on port ${port} to this machine alone`;
  return check('fail', 'ollama-in-container', `${title} is ${where}.`, refusal?.remedy);
}
