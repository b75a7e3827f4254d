// Writes man/stigmer-setup-ollama.1 from the tables of src/flags/table.ts, the exit codes of the README and the version in
// package.json. With --check nothing is written; the exit code is 1 when the file on disk says something else.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const NAME = 'stigmer-setup-ollama';
const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const file = path.join(root, `man/${NAME}.1`);
const read = (name) => readFileSync(path.join(root, name), 'utf8');

const { COMMANDS, FLAGS, OPERANDS, EXAMPLES } = await load('src/flags/table.ts');
const made = page();
if (process.argv.includes('--check')) {
  if (made !== onDisk()) {
    process.stderr.write(`man/${NAME}.1 is not what the tables say: node scripts/man.mjs\n`);
    process.exitCode = 1;
  }
} else {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, made);
}

function onDisk() {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** TypeScript, which Node 20 does not read: it is bundled in memory and imported from there. */
async function load(entry) {
  const options = { bundle: true, format: 'esm', platform: 'node', target: 'node20.17', write: false };
  const { outputFiles } = await build({ ...options, entryPoints: [entry], absWorkingDir: root, logLevel: 'warning' });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

/** In the macros of man(7). */
function page() {
  const { version } = JSON.parse(read('package.json'));
  return `${[
    `.\\" Made by scripts/man.mjs: edit src/flags/table.ts, or the table of exit codes in README.md.`,
    `.TH ${NAME.toUpperCase()} 1 "" "${NAME} ${version}" "User Commands"`,
    '.SH NAME',
    `${plain(NAME)} \\- let agents in containers reach the Ollama on this host`,
    '.SH SYNOPSIS',
    `.B ${plain(NAME)}`,
    '.RI [ command ]',
    '.RI [ flags ]',
    '.SH DESCRIPTION',
    'Finds how Ollama runs on this host, shows what would change so that it listens for containers as well, asks, changes',
    'it durably, restarts Ollama and proves that it answers. If anything fails on the way, everything is put back.',
    '.SH COMMANDS',
    ...Object.entries(COMMANDS).flatMap(([name, text]) => ['.TP', `.B ${name}${operandOf(name)}`, sentence(text)]),
    '.SH OPTIONS',
    ...FLAGS.flatMap((flag) => ['.TP', spelling(flag), sentence(flag.help), ...belongings(flag)]),
    '.SH ENVIRONMENT',
    'Each flag can also be set by a variable, such as',
    '.B STIGMER_SETUP_OLLAMA_DRY_RUN=1',
    'or',
    '.BR STIGMER_SETUP_OLLAMA_TIMEOUT=120 .',
    'The command line wins.',
    '.SH EXIT STATUS',
    ...exitCodes().flatMap(([code, meaning, state]) => ['.TP', `.B ${code}`, sentence(`${meaning} (host: ${state})`)]),
    '.SH FILES',
    '.TP',
    `.I /var/lib/${plain(NAME)}`,
    'What root changed and the original bytes, for',
    '.BR undo .',
    '.TP',
    `.I ~/.local/state/${plain(NAME)}`,
    `The same of another user; on macOS ${plain(`~/Library/Application Support/${NAME}`)}.`,
    '.SH EXAMPLES',
    ...Object.values(EXAMPLES)
      .flat()
      .flatMap(([words, what]) => ['.TP', `.B ${plain(`npx ${NAME} ${words}`.trim())}`, sentence(what)]),
    '.SH SEE ALSO',
    '.BR systemctl (1),',
    '.BR docker (1)',
  ].join('\n')}\n`;
}

function operandOf(command) {
  const operand = OPERANDS[command];
  return operand ? ` ${operand.choices.join('|')}` : '';
}

function spelling({ name, short, value }) {
  const long = `\\fB${plain(`--${name}`)}\\fR${value ? ` \\fI${plain(value)}\\fR` : ''}`;
  return short ? `\\fB${plain(`-${short}`)}\\fR, ${long}` : long;
}

/** Of which commands it is, unless it is of all. */
function belongings({ commands }) {
  return commands.length === Object.keys(COMMANDS).length ? [] : [`Of ${commands.join(', ')}.`];
}

/** Code, meaning and state of the host, from the table that test/readme.test.ts holds to the code. */
function exitCodes() {
  const rows = read('README.md')
    .split('\n')
    .filter((line) => /^\| \d[\d, ]* \|/.test(line));
  if (rows.length === 0) throw new Error('README.md has no table of exit codes');
  return rows.map((row) =>
    row
      .split('|')
      .slice(1, 4)
      .map((cell) => cell.trim().replaceAll('`', '')),
  );
}

function sentence(text) {
  return `${plain(`${text[0].toUpperCase()}${text.slice(1)}`)}${text.endsWith('?') ? '' : '.'}`;
}

/** Text as roff(7) takes it: a hyphen that is to be copied, a backslash, and a line that begins like a request. */
function plain(text) {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^[.']/, '\\&$&')
    .replaceAll(' ·', ';')
    .replaceAll('…', '...');
}
