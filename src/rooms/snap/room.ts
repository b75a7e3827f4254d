import { explained, type Room, stateOfServers } from '../room.ts';

const UNIT = 'snap.ollama.listener.service';

/** The snap: its launcher exports OLLAMA_HOST from the snap's own setting over anything that systemd gives it. */
export const snapRoom: Room = {
  kind: 'snap',
  async detect(scene) {
    const { files } = scene.host;
    const running = scene.servers.filter(
      ({ cgroup, argv }) => cgroup.endsWith(`/${UNIT}`) || argv[0]?.startsWith('/snap/ollama/'),
    );
    scene.servers = scene.servers.filter((server) => !running.includes(server));
    if (running.length === 0 && !files.stat(`/etc/systemd/system/${UNIT}`)) return [];
    const state = stateOfServers(running);
    return [
      explained('snap', 'ollama', 'the ollama snap', state, {
        code: 'snap-host-setting',
        exit: 4,
        message: 'Ollama is installed as a snap, which keeps its address in a setting of its own.',
        meaning: 'A systemd drop-in would be overwritten by the launcher of the snap, so nothing was changed.',
        remedy: 'sudo snap set ollama host=0.0.0.0:11434 && sudo snap restart ollama',
      }),
    ];
  },
};
