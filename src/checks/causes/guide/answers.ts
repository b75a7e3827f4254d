import type { ANSWERS } from '../answers.ts';
import type { Details } from '../details.ts';

/** What the guide adds to the causes of answers other than "refused", and who may reach Ollama. */
export const ANSWERS_DETAILS: Record<keyof typeof ANSWERS, Details> = {
  'host-header-403': {
    more: 'That check guards against web pages that reach into your machine. Bound to another address, Ollama does not make it.',
    seen: "An empty 403 through ngrok, Cloudflare Tunnel, Tailscale Serve or nginx, also in Ollama's log; a direct curl gets 200",
    mend: [
      'proxy_set_header Host localhost:11434;   # nginx',
      'cloudflared tunnel --url http://localhost:11434 --http-host-header="localhost:11434"',
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/3269',
      'https://github.com/ollama/ollama/issues/3271',
      'https://github.com/gluonfield/enchanted/issues/88',
    ],
    where: ['any'],
    symptoms: ['403'],
  },
  'cors-origin-403': {
    seen: '403 in the browser or extension only, curl works; Ollama\'s log shows `403 | … | POST "/v1/chat/completions"`',
    mend: ['Set it in the place where OLLAMA_HOST is set, name only origins that you trust, and restart Ollama.'],
    sources: [
      'https://github.com/ollama/ollama/issues/2425',
      'https://github.com/ollama/ollama/issues/3016',
      'https://github.com/ollama/ollama/pull/9643',
    ],
    where: ['any'],
    symptoms: ['403'],
  },
  'sandbox-policy-403': {
    seen: "403 for `/api/tags` from inside the sandbox only, and no such line in Ollama's log",
    mend: [],
    sources: ['https://github.com/NVIDIA/NemoClaw/issues/2199', 'https://github.com/NVIDIA/NemoClaw/pull/781'],
    where: ['any'],
    symptoms: ['403'],
  },
  'lan-path-blocked-outside-host': {
    more: 'Guest networks and "client isolation" of access points keep machines apart; company security agents do, too.',
    seen: 'Other machines time out, this one reaches its own network address',
    mend: ['Try from a machine on the same cable or access point; look for guest or client isolation in the router.'],
    sources: ['https://github.com/ollama/ollama/issues/9056', 'https://github.com/ollama/ollama/issues/3089'],
    where: ['any'],
    symptoms: ['timeout', 'noroute'],
  },
  'cloud-security-group-or-image-iptables': {
    more: 'Images of Oracle Cloud bring a REJECT rule that ufw does not see.',
    seen: 'Time-outs (security group) or `No route to host` (preset iptables) on a VM in a cloud',
    mend: [
      'sudo iptables -S INPUT   # is there a REJECT before your rule?',
      'Rather use a tunnel than open the port to the internet: Ollama has no password.',
    ],
    sources: ['https://github.com/slackhq/nebula/issues/352', 'https://github.com/ollama/ollama/issues/703'],
    where: ['linux'],
    symptoms: ['timeout', 'noroute'],
  },
  'exposed-to-the-world': {
    seen: 'Models that nobody here fetched (`leak_model_0…`), load from strangers',
    mend: [
      'npx stigmer-setup-ollama undo',
      'On a hosted machine, close 11434 in the firewall of the provider as well.',
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/16236',
      'https://github.com/simonw/til/issues/107',
      'https://github.com/vast-ai/base-image/pull/185',
    ],
    where: ['any'],
    symptoms: ['other'],
  },
  'origins-any': {
    seen: 'Said before the change and by `doctor`; a page in a browser can use, pull and delete models',
    mend: ['Name only origins that you trust, in the place where OLLAMA_HOST is set, and restart Ollama.'],
    sources: ['https://github.com/ollama/ollama/pull/9643'],
    where: ['any'],
    symptoms: ['other'],
  },
  'public-address': {
    seen: 'The program lists an address as `public` before it asks',
    mend: [
      "npx stigmer-setup-ollama --host 172.17.0.1:11434   # Docker's default bridge alone; or a firewall in front",
    ],
    sources: ['https://github.com/ollama/ollama/issues/16236'],
    where: ['any'],
    symptoms: ['other'],
  },
  'models-gone-different-user': {
    seen: 'After "exposing" it by hand `ollama list` is empty, and the API says 404 for the model',
    mend: [
      'End the `ollama serve` of the terminal, and let the service be changed and restarted: the models are back.',
    ],
    sources: [
      'https://github.com/ollama/ollama/issues/3041',
      'https://github.com/ollama/ollama/issues/1737',
      'https://github.com/ollama/ollama/issues/3374',
    ],
    where: ['linux', 'windows'],
    symptoms: ['404'],
  },
};
