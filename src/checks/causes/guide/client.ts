import type { CLIENT } from '../client.ts';
import type { Details } from '../details.ts';

/** What the guide adds to the causes of the caller: programs and containers that ask for Ollama at the wrong place. */
export const CLIENT_DETAILS: Record<keyof typeof CLIENT, Details> = {
  'client-localhost-in-container': {
    more: 'The exception is `--network host` on a plain Docker Engine for Linux, where localhost is the host.',
    seen: '`connect ECONNREFUSED 127.0.0.1:11434`, `[Errno 111] Connection refused` or `HTTPConnectionPool(host=\'localhost\', port=11434): Max retries exceeded`, while a browser on the host says "Ollama is running"',
    mend: [
      'docker run --add-host=host.docker.internal:host-gateway -e OLLAMA_BASE_URL=http://host.docker.internal:11434 IMAGE',
      'In a compose file, give the service `extra_hosts: ["host.docker.internal:host-gateway"]`.',
    ],
    sources: [
      'https://github.com/langgenius/dify/issues/2905',
      'https://github.com/odysseus-dev/odysseus/issues/2147',
      'https://github.com/n8n-io/n8n/issues/14018',
    ],
    where: ['any'],
    symptoms: ['refused'],
  },
  'client-uses-0.0.0.0-as-target': {
    more: 'Many client libraries read OLLAMA_HOST as well and dial it as it is. Linux and macOS then happen to reach this very machine (in a container: the container); Windows refuses.',
    seen: "`Couldn't connect to Ollama at 0.0.0.0:11434`, on Windows error 10049 in Python, Rust, .NET or curl; in a container `HTTPConnectionPool(host='0.0.0.0', …) Connection refused`",
    mend: [
      'Keep `0.0.0.0:11434` for the server alone, and give the client its own value where it is started.',
      'In a container, call `http://host.docker.internal:11434`.',
    ],
    sources: [
      'https://github.com/ollama/ollama-python/issues/471',
      'https://github.com/siddsachar/row-bot/issues/45',
      'https://github.com/langgenius/dify/issues/2854',
    ],
    where: ['any'],
    symptoms: ['refused'],
  },
  'client-host-without-port-means-80': {
    seen: 'Connection refused at `http://0.0.0.0/api` or `http://host.docker.internal/api`, without a port in the address',
    mend: ['Write the port in every address, for clients and for the server.'],
    sources: ['https://github.com/ggozad/oterm/issues/88'],
    where: ['any'],
    symptoms: ['refused'],
  },
  'client-missing-scheme': {
    seen: "`unsupported protocol scheme \"localhost\"` or `Request URL is missing an 'http://' or 'https://' protocol`",
    mend: ['A variable that is set to nothing counts as an address, too: give it a value or remove it.'],
    sources: [
      'https://github.com/danielmiessler/Fabric/issues/1038',
      'https://github.com/langchain-ai/local-deep-researcher/issues/38',
      'https://github.com/lfnovo/open-notebook/issues/62',
    ],
    where: ['any'],
    symptoms: ['other'],
  },
  'client-path-in-base-url': {
    more: "Programs that speak the OpenAI protocol want `/v1` at the end; those that speak Ollama's own want nothing after the port.",
    seen: "404 for paths such as `/api/embeddings/api/embeddings` or `/v1/api/chat`, in the client's or in Ollama's log",
    mend: ['OPENAI_BASE_URL=http://host.docker.internal:11434/v1'],
    sources: [
      'https://github.com/langgenius/dify/issues/2624',
      'https://github.com/acon96/home-llm/issues/73',
      'https://github.com/open-webui/open-webui/issues/1295',
    ],
    where: ['any'],
    symptoms: ['404'],
  },
  'client-port-typo': {
    seen: 'Connection refused although all else is right; the address says `11343`, `11344` or `11443`',
    mend: [],
    sources: ['https://github.com/langgenius/dify/issues/4461'],
    where: ['any'],
    symptoms: ['refused'],
  },
  'client-https-against-http': {
    seen: '`SSL: WRONG_VERSION_NUMBER`, `EPROTO`, `http: server gave HTTP response to HTTPS client` or `tls: first record does not look like a TLS handshake`',
    mend: ['Write `http://` in the address of every client.'],
    sources: [],
    where: ['any'],
    symptoms: ['other'],
  },
  'client-host-address-wrong': {
    more: 'Addresses of bridges and of local networks change, and those of examples are of other machines.',
    seen: 'Refused, timed out or `No route to host` at once, while other containers reach Ollama',
    mend: [
      'docker run --add-host=host.docker.internal:host-gateway IMAGE',
      'Take the line for the name out of `extra_hosts`, or have it end in `:host-gateway`.',
    ],
    sources: [],
    where: ['linux'],
    symptoms: ['noroute', 'timeout', 'refused'],
  },
  'client-typo-host-docker-internal': {
    seen: '`Name or service not known`, `getaddrinfo ENOTFOUND host.docker.interal`',
    mend: [],
    sources: ['https://github.com/Mintplex-Labs/anything-llm/issues/1215'],
    where: ['any'],
    symptoms: ['name'],
  },
  'client-saved-setting-beats-env': {
    more: 'Open WebUI works like this, and others do. The variable in the compose file counts only for a fresh volume.',
    seen: "The variable is right, the app's log still names the old address; in Open WebUI a 500 for `/ollama/api/tags`",
    mend: [
      'docker run -e ENABLE_PERSISTENT_CONFIG=False -e OLLAMA_BASE_URL=http://host.docker.internal:11434 ghcr.io/open-webui/open-webui:main',
    ],
    sources: [
      'https://github.com/open-webui/open-webui/issues/12034',
      'https://github.com/Destrayon/Connapse/pull/177',
      'https://github.com/open-webui/open-webui/issues/17435',
    ],
    where: ['any'],
    symptoms: ['yesterday', 'refused'],
  },
  'client-renamed-env-var': {
    more: 'The old one ended in `/api`, the new one does not.',
    seen: '`Cannot connect to host host.docker.internal:11434 ssl:default [Name or service not known]` although a custom address was given',
    mend: [],
    sources: [
      'https://github.com/open-webui/open-webui/issues/2176',
      'https://github.com/fly-apps/ollama-open-webui/pull/1',
    ],
    where: ['any'],
    symptoms: ['name'],
  },
  'client-ipv6-localhost': {
    more: 'Node 17 and later take the addresses in the order in which the system gives them. Ollama on all addresses listens on both.',
    seen: '`connect ECONNREFUSED ::1:11434`, while `curl http://127.0.0.1:11434` works',
    mend: ['npx stigmer-setup-ollama'],
    sources: [
      'https://github.com/promptfoo/promptfoo/issues/160',
      'https://github.com/di-sukharev/opencommit/issues/310',
      'https://github.com/n8n-io/n8n-docs/pull/2749',
    ],
    where: ['macos', 'windows', 'linux'],
    symptoms: ['refused'],
  },
  'client-host-internal-resolves-ipv6': {
    seen: '`connect: Network is unreachable`; in the container `getent hosts host.docker.internal` prints `fdc4:f303:9324::254`',
    mend: [
      'In Docker Desktop, Settings, Resources, Network, set the default networking mode to IPv4 only.',
      'docker exec NAME curl -4 http://host.docker.internal:11434/api/version',
    ],
    sources: ['https://github.com/docker/for-mac/issues/7332', 'https://github.com/docker/for-win/issues/10820'],
    where: ['macos', 'windows'],
    symptoms: ['noroute'],
  },
  'client-published-port-on-wrong-container': {
    more: '`-p` opens a door from the host into the container, never the other way round.',
    seen: '`failed to bind port 127.0.0.1:11434/tcp: … address already in use` when the client (not Ollama) is started',
    mend: ['Keep the port of its own page.', 'docker ps --filter publish=11434'],
    sources: [
      'https://github.com/open-webui/open-webui/issues/5135',
      'https://github.com/Fosowl/agenticSeek/issues/332',
    ],
    where: ['any'],
    symptoms: ['inuse'],
  },
  'client-image-bundles-ollama': {
    seen: 'The container ends with `Error: listen tcp 127.0.0.1:11434: bind: address already in use`',
    mend: ['Leave out `--network host`, or switch the built-in server off if the image has a setting for it.'],
    sources: ['https://github.com/presenton/presenton/issues/359'],
    where: ['linux'],
    symptoms: ['inuse'],
  },
  'client-is-in-the-cloud': {
    more: 'Hosted n8n, Cursor and pages deployed on Vercel are of this kind. No setting of this machine changes it.',
    seen: '`ssrf_blocked … connection to private IP is blocked`, `Access to private networks is forbidden`',
    mend: ['Else a tunnel with a public name, HTTPS and a password in front of Ollama; never the bare port.'],
    sources: [
      'https://github.com/automazeio/vibeproxy/issues/168',
      'https://github.com/cursor/cursor/issues/2351',
      'https://github.com/mckaywrigley/chatbot-ui/issues/1350',
    ],
    where: ['any'],
    symptoms: ['proxy', 'other'],
  },
  'client-pod-localhost-or-no-dns': {
    seen: "In a pod of k3s, kind, minikube or k3d: connection refused on localhost, or `Failed to resolve 'host.docker.internal'`",
    mend: ["Give the pod a `hostAliases` entry with the host's address, or run Ollama in the cluster."],
    sources: [
      'https://github.com/NetAppLabs/genai-toolkit-deployments/issues/44',
      'https://github.com/caipe-io/ai-platform-engineering/issues/1694',
      'https://github.com/NVIDIA/NemoClaw/issues/3136',
    ],
    where: ['linux', 'macos'],
    symptoms: ['refused', 'name'],
  },
  'client-proxy-env-captures-local': {
    more: '`NO_PROXY=localhost,127.0.0.1` covers neither `0.0.0.0` nor `host.docker.internal`. Docker hands its own proxy settings on to containers.',
    seen: "502 or 503, `invalid character '<' looking for beginning of value`, `something went wrong, please see the ollama server logs`, and nothing in Ollama's log",
    mend: [
      "curl --noproxy '*' http://127.0.0.1:11434/api/version   # works: then it is the proxy",
      'Unset `HTTP_PROXY` for Ollama and its clients; models are fetched over HTTPS_PROXY.',
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/4674',
      'https://github.com/ollama/ollama/issues/12480',
      'https://github.com/run-llama/llama_index/issues/13640',
    ],
    where: ['any'],
    symptoms: ['proxy'],
  },
  'client-system-proxy-without-env': {
    seen: 'A Python client gets `503 Service Unavailable` for `http://127.0.0.1:11434/…`, the browser does not',
    mend: [
      "Add localhost and 127.0.0.1 to the exceptions of the proxy in the system's network settings.",
      'In Python with httpx or requests: `trust_env=False` for this client.',
      'scutil --proxy   # what macOS has set',
    ],
    sources: [
      'https://github.com/stavsap/comfyui-ollama/issues/37',
      'https://github.com/run-llama/llama_index/issues/13640',
    ],
    where: ['windows', 'macos'],
    symptoms: ['proxy'],
  },
};
