import { BASE_URL, type Brief, SETUP } from './brief.ts';

/** Causes of WSL2. */
export const WSL = {
  'wsl2-dualstack-not-relayed': [
    'On all addresses, WSL hides Ollama from Windows',
    'WSL passes 127.0.0.1 on to Windows, but not always the socket of 0.0.0.0.',
    'npx stigmer-setup-ollama undo',
  ],
  'wsl2-engine-inside-needs-bind': [
    'Docker runs inside WSL, and Ollama on its loopback',
    'This is plain Linux: a bridge never leads to 127.0.0.1.',
    SETUP,
  ],
  'wsl2-windows-ollama-loopback': [
    'Ollama is on Windows, and WSL is another machine',
    "WSL's localhost is not Windows'; over its gateway Ollama has to be open.",
    SETUP,
  ],
  'wsl2-windows-ollama-container-timeout': [
    "WSL reaches Windows' Ollama, its containers do not",
    "Probably Windows' firewall, or a second translation of addresses on the way.",
    'docker run --network host IMAGE',
  ],
  'wsl2-two-ollamas': [
    'One Ollama on Windows and one in WSL',
    'Both want localhost:11434, and which one answers changes.',
    'sudo systemctl disable --now ollama   # in WSL',
  ],
  'wsl2-lan-needs-portproxy': [
    'Other machines cannot see into WSL',
    'It has a private address behind Windows, which passes on to localhost only.',
    'netsh interface portproxy add v4tov4 listenport=11434 connectport=11434 connectaddress=WSL-IP',
  ],
  'wsl2-portproxy-stale-ip': [
    "The port forwarding names WSL's old address",
    'WSL is given a new address at each start.',
    'netsh interface portproxy show all',
  ],
  'wsl2-mirrored-hyperv-firewall': [
    "Hyper-V's firewall guards WSL's ports",
    'In mirrored mode it lets nobody in, and rules for programs do not count.',
    "New-NetFirewallHyperVRule -Name Ollama -DisplayName Ollama -Direction Inbound -VMCreatorId '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}' -Protocol TCP -LocalPorts 11434",
  ],
  'wsl2-mirrored-docker-loopback': [
    "Docker and WSL's mirrored mode get in each other's way",
    'Some ways between Windows, WSL and containers are missing in that mode.',
    'Set hostAddressLoopback=true under [experimental] in .wslconfig.',
  ],
  'wsl2-network-host-is-docker-vm': [
    "--network host is Docker Desktop's VM here",
    'Its localhost is not the one of your WSL.',
    BASE_URL,
  ],
  'wsl2-systemd-disabled': [
    'systemd is off in this WSL',
    'So nothing starts Ollama as a service.',
    'Write [boot] and systemd=true into /etc/wsl.conf.',
  ],
  'wsl2-idle-shutdown': [
    'WSL went to sleep and took Ollama along',
    'Without an open terminal WSL ends after a while, services and all.',
    'Set instanceIdleTimeout=-1 under [general] in .wslconfig.',
  ],
} as const satisfies Record<string, Brief>;
