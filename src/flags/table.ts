export type Command = 'setup' | 'undo' | 'doctor' | 'export' | 'demo' | 'completion';

export interface Flag {
  name: string;
  short?: string;
  /** What the value is called in --help; a flag without it is a switch. */
  value?: string;
  /** What the value can be, or how it can begin (`begins`). */
  choices?: readonly string[];
  begins?: true;
  /** The value is a folder. */
  folder?: true;
  commands: readonly Command[];
  help: string;
}

const ALL: readonly Command[] = ['setup', 'undo', 'doctor', 'export', 'demo', 'completion'];

/** The kinds that --target can name, those of `src/rooms`. */
const KINDS = [
  ...['systemd', 'systemd-user', 'snap', 'openrc', 'runit', 'container', 'process'],
  ...['homebrew', 'ollama-app', 'launchd', 'windows-app', 'windows-service', 'windows-host'],
].map((kind) => `${kind}:`);

/** The one table of flags: the parser, --help, completion, the manual page and the tests of the README read it. */
export const FLAGS = [
  { name: 'yes', short: 'y', commands: ['setup', 'undo'], help: 'ask nothing; needed where there is no terminal' },
  {
    name: 'host',
    value: 'value',
    commands: ['setup', 'doctor', 'export'],
    help: 'what OLLAMA_HOST becomes (default 0.0.0.0:11434)',
  },
  { name: 'dry-run', commands: ['setup', 'undo'], help: 'show plan and diffs, change nothing' },
  { name: 'check', commands: ['setup'], help: 'as --dry-run, but exit 10 if something would change' },
  {
    name: 'target',
    value: 'kind[:id]',
    choices: KINDS,
    begins: true,
    commands: ['setup', 'undo', 'doctor'],
    help: 'which Ollama, when there are several',
  },
  { name: 'no-restart', commands: ['setup', 'undo'], help: 'write the configuration only' },
  {
    name: 'root',
    value: 'dir',
    folder: true,
    commands: ['setup', 'undo'],
    help: 'act on an offline root file system (image build)',
  },
  {
    name: 'allow',
    value: 'who',
    choices: ['any', 'lan', 'containers'],
    commands: ['setup', 'export'],
    help: 'who may reach the port: any, lan or containers',
  },
  { name: 'open-firewall', commands: ['setup'], help: "let containers through this host's firewall" },
  {
    name: 'role',
    value: 'dir',
    folder: true,
    commands: ['export'],
    help: 'of export ansible: write a role into this folder',
  },
  { name: 'if-needed', commands: ['setup'], help: 'change nothing if a container reaches Ollama already' },
  { name: 'container', value: 'name', commands: ['setup', 'doctor'], help: 'check from inside this container' },
  { name: 'no-container', commands: ['setup', 'doctor'], help: 'no check from a container' },
  { name: 'pull', commands: ['setup', 'doctor'], help: 'a small image may be pulled for that check' },
  {
    name: 'timeout',
    value: 'seconds',
    commands: ['setup', 'undo', 'doctor'],
    help: 'how long to wait for Ollama (default 60)',
  },
  { name: 'report', commands: ['doctor'], help: 'a report for an issue, with nothing private in it' },
  { name: 'keep-on-failure', commands: ['setup'], help: 'leave the change in place when verification fails' },
  { name: 'json', commands: ['setup', 'undo', 'doctor'], help: 'one JSON document on stdout' },
  { name: 'quiet', commands: ALL, help: 'say less' },
  { name: 'verbose', commands: ALL, help: 'show every command that is run, on stderr' },
  { name: 'no-color', commands: ALL, help: 'no colours (also NO_COLOR)' },
  { name: 'help', short: 'h', commands: ALL, help: 'this help' },
  { name: 'version', short: 'V', commands: ALL, help: 'the version' },
] as const satisfies readonly Flag[];

export const COMMANDS: Record<Command, string> = {
  setup: 'find Ollama, show the change, ask, do it, prove it (the default)',
  undo: 'put back, byte for byte, what setup changed',
  doctor: 'check Ollama on this host, name what is wrong; changes nothing',
  export: 'print the same change as a file, for hosts without Node',
  demo: 'the whole job on a stand-in Ollama in a temporary folder',
  completion: 'print what makes a shell complete these words',
};

/** The one further word of a command. */
export const OPERANDS: Partial<Record<Command, { name: string; choices: readonly string[] }>> = {
  export: { name: 'format', choices: ['ansible', 'cloud-init', 'sh', 'reg', 'reg-undo'] },
  completion: { name: 'shell', choices: ['bash', 'zsh', 'fish'] },
};

/** A few ways to call each command, and what they are for. */
export const EXAMPLES: Record<Command, readonly (readonly [words: string, what: string])[]> = {
  setup: [
    ['', 'look, ask, then do it'],
    ['--yes --json', 'in a provisioning script'],
  ],
  undo: [
    ['undo', 'show it, ask, put all back'],
    ['undo --dry-run', 'only show it'],
  ],
  doctor: [
    ['doctor', 'why can it not be reached?'],
    ['doctor --container web', 'asked from inside that one'],
  ],
  export: [['export reg > ollama-host.reg', 'for a Windows PC']],
  demo: [['demo', 'touches nothing of this host']],
  completion: [['completion bash', 'its head says where it goes']],
};
