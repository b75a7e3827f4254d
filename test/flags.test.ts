import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { completion } from '../src/commands/completion.ts';
import { exported } from '../src/commands/export.ts';
import { help } from '../src/commands/help.ts';
import { SetupError } from '../src/errors.ts';
import { OPERANDS } from '../src/flags/table.ts';
import { COMMANDS, type Command, environmentName, FLAGS, type Flag, type Options, parseFlags } from '../src/flags.ts';

const flags: readonly Flag[] = FLAGS;

/** The table of the contract's page. */
const CONTRACT: Record<string, string> = {
  yes: 'setup undo',
  host: 'setup export doctor',
  'if-needed': 'setup',
  'dry-run': 'setup undo',
  check: 'setup',
  target: 'setup doctor undo',
  'no-restart': 'setup undo',
  root: 'setup undo',
  allow: 'setup export',
  container: 'setup doctor',
  'no-container': 'setup doctor',
  pull: 'setup doctor',
  timeout: 'setup undo doctor',
  'open-firewall': 'setup',
  report: 'doctor',
  role: 'export',
  'keep-on-failure': 'setup',
  json: 'setup doctor undo',
  quiet: 'all',
  verbose: 'all',
  'no-color': 'all',
  help: 'all',
  version: 'all',
};
const VALUED = ['host', 'target', 'root', 'allow', 'container', 'timeout', 'role'];
const SHORT: Record<string, string> = { yes: 'y', help: 'h', version: 'V' };

/** How a room names what it finds. */
const KIND = /^(?:const KIND = | {2,6}kind: | {4}(?='windows-))'([a-z-]+)'[;,]$/gm;

/** What each flag does to what is asked for, with a value that is allowed. */
const EFFECT: Record<string, [value: string | undefined, effect: Partial<Options>]> = {
  yes: [undefined, { yes: true }],
  host: ['10.0.0.1', { host: '10.0.0.1' }],
  'dry-run': [undefined, { dryRun: true }],
  check: [undefined, { check: true }],
  target: ['systemd:x', { target: 'systemd:x' }],
  'no-restart': [undefined, { restart: false }],
  root: ['/image', { root: '/image', restart: false, containerCheck: false }],
  role: ['roles/x', { role: 'roles/x' }],
  allow: ['any', { allow: 'any' }],
  'open-firewall': [undefined, { openFirewall: true }],
  'if-needed': [undefined, { ifNeeded: true }],
  container: ['web', { container: 'web' }],
  'no-container': [undefined, { containerCheck: false }],
  pull: [undefined, { pull: true }],
  timeout: ['1.5', { timeout: 1500 }],
  'keep-on-failure': [undefined, { keepOnFailure: true }],
  report: [undefined, { report: true }],
  json: [undefined, { json: true }],
  quiet: [undefined, { quiet: true }],
  verbose: [undefined, { verbose: true }],
  'no-color': [undefined, { color: false }],
  help: [undefined, { help: true }],
  version: [undefined, { version: true }],
};

const DEFAULTS: Options = {
  command: 'setup',
  format: undefined,
  role: undefined,
  yes: false,
  host: '0.0.0.0:11434',
  dryRun: false,
  check: false,
  allow: undefined,
  openFirewall: false,
  target: undefined,
  restart: true,
  root: undefined,
  ifNeeded: false,
  container: undefined,
  containerCheck: true,
  pull: false,
  report: false,
  timeout: 60_000,
  keepOnFailure: false,
  json: false,
  quiet: false,
  verbose: false,
  color: true,
  help: false,
  version: false,
};

const read = (words: string[], env: Record<string, string> = {}) => parseFlags(words, env);

function refusal(words: string[], env: Record<string, string> = {}): SetupError {
  try {
    read(words, env);
  } catch (error) {
    expect(error).toBeInstanceOf(SetupError);
    expect(error).toMatchObject({ code: 'usage', exit: 2, meaning: 'Nothing was changed.' });
    return error as SetupError;
  }
  throw new Error(`${words.join(' ')} was understood`);
}

const effectOf = ({ name }: Flag) => {
  const entry = EFFECT[name];
  if (!entry) throw new Error(`this test does not know what --${name} does`);
  return { value: entry[0], effect: entry[1] };
};
const commandsOf = ({ commands }: Flag) => commands as readonly Command[];
const pairs = flags.flatMap((flag) => commandsOf(flag).map((command) => [flag.name, command, flag] as const));

describe('without flags', () => {
  it('setup with the defaults of the contract', () => {
    expect(read([])).toEqual(DEFAULTS);
  });

  it.each(Object.keys(COMMANDS) as Command[])('%s by its name', (command) => {
    expect(read([command])).toEqual({ ...DEFAULTS, command });
  });
});

describe.each(pairs)('--%s of %s', (name, command, flag) => {
  const { value, effect } = effectOf(flag);
  const words = value === undefined ? [`--${name}`] : [`--${name}`, value];
  const wanted = { ...DEFAULTS, command, ...effect };

  it('before and after the command', () => {
    expect(read([command, ...words])).toEqual(wanted);
    expect(read([...words, command])).toEqual(wanted);
  });

  it('by its environment variable', () => {
    expect(read([command], { [environmentName(name)]: value ?? '1' })).toEqual(wanted);
  });

  it('with = for a value, and only for a value', () => {
    if (value !== undefined) expect(read([command, `--${name}=${value}`])).toEqual(wanted);
    else expect(refusal([command, `--${name}=1`]).message).toBe(`--${name} takes no value.`);
  });
});

it.each(pairs.filter(([, , { short }]) => short))('--%s of %s by its letter', (_, command, flag) => {
  expect(read([command, `-${flag.short}`])).toEqual({ ...DEFAULTS, command, ...effectOf(flag).effect });
});

describe('the command line wins over the environment', () => {
  it.each(flags.filter(({ value }) => value !== undefined).map((flag) => [flag.name, flag] as const))(
    '--%s',
    (name, flag) => {
      const { value, effect } = effectOf(flag);
      const env = { [environmentName(name)]: name === 'timeout' ? '99' : 'of the environment' };
      expect(read([commandsOf(flag)[0]!, `--${name}`, value!], env)).toMatchObject(effect);
    },
  );

  it('the last of two words wins', () => {
    expect(read(['--host', 'a', '--host=b']).host).toBe('b');
  });

  it('even over a bad value there', () => {
    expect(read(['--timeout', '5'], { STIGMER_SETUP_OLLAMA_TIMEOUT: 'soon' }).timeout).toBe(5000);
    expect(read(['--yes'], { STIGMER_SETUP_OLLAMA_YES: 'maybe' }).yes).toBe(true);
  });
});

describe('in the environment', () => {
  it.each(['1', 'true', 'TRUE', 'yes', 'on'])('%j is on', (text) => {
    expect(read([], { STIGMER_SETUP_OLLAMA_DRY_RUN: text }).dryRun).toBe(true);
  });

  it.each(['0', 'false', 'No', 'off', ''])('%j is off', (text) => {
    expect(read([], { STIGMER_SETUP_OLLAMA_DRY_RUN: text }).dryRun).toBe(false);
  });

  it('anything else is refused by the name of the variable', () => {
    const { message } = refusal([], { STIGMER_SETUP_OLLAMA_NO_RESTART: 'perhaps' });
    expect(message).toBe('STIGMER_SETUP_OLLAMA_NO_RESTART is "perhaps", but can only be 1 or 0.');
  });

  it('a flag of another command does not disturb', () => {
    expect(read(['doctor'], { STIGMER_SETUP_OLLAMA_YES: '1', STIGMER_SETUP_OLLAMA_CHECK: 'x' }).yes).toBe(false);
  });

  it('an empty value is as good as none', () => {
    const env = { STIGMER_SETUP_OLLAMA_HOST: '', STIGMER_SETUP_OLLAMA_ROOT: '', STIGMER_SETUP_OLLAMA_TIMEOUT: '' };
    expect(read([], env)).toEqual(DEFAULTS);
  });

  it('Ollama’s own variable is not ours', () => {
    expect(read([], { OLLAMA_HOST: '10.0.0.1', HOST: '10.0.0.2' })).toEqual(DEFAULTS);
  });
});

describe('refused', () => {
  it.each([
    ['--dryrun', '--dry-run'],
    ['--jsn', '--json'],
    ['--no-colour', '--no-color'],
    ['--keep-on-fail', '--keep-on-failure'],
    ['--timeouts=5', '--timeout'],
    ['--Yes', '--yes'],
  ])('%s by name, with the nearest: %s', (word, nearest) => {
    const { message, remedy } = refusal([word]);
    expect(message).toBe(`There is no flag ${word.split('=')[0]}.`);
    expect(remedy).toBe(`did you mean ${nearest}?`);
  });

  it.each([
    ['unod', 'undo'],
    ['Setup', 'setup'],
    ['docter', 'doctor'],
  ])('the command %s, with the nearest: %s', (word, nearest) => {
    const { message, remedy } = refusal([word]);
    expect(message).toBe(`There is no command ${word}.`);
    expect(remedy).toBe(`did you mean ${nearest}?`);
  });

  it('words after the command', () => {
    expect(refusal(['undo', 'everything', 'now']).message).toBe(
      'undo takes no further words, but got "everything now".',
    );
  });

  const foreign = flags.flatMap((flag) =>
    (Object.keys(COMMANDS) as Command[])
      .filter((command) => !commandsOf(flag).includes(command))
      .map((command) => [flag.name, command, flag] as const),
  );
  it.each(foreign)('--%s for %s, and whose it is', (name, command, flag) => {
    const { value } = effectOf(flag);
    const { message } = refusal([command, `--${name}`, ...(value === undefined ? [] : [value])]);
    expect(message).toBe(`--${name} is not a flag of ${command}, but of ${commandsOf(flag).join(' and ')}.`);
  });

  it.each(flags.filter(({ value }) => value).map(({ name, value }) => [name, value!] as const))(
    '--%s without its %s',
    (name, what) => {
      const wanted = `--${name} needs a value: --${name} <${what}>`;
      expect(refusal([`--${name}`]).message).toBe(wanted);
      expect(refusal([`--${name}`, '--yes']).message).toBe(wanted);
      expect(refusal([`--${name}`, '-y']).message).toBe(wanted);
    },
  );

  it.each(['soon', '0', '-1', '1e3', '5s', '', ' ', 'Infinity', '86401', '0x10'])('--timeout %j', (value) => {
    expect(refusal([`--timeout=${value}`]).message).toBe(
      `--timeout is "${value}", but must be a number of seconds above 0.`,
    );
  });

  it('an empty --root', () => {
    expect(refusal(['--root=']).message).toContain('--root needs');
  });

  it('--quiet with --verbose', () => {
    expect(refusal(['--quiet', '--verbose']).message).toBe('--quiet and --verbose contradict each other.');
  });

  it('two dashes alone', () => {
    expect(refusal(['--']).message).toBe('There is no flag --.');
  });

  it('a letter that is none, in a bunch as well', () => {
    expect(refusal(['-x']).message).toBe('There is no flag -x.');
    expect(refusal(['-yx']).message).toBe('There is no flag -x.');
  });
});

it('letters can be bunched', () => {
  expect(read(['-yh'])).toMatchObject({ yes: true, help: true });
});

it('values may begin with a dash and a digit, or hold what looks like a flag after =', () => {
  expect(read(['--target', '-1']).target).toBe('-1');
  expect(read(['--target=--yes'])).toMatchObject({ target: '--yes', yes: false });
  expect(read(['--target=a=b']).target).toBe('a=b');
});

describe('the table', () => {
  it('agrees with the contract in every flag that there is', () => {
    for (const flag of flags) {
      const wanted = CONTRACT[flag.name];
      expect(wanted, `--${flag.name} is not in the contract`).toBeDefined();
      const all = wanted === 'all' ? (Object.keys(COMMANDS) as string[]) : wanted!.split(' ');
      const known = all.filter((command) => command in COMMANDS);
      expect([...commandsOf(flag)].sort(), flag.name).toEqual(known.sort());
      expect(flag.value !== undefined, flag.name).toBe(VALUED.includes(flag.name));
      expect(flag.short, flag.name).toBe(SHORT[flag.name]);
    }
  });

  it('names no flag, letter or variable twice', () => {
    const names = flags.map(({ name }) => name);
    const letters = flags.map(({ short }) => short).filter(Boolean);
    expect(new Set(names).size).toBe(names.length);
    expect(new Set(letters).size).toBe(letters.length);
    expect(new Set(names.map(environmentName)).size).toBe(names.length);
    for (const name of names) expect(environmentName(name)).toMatch(/^STIGMER_SETUP_OLLAMA_[A-Z_]+$/);
  });

  it.each(Object.keys(COMMANDS) as Command[])(
    'is what --help of %s shows, each flag with its value and words',
    (command) => {
      const lines = help(command).split('\n');
      const everywhere = lines.find((line) => line.startsWith('Everywhere: ')) ?? '';
      for (const flag of flags.filter(({ commands }) => commands.includes(command))) {
        const { name, value, help: text } = flag;
        if (flag.commands.length === Object.keys(COMMANDS).length) expect(everywhere).toContain(`--${name}`);
        else
          expect(
            lines.some((line) => line.includes(`--${name}${value ? ` <${value}>` : ''} `) && line.endsWith(text)),
            name,
          ).toBe(true);
      }
      expect(lines[0]).toBe(`${command}: ${COMMANDS[command]}`);
    },
  );

  it('names for each command what its further word can be', async () => {
    for (const [command, operand] of Object.entries(OPERANDS)) {
      const there = { meaning: `There is: ${operand.choices.join(', ')}.` };
      if (command === 'export') await expect(exported({ format: 'x', host: '0.0.0.0' })).rejects.toMatchObject(there);
      else expect(() => completion('x')).toThrow(expect.objectContaining(there));
      for (const choice of operand.choices) expect(read([command, choice])).toMatchObject({ command, format: choice });
      expect(help(command as Command)).toContain(`${command} <${operand.choices.join('|')}>`);
    }
  });

  it('names what --allow and --target can be, and no more', () => {
    for (const { name, choices = [], begins, commands } of flags.filter((flag) => flag.choices)) {
      for (const choice of choices) expect(() => read([commands[0] ?? '', `--${name}`, choice])).not.toThrow();
      if (!begins) expect(() => read([commands[0] ?? '', `--${name}`, 'whatever'])).toThrow(SetupError);
    }
    const rooms = readdirSync('src/rooms', { recursive: true, encoding: 'utf8' });
    const kinds = rooms
      .filter((name) => /(?:room|manager)\.ts$/.test(name))
      .flatMap((name) => [...readFileSync(`src/rooms/${name}`, 'utf8').matchAll(KIND)].map(([, kind]) => `${kind}:`));
    const target = flags.find(({ name }) => name === 'target');
    expect([...new Set(kinds)].sort()).toEqual([...(target?.choices ?? [])].sort());
  });
});

describe('two flags that contradict each other', () => {
  it('are refused on one command line', () => {
    expect(() => read(['--quiet', '--verbose'])).toThrow(SetupError);
  });

  it('leave the word to the command line when one is in the environment', () => {
    expect(read(['--quiet'], { STIGMER_SETUP_OLLAMA_VERBOSE: '1' })).toMatchObject({ quiet: true, verbose: false });
    expect(read(['--verbose'], { STIGMER_SETUP_OLLAMA_QUIET: '1' })).toMatchObject({ quiet: false, verbose: true });
  });
});

describe('--allow', () => {
  it('takes one of three words, and tells when none was said from `any`', () => {
    expect(read(['--allow', 'containers']).allow).toBe('containers');
    expect(read(['--allow=any']).allow).toBe('any');
    expect(read([]).allow).toBeUndefined();
    expect(() => read(['--allow', 'container'])).toThrow(/any, lan, containers/);
  });

  it('is for export too', () => {
    expect(read(['export', 'sh', '--allow=lan']).allow).toBe('lan');
  });

  it('an image has no firewall to open', () => {
    expect(() => read(['--root', '/image', '--open-firewall'])).toThrow(/contradict/);
  });
});
