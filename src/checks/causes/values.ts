import { ALLOW_CONTAINERS, type Brief, SET_HOST, SETUP } from './brief.ts';

/** Causes of the value of OLLAMA_HOST and the server itself, on any platform. */
export const VALUES = {
  'default-loopback-bind': [
    "Ollama listens on this machine's loopback only",
    'Nobody set OLLAMA_HOST, and the default keeps out containers and other machines.',
    SETUP,
  ],
  'explicit-loopback-left-over': [
    'OLLAMA_HOST is set, to an address that keeps others out',
    'The value says 127.0.0.1 or another address that containers cannot reach.',
    SETUP,
  ],
  'shell-export-not-seen-by-service': [
    'The variable is set in a shell, not for the service',
    'What .bashrc and .zshrc set reaches terminals; services and apps never read them.',
    SETUP,
  ],
  'http-scheme-means-port-80': [
    'OLLAMA_HOST says http:// and so means port 80',
    'With http:// and no port Ollama takes 80, with https:// 443, and not 11434.',
    SET_HOST,
  ],
  'value-is-a-path-or-junk': [
    'OLLAMA_HOST holds something that is no address',
    'A path or a piece of other text is read as host name and port.',
    SET_HOST,
  ],
  'quotes-in-cmd-old-versions': [
    'Quotation marks became part of the value',
    "cmd's set keeps them, and Ollama before about 0.1.26 did not strip them.",
    'set OLLAMA_HOST=0.0.0.0:11434',
  ],
  'wrong-variable-name': [
    'The address is in a variable Ollama does not read',
    'Only OLLAMA_HOST says where it listens.',
    SETUP,
  ],
  'specific-ip-locks-out-localhost': [
    'Ollama listens on one address and no other',
    "Whoever calls 127.0.0.1, such as Ollama's own commands, is refused.",
    SET_HOST,
  ],
  'custom-port-server-only': [
    'Server and clients use different ports',
    'One of them was given another port than 11434, the other was not.',
    SET_HOST,
  ],
  'bind-address-not-on-this-machine': [
    'OLLAMA_HOST names an address of another machine',
    'Nobody can listen there, so the server ends at once.',
    SETUP,
  ],
  'bind-bridge-ip-race-at-boot': [
    'The address was not there yet at boot',
    'Ollama probably started before Docker or DHCP had made the address it binds.',
    ALLOW_CONTAINERS,
  ],
  'second-server-misleading-error': [
    '"Address already in use" names the address that was tried',
    'An older server still holds the port, on 127.0.0.1; the new one never started.',
    SETUP,
  ],
  'port-held-by-docker-ollama': [
    'An Ollama in a container holds the port',
    'It and the one on the host both want 11434; only one can have it.',
    'docker ps --filter publish=11434',
  ],
  'container-ollama-bound-loopback': [
    'The Ollama in the container listens to itself only',
    "Its port is published, but the server inside is on the container's 127.0.0.1.",
    'docker run -e OLLAMA_HOST=0.0.0.0:11434 -p 11434:11434 IMAGE',
  ],
  'server-not-running-or-crash-loop': [
    'No Ollama is running',
    'It was not started, or ends each time it is; its log says why.',
    'Start it; if it ends again, its log says why.',
  ],
  'false-alarm-tcp6-listener': [
    'tcp6 in the list of listeners is not the fault',
    'One IPv6 socket serves IPv4 as well: ":::11434" means all addresses.',
    'curl -4 http://LAN-IP:11434/api/version',
  ],
  'ollama-in-container': [
    'Ollama itself runs in a container',
    'Who reaches it is decided by the port it publishes, not by this host.',
    'docker run -d -p 11434:11434 -v ollama:/root/.ollama --name ollama ollama/ollama',
  ],
} as const satisfies Record<string, Brief>;
