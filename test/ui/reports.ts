import type { Report } from '../../src/report.ts';
import type { Link } from '../../src/ui/path.ts';
import type { PrivateFacts } from '../../src/ui/redact.ts';

/** Anna's machine, on which everything that is private is in what the checks saw. */
export const ANNA: PrivateFacts = {
  user: 'anna',
  home: '/home/anna',
  hostname: 'annas-pc.corp.zzz.net',
  addresses: ['192.168.1.20', '52.28.7.9', '2a01:4f8::5'],
  users: ['Bernd'],
};

/** What must be nowhere in a report of Anna's machine. */
export const PRIVATE =
  /anna|bernd|carla|corp\.zzz|mail\.zzz|52\.28\.7\.9|52-28-7-9|2a01|46[:-]da|geheim|abc123|AAAAC3|sekret/i;

const LOG = [
  'Nov 21 10:00:00 annas-pc ollama[782]: proxy http://anna:geheim@proxy.corp.zzz.net:3128/?token=abc123',
  'Nov 21 10:00:00 annas-pc ollama[782]: Your new public key is: ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI anna@annas-pc',
  'Nov 21 10:00:01 annas-pc ollama[782]: \u001b[31mlisten tcp [2a01:4f8::5]:11434\u001b[0m: written by bernd@mail.zzz.org',
  '```',
  '</details> | @carla in /home/carla/.ollama, #12, enx78e7d1ea46da 78:e7:d1:ea:46:da',
].join('\n');

export const UNHEALTHY: Report = {
  schemaVersion: 1,
  tool: { name: 'stigmer-setup-ollama', version: '1.0.0' },
  command: 'doctor',
  outcome: 'unhealthy',
  changed: false,
  exitCode: 10,
  host: { os: 'linux', wsl: true, release: '5.15.153.1-microsoft-standard-WSL2' },
  installations: [
    {
      kind: 'systemd',
      id: 'ollama@anna.service',
      selected: true,
      version: '0.32.3',
      running: true,
      settings: [
        { value: null, source: '/etc/systemd/system/ollama@anna.service.d/a|b.conf', effective: false },
        { value: '', source: '/home/carla/`odd`.env', effective: false },
        { value: '52.28.7.9:11434', source: 'C:\\Users\\Anna\\x|y', effective: true },
      ],
    },
    { kind: 'process', id: '4711', selected: false, version: null, running: false, settings: [] },
  ],
  wanted: { ollamaHost: '0.0.0.0:11434' },
  before: { scope: 'address', listeners: [{ address: '52.28.7.9', port: 11434, pid: 782, process: 'ollama' }] },
  after: { scope: 'address', listeners: [{ address: '52.28.7.9', port: 11434, pid: 782, process: 'ollama' }] },
  steps: [],
  checks: [
    { id: 'container', status: 'pass', summary: 'The container anna_agent-runner_1 runs.', repeat: 'docker ps' },
    {
      id: 'listener',
      status: 'fail',
      cause: 'default-loopback-bind',
      summary: 'It *listens* on 52.28.7.9 | not on `0.0.0.0`: <ask> @carla, see #12.',
      evidence: LOG,
      repeat: "sudo ss -ltnp 'sport = :11434'",
      remedy: 'npx stigmer-setup-ollama',
    },
    {
      id: 'http',
      status: 'warn',
      cause: 'not-answering-yet',
      summary: 'Nothing answers at http://annas-pc:11434 yet.',
    },
    { id: 'model', status: 'skip', summary: 'No model was asked for.', evidence: '' },
  ],
  exposure: {
    addresses: [
      { interface: 'enx78e7d1ea46da', address: '192.168.1.20', reach: 'lan' },
      { interface: 'eth0', address: '52.28.7.9', reach: 'public' },
    ],
    firewall: 'ufw of annas-pc drops docker0',
    hostHeaderGuard: false,
  },
  warnings: [
    { code: 'public-address', message: '2a01:4f8::5 is an address of the internet: sudo -u bernd ufw status.' },
  ],
  receipt: '/home/anna/.local/state/stigmer-setup-ollama/receipt.json',
};

export const UNHEALTHY_PATH: Link[] = [
  { label: 'anna_agent-runner_1', state: 'ok' },
  { label: 'host.docker.internal', state: 'ok' },
  { label: '172.17.0.1', state: 'ok' },
  {
    label: '52.28.7.9:11434 ollama 0.32.3',
    state: 'ok',
    by: { state: 'broken', note: 'ufw of annas-pc drops docker0' },
  },
  { label: '2 models', state: 'unknown' },
];

export const HEALTHY: Report = {
  ...UNHEALTHY,
  outcome: 'healthy',
  exitCode: 0,
  host: { os: 'linux', wsl: false, release: '6.1.0-18-amd64' },
  installations: [
    {
      kind: 'systemd',
      id: 'ollama.service',
      selected: true,
      version: '0.32.3',
      running: true,
      settings: [
        {
          value: '0.0.0.0:11434',
          source: '/etc/systemd/system/ollama.service.d/zz-stigmer-ollama-host.conf',
          effective: true,
        },
      ],
    },
  ],
  after: { scope: 'all', listeners: [{ address: '::', port: 11434, pid: 782, process: 'ollama' }] },
  checks: [
    {
      id: 'listener',
      status: 'pass',
      summary: 'Ollama listens on [::]:11434.',
      evidence: '/proc/net/tcp, /proc/net/tcp6, /proc/<pid>/fd',
      repeat: "ss -ltn 'sport = :11434'",
    },
    {
      id: 'http',
      status: 'pass',
      summary: 'Ollama 0.32.3 answers at http://127.0.0.1:11434.',
      repeat: 'curl http://127.0.0.1:11434/api/version',
    },
  ],
  exposure: { addresses: [], firewall: 'not examined', hostHeaderGuard: false },
  warnings: [],
};

export const HEALTHY_PATH: Link[] = ['agent-runner', 'host.docker.internal', '172.17.0.1', '*:11434 ollama 0.32.3'].map(
  (label) => ({ label, state: 'ok' }),
);
