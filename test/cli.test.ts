import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXAMPLES } from '../src/flags/table.ts';
import { COMMANDS, type Command, FLAGS, type Flag, parseFlags } from '../src/flags.ts';
import { image, STATE_ENV } from './rig/image.ts';
import { CLI, cli, copyOfProgram, temporaryFolder, tree } from './rig/spawn.ts';

/** The built program as a user meets it, without a terminal. */

const VERSION: string = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
const ESCAPE = '\u001b';

describe('--version', () => {
  it.each([['--version'], ['-V'], ['undo', '--version'], ['--version', '--json']])('%s %s', async (...words) => {
    expect(await cli(words)).toEqual({ exit: 0, stdout: `${VERSION}\n`, stderr: '' });
  });

  it('needs nothing of the program but its front door', async () => {
    const alone = copyOfProgram(temporaryFolder(), (name) => /^(parts|stand-in\.js)/.test(name));
    expect(readdirSync(dirname(alone)).sort()).toEqual(['cli.js', 'package.json']);
    for (const word of ['--version', '-V']) {
      expect(await cli([word], { cli: alone })).toEqual({ exit: 0, stdout: `${VERSION}\n`, stderr: '' });
    }
    // So that the copy is known to be one that cannot do anything else.
    expect((await cli(['--help'], { cli: alone })).exit).toBe(1);
  });
});

describe('--help', () => {
  it.each([['--help'], ['-h'], ['--help', '--verbose']])('%s %s tells every command', async (...words) => {
    const { exit, stdout, stderr } = await cli(words);
    expect([exit, stderr]).toEqual([0, '']);
    for (const name of Object.keys(COMMANDS)) expect(stdout).toContain(`\n  ${name} `);
    expect(stdout).toContain('\nExamples:\n  npx stigmer-setup-ollama ');
  });

  it.each(Object.keys(COMMANDS) as Command[])('of %s tells its flags and no others', async (command) => {
    const { exit, stdout, stderr } = await cli([command, '--help']);
    expect([exit, stderr]).toEqual([0, '']);
    expect(stdout).toMatch(new RegExp(`^${command}: .*\nUsage: stigmer-setup-ollama ${command} `));
    const [told = '', examples] = stdout.split('Each flag also as');
    const named = (FLAGS as readonly Flag[]).filter(({ name }) => new RegExp(`--${name}(?![\\w-])`).test(told));
    const own = (FLAGS as readonly Flag[]).filter(({ commands }) => commands.includes(command));
    expect(named).toEqual(own);
    expect(examples).toContain('  npx stigmer-setup-ollama');
  });

  it.each([[], ...Object.keys(COMMANDS).map((name) => [name])])(
    '%s fits a screen of 24 lines and 80 columns',
    async (...words) => {
      const lines = (await cli([...words, '--help'])).stdout.trimEnd().split('\n');
      expect(lines.filter((line) => line.length > 80)).toEqual([]);
      expect(lines.length).toBeLessThan(24); // the prompt is on the last
    },
  );

  it('shows no example that would not be understood', () => {
    for (const [words] of Object.values(EXAMPLES).flat())
      parseFlags(words.replace(/ >.*/, '').split(' ').filter(Boolean), {});
  });

  it('needs no library', async () => {
    const bare = copyOfProgram(temporaryFolder(), (name) =>
      /^parts\/(run|macos|inquirer|libesm|semver|dist|sax)-/.test(name),
    );
    expect((await cli(['--help'], { cli: bare })).exit).toBe(0);
    // So that the names above are known to be the ones.
    expect((await cli(['doctor'], { cli: bare })).exit).toBe(1);
  });
});

describe('words that are not understood', () => {
  it('end with 2, and a hint on standard error alone', async () => {
    const { exit, stdout, stderr } = await cli(['--dry-runn']);
    expect(exit).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toBe('Error: There is no flag --dry-runn.\n  Nothing was changed.\n  did you mean --dry-run?\n');
  });

  it.each([[['undp']], [['--timeout', 'x']], [['--yes=1']], [['doctor', '--yes']]])('%j', async (words) => {
    expect(await cli(words)).toMatchObject({ exit: 2, stdout: '' });
  });

  it('in the environment as well', async () => {
    const { exit, stderr } = await cli(['--dry-run'], { env: { STIGMER_SETUP_OLLAMA_YES: 'perhaps' } });
    expect(exit).toBe(2);
    expect(stderr).toContain('STIGMER_SETUP_OLLAMA_YES');
  });
});

describe('colours', () => {
  const words = (...more: string[]) => ['--dry-run', '--root', image(), ...more];
  const both = async (env: Record<string, string>, ...more: string[]) => {
    const { exit, stdout, stderr } = await cli(words(...more), { env: { ...STATE_ENV, ...env } });
    expect([exit, stdout.includes('This will be done:')]).toEqual([0, true]);
    return stdout + stderr;
  };

  it('are none in a pipe', async () => {
    expect(await both({})).not.toContain(ESCAPE);
    expect(await both({ TERM: 'xterm-256color', COLORTERM: 'truecolor' })).not.toContain(ESCAPE);
    expect(await both({ CI: 'true', GITHUB_ACTIONS: 'true' })).not.toContain(ESCAPE);
  });

  it('are there when they are forced', async () => {
    expect(await both({ FORCE_COLOR: '1' })).toContain(ESCAPE);
  });

  it.each([
    ['NO_COLOR', { FORCE_COLOR: '1', NO_COLOR: '1' }, []],
    ['TERM=dumb', { FORCE_COLOR: '1', TERM: 'dumb' }, []],
    ['FORCE_COLOR=0', { FORCE_COLOR: '0' }, []],
    ['--no-color', { FORCE_COLOR: '1' }, ['--no-color']],
    ['the environment’s --no-color', { FORCE_COLOR: '1', STIGMER_SETUP_OLLAMA_NO_COLOR: '1' }, []],
  ])('are not, with %s', async (_, env, more) => {
    expect(await both(env, ...more)).not.toContain(ESCAPE);
  });

  it('an error has none in a pipe either', async () => {
    expect((await cli(['--nope'], { env: { NO_COLOR: '' } })).stderr).not.toContain(ESCAPE);
    expect((await cli(['--nope'], { env: { FORCE_COLOR: '1' } })).stderr).toContain(ESCAPE);
  });
});

describe('what is said', () => {
  const dryRun = (...more: string[]) => cli(['--dry-run', '--root', image(), ...more], { env: STATE_ENV });

  it('goes to standard output, the document of --json alone there otherwise', async () => {
    const people = await dryRun();
    expect(people.stdout).toContain('+Environment="OLLAMA_HOST=0.0.0.0:11434"');
    expect(people.stderr).toBe('');
    const json = await dryRun('--json');
    expect(JSON.parse(json.stdout).outcome).toBe('planned');
    expect(json.stderr).toContain('+Environment="OLLAMA_HOST=0.0.0.0:11434"');
  });

  it('is nothing with --quiet, and every file read with --verbose', async () => {
    expect(await dryRun('--quiet')).toEqual({ exit: 0, stdout: '', stderr: '' });
    const { stderr } = await dryRun('--verbose');
    expect(stderr).toMatch(/^read {2}.*\/etc\/systemd\/system\/ollama\.service$/m);
  });
});

describe.runIf(process.platform === 'linux')('demo', () => {
  it('runs to its end on a stand-in, and leaves nothing behind', async () => {
    const tmp = temporaryFolder();
    const home = temporaryFolder();
    const { exit, stdout, stderr } = await cli(['demo'], { env: { TMPDIR: tmp, HOME: home } });
    expect([exit, stderr]).toEqual([0, '']);
    const order = [
      'Problem: An agent',
      'OK: The same agent asks',
      'Problem: The agent',
      'OK: The folder is byte for byte as it was.',
    ];
    const places = order.map((words) => stdout.indexOf(words));
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(stdout).toContain('2 models, the first is llama3.2:3b');
    expect(stdout).not.toContain(ESCAPE);
    expect([tree(tmp), tree(home)]).toEqual([{}, {}]);
    const folder = /^ {2}(\/\S+)\/etc\/systemd\/system\/ollama\.service$/m.exec(stdout)?.[1] ?? '';
    expect(folder.startsWith(tmp)).toBe(true);
    expect(existsSync(folder)).toBe(false);
    expect(processesWith(folder)).toEqual([]);
  });

  it('ends with 2 when it is given flags that change things', async () => {
    expect(await cli(['demo', '--yes'])).toMatchObject({ exit: 2, stdout: '' });
  });
});

/** The processes of this machine that were started with this word. */
function processesWith(word: string): string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return pids.filter((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0').includes(word);
    } catch {
      return false; // it has ended in the meantime
    }
  });
}

describe('the end of a run', () => {
  it('is not belied by a signal that comes after its last word', async () => {
    for (let turn = 0; turn < 10; turn++) {
      const program = spawn(process.execPath, [CLI, '--dry-run', '--json', '--root', '/nowhere'], {
        stdio: ['ignore', 'pipe', 'ignore'],
      });
      program.stdout.once('data', () => setTimeout(() => program.kill('SIGTERM'), turn / 3));
      const ended = await new Promise((resolve) => program.on('close', (code, signal) => resolve({ code, signal })));
      expect(ended).toEqual({ code: 2, signal: null });
    }
  });
});
