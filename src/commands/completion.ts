import bash from '../../templates/completion.bash.tmpl';
import fish from '../../templates/completion.fish.tmpl';
import zsh from '../../templates/completion.zsh.tmpl';
import { EXIT, SetupError } from '../errors.ts';
import { COMMANDS, type Command, FLAGS, type Flag, OPERANDS } from '../flags/table.ts';
import { nearest } from '../usage.ts';

const SHELLS: Readonly<Record<string, () => string>> = { bash: forBash, zsh: forZsh, fish: forFish };

const flags: readonly Flag[] = FLAGS;
const commands = Object.keys(COMMANDS) as Command[];
const operands = commands.flatMap((name) => (OPERANDS[name] ? [{ command: name, ...OPERANDS[name] }] : []));

/**
 * The script that makes a shell complete commands, flags and values, made from the table of flags.
 * @throws SetupError exit 2 for a shell that there is none for
 */
export function completion(shell: string | undefined): string {
  const make = Object.hasOwn(SHELLS, shell ?? '') ? SHELLS[shell ?? ''] : undefined;
  if (make) return make();
  const names = Object.keys(SHELLS);
  const message =
    shell === undefined ? 'completion needs the name of a shell.' : `There is no completion for ${shell}.`;
  throw new SetupError('usage', EXIT.usage, message, {
    meaning: `There is: ${names.join(', ')}.`,
    remedy: `npx stigmer-setup-ollama completion ${shell === undefined ? 'bash' : nearest(shell, names)}`,
  });
}

/** Puts lines in the place of `@NAME@`. */
function fill(template: string, places: Record<string, string[]>): string {
  return template.replace(/^@(\w+)@$/gm, (_, name: string) => (places[name] ?? []).join('\n'));
}

/** How a flag is written, the short way last. */
function spellings({ name, short }: Flag): string[] {
  return short ? [`--${name}`, `-${short}`] : [`--${name}`];
}

const flagsOf = (command: Command) => flags.filter((flag) => flag.commands.includes(command));
const valued = flags.filter(({ value }) => value !== undefined);

/** Patterns of `case` with what is to be done, as Bash writes them: the words in the tables need no quotes. */
function forBash(): string {
  return fill(bash, {
    COMMANDS: [`  local commands='${commands.join(' ')}'`],
    VALUED: [`      ${valued.flatMap(spellings).join(' | ')}) skip=1 ;;`],
    VALUES: valued.map((flag) => {
      const words = flag.choices?.join(' ') ?? '';
      const what = flag.folder ? 'folder' : flag.begins ? 'begins' : 'words';
      return `    ${spellings(flag).join(' | ')}) kind=${what} words='${words}' ;;`;
    }),
    OPERANDS: operands.map(({ command, choices }) => `    ${command}) words='${choices.join(' ')}' ;;`),
    FLAGS: commands.map((command) => `    ${command}) words='${flagsOf(command).flatMap(spellings).join(' ')}' ;;`),
  });
}

/** Specifications of _arguments (zshcompsys(1)): `-y` and `--yes` shut each other out, and so does either itself. */
function forZsh(): string {
  const spec = (flag: Flag) => {
    const all = spellings(flag);
    const after = flag.value ? `:${flag.value.replaceAll(/[[\]:]/g, ' ').trim()}:${zshValues(flag)}` : '';
    const text = inZsh(flag.help);
    return all.map((one) => `'(${all.join(' ')})${one}${flag.value ? '=' : ''}[${text}]${after}'`);
  };
  return fill(zsh, {
    COMMANDS: commands.map((name) => `    '${name}:${inZsh(COMMANDS[name])}'`),
    OPERANDS: operands.map(
      ({ command, name, choices }) => `    ${command}) specs+=(':${name}:(${choices.join(' ')})') ;;`,
    ),
    FLAGS: commands.map((command) => `    ${command}) specs=(${flagsOf(command).flatMap(spec).join(' ')}) ;;`),
    VALUED: [`      (${valued.flatMap(spellings).join('|')}) skip=1 ;;`],
  });
}

function zshValues({ folder, begins, choices }: Flag): string {
  if (folder) return '_files -/';
  if (!choices) return ' ';
  return begins ? `{compadd -S "" -- ${choices.join(' ').replaceAll(':', '\\:')}}` : `(${choices.join(' ')})`;
}

/** Text within single quotes, brackets and colons of a specification. */
function inZsh(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll(/[[\]:]/g, '\\$&');
}

/** One `complete` for each flag, once for the program itself and once for it after npx. */
function forFish(): string {
  const rule = (condition: string, rest: string) => `  complete -c $name -n "$run; and ${condition}" ${rest}`;
  const text = (words: string) => `-d '${words.replaceAll("'", "\\'")}'`;
  const flagRule = (flag: Flag) => {
    const value = flag.folder
      ? " -xa '(__fish_complete_directories)'"
      : flag.choices
        ? ` -xa '${flag.choices.join(' ')}'`
        : ' -x';
    const spelled = `-l ${flag.name}${flag.short ? ` -s ${flag.short}` : ''}${flag.value ? value : ''}`;
    return rule(`__stigmer_command ${flag.commands.join(' ')}`, `${spelled} ${text(flag.help)}`);
  };
  return fill(fish, {
    VALUED: [`      case ${valued.flatMap(spellings).join(' ')}`],
    RULES: [
      ...commands.map((name) => rule('__stigmer_words 0', `-a ${name} ${text(COMMANDS[name])}`)),
      ...operands.map(({ command, choices }) =>
        rule(`__stigmer_words 1; and __stigmer_command ${command}`, `-a '${choices.join(' ')}'`),
      ),
      ...flags.map(flagRule),
    ],
  });
}
