import { type Brief, SETUP } from './brief.ts';

/** Causes of Windows. */
export const WINDOWS = {
  'win-tray-app-not-restarted': [
    'Ollama runs on with its old environment',
    'The variable is saved, but the app has to be quit and started for it.',
    SETUP,
  ],
  'win-env-not-picked-at-install-or-autostart': [
    'Ollama was started with an outdated environment',
    "The installer's or sign-in's copy of the variables is probably older.",
    SETUP,
  ],
  'win-serve-while-tray-runs': [
    'The desktop app already serves',
    'It holds the port, and starts its server again when that is killed.',
    'Quit Ollama from its icon beside the clock before `ollama serve`.',
  ],
  'win-session-only-set': [
    'The variable was set for one window only',
    'set and $env: last as long as their terminal; the app never sees them.',
    SETUP,
  ],
  'win-user-vs-machine-scope': [
    'OLLAMA_HOST is set for the user and the machine',
    "The user's wins for the app; services see the machine's only.",
    'reg query HKCU\\Environment /v OLLAMA_HOST',
  ],
  'win-service-nssm': [
    'The service has other variables and models',
    'A service under NSSM or WinSW probably runs as the system, not as you.',
    SETUP,
  ],
  'win-excluded-port-range': [
    'Windows has reserved the port for itself',
    'Hyper-V, WSL or Docker took a range of ports that holds 11434.',
    'netsh interface ipv4 show excludedportrange protocol=tcp',
  ],
  'win-firewall-inbound': [
    "Windows' firewall lets nobody in on this port",
    'There is no rule that allows it, or a dismissed question made one against it.',
    'New-NetFirewallRule -DisplayName Ollama -Direction Inbound -Protocol TCP -LocalPort 11434 -Action Allow -Profile Private,Domain',
  ],
  'win-firewall-gpo-no-local-rules': [
    "Your organisation decides the firewall's rules",
    'A policy makes Windows ignore rules that are made on this PC.',
    'Get-NetFirewallProfile -PolicyStore ActiveStore',
  ],
  'win-third-party-firewall': [
    "Another firewall than Windows' blocks it",
    "A security program has rules of its own for Ollama's programs.",
    'Allow TCP port 11434 in that program.',
  ],
  'win-gui-stuck-with-0.0.0.0': [
    "Ollama's window does not get past loading",
    'Some versions call 0.0.0.0 themselves; the server works all the same.',
    'Update Ollama to 0.18.3 or later.',
  ],
  'win-loopback-and-wildcard-share-port': [
    'Two servers share the port on Windows',
    'Local programs reach the one on 127.0.0.1, all others reach the second.',
    'netstat -ano | findstr :11434',
  ],
  'win-stale-portproxy': [
    'A forgotten port forwarding answers',
    'Windows probably accepts the connection itself and passes it on to nobody.',
    'netsh interface portproxy show all',
  ],
  'win-vpn-blocks-host-internal': [
    "The VPN blocks the containers' way to Windows",
    'host.docker.internal still leads to a network that it closed.',
    'Disconnect the VPN and try again, to know.',
  ],
  'win-podman-wsl-gateway': [
    "podman's host is WSL, not Windows",
    "host.containers.internal is WSL's virtual machine here.",
    'podman machine set --user-mode-networking',
  ],
  'win-app-expose-drops-custom-port': [
    "The Windows app's network switch overrides OLLAMA_HOST",
    'While on, it means all addresses and port 11434, whatever is set.',
    "Turn the switch off in Ollama's settings, or use port 11434.",
  ],
  'win-app-switch-unknown': [
    "The Windows app's network switch could not be read",
    'It is stronger than OLLAMA_HOST, and may be on.',
    'Look in Ollama\'s window: Settings, "Expose Ollama to the network".',
  ],
  'win-no-desktop-here': [
    'From ssh the app cannot be restarted',
    "It lives on its user's desktop, and takes the setting when started there.",
    'Quit Ollama on that desktop and start it again, or sign in anew.',
  ],
  'win-app-of-another-desktop': [
    "Another user's Ollama is running on this PC",
    "Its settings are that user's own, and are not changed from here.",
    'Run it as that user: npx stigmer-setup-ollama.',
  ],
  'win-elevated-shell': [
    'This terminal runs as administrator',
    'Ollama started from here gets those rights, too, which it does not need.',
    'Use a terminal that was not started with "Run as administrator".',
  ],
} as const satisfies Record<string, Brief>;
