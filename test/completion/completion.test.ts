import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { completion } from '../../src/commands/completion.ts';
import { SetupError } from '../../src/errors.ts';
import { COMMANDS, type Command, FLAGS, type Flag, OPERANDS } from '../../src/flags/table.ts';
import { cli, temporaryFolder } from '../rig/spawn.ts';

/** Completion in the real shells: lines are typed, and what the shell makes of them is looked at. */

const commands = Object.keys(COMMANDS) as Command[];
const flagsOf = (command: Command) =>
  (FLAGS as readonly Flag[]).filter((flag) => flag.commands.includes(command)).map(({ name }) => `--${name}`);
const kinds = (FLAGS as readonly Flag[]).find(({ name }) => name === 'target')?.choices ?? [];

/** A line that is begun, and what its last word can become. */
const LINES: [line: string, words: readonly string[]][] = [
  ['stigmer-setup-ollama ', commands],
  ['stigmer-setup-ollama un', ['undo']],
  ['/usr/bin/stigmer-setup-ollama doct', ['doctor']],
  ['stigmer-setup-ollama --json doct', ['doctor']],
  ['stigmer-setup-ollama --timeout 5 doct', ['doctor']],
  ...commands.map((command): [string, string[]] => [`stigmer-setup-ollama ${command} --`, flagsOf(command)]),
  ['stigmer-setup-ollama --', flagsOf('setup')],
  ['stigmer-setup-ollama --dry', ['--dry-run']],
  ['stigmer-setup-ollama doctor --dry', []],
  ['stigmer-setup-ollama --allow ', ['any', 'containers', 'lan']],
  ['stigmer-setup-ollama --target ', kinds],
  ['stigmer-setup-ollama undo --target systemd-', ['systemd-user:']],
  ['stigmer-setup-ollama export ', OPERANDS.export?.choices ?? []],
  ['stigmer-setup-ollama completion ', OPERANDS.completion?.choices ?? []],
  ['stigmer-setup-ollama --host ', []],
  ['npx stigmer-setup-ollama ', commands],
  ['npx --yes stigmer-setup-ollama@1 undo --no-r', ['--no-restart']],
  ['npx -p stigmer-setup-ollama@1 stigmer-setup-ollama expo', ['export']],
];
/** fish's own completion of sudo answers nothing to `complete -C` without a terminal, whatever is run by it. */
const WITH_SUDO: typeof LINES = [['sudo npx stigmer-setup-ollama doct', ['doctor']]];

const present = (program: string, ...words: string[]) => {
  try {
    execFileSync(program, words, { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
};
const python = present('python3', '--version');

/** What each line can become, in the shell's own words. */
function completed(shell: string, script: string, lines: readonly string[], home: string): string[][] {
  const env = { ...process.env, HOME: home, ZDOTDIR: home, XDG_CONFIG_HOME: home, XDG_DATA_HOME: home, TMPDIR: home };
  if (shell === 'fish') {
    return lines.map((line) => {
      const said = execFileSync('fish', ['--no-config', '-c', `source ${script}; complete -C $argv[1]`, line], { env });
      return String(said)
        .split('\n')
        .flatMap((row) => row.split('\t')[0] || []);
    });
  }
  const press = fileURLToPath(new URL('press.py', import.meta.url));
  const said = execFileSync('python3', [press, shell, script], { env, input: JSON.stringify(lines) });
  const answers: string[][] = JSON.parse(String(said));
  return answers.map((words, at) => {
    const typed = lines[at]?.trim().split(' ') ?? [];
    const last = typed.at(-1) ?? '';
    // What cannot be completed stays as it is; where a word was begun, it is among those that it can become.
    const open = lines[at]?.endsWith(' ');
    return words.slice(open ? typed.length : typed.length - 1).filter((word) => open || word !== last);
  });
}

/** Shells offer a short spelling with the long ones, and in an order of their own. */
const long = (words: readonly string[]) => words.filter((word) => !/^-[a-zA-Z]$/.test(word)).sort();

describe.each(['bash', 'zsh', 'fish'])('in %s', (shell) => {
  const missing = !present(shell, '-c', 'true')
    ? `${shell} is not installed`
    : python
      ? ''
      : 'python3 is not installed';
  const asked = shell === 'fish' ? LINES : [...LINES, ...WITH_SUDO];
  const home = temporaryFolder();
  const script = join(home, `completion.${shell}`);
  let found = new Map<string, string[]>();

  beforeAll(async () => {
    if (missing) return;
    mkdirSync(join(home, 'image'));
    const { exit, stdout, stderr } = await cli(['completion', shell]);
    expect([exit, stderr]).toEqual([0, '']);
    writeFileSync(script, stdout);
    const lines = [...asked.map(([line]) => line), `stigmer-setup-ollama --root ${home}/im`, `npx ${home}/im`];
    const answers = completed(shell, script, lines, home);
    found = new Map(lines.map((line, at) => [line, answers[at] ?? []]));
  });

  for (const [line, words] of asked) {
    it(`${line}…`, ({ skip }) => {
      skip(missing !== '', missing);
      expect(long(found.get(line) ?? ['nothing was typed'])).toEqual(long(words));
    });
  }

  it('folders are completed for --root', ({ skip }) => {
    skip(missing !== '', missing);
    const [folder = ''] = found.get(`stigmer-setup-ollama --root ${home}/im`) ?? [];
    expect(folder.replace(/\/$/, '')).toBe(join(home, 'image'));
  });

  it('what else npx runs is completed as before', ({ skip }) => {
    skip(missing !== '', missing);
    const [path = ''] = found.get(`npx ${home}/im`) ?? [];
    expect(path.replace(/\/$/, '')).toBe(join(home, 'image'));
  });
});

describe('the script', () => {
  it.each([
    [undefined, 'completion needs the name of a shell.', 'bash'],
    ['bsh', 'There is no completion for bsh.', 'bash'],
    ['fisch', 'There is no completion for fisch.', 'fish'],
  ])('there is none for %s', (shell, message, nearest) => {
    const remedy = `npx stigmer-setup-ollama completion ${nearest}`;
    expect(() => completion(shell)).toThrow(SetupError);
    expect(() => completion(shell)).toThrow(expect.objectContaining({ exit: 2, message, remedy }));
  });

  it.each(OPERANDS.completion?.choices ?? [])('of %s leaves no place unfilled', (shell) => {
    expect(completion(shell)).not.toMatch(/^@\w+@$/m);
  });
});
