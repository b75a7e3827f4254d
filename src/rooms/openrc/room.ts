import { explained, type Room, stateOfServers } from '../room.ts';

/** Ollama under OpenRC (Gentoo, Artix, Alpine): the init script takes its environment from /etc/conf.d. */
export const openrcRoom: Room = {
  kind: 'openrc',
  async detect(scene) {
    const { files } = scene.host;
    const present = files.stat('/etc/init.d/ollama') !== undefined && files.stat('/sbin/openrc-run') !== undefined;
    if (!present || files.stat('/run/systemd/system')) return [];
    const running = scene.servers.slice();
    scene.servers = [];
    const state = stateOfServers(running);
    return [
      explained('openrc', 'ollama', 'the OpenRC service ollama', state, {
        code: 'openrc-confd',
        exit: 4,
        message: 'Ollama is a service of OpenRC here.',
        meaning:
          'This version of the program changes systemd services and hand-run servers only, so nothing was changed.',
        remedy: `echo 'export OLLAMA_HOST="0.0.0.0:11434"' | sudo tee -a /etc/conf.d/ollama && sudo rc-service ollama restart`,
      }),
    ];
  },
};
