import { BASE_URL, type Brief, DOCTOR, OPEN_FIREWALL, SETUP } from './brief.ts';

/** Causes of container engines on Linux, and firewalls between containers and the host. */
export const DOCKER = {
  'dk-no-host-gateway': [
    'This container has no name for its host',
    'On Linux Docker adds host.docker.internal only when it is asked to.',
    'docker run --add-host=host.docker.internal:host-gateway IMAGE',
  ],
  'dk-host-gateway-but-loopback': [
    'The container finds the host, Ollama does not listen there',
    'A bridge never leads to 127.0.0.1, where Ollama is.',
    SETUP,
  ],
  'dk-ufw-drops-bridge': [
    'ufw drops what containers send to the host',
    'To ufw it is incoming, and closed by default.',
    OPEN_FIREWALL,
  ],
  'dk-ufw-rule-covers-docker0-only': [
    "ufw's rule does not cover this network",
    'Compose makes bridges of its own, with other names.',
    OPEN_FIREWALL,
  ],
  'dk-firewalld-reject': [
    'firewalld rejects what containers send',
    "The bridge's zone does not let port 11434 in.",
    OPEN_FIREWALL,
  ],
  'firewall-drops-containers': [
    "A firewall on this host drops containers' packets",
    'Its rules drop what comes from the bridge.',
    OPEN_FIREWALL,
  ],
  'firewall-rejects-containers': [
    'A firewall on this host turns containers away',
    'Its rules reject what comes from the bridge.',
    OPEN_FIREWALL,
  ],
  'kept-out-by-allow': [
    'The filter of --allow keeps this container out',
    "It goes by the names of bridges, and not by this one's.",
    `${SETUP} --allow any`,
  ],
  'firewall-unseen': [
    'What the firewall does is not known',
    'Only root may read its rules, or they hang on more.',
    'sudo npx stigmer-setup-ollama doctor',
  ],
  'firewall-opening': [
    'The firewall is not open, or not for good',
    'Its rules are kept elsewhere, or are for now.',
    OPEN_FIREWALL,
  ],
  'filter-not-loaded': ['The filter of --allow is not loaded', 'So the port is open to all.', SETUP],
  'filter-stays': [
    'The filter of --allow is still loaded',
    '--no-restart leaves the service as it is.',
    'sudo nft delete table inet stigmer_ollama',
  ],
  'dk-firewall-check-that-lies': [
    'A tool blames the firewall without proof',
    'It calls every failure a firewall, or tests from the host, where none is.',
    DOCTOR,
  ],
  'dk-desktop-for-linux-vm': [
    "Docker Desktop's host is its virtual machine",
    'With --network host, localhost is that machine and not yours.',
    BASE_URL,
  ],
  'dk-desktop-host-networking-off': [
    'Host networking is off in Docker Desktop',
    'There --network host does nothing useful until it is turned on.',
    BASE_URL,
  ],
  'dk-desktop-internal-names-missing': [
    'Docker Desktop does not name the host here',
    'A faulty version, or a DNS of your own in daemon.json, lost the name.',
    'docker run --add-host=host.docker.internal:host-gateway IMAGE',
  ],
  'dk-rootless-docker': [
    'Rootless Docker has a host of its own',
    'host-gateway and --network host both stay inside its own network.',
    'docker run --add-host=host.docker.internal:LAN-IP IMAGE',
  ],
  'pm-rootless-pasta-or-slirp': [
    "Rootless Podman keeps off the host's loopback",
    'Its name for the host leads to an outer address, where Ollama must listen.',
    SETUP,
  ],
  'dk-vpn-steals-route': [
    "A VPN takes the containers' addresses",
    "Its routes overlap Docker's networks, or it closes all other ways.",
    'ip route get 172.17.0.2',
  ],
} as const satisfies Record<string, Brief>;
