import { ALLOW_CONTAINERS, type Brief, SETUP } from './brief.ts';

/** Causes of answers other than "refused", and who may reach Ollama. */
export const ANSWERS = {
  'host-header-403': [
    'Ollama refuses the host name in the request',
    'On loopback it answers to local names only, and a tunnel sends a public one.',
    'ngrok http 11434 --host-header="localhost:11434"',
  ],
  'cors-origin-403': [
    'Ollama refuses the web page that asks',
    "Requests from browsers carry their page's origin, and this one is not allowed.",
    'OLLAMA_ORIGINS=chrome-extension://*,moz-extension://*',
  ],
  'sandbox-policy-403': [
    'A sandbox around the agent refuses the call',
    'Its own policy answers 403; the request never came to Ollama.',
    'Allow host.docker.internal:11434 in the policy of the sandbox.',
  ],
  'lan-path-blocked-outside-host': [
    'The network between the machines blocks it',
    'This host is open; routers or guards stop the rest.',
    'curl http://LAN-IP:11434/api/version',
  ],
  'cloud-security-group-or-image-iptables': [
    "The cloud's own firewall is in front",
    "A security group or the image's rules let nobody in.",
    'ssh -N -L 11434:127.0.0.1:11434 USER@SERVER',
  ],
  'exposed-to-the-world': [
    'The whole internet can reach this Ollama',
    'It has no password: anybody can use it, and delete models.',
    ALLOW_CONTAINERS,
  ],
  'origins-any': [
    'Any web page may call this Ollama',
    'OLLAMA_ORIGINS=* lets every page in.',
    'OLLAMA_ORIGINS=https://chat.example.com',
  ],
  'public-address': [
    'This machine has an address on the internet',
    'Without a firewall in front anybody can use Ollama.',
    ALLOW_CONTAINERS,
  ],
  'models-gone-different-user': [
    "Another user's Ollama answers, with other models",
    'A server started by hand looks for models in your home, the service in its own.',
    SETUP,
  ],
} as const satisfies Record<string, Brief>;
