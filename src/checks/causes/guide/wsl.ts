import type { Details } from '../details.ts';
import type { WSL } from '../wsl.ts';

/** What the guide adds to the causes of WSL2. */
export const WSL_DETAILS: Record<keyof typeof WSL, Details> = {
  'wsl2-dualstack-not-relayed': {
    more: 'Reports contradict each other, so this program measures before and after, and takes a change back that cut containers off.',
    seen: 'With `OLLAMA_HOST=0.0.0.0` inside WSL2, Docker Desktop or Windows is refused or hangs; on 127.0.0.1 it worked',
    mend: ['npx stigmer-setup-ollama --if-needed'],
    sources: [
      'https://github.com/NVIDIA/NemoClaw/pull/1104',
      'https://github.com/NVIDIA/NemoClaw/pull/1864',
      'https://github.com/microsoft/WSL/issues/4851',
      'https://github.com/ollama/ollama/issues/7128',
    ],
    where: ['wsl'],
    symptoms: ['refused', 'timeout'],
  },
  'wsl2-engine-inside-needs-bind': {
    seen: '`Failed to connect to host.docker.internal port 11434`, 172.17.0.1 refused; no Docker Desktop',
    mend: [],
    sources: [
      'https://github.com/NVIDIA/NemoClaw/issues/3695',
      'https://github.com/NVIDIA/NemoClaw/issues/2770',
      'https://github.com/OpenHands/OpenHands/issues/1351',
    ],
    where: ['wsl'],
    symptoms: ['refused'],
  },
  'wsl2-windows-ollama-loopback': {
    seen: '`localhost:11434` refused in WSL while Windows reaches it',
    mend: [
      'Run it in a terminal of Windows, not in WSL; then call the gateway that `ip route show default` names.',
      'Or set `networkingMode=mirrored` under `[wsl2]` in `%UserProfile%\\.wslconfig`, and `wsl --shutdown`.',
    ],
    sources: [
      'https://github.com/NVIDIA/NemoClaw/issues/10100',
      'https://github.com/ollama/ollama-python/issues/304',
      'https://github.com/paulrobello/parllama/issues/5',
    ],
    where: ['wsl'],
    symptoms: ['refused'],
  },
  'wsl2-windows-ollama-container-timeout': {
    seen: 'curl in WSL works, the container in WSL times out',
    mend: [
      'New-NetFirewallRule -DisplayName Ollama -Direction Inbound -Protocol TCP -LocalPort 11434 -Action Allow -RemoteAddress 172.16.0.0/12   # Windows, as administrator',
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/14947',
      'https://github.com/NVIDIA/NemoClaw/issues/336',
      'https://github.com/microsoft/WSL/issues/4139',
    ],
    where: ['wsl'],
    symptoms: ['timeout'],
  },
  'wsl2-two-ollamas': {
    seen: 'Hangs, missing models, `Only one usage of each socket address` on Windows',
    mend: ['Or quit the one on Windows: keep one of them.'],
    sources: ['https://github.com/ollama/ollama/issues/7163', 'https://github.com/ollama/ollama/issues/7803'],
    where: ['wsl'],
    symptoms: ['404', 'inuse'],
  },
  'wsl2-lan-needs-portproxy': {
    seen: 'Windows reaches `127.0.0.1:11434`, the network does not',
    mend: [
      'wsl hostname -I   # WSL-IP; the firewall has to let the port in as well',
      'Or set `networkingMode=mirrored` under `[wsl2]` in `%UserProfile%\\.wslconfig`, and `wsl --shutdown`.',
    ],
    sources: ['https://github.com/ollama/ollama/issues/1431', 'https://github.com/MicrosoftDocs/WSL/issues/1818'],
    where: ['wsl'],
    symptoms: ['refused', 'timeout'],
  },
  'wsl2-portproxy-stale-ip': {
    seen: 'Worked before the reboot',
    mend: [
      'netsh interface portproxy set v4tov4 listenport=11434 connectport=11434 connectaddress=WSL-IP',
      'wsl hostname -I   # the address of now',
    ],
    sources: ['https://github.com/ollama/ollama/issues/7280', 'https://github.com/MicrosoftDocs/WSL/issues/1070'],
    where: ['wsl'],
    symptoms: ['yesterday', 'timeout'],
  },
  'wsl2-mirrored-hyperv-firewall': {
    seen: "The network cannot reach a port of WSL, whatever is allowed for programs in Windows' firewall",
    mend: [],
    sources: [
      'https://github.com/microsoft/WSL/issues/10597',
      'https://github.com/microsoft/WSL/issues/10714',
      'https://github.com/microsoft/WSL/issues/10769',
    ],
    where: ['wsl'],
    symptoms: ['timeout'],
  },
  'wsl2-mirrored-docker-loopback': {
    seen: 'Published ports or localhost refuse from Windows, at times the whole network hangs',
    mend: ['wsl --shutdown', 'Else go back to `networkingMode=nat`.'],
    sources: [
      'https://github.com/microsoft/WSL/issues/10683',
      'https://github.com/microsoft/WSL/issues/10632',
      'https://github.com/ollama/ollama/issues/12073',
    ],
    where: ['wsl'],
    symptoms: ['refused', 'timeout'],
  },
  'wsl2-network-host-is-docker-vm': {
    seen: 'A container with `--network host` is refused at 127.0.0.1:11434',
    mend: [],
    sources: [
      'https://github.com/NVIDIA/NemoClaw/issues/11436',
      'https://github.com/open-webui/open-webui/issues/3959',
    ],
    where: ['wsl'],
    symptoms: ['refused'],
  },
  'wsl2-systemd-disabled': {
    seen: '`System has not been booted with systemd as init system (PID 1)`',
    mend: ['wsl --shutdown   # in Windows, then open WSL again'],
    sources: ['https://github.com/ollama/ollama/issues/6636', 'https://github.com/microsoft/WSL/issues/8883'],
    where: ['wsl'],
    symptoms: ['startup'],
  },
  'wsl2-idle-shutdown': {
    more: '`vmIdleTimeout` is about the virtual machine and does not help; the distribution has a limit of its own.',
    seen: 'Refused some seconds after the last terminal was closed, in WSL 2.5.7 and later',
    mend: ['wsl --shutdown', 'wsl --exec sleep infinity   # from a task at sign-in, where that setting is not known'],
    sources: [
      'https://github.com/microsoft/WSL/issues/13014',
      'https://github.com/microsoft/WSL/issues/13291',
      'https://github.com/microsoft/WSL/issues/10157',
      'https://github.com/MicrosoftDocs/WSL/pull/2621',
    ],
    where: ['wsl'],
    symptoms: ['yesterday', 'refused'],
  },
};
