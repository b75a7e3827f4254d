import { call } from '../containers/cli.ts';
import { findEngines } from '../containers/engine.ts';
import type { Host } from '../host/host.ts';
import { version } from '../ollama/api.ts';
import type { Listener } from '../probes/listeners.ts';
import { type Process, readProcess } from '../probes/processes.ts';
import { type Installation, isServe } from '../rooms/room.ts';
import { describeListener } from './binding.ts';
import type { Reason } from './reason.ts';

/** ollama/ollama:rocm, docker.io/ollama/ollama, ghcr.io/somebody/ollama@sha256:… */
const IMAGE = /(?:^|\/)ollama(?:[:@].*)?$/;

/**
 * Who holds the port that this installation should have, where that can be read. Undefined: the holder is named by its
 * process and no more is claimed.
 */
export async function holderReason(
  host: Host,
  installation: Installation,
  holders: readonly Listener[],
): Promise<Reason | undefined> {
  if (host.platform !== 'linux') return undefined;
  // Of whoever is out of sight (root's program, another namespace) an engine may still tell.
  if (holders.every(({ pid }) => pid === null)) return holders[0] && published(host, holders[0]);
  for (const holder of holders) {
    const process = holder.pid === null ? undefined : readProcess(host, holder.pid);
    if (process === undefined) continue;
    const reason = /^docker-proxy$|^rootlessport$|^conmon$/.test(process.comm)
      ? await published(host, holder)
      : ofServer(installation, process, holder);
    if (reason) return reason;
  }
  return undefined;
}

/** Another `ollama serve`, by the control group that its starter has put it in (systemd's cgroup layout, pid namespaces(7)). */
function ofServer({ kind, id, title }: Installation, process: Process, holder: Listener): Reason | undefined {
  if (!isServe(process.argv) || !kind.startsWith('systemd')) return undefined;
  const who = describeListener(holder);
  if (/\.(?:docker|libpod)-|\/docker\/|\/libpod|docker-[0-9a-f]{64}/.test(process.cgroup) || process.nested) {
    return {
      cause: 'port-held-by-docker-ollama',
      why: `the port is held by an Ollama in a container, ${who}`,
      remedy: 'docker ps   # and stop the one that runs Ollama, or leave it the port and disable the service',
    };
  }
  const service = process.cgroup.split('/').findLast((part) => part.endsWith('.service'));
  const ofUser = /\/user@\d+\.service\//.test(process.cgroup) && service !== undefined && !/^user@/.test(service);
  if (ofUser && kind === 'systemd') {
    const why = `the port is held by ${service} of user ${process.uid}, ${who}`;
    return {
      cause: 'sd-user-unit-vs-system-unit',
      why,
      remedy: `systemctl --user disable --now ${service}   # as that user, or leave it and disable the system's`,
    };
  }
  if (/\/system\.slice\//.test(process.cgroup) && service !== undefined && service !== id) {
    const why = `${service} holds the port, ${who}: two services want it`;
    return { cause: 'second-server-misleading-error', why, remedy: `sudo systemctl disable --now ${service}` };
  }
  if (service !== undefined && !/^user@/.test(service)) return undefined;
  const why = `the port is held by an \`ollama serve\` that was started by hand, ${who}, and not by ${title}`;
  return {
    cause: 'sd-manual-serve-bypasses-unit',
    why,
    remedy: `sudo kill ${process.pid}   # then restart the service`,
  };
}

/** The engine's own program listens for a container: which one, the engine tells, and what it is, its image or its answer. */
async function published(host: Host, holder: Listener): Promise<Reason | undefined> {
  const { port } = holder;
  const { engines } = await findEngines(host);
  for (const { cli } of engines) {
    const listed = await call(host, cli, ['ps', '--filter', `publish=${port}`, '--format', '{{.Names}}\t{{.Image}}']);
    const [name, image = ''] = listed.stdout.split('\n')[0]?.trim().split('\t') ?? [];
    if (!name) continue;
    const answer = await version(host, `http://127.0.0.1:${port}`, 2000);
    const isOllama = IMAGE.test(image) || !('failure' in answer);
    return {
      cause: isOllama ? 'port-held-by-docker-ollama' : 'client-published-port-on-wrong-container',
      why: isOllama
        ? `container ${name} (${image}), an Ollama too, publishes the port`
        : `container ${name} (${image}), which is no Ollama, publishes the port`,
      evidence: `${cli.name} ps --filter publish=${port}`,
      remedy: `${cli.name} stop ${name}   # or publish another port`,
    };
  }
  return undefined;
}
