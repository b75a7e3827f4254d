import type { Details } from '../details.ts';
import type { MAC } from '../mac.ts';

/** What the guide adds to the causes of macOS and Ollama.app. */
export const MAC_DETAILS: Record<keyof typeof MAC, Details> = {
  'mac-launchctl-setenv-lost-on-reboot': {
    seen: 'Works until a reboot; then `Listening on 127.0.0.1:11434`',
    mend: ['In Ollama.app, Settings: "Expose Ollama to the network".'],
    sources: [
      'https://github.com/ollama/ollama/issues/3639',
      'https://github.com/ollama/ollama/issues/11264',
      'https://github.com/ollama/ollama/pull/11246',
    ],
    where: ['macos'],
    symptoms: ['yesterday'],
  },
  'mac-app-not-restarted-after-setenv': {
    seen: '`launchctl getenv OLLAMA_HOST` prints 0.0.0.0, the log still says 127.0.0.1',
    mend: ['Quit Ollama from the menu bar, and open it again.'],
    sources: ['https://github.com/ollama/ollama/issues/3581', 'https://github.com/msramanujam/maya/issues/9'],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-job-not-reloaded': {
    seen: 'OLLAMA_HOST stands in the plist, `launchctl print` shows the job without it',
    mend: ['launchctl bootout gui/$(id -u)/LABEL; launchctl bootstrap gui/$(id -u) PLIST'],
    sources: [],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-setenv-wrong-session-over-ssh': {
    seen: '`launchctl setenv` over ssh reports no error, and the app takes no notice',
    mend: [
      'sudo launchctl asuser $(id -u) launchctl setenv OLLAMA_HOST 0.0.0.0:11434   # then reopen the app at the screen',
    ],
    sources: ['https://github.com/ollama/ollama/issues/3581'],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-zshrc-export-ignored-by-app': {
    seen: '"OLLAMA_HOST is ignored since the upgrade", while `ollama serve` in a terminal honours it',
    mend: ['In Ollama.app, Settings: "Expose Ollama to the network".'],
    sources: ['https://github.com/ollama/ollama/issues/9083', 'https://github.com/ollama/ollama/issues/4749'],
    where: ['macos'],
    symptoms: ['refused', 'yesterday'],
  },
  'mac-env-agent-races-login-item': {
    seen: 'After login the variable is right and the server is not; a restart of the app by hand mends it',
    mend: ['In Ollama.app, Settings: "Expose Ollama to the network", which needs no variable.'],
    sources: [
      'https://github.com/ollama/ollama/issues/12916',
      'https://github.com/ollama/ollama/issues/11264',
      'https://github.com/ollama/ollama/issues/2955',
    ],
    where: ['macos'],
    symptoms: ['yesterday'],
  },
  'mac-update-restarts-app-without-env': {
    seen: 'The address goes back after "Restart to update"',
    mend: [],
    sources: ['https://github.com/ollama/ollama/issues/4749', 'https://github.com/ollama/ollama/issues/9083'],
    where: ['macos'],
    symptoms: ['yesterday'],
  },
  'mac-app-expose-drops-custom-port': {
    seen: 'With "Expose Ollama to the network" on, `OLLAMA_HOST=0.0.0.0:8080` has no effect',
    mend: [],
    sources: ['https://github.com/ollama/ollama/blob/main/app/server/server.go'],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-no-login-no-server': {
    seen: 'After a reboot nothing answers until somebody logs in at the screen',
    mend: [
      'sudo brew services start ollama   # a daemon needs no login; quit the app for good first, and run this program after it',
    ],
    sources: ['https://github.com/ollama/ollama/issues/2955'],
    where: ['macos'],
    symptoms: ['yesterday', 'refused'],
  },
  'mac-app-switch-unknown': {
    seen: 'Said by this program about Ollama.app',
    mend: [],
    sources: ['https://github.com/ollama/ollama/tree/main/app/store'],
    where: ['macos'],
    symptoms: ['other'],
  },
  'mac-app-and-brew-both-installed': {
    more: "Settings for the one have no effect while the other answers. The app looks for other `ollama serve` processes when the port is taken and kills them; Homebrew's comes back.",
    seen: '`address already in use`, a killed server that comes back, settings of Homebrew without effect',
    mend: ['Or quit the app and take it out of the login items: System Settings, General, Login Items.'],
    sources: [
      'https://github.com/ollama/ollama/issues/707',
      'https://github.com/ollama/ollama/issues/2194',
      'https://github.com/zylon-ai/private-gpt/issues/1749',
    ],
    where: ['macos'],
    symptoms: ['inuse'],
  },
  'mac-app-firewall-blocks-brew-binary': {
    seen: 'The Mac reaches its own network address, other machines time out; since `brew upgrade`',
    mend: [
      'sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add "$(realpath "$(brew --prefix)/opt/ollama/bin/ollama")"',
      'sudo /usr/libexec/ApplicationFirewall/socketfilterfw --unblockapp "$(realpath "$(brew --prefix)/opt/ollama/bin/ollama")"',
    ],
    sources: ['https://github.com/evcc-io/docs/issues/1146'],
    where: ['macos'],
    symptoms: ['timeout', 'yesterday'],
  },
  'mac-local-network-privacy': {
    seen: '`EHOSTUNREACH` or `No route to host` at once from one app, while curl in Terminal works',
    mend: ['Then restart the app, or the terminal that it runs in.'],
    sources: [
      'https://github.com/anomalyco/opencode/issues/38854',
      'https://github.com/stenolabs/stenoai/issues/499',
      'https://github.com/docker/for-mac/issues/7504',
    ],
    where: ['macos'],
    symptoms: ['noroute'],
  },
  'mac-colima-host-gateway-is-the-vm': {
    seen: 'In the container `host.docker.internal` is `172.17.0.1`, connection refused; without `extra_hosts` it works',
    mend: ['OLLAMA_BASE_URL=http://host.lima.internal:11434'],
    sources: [
      'https://github.com/abiosoft/colima/issues/949',
      'https://github.com/abiosoft/colima/issues/57',
      'https://github.com/abiosoft/colima/issues/13',
    ],
    where: ['macos'],
    symptoms: ['refused'],
  },
  'mac-rancher-desktop-host-gateway': {
    seen: '`Cannot connect to host host.docker.internal:11434 ssl:default [Connection refused]` with the usual `--add-host`',
    mend: ['On Windows its firewall has to let the port in as well.'],
    sources: ['https://github.com/rancher-sandbox/rancher-desktop/issues/5095'],
    where: ['macos', 'windows'],
    symptoms: ['refused'],
  },
  'mac-podman-machine-host-name': {
    seen: '`host containers internal IP address is empty`, or `host.containers.internal` leads to the VM (old podman)',
    mend: ['Leave `--add-host …:host-gateway` out, and update podman: versions before 4 named the VM.'],
    sources: [
      'https://github.com/podman-container-tools/podman/issues/11642',
      'https://github.com/podman-container-tools/podman/issues/12507',
      'https://github.com/podman-container-tools/podman/issues/21681',
    ],
    where: ['macos', 'windows'],
    symptoms: ['name', 'noroute'],
  },
  'mac-docker-desktop-probably-not-the-bind': {
    more: 'Reports differ between versions of Docker Desktop, so it is measured here and not assumed.',
    seen: 'The address was changed and the container still fails; or it worked on 127.0.0.1 all along',
    mend: ['docker run --rm curlimages/curl -sS -m 5 http://host.docker.internal:11434/api/version'],
    sources: [
      'https://github.com/sipeed/picoclaw/pull/491',
      'https://docs.orbstack.dev/docker/network',
      'https://github.com/msramanujam/maya/issues/9',
    ],
    where: ['macos'],
    symptoms: ['refused'],
  },
};
