import { BASE_URL, type Brief } from './brief.ts';

/** Causes of the caller: programs and containers that ask for Ollama at the wrong place. */
export const CLIENT = {
  'client-localhost-in-container': [
    'The container calls itself, not the host',
    'Inside a container, localhost is the container, and no Ollama runs there.',
    BASE_URL,
  ],
  'client-uses-0.0.0.0-as-target': [
    'A program calls 0.0.0.0, which is no destination',
    '0.0.0.0 tells a server to listen everywhere; a client needs an address to call.',
    'OLLAMA_HOST=http://127.0.0.1:11434',
  ],
  'client-host-without-port-means-80': [
    'The client takes a missing port for 80',
    'Ollama adds 11434 to a bare host, but other programs add the port of http.',
    'OLLAMA_HOST=127.0.0.1:11434',
  ],
  'client-missing-scheme': [
    'The address of Ollama lacks http://',
    'The client expects a URL, and got host and port alone or nothing at all.',
    BASE_URL,
  ],
  'client-path-in-base-url': [
    'The base URL has a path too many',
    'The client appends the path itself, so the one in the URL is asked for twice.',
    BASE_URL,
  ],
  'client-port-typo': [
    'The port in the client is mistyped',
    'Ollama listens on another port than the one called, which looks like 11434.',
    BASE_URL,
  ],
  'client-https-against-http': [
    'The client speaks https, and Ollama does not',
    'For https there has to be a proxy in front.',
    BASE_URL,
  ],
  'client-host-address-wrong': [
    'The client calls an address of another machine',
    'The name may lead to another machine by its list of hosts.',
    'docker exec NAME cat /etc/hosts',
  ],
  'client-typo-host-docker-internal': [
    'host.docker.internal is misspelt',
    'The client asks for a name that nobody has.',
    BASE_URL,
  ],
  'client-saved-setting-beats-env': [
    'The app uses an address it saved earlier',
    'Its first address went into its database; the variable is ignored since.',
    "Change the address in the app's own settings.",
  ],
  'client-renamed-env-var': [
    'The app reads another variable by now',
    'Open WebUI reads OLLAMA_BASE_URL; OLLAMA_API_BASE_URL is its old name.',
    BASE_URL,
  ],
  'client-ipv6-localhost': [
    'localhost became ::1, and Ollama is on 127.0.0.1',
    'The client tries IPv6 first; by default Ollama listens on IPv4 alone.',
    'OLLAMA_BASE_URL=http://127.0.0.1:11434',
  ],
  'client-host-internal-resolves-ipv6': [
    'host.docker.internal leads to a dead IPv6 address',
    'Docker Desktop offers an IPv6 address here that leads nowhere; IPv4 works.',
    'docker run --add-host=host.docker.internal:192.168.65.254 IMAGE',
  ],
  'client-published-port-on-wrong-container': [
    "The client container publishes Ollama's port",
    "Publishing 11434 does not lead to the host's Ollama: it takes its port away.",
    'Take port 11434 out of what the client publishes.',
  ],
  'client-image-bundles-ollama': [
    "The client's image starts an Ollama of its own",
    "On the host's network both servers want port 11434.",
    'docker run --add-host=host.docker.internal:host-gateway IMAGE',
  ],
  'client-is-in-the-cloud': [
    'The caller runs in the cloud, not here',
    "The vendor's server makes the call and cannot see a private network.",
    'Use a client that runs on this machine or in your network.',
  ],
  'client-pod-localhost-or-no-dns': [
    'Kubernetes pods do not know the host by name',
    "A pod's localhost is the pod, and Docker's name for the host ends at the node.",
    'OLLAMA_BASE_URL=http://HOST-IP:11434',
  ],
  'client-proxy-env-captures-local': [
    'A proxy variable catches the call to Ollama',
    'HTTP_PROXY holds for this address too; NO_PROXY has to name its exact host.',
    'NO_PROXY=localhost,127.0.0.1,0.0.0.0,host.docker.internal',
  ],
  'client-system-proxy-without-env': [
    "The system's proxy catches the call to Ollama",
    'Some HTTP libraries ask the system for a proxy, without any variable.',
    'NO_PROXY=localhost,127.0.0.1',
  ],
} as const satisfies Record<string, Brief>;
