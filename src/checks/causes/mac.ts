import { type Brief, IF_NEEDED, SETUP } from './brief.ts';

/** Causes of macOS and Ollama.app. */
export const MAC = {
  'mac-launchctl-setenv-lost-on-reboot': [
    'launchctl setenv is forgotten at logout',
    'The variable lives as long as the login session, and then is gone.',
    SETUP,
  ],
  'mac-app-not-restarted-after-setenv': [
    'The app runs on with its old environment',
    'What was set reaches it only when it is started anew.',
    SETUP,
  ],
  'mac-job-not-reloaded': [
    'The running job is older than its property list',
    'launchd reads a property list when it loads the job, not when the file changes.',
    SETUP,
  ],
  'mac-setenv-wrong-session-over-ssh': [
    'Set over ssh, the variable misses the app',
    'ssh has a session of its own; the app lives in the one at the screen.',
    SETUP,
  ],
  'mac-zshrc-export-ignored-by-app': [
    'Ollama.app never reads .zshrc',
    'An app opened from the Dock or at login gets nothing of your shell.',
    SETUP,
  ],
  'mac-env-agent-races-login-item': [
    'Ollama starts before its variable is set',
    'At login the app is probably quicker than the agent that sets OLLAMA_HOST.',
    SETUP,
  ],
  'mac-update-restarts-app-without-env': [
    'An update of the app dropped the variable',
    'The updater opens the app anew, outside the terminal that had set it.',
    SETUP,
  ],
  'mac-app-expose-drops-custom-port': [
    "The app's network switch overrides OLLAMA_HOST",
    'While it is on, Ollama is on all addresses and port 11434, whatever is set.',
    "Turn the switch off in Ollama's settings, or use port 11434.",
  ],
  'mac-no-login-no-server': [
    'Nobody is logged in, so the app does not run',
    'Ollama.app belongs to a desktop session and starts with it.',
    'Log in at the screen, or turn on automatic login.',
  ],
  'mac-app-switch-unknown': [
    "The app's network switch cannot be read",
    'This version keeps its settings in a way that this program does not know.',
    'Look in Ollama\'s window: Settings, "Expose Ollama to the network".',
  ],
  'mac-app-and-brew-both-installed': [
    'Ollama.app and another Ollama want one port',
    'Whichever starts first answers, and the app ends its rivals.',
    'brew services stop ollama',
  ],
  'mac-app-firewall-blocks-brew-binary': [
    "macOS' firewall blocks Ollama's new program file",
    'Each upgrade is a new file to it, probably waiting for an approval nobody sees.',
    'sudo /usr/libexec/ApplicationFirewall/socketfilterfw --listapps',
  ],
  'mac-local-network-privacy': [
    'macOS does not let this app use the local network',
    'From macOS 15 on every app needs leave for that; loopback is free.',
    'Allow it in System Settings, Privacy & Security, Local Network.',
  ],
  'mac-colima-host-gateway-is-the-vm': [
    "host-gateway is Colima's VM, not the Mac",
    'The usual extra_hosts line points the name at the virtual machine.',
    'Take the host-gateway line out of extra_hosts.',
  ],
  'mac-rancher-desktop-host-gateway': [
    "host-gateway is Rancher Desktop's VM",
    'The name leads to the virtual machine instead of your computer.',
    'docker run --add-host=host.docker.internal:LAN-IP IMAGE',
  ],
  'mac-podman-machine-host-name': [
    'podman machine does not know the host here',
    'The name comes from its DNS, so host-gateway has no address to give.',
    'OLLAMA_BASE_URL=http://host.containers.internal:11434',
  ],
  'mac-docker-desktop-probably-not-the-bind': [
    'Docker on this Mac may reach Ollama as it is',
    'Several runtimes for the Mac forward to 127.0.0.1, so opening changes nothing.',
    IF_NEEDED,
  ],
} as const satisfies Record<string, Brief>;
