import type { Details } from '../details.ts';
import type { WINDOWS } from '../windows.ts';

/** What the guide adds to the causes of Windows. */
export const WINDOWS_DETAILS: Record<keyof typeof WINDOWS, Details> = {
  'win-tray-app-not-restarted': {
    seen: 'The variable is there, `netstat -ano` still shows `127.0.0.1:11434`',
    mend: ['Quit Ollama from its icon beside the clock, and start it from the Start menu (not from an old terminal).'],
    sources: ['https://github.com/ollama/ollama/pull/2600', 'https://github.com/ollama/ollama/issues/5203'],
    where: ['windows'],
    symptoms: ['refused'],
  },
  'win-env-not-picked-at-install-or-autostart': {
    seen: 'Variables without effect after a silent installation, even when started at sign-in; `ollama run` has them',
    mend: ['In a deployment, end the app after the installation and start it anew.'],
    sources: ['https://github.com/ollama/ollama/issues/10270', 'https://github.com/ollama/ollama/issues/5978'],
    where: ['windows'],
    symptoms: ['refused'],
  },
  'win-serve-while-tray-runs': {
    seen: '`bind: Only one usage of each socket address (protocol/network address/port) is normally permitted.`',
    mend: ['npx stigmer-setup-ollama'],
    sources: [
      'https://github.com/ollama/ollama/issues/3575',
      'https://github.com/ollama/ollama/issues/2540',
      'https://github.com/ollama/ollama/issues/8261',
    ],
    where: ['windows'],
    symptoms: ['inuse'],
  },
  'win-session-only-set': {
    seen: '`OLLAMA_HOST=… ollama serve` is not understood, or the value is gone in a new window',
    mend: ['setx OLLAMA_HOST 0.0.0.0:11434'],
    sources: ['https://github.com/ollama/ollama/issues/5135', 'https://github.com/JHubi1/ollama-app/issues/24'],
    where: ['windows'],
    symptoms: ['refused'],
  },
  'win-user-vs-machine-scope': {
    seen: 'A change in one place has no effect, since the other counts',
    mend: [
      'reg query "HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment" /v OLLAMA_HOST',
      'Make them equal, or remove the one that is not meant.',
    ],
    sources: ['https://github.com/JHubi1/ollama-app/issues/24', 'https://github.com/NVIDIA/NemoClaw/issues/336'],
    where: ['windows'],
    symptoms: ['refused'],
  },
  'win-service-nssm': {
    seen: 'The service runs, `ollama list` is empty, and your variables have no effect',
    mend: ['Or `nssm edit NAME`, tab Environment: `OLLAMA_HOST=0.0.0.0:11434`; then `nssm restart NAME`.'],
    sources: ['https://github.com/ollama/ollama/issues/8559', 'https://github.com/ollama/ollama/issues/4658'],
    where: ['windows'],
    symptoms: ['refused', '404'],
  },
  'win-excluded-port-range': {
    seen: '`bind: An attempt was made to access a socket in a way forbidden by its access permissions.` (error 10013), many tray icons',
    mend: [
      'net stop winnat',
      'netsh int ipv4 add excludedportrange protocol=tcp startport=11434 numberofports=1',
      'net start winnat   # all three in a terminal run as administrator',
    ],
    sources: ['https://github.com/ollama/ollama/issues/2627', 'https://github.com/ollama/ollama/issues/2727'],
    where: ['windows'],
    symptoms: ['startup'],
  },
  'win-firewall-inbound': {
    seen: 'ping works, curl from another machine times out',
    mend: [
      "Get-NetFirewallRule -Direction Inbound -Action Block -Enabled True | Where-Object DisplayName -like '*ollama*'",
      'A rule that blocks ollama.exe beats every rule that allows: remove it.',
    ],
    sources: ['https://github.com/ollama/ollama/issues/3089', 'https://github.com/microsoft/WSL/issues/10714'],
    where: ['windows'],
    symptoms: ['timeout'],
  },
  'win-firewall-gpo-no-local-rules': {
    seen: 'A rule was added and has no effect, `EnforcementStatus: NotApplicable`',
    mend: [
      'There, `AllowLocalFirewallRules : False` says that rules made here do not count.',
      'Ask your administrators for a rule for TCP port 11434.',
    ],
    sources: ['https://github.com/microsoft/WSL/issues/4139'],
    where: ['windows'],
    symptoms: ['timeout'],
  },
  'win-third-party-firewall': {
    seen: "Blocked although Windows' firewall lets it in",
    mend: ['Get-CimInstance -Namespace root/SecurityCenter2 -ClassName FirewallProduct   # which one it is'],
    sources: ['https://github.com/ollama/ollama/issues/16270'],
    where: ['windows'],
    symptoms: ['timeout'],
  },
  'win-gui-stuck-with-0.0.0.0': {
    seen: 'The window spins since OLLAMA_HOST was set, the API answers; versions 0.13 to before 0.18.3',
    mend: ['Or delete the variable, and use "Expose Ollama to the network" in its settings.'],
    sources: ['https://github.com/ollama/ollama/issues/13377', 'https://github.com/ollama/ollama/issues/15186'],
    where: ['windows'],
    symptoms: ['other'],
  },
  'win-loopback-and-wildcard-share-port': {
    seen: '"model not found" from containers, while the same model works locally',
    mend: ['End the one that is not meant: `taskkill /F /PID …`, or stop its container.'],
    sources: ['https://github.com/Osmantic/ODS/pull/52'],
    where: ['windows'],
    symptoms: ['404'],
  },
  'win-stale-portproxy': {
    seen: 'It connects, then `Connection reset by peer` or no data',
    mend: ['netsh interface portproxy delete v4tov4 listenport=11434 listenaddress=0.0.0.0'],
    sources: ['https://github.com/ollama/ollama/issues/5008', 'https://github.com/ollama/ollama/issues/7280'],
    where: ['windows'],
    symptoms: ['reset'],
  },
  'win-vpn-blocks-host-internal': {
    seen: "`host.docker.internal` times out while a VPN such as Cisco's is connected",
    mend: ['Restart Docker Desktop with the VPN connected, or ask for a split tunnel.'],
    sources: ['https://github.com/docker/for-win/issues/13566'],
    where: ['windows'],
    symptoms: ['timeout'],
  },
  'win-podman-wsl-gateway': {
    seen: 'Ollama on Windows is unreachable from a container of podman machine',
    mend: ['podman machine stop && podman machine start'],
    sources: [
      'https://github.com/podman-container-tools/podman/issues/25152',
      'https://github.com/open-webui/open-webui/issues/9472',
    ],
    where: ['windows'],
    symptoms: ['refused', 'noroute'],
  },
  'win-app-expose-drops-custom-port': {
    seen: 'Said by this program; `OLLAMA_HOST=0.0.0.0:8080` has no effect',
    mend: [],
    sources: ['https://github.com/ollama/ollama/blob/main/app/server/server.go'],
    where: ['windows'],
    symptoms: ['refused'],
  },
  'win-app-switch-unknown': {
    seen: 'Said by this program about the desktop app',
    mend: [],
    sources: ['https://github.com/ollama/ollama/tree/main/app/store'],
    where: ['windows'],
    symptoms: ['other'],
  },
  'win-no-desktop-here': {
    seen: 'Said by this program in a session of ssh or of a service',
    mend: [],
    sources: ['https://learn.microsoft.com/en-us/windows/win32/services/interactive-services'],
    where: ['windows'],
    symptoms: ['other'],
  },
  'win-app-of-another-desktop': {
    seen: 'Said by this program',
    mend: [],
    sources: [],
    where: ['windows'],
    symptoms: ['other'],
  },
  'win-elevated-shell': {
    seen: 'Said by this program',
    mend: [],
    sources: [
      'https://learn.microsoft.com/en-us/windows/security/application-security/application-control/user-account-control/',
    ],
    where: ['windows'],
    symptoms: ['other'],
  },
};
