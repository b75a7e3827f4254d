import { type Brief, SETUP } from './brief.ts';

/** Causes of other packagings and service managers of Linux. */
export const LINUX = {
  'snap-host-setting': [
    'The snap has a setting of its own',
    'Its launcher sets OLLAMA_HOST from that and drops any other value.',
    SETUP,
  ],
  'flatpak-alpaca-own-instance': [
    'Alpaca runs an Ollama of its own',
    'It is a part of that app, usually on port 11435, for the app alone.',
    'curl http://127.0.0.1:11435/api/version',
  ],
  'flatpak-alpaca-expose-broken': [
    "Alpaca's share switch has no effect",
    'A fault of Alpaca 9.2.1, mended since.',
    'flatpak update com.jeffser.Alpaca',
  ],
  'nixos-module-host-option': [
    'NixOS sets OLLAMA_HOST itself',
    'The service is made from options; variables and drop-ins lose against them.',
    'services.ollama.host = "0.0.0.0";',
  ],
  'nixos-firewall-blocks-bridge': [
    "NixOS' firewall drops what containers send",
    'Containers come in over a bridge that its rules do not know.',
    'networking.firewall.interfaces.docker0.allowedTCPPorts = [ 11434 ];',
  ],
  'nixos-host-gateway-nil': [
    'host-gateway became <nil> in the container',
    "Docker could not find out the host's address.",
    'docker run --add-host=host.docker.internal:172.17.0.1 IMAGE',
  ],
  'runit-void-run-script': [
    "runit's script for Ollama reads no settings",
    'Its run script is the only place, and belongs to the package.',
    "sudo sed -i '2i export OLLAMA_HOST=0.0.0.0:11434' /etc/sv/ollama/run",
  ],
  'openrc-confd': [
    "OpenRC takes Ollama's address from conf.d",
    'What a profile exports does not reach services.',
    SETUP,
  ],
  'no-systemd-install-claims-success': [
    'Installed without a service manager',
    'The installer could not set up a service, so nothing starts Ollama.',
    'OLLAMA_HOST=0.0.0.0:11434 ollama serve',
  ],
  'lxc-container-host': [
    "Ollama's host is the LXC guest",
    'The setting belongs inside the guest, where its service runs.',
    SETUP,
  ],
  'unit-masked': [
    'Somebody has forbidden systemd to start Ollama',
    'The service is masked: it cannot be started, whatever is set.',
    'sudo systemctl unmask ollama',
  ],
  'environment-file-missing': [
    'A settings file of the service is not there',
    'systemd does not start a service whose EnvironmentFile is missing.',
    'sudo touch /path/of/the/file   # as EnvironmentFile= names it',
  ],
  'set-in-exec-start': [
    'The start command itself sets OLLAMA_HOST',
    'That is stronger than any setting of the service.',
    'sudo systemctl edit --full ollama',
  ],
} as const satisfies Record<string, Brief>;
