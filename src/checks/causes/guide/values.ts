import type { Details } from '../details.ts';
import type { VALUES } from '../values.ts';

/** What the guide adds to the causes of the value of OLLAMA_HOST and the server itself, on any platform. */
export const VALUES_DETAILS: Record<keyof typeof VALUES, Details> = {
  'default-loopback-bind': {
    more: 'This is the most common cause by far.',
    seen: "`Connection refused` at once from a container or another machine, while everything works on the host; the server's log says `Listening on 127.0.0.1:11434`",
    mend: ['By hand: set `OLLAMA_HOST=0.0.0.0:11434` in the place that starts the server, and restart it there.'],
    sources: [
      'https://github.com/khoj-ai/khoj/issues/1100',
      'https://github.com/ollama/ollama/issues/5905',
      'https://github.com/lfnovo/open-notebook/issues/100',
    ],
    where: ['any'],
    symptoms: ['refused'],
  },
  'explicit-loopback-left-over': {
    seen: 'As with the default: refused from outside, although "OLLAMA_HOST is set"',
    mend: ['By hand, change the value where it stands; a second one in another place may lose against it.'],
    sources: ['https://github.com/langgenius/dify/issues/2905'],
    where: ['any'],
    symptoms: ['refused'],
  },
  'shell-export-not-seen-by-service': {
    seen: '`echo $OLLAMA_HOST` prints 0.0.0.0, the server is still on 127.0.0.1, and `ollama serve` by hand does as told',
    mend: [
      "By hand: `systemctl edit ollama` on Linux, the app's settings on a Mac, the user's environment variables on Windows.",
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/9083',
      'https://github.com/ollama/ollama/issues/14963',
      'https://github.com/ollama/ollama/issues/1501',
    ],
    where: ['any'],
    symptoms: ['refused'],
  },
  'http-scheme-means-port-80': {
    seen: 'Nothing on 11434; the server ends with a permission error on `:80`, or listens there',
    mend: [],
    sources: ['https://github.com/ollama/ollama/blob/main/envconfig/config.go'],
    where: ['any'],
    symptoms: ['refused'],
  },
  'value-is-a-path-or-junk': {
    seen: '`WARN invalid port, using default`, `dial tcp: lookup C: no such host`',
    mend: ['reg query HKCU\\Environment /v OLLAMA_HOST   # what it is on Windows'],
    sources: ['https://github.com/ollama/ollama/issues/6839', 'https://github.com/ollama/ollama/issues/3908'],
    where: ['windows', 'macos', 'linux'],
    symptoms: ['startup'],
  },
  'quotes-in-cmd-old-versions': {
    seen: '`Error: listen tcp: lookup tcp/59000": unknown port`',
    mend: ['Newer versions of Ollama strip them: update it.'],
    sources: ['https://github.com/ollama/ollama/issues/2512'],
    where: ['windows'],
    symptoms: ['startup'],
  },
  'wrong-variable-name': {
    more: 'An address in `OLLAMA_MODELS` also hides the models.',
    seen: 'No change after `OLLAMA=0.0.0.0`, `OLLAMA_IP`, `OLLAMA_PORT` or `OLLAMA_BIND`; with `OLLAMA_MODELS=0.0.0.0` no models either',
    mend: ['Remove the stray variable from where it was set.'],
    sources: [
      'https://github.com/ollama/ollama/issues/703',
      'https://github.com/ollama/ollama/issues/7697',
      'https://github.com/ollama/ollama/issues/8994',
    ],
    where: ['any'],
    symptoms: ['refused'],
  },
  'specific-ip-locks-out-localhost': {
    seen: 'Other machines work; here `could not connect to ollama app, is it running?`',
    mend: ['OLLAMA_HOST=192.168.1.20:11434 ollama list   # or give the commands the same address'],
    sources: ['https://github.com/ollama/ollama/issues/4540', 'https://github.com/ollama/ollama/issues/9145'],
    where: ['any'],
    symptoms: ['refused'],
  },
  'custom-port-server-only': {
    seen: 'After a change of port `ollama list` says that Ollama is not running, or an app is stuck loading',
    mend: ['Else write the other port into OLLAMA_HOST of every client as well.'],
    sources: [
      'https://github.com/ollama/ollama/issues/9145',
      'https://github.com/ollama/ollama/issues/742',
      'https://github.com/ollama/ollama/issues/15186',
    ],
    where: ['any'],
    symptoms: ['refused'],
  },
  'bind-address-not-on-this-machine': {
    more: 'Either the address of a remote server was put into the local service, or this machine was given a new address by its router.',
    seen: '`Error: listen tcp 192.168.1.33:11434: bind: cannot assign requested address`, the service restarts again and again',
    mend: [
      "The address of a remote server belongs in the client's environment: `OLLAMA_HOST=http://192.168.1.33:11434 ollama list`.",
    ],
    sources: ['https://github.com/ollama/ollama/issues/14367'],
    where: ['any'],
    symptoms: ['startup'],
  },
  'bind-bridge-ip-race-at-boot': {
    seen: 'Works until a reboot, then `bind: cannot assign requested address`',
    mend: ['sudo systemctl edit ollama   # [Unit] After=docker.service, and [Service] Restart=always'],
    sources: [
      'https://github.com/moby/moby/issues/18826',
      'https://github.com/moby/moby/issues/39559',
      'https://github.com/VibePod/vibepod-cli/pull/60',
    ],
    where: ['linux'],
    symptoms: ['yesterday', 'startup'],
  },
  'second-server-misleading-error': {
    seen: '`Error: listen tcp 0.0.0.0:11434: bind: address already in use`, taken for proof that 0.0.0.0 is in effect',
    mend: ['Restart the service or the app instead of starting `ollama serve` beside it.'],
    sources: [
      'https://github.com/ollama/ollama/issues/14963',
      'https://github.com/ollama/ollama/issues/707',
      'https://github.com/ollama/ollama/issues/2194',
    ],
    where: ['any'],
    symptoms: ['inuse'],
  },
  'port-held-by-docker-ollama': {
    seen: "`Error starting userland proxy: listen tcp4 0.0.0.0:11434: bind: address already in use`, or the host's service loops",
    mend: ['docker stop NAME   # or publish it elsewhere: -p 11435:11434'],
    sources: [
      'https://github.com/ollama/ollama/issues/7540',
      'https://github.com/ollama/ollama/issues/4919',
      'https://github.com/coleam00/local-ai-packaged/issues/132',
    ],
    where: ['any'],
    symptoms: ['inuse'],
  },
  'container-ollama-bound-loopback': {
    more: 'The image `ollama/ollama` sets OLLAMA_HOST itself; images built from others do not.',
    seen: "The port is published, and still `Couldn't connect to server`",
    mend: [],
    sources: ['https://github.com/intel/ipex-llm/issues/12999', 'https://github.com/Destrayon/Connapse/pull/177'],
    where: ['any'],
    symptoms: ['refused', 'reset'],
  },
  'server-not-running-or-crash-loop': {
    seen: 'Refused from everywhere, from the host as well; on Windows app.log says `server crash N - exit code 1 - respawning`',
    mend: [
      'journalctl -u ollama -n 50   # Linux',
      'tail -50 ~/.ollama/logs/server.log   # Ollama.app; Homebrew: $(brew --prefix)/var/log/ollama.log',
      'type %LOCALAPPDATA%\\Ollama\\server.log',
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/4184',
      'https://github.com/ollama/ollama/issues/2627',
      'https://github.com/ollama/ollama/issues/2928',
    ],
    where: ['any'],
    symptoms: ['refused', 'startup'],
  },
  'false-alarm-tcp6-listener': {
    more: 'What keeps others out is then elsewhere: a firewall, the network, or the address that they call.',
    seen: '"Ollama only listens on IPv6": `tcp6 0 0 :::11434` in netstat',
    mend: ['npx stigmer-setup-ollama doctor'],
    sources: [
      'https://github.com/ollama/ollama/issues/11613',
      'https://github.com/ollama/ollama/issues/9056',
      'https://github.com/ollama/ollama/issues/11503',
    ],
    where: ['linux'],
    symptoms: ['refused', 'timeout'],
  },
  'ollama-in-container': {
    seen: '`docker ps` lists an ollama container, with `127.0.0.1:11434->11434/tcp` or with no port at all',
    mend: ['Containers of the same compose file reach it by its service name: `http://ollama:11434`.'],
    sources: ['https://github.com/ollama/ollama/blob/main/docs/docker.mdx'],
    where: ['any'],
    symptoms: ['refused'],
  },
};
