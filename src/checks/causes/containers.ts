import { BASE_URL, type Brief, DOCTOR, IF_NEEDED } from './brief.ts';

/** Causes of what a container said when it was asked. */
export const CONTAINERS = {
  'container-timeout': [
    "The container's call was never answered",
    'Packets get lost on the way; refused would mean that somebody is there.',
    'sudo npx stigmer-setup-ollama doctor',
  ],
  'container-refused': [
    "The container's call is refused, though Ollama listens",
    'The name leads to another machine, or somebody on the way refuses.',
    'docker exec NAME cat /etc/hosts',
  ],
  'container-host-unreachable': [
    'The container is told that there is no way',
    "Somebody on the way, often a firewall's rule, turns the packets back.",
    'sudo npx stigmer-setup-ollama doctor',
  ],
  'container-network-unreachable': [
    'The container has no route to the host',
    'Its network is cut off, or the address is of a kind it does not have.',
    "docker inspect NAME --format '{{json .NetworkSettings}}'",
  ],
  'container-name-not-found': [
    'The container does not know that name',
    "Neither its hosts file nor its DNS has the name in Ollama's address.",
    'docker exec NAME cat /etc/hosts',
  ],
  'container-reset': [
    'The connection is made and dropped at once',
    'A relay takes it and has nobody to pass it on to.',
    'curl http://127.0.0.1:11434/api/version',
  ],
  'container-not-ollama': [
    'Something else than Ollama answers the container',
    'Another program or a proxy is at that address.',
    'curl -i http://127.0.0.1:11434/api/tags',
  ],
  'container-not-reached': [
    'The container does not reach Ollama',
    'The error is not one of those this program can explain.',
    'npx stigmer-setup-ollama doctor --verbose',
  ],
  'container-not-asked': [
    'This container could not be asked',
    'It has no program that can make a request, or it does not let anybody in.',
    'npx stigmer-setup-ollama doctor --container NAME',
  ],
  'not-asked': [
    'No container was asked',
    '--no-container says so, or the address is not meant for containers.',
    DOCTOR,
  ],
  'no-way-in': [
    'No container could be made to check from',
    'Nothing is downloaded unasked, and no image here can make a request.',
    'npx stigmer-setup-ollama doctor --pull',
  ],
  'vm-host-network': [
    "The host network here is a virtual machine's",
    'With --network host, localhost is that machine and not your computer.',
    BASE_URL,
  ],
  'container-lost-by-change': [
    'The change cut off a container that had worked',
    'Containers reached Ollama before and not after, so it was put back.',
    IF_NEEDED,
  ],
  'already-reachable': [
    'A container reaches Ollama as it is',
    'It need not be opened for containers; other machines stay out.',
    IF_NEEDED,
  ],
  'no-engine': [
    'No container engine was found',
    'Neither Docker nor Podman is here, so nothing was checked from a container.',
    'docker version',
  ],
  'engine-down': [
    'The container engine is not running',
    'Its command is installed, but nobody answers it.',
    'sudo systemctl start docker',
  ],
  'engine-denied': [
    'You may not speak to the container engine',
    "Docker's socket is for root and for the group docker.",
    'sudo npx stigmer-setup-ollama doctor',
  ],
  'engine-hung': [
    'The container engine does not answer',
    'It took the question and stayed silent.',
    'sudo systemctl restart docker',
  ],
  'engine-broken': [
    'The container engine gives no usable answer',
    'Its command failed in a way that this program does not know.',
    'docker info',
  ],
  'engine-remote': [
    'The container engine is on another machine',
    'To its containers that machine is the host, not this one.',
    'docker context use default',
  ],
  'engine-other-containers': [
    'Docker runs Windows containers',
    'Nothing is asked from those.',
    'Switch Docker Desktop to Linux containers from its icon.',
  ],
} as const satisfies Record<string, Brief>;
