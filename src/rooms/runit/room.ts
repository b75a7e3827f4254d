import { explained, type Room, stateOfServers } from '../room.ts';

const SERVICES = ['/etc/sv/ollama/run', '/etc/runit/sv/ollama/run'];

/** Ollama under runit (Void, Artix): the run script is part of the package and reads no settings file. */
export const runitRoom: Room = {
  kind: 'runit',
  async detect(scene) {
    const { files } = scene.host;
    const script = SERVICES.find((path) => files.stat(path));
    if (!script || files.stat('/run/systemd/system')) return [];
    const running = scene.servers.slice();
    scene.servers = [];
    const state = stateOfServers(running);
    return [
      explained('runit', 'ollama', 'the runit service ollama', state, {
        code: 'runit-void-run-script',
        exit: 4,
        message: `Ollama is a service of runit here (${script}).`,
        meaning: 'Its run script reads no settings file and belongs to the package, so it is yours to edit.',
        remedy: `sudo sed -i '2i export OLLAMA_HOST=0.0.0.0:11434' ${script} && sudo sv restart ollama`,
      }),
    ];
  },
};
