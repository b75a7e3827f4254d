import type { Process } from '../../probes/processes.ts';
import { explained, type Installation, type Refusal, type Room } from '../room.ts';

/** An Ollama inside a Docker or Podman container: its port is published by the engine, so OLLAMA_HOST here means nothing. */
export const containerRoom: Room = {
  kind: 'container',
  async detect(scene) {
    if (scene.offline) return [];
    const inside = scene.servers.filter(({ nested }) => nested);
    scene.servers = scene.servers.filter(({ nested }) => !nested);
    return inside.map(describe);
  },
};

function describe(process: Process): Installation {
  const id = containerOf(process) ?? String(process.pid);
  const state = { phase: 'running' as const, pids: [process.pid], uid: process.uid };
  return explained('container', id, `the Ollama in container ${id}`, state, publishing(id));
}

/** What decides who can reach an Ollama in a container. */
export function publishing(name: string): Refusal {
  return {
    code: 'ollama-in-container',
    exit: 4,
    message: `Ollama runs inside container ${name}.`,
    meaning: 'Who can reach it is decided by the port that the container publishes, not by a setting of this host.',
    remedy:
      'docker run -d -p 11434:11434 -v ollama:/root/.ollama --name ollama ollama/ollama   # in compose: ports: ["11434:11434"]',
  };
}

/** Docker, Podman and containerd name a container's control group after its 64-digit id. */
function containerOf({ cgroup }: Process): string | undefined {
  return /([0-9a-f]{64})/.exec(cgroup)?.[1]?.slice(0, 12);
}
