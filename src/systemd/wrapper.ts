/** What a command line itself does to a variable before the program starts: `env NAME=x program`, `sh -c '...'`. */
import { basename } from 'node:path/posix';
import { type Command, splitCommands } from './command.ts';

export interface Wrapped {
  /** undefined: the variable is taken away. */
  value: string | undefined;
  by: string;
}

/** A variable and what it holds before the command line. */
interface Variable {
  name: string;
  value: string | undefined;
  /** Whether systemd replaces `${NAME}` in the command. */
  expands: boolean;
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ash', 'ksh', 'busybox']);

/** undefined when the command lets the variable pass as it is, or is no wrapper this knows. */
export function wrapperSets({ argv, expands }: Command, name: string, value: string | undefined): Wrapped | undefined {
  return commandSets(argv, { name, value, expands });
}

function commandSets(argv: string[], variable: Variable): Wrapped | undefined {
  const program = basename(argv[0] ?? '');
  if (program === 'env') return envSets(argv.slice(1), variable);
  if (!SHELLS.has(program)) return undefined;
  const flag = argv.findIndex((word, index) => index > 0 && /^-[a-z]*c[a-z]*$/.test(word));
  const script = flag < 0 ? undefined : argv[flag + 1];
  if (script === undefined) return undefined;
  return shellSets(variable.expands ? script.replaceAll('$$', '$') : script, variable, program);
}

/** The options and assignments of env(1). */
function envSets(args: string[], variable: Variable): Wrapped | undefined {
  let found: Wrapped | undefined;
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    const split = /^(?:-[iv0]*S|--split-string=)(.*)$/s.exec(word)?.[1];
    if (split !== undefined) {
      const inner = splitCommands(split || (args[++index] ?? ''), {})[0]?.argv ?? [];
      return (
        envSets([...inner, ...args.slice(index + 1)], found ? { ...variable, value: found.value } : variable) ?? found
      );
    }
    const takesWord = /^(?:-[uC]|--unset|--chdir)$/.test(word);
    const unset = takesWord ? (/u/.test(word) ? args[index + 1] : undefined) : /^(?:-u|--unset=)(.+)$/.exec(word)?.[1];
    if (takesWord) index++;
    if (/^(?:-|-[0v]*i[0v]*|--ignore-environment)$/.test(word) || unset === variable.name) {
      found = { value: undefined, by: 'env' };
    } else if (word.startsWith(`${variable.name}=`)) {
      const value = word.slice(variable.name.length + 1);
      // Only `${NAME}` is replaced inside a word: systemd.service(5), "Command lines".
      found = variable.expands && value === own(variable) ? undefined : { value: expand(value, variable), by: 'env' };
    } else if (!takesWord && !word.startsWith('-') && !word.includes('=')) {
      return commandSets(args.slice(index), found ? { ...variable, value: found.value } : variable) ?? found;
    }
  }
  return found;
}

const own = ({ name }: Variable): string => `\${${name}}`;

function expand(text: string, variable: Variable): string {
  if (!variable.expands) return text;
  return text.replaceAll('$$', '$').replaceAll(own(variable), variable.value ?? '');
}

/** Words of a shell up to a blank or the end of the command, quotes included. */
const SHELL_WORD = String.raw`(?:"(?:[^"\\]|\\.)*"|'[^']*'|\\.|[^\s;&|()"'\\])*`;

/** The last `NAME=value` or `unset NAME` of a script; a value with other variables stays as written. */
function shellSets(script: string, variable: Variable, by: string): Wrapped | undefined {
  const { name } = variable;
  const pattern = new RegExp(`(?:^|[;&|(){\\s])(?:(unset)\\s+${name}\\b|${name}=(${SHELL_WORD}))`, 'gs');
  let found: Wrapped | undefined;
  for (const [, unset, value = ''] of script.matchAll(pattern)) {
    if (unset) found = { value: undefined, by };
    else if (!new RegExp(`^"?\\$(?:${name}|\\{${name}\\})"?$`).test(value))
      found = { value: unquote(value, variable), by };
  }
  return found;
}

function unquote(value: string, variable: Variable): string {
  const reference = new RegExp(`\\$(?:${variable.name}\\b|\\{${variable.name}\\})`, 'g');
  const held = (text: string) => text.replace(reference, () => variable.value ?? '');
  return value.replace(
    /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)|([^"'\\]+)/gs,
    (_, double?: string, single?: string, one?: string, bare?: string) =>
      double === undefined ? (single ?? one ?? held(bare ?? '')) : held(double).replace(/\\(["\\$`])/g, '$1'),
  );
}
