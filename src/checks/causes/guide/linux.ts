import type { Details } from '../details.ts';
import type { LINUX } from '../linux.ts';

/** What the guide adds to the causes of other packagings and service managers of Linux. */
export const LINUX_DETAILS: Record<keyof typeof LINUX, Details> = {
  'snap-host-setting': {
    seen: 'A drop-in or an exported variable has no effect; the program is under `/snap/ollama`',
    mend: ['sudo snap set ollama host=0.0.0.0:11434', 'sudo snap restart ollama'],
    sources: ['https://github.com/mz2/ollama-snap', 'https://github.com/ollama/ollama/issues/9056'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'flatpak-alpaca-own-instance': {
    seen: 'Nothing on 11434 although Alpaca works',
    mend: ["Else install Ollama for the system, and enter its address in Alpaca's settings."],
    sources: ['https://github.com/Jeffser/Alpaca/issues/553', 'https://github.com/Jeffser/Alpaca/issues/199'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'flatpak-alpaca-expose-broken': {
    seen: '"Share on network" is on, the log shows `OLLAMA_HOST:http://127.0.0.1:11434`',
    mend: [],
    sources: ['https://github.com/Jeffser/Alpaca/issues/1136', 'https://github.com/Jeffser/Alpaca/pull/1150'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'nixos-module-host-option': {
    seen: '`environmentVariables.OLLAMA_HOST` has no effect, `/etc` is read-only, or `listenAddress` fails the build',
    mend: ['sudo nixos-rebuild switch'],
    sources: ['https://github.com/NixOS/nixpkgs/blob/master/nixos/modules/services/misc/ollama.nix'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'nixos-firewall-blocks-bridge': {
    seen: '`curl: (28) Connection timed out` in the container; with the firewall off it works',
    mend: [
      'networking.firewall.interfaces."br-+".allowedTCPPorts = [ 11434 ];   # compose networks, iptables only',
      'sudo nixos-rebuild switch',
    ],
    sources: [
      'https://github.com/NixOS/nixpkgs/issues/141377',
      'https://github.com/NixOS/nixpkgs/issues/298165',
      'https://github.com/dependabot/cli/issues/192',
    ],
    where: ['linux'],
    symptoms: ['timeout'],
  },
  'nixos-host-gateway-nil': {
    seen: "`<nil>` before the name in the container's `/etc/hosts`",
    mend: ['virtualisation.docker.daemon.settings.host-gateway-ip = "172.17.0.1";   # NixOS'],
    sources: ['https://github.com/NixOS/nixpkgs/issues/211124'],
    where: ['linux'],
    symptoms: ['name'],
  },
  'runit-void-run-script': {
    seen: 'No settings file to edit on Void Linux; `systemctl` is not there',
    mend: ['sudo sv restart ollama'],
    sources: ['https://github.com/void-linux/void-packages/tree/master/srcpkgs/ollama'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'openrc-confd': {
    seen: '`systemctl: not found`, an export in `/etc/profile` without effect',
    mend: [
      'echo \'export OLLAMA_HOST="0.0.0.0:11434"\' | sudo tee -a /etc/conf.d/ollama',
      'sudo rc-service ollama restart',
    ],
    sources: ['https://github.com/OpenRC/openrc', 'https://github.com/gentoo/gentoo/tree/master/sci-ml/ollama'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'no-systemd-install-claims-success': {
    seen: '"The Ollama API is now available at 127.0.0.1:11434", and nothing listens',
    mend: ['Let a supervisor of this system start it, or turn systemd on (WSL: see `wsl2-systemd-disabled`).'],
    sources: ['https://github.com/ollama/ollama/issues/16191', 'https://github.com/ollama/ollama/issues/6636'],
    where: ['linux', 'wsl'],
    symptoms: ['refused', 'startup'],
  },
  'lxc-container-host': {
    seen: "The page at the guest's address does not load right after the installation",
    mend: ['pct enter ID   # on Proxmox: into the guest first'],
    sources: ['https://github.com/ollama/ollama/issues/4768'],
    where: ['linux'],
    symptoms: ['refused'],
  },
  'unit-masked': {
    seen: '`Unit ollama.service is masked.`',
    mend: [],
    sources: ['https://www.freedesktop.org/software/systemd/man/latest/systemctl.html'],
    where: ['linux'],
    symptoms: ['startup'],
  },
  'environment-file-missing': {
    seen: '`Failed to load environment files: No such file or directory`',
    mend: ['Or put a dash before the path, and the file may be missing: `EnvironmentFile=-/etc/ollama.env`.'],
    sources: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html'],
    where: ['linux'],
    symptoms: ['startup'],
  },
  'set-in-exec-start': {
    seen: '`ExecStart=` runs `env OLLAMA_HOST=… ollama serve` or a shell that exports it',
    mend: ['Take `OLLAMA_HOST=…` out of the line `ExecStart=`, then run `npx stigmer-setup-ollama`.'],
    sources: ['https://www.freedesktop.org/software/systemd/man/latest/systemd.exec.html'],
    where: ['linux'],
    symptoms: ['refused'],
  },
};
