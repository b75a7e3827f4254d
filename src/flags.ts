import { COMMANDS, type Command, FLAGS, type Flag, OPERANDS } from './flags/table.ts';
import { nearest, oneOf, usage } from './usage.ts';

export { COMMANDS, type Command, FLAGS, type Flag } from './flags/table.ts';

/** Of these the one on the command line wins over the other in the environment. */
const OPPOSITES: Record<string, string> = {
  quiet: 'verbose',
  verbose: 'quiet',
  container: 'no-container',
  'no-container': 'container',
};

/** Of these only one can be had. */
const CONTRARY = [
  ['quiet', 'verbose'],
  ['report', 'json'],
  ['root', 'open-firewall'],
] as const;

/** What the command line and the environment ask for. */
export interface Options {
  command: Command;
  /** What `export` is to print; of `completion`, for which shell. */
  format: string | undefined;
  /** The folder of the role that `export ansible` is to write. */
  role: string | undefined;
  yes: boolean;
  host: string;
  dryRun: boolean;
  check: boolean;
  /** Who may reach the port; undefined where it was not said, so that what was said before holds. */
  allow: 'any' | 'lan' | 'containers' | undefined;
  openFirewall: boolean;
  target: string | undefined;
  restart: boolean;
  root: string | undefined;
  ifNeeded: boolean;
  /** The container to check from. */
  container: string | undefined;
  /** False for no check from a container at all. */
  containerCheck: boolean;
  pull: boolean;
  /** Milliseconds. */
  timeout: number;
  keepOnFailure: boolean;
  report: boolean;
  json: boolean;
  quiet: boolean;
  verbose: boolean;
  color: boolean;
  help: boolean;
  version: boolean;
}

type Values = Map<string, string | true>;

/**
 * Reads argv (without node and script) and STIGMER_SETUP_OLLAMA_*; the command line wins.
 * @throws SetupError exit 2, naming what was not understood and the nearest that would have been
 */
export function parseFlags(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): Options {
  const { command, format, values } = parseWords(argv);
  for (const flag of FLAGS as readonly Flag[]) {
    const raw = env[environmentName(flag.name)];
    if (raw === undefined || values.has(flag.name) || !flag.commands.includes(command)) continue;
    if (values.has(OPPOSITES[flag.name] ?? '')) continue; // the command line has said the contrary
    const value = fromEnvironment(flag, raw);
    if (value !== undefined) values.set(flag.name, value);
  }
  return toOptions(command, format, values);
}

/** The environment variable of a flag. */
export function environmentName(flag: string): string {
  return `STIGMER_SETUP_OLLAMA_${flag.toUpperCase().replaceAll('-', '_')}`;
}

function parseWords(argv: readonly string[]): { command: Command; format: string | undefined; values: Values } {
  const values: Values = new Map();
  const words: string[] = [];
  const queue = argv.flatMap((word) =>
    /^-[a-zA-Z]{2,}$/.test(word) ? [...word.slice(1)].map((letter) => `-${letter}`) : [word],
  );
  while (queue.length > 0) {
    const word = queue.shift() ?? '';
    if (!word.startsWith('-') || word === '-') {
      words.push(word);
      continue;
    }
    const [name, attached] = splitAssignment(word);
    const flag = findFlag(name);
    if (!flag.value) {
      if (attached !== undefined) throw usage(`--${flag.name} takes no value.`);
      values.set(flag.name, true);
      continue;
    }
    const value = attached ?? queue.shift();
    if (value === undefined || (attached === undefined && /^--?[a-z]/i.test(value)))
      throw usage(`--${flag.name} needs a value: --${flag.name} <${flag.value}>`);
    values.set(flag.name, value);
  }
  const command = commandOf(words, values);
  return { command, format: OPERANDS[command] ? words[1] : undefined, values };
}

function splitAssignment(word: string): [string, string | undefined] {
  const at = word.indexOf('=');
  return word.startsWith('--') && at > 0 ? [word.slice(0, at), word.slice(at + 1)] : [word, undefined];
}

function findFlag(word: string): Flag {
  const flags = FLAGS as readonly Flag[];
  const flag = flags.find(({ name, short }) => word === `--${name}` || (short !== undefined && word === `-${short}`));
  if (flag) return flag;
  throw usage(
    `There is no flag ${word}.`,
    `did you mean ${nearest(
      word,
      flags.map(({ name }) => `--${name}`),
    )}?`,
  );
}

function commandOf(words: string[], values: Values): Command {
  const [word = 'setup', ...rest] = words;
  const names = Object.keys(COMMANDS) as Command[];
  const command = names.find((name) => name === word);
  if (!command) throw usage(`There is no command ${word}.`, `did you mean ${nearest(word, names)}?`);
  if (rest.length > (OPERANDS[command] ? 1 : 0))
    throw usage(`${command} takes no further words, but got "${rest.join(' ')}".`);
  for (const name of values.keys()) {
    const flag = (FLAGS as readonly Flag[]).find((candidate) => candidate.name === name);
    if (flag && !flag.commands.includes(command))
      throw usage(`--${name} is not a flag of ${command}, but of ${flag.commands.join(' and ')}.`);
  }
  return command;
}

function fromEnvironment(flag: Flag, raw: string): string | true | undefined {
  if (flag.value) return raw === '' ? undefined : raw;
  if (/^(1|true|yes|on)$/i.test(raw)) return true;
  if (/^(0|false|no|off|)$/i.test(raw)) return undefined;
  throw usage(`${environmentName(flag.name)} is "${raw}", but can only be 1 or 0.`);
}

function toOptions(command: Command, format: string | undefined, values: Values): Options {
  const text = (name: string) => values.get(name) as string | undefined;
  const seconds = text('timeout') ?? '60';
  if (!/^\d+(\.\d+)?$/.test(seconds) || Number(seconds) <= 0 || Number(seconds) > 86_400) {
    throw usage(`--timeout is "${seconds}", but must be a number of seconds above 0.`);
  }
  const allow = oneOf('allow', text('allow'), ['any', 'lan', 'containers'] as const);
  const root = text('root');
  if (root === '') throw usage('--root needs the folder of a root file system.');
  for (const [one, other] of CONTRARY)
    if (values.has(one) && values.has(other)) throw usage(`--${one} and --${other} contradict each other.`);
  const role = text('role');
  if (role === '') throw usage('--role needs the folder of a role.');
  const container = text('container');
  if (container !== undefined && !/^[a-zA-Z0-9][\w.-]*$/.test(container))
    throw usage(`--container is "${container}", but must be the name of a container.`);
  if (values.has('no-container') && (container !== undefined || values.has('if-needed')))
    throw usage(`--no-container and --${container === undefined ? 'if-needed' : 'container'} contradict each other.`);
  return {
    command,
    format,
    role,
    yes: values.has('yes'),
    host: text('host') ?? '0.0.0.0:11434',
    dryRun: values.has('dry-run'),
    check: values.has('check'),
    allow,
    openFirewall: values.has('open-firewall'),
    target: text('target'),
    restart: !values.has('no-restart') && root === undefined,
    root,
    ifNeeded: values.has('if-needed'),
    container,
    containerCheck: !values.has('no-container') && root === undefined,
    pull: values.has('pull'),
    timeout: Number(seconds) * 1000,
    keepOnFailure: values.has('keep-on-failure'),
    report: values.has('report'),
    json: values.has('json'),
    quiet: values.has('quiet'),
    verbose: values.has('verbose'),
    color: !values.has('no-color'),
    help: values.has('help'),
    version: values.has('version'),
  };
}
