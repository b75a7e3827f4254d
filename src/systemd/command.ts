/** Command lines of ExecStart=: systemd.service(5), config_parse_exec() in systemd's src/core/load-fragment.c. */
import { basename } from 'node:path/posix';
import { expandSpecifiers, type Specifiers } from './environment.ts';
import { nextWord, toBytes } from './words.ts';

/**
 * The words of a command line: the program without its prefixes (@-:+!), then its arguments. After `@` the second
 * word is only the name the program sees, and left out. Of several commands joined by `;` the first.
 */
export function splitCommand(value: string, specifiers?: Specifiers): string[] {
  const bytes = toBytes(value);
  const words: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    if (/^;(?:\s|$)/.test(bytes.slice(at))) break;
    const escaped = /^\\;(?:\s+|$)/.exec(bytes.slice(at));
    const word = escaped ? { bytes: ';', next: at + escaped[0].length } : nextUnescaped(bytes, at);
    if (!word) break;
    words.push(Buffer.from(word.bytes, 'latin1').toString('utf8'));
    at = word.next;
  }
  const [, prefixes = '', program = ''] = /^([@:+!|-]*)(.*)$/s.exec(words[0] ?? '') ?? [];
  if (words.length === 0) return [];
  const argv = [program, ...words.slice(prefixes.includes('@') ? 2 : 1)];
  return specifiers ? argv.map((word) => expandSpecifiers(word, specifiers) ?? word) : argv;
}

/** As extract_first_word_and_warn(): escapes that mean nothing stay, an open quote ends the reading. */
function nextUnescaped(bytes: string, at: number) {
  const word = nextWord(bytes, at);
  const again = word === 'broken' ? nextWord(bytes, at, true) : word;
  return again === 'broken' ? undefined : again;
}

/** What a wrapper does to a variable: sets it, or takes it away (value undefined). */
export interface Wrapped {
  value: string | undefined;
  by: string;
}

const SHELLS = new Set(['sh', 'bash', 'dash', 'zsh', 'ash', 'ksh', 'busybox']);

/** What `env NAME=x program` or `sh -c 'NAME=x exec program'` does to the variable; undefined when nothing. */
export function wrapperSets(argv: string[], name: string): Wrapped | undefined {
  const program = basename(argv[0] ?? '');
  if (program === 'env') return envSets(argv.slice(1), name);
  if (!SHELLS.has(program)) return undefined;
  const flag = argv.findIndex((word, index) => index > 0 && /^-[a-z]*c[a-z]*$/.test(word));
  const script = flag < 0 ? undefined : argv[flag + 1];
  // systemd itself turns $$ into $ before the shell sees it: systemd.service(5), "Command lines".
  return script === undefined ? undefined : shellSets(script.replaceAll('$$', '$'), name, program);
}

/** The options and assignments of env(1). */
function envSets(args: string[], name: string): Wrapped | undefined {
  let found: Wrapped | undefined;
  for (let index = 0; index < args.length; index++) {
    const word = args[index]!;
    const unset =
      /^(?:-u|--unset=)(.+)$/.exec(word)?.[1] ?? (word === '-u' || word === '--unset' ? args[index + 1] : '');
    if (word === '-' || /^-[0v]*i|^--ignore-environment$/.test(word) || unset === name)
      found = { value: undefined, by: 'env' };
    if (/^(?:-S|--split-string=)/.test(word)) {
      const inner = splitCommand(word.replace(/^(?:-S|--split-string=)/, '') || (args[++index] ?? ''));
      return envSets([...inner, ...args.slice(index + 1)], name) ?? found;
    }
    if (word === '-u' || word === '-C' || word === '--unset' || word === '--chdir') index++;
    else if (word.startsWith(`${name}=`))
      found = carriesOver(word.slice(name.length + 1), name)
        ? found
        : { value: word.slice(name.length + 1), by: 'env' };
    else if (!word.startsWith('-') && !word.includes('=')) return wrapperSets(args.slice(index), name) ?? found;
  }
  return found;
}

/** The last `NAME=value` at the beginning of a command in a shell script. Values with expansions stay as written. */
function shellSets(script: string, name: string, by: string): Wrapped | undefined {
  const pattern = new RegExp(
    `(?:^|[;&|(){\\s])(?:(unset)\\s+${name}\\b|${name}=((?:"(?:[^"\\\\]|\\\\.)*"|'[^']*'|\\\\.|[^\\s;&|()"'\\\\])*))`,
    'g',
  );
  let found: Wrapped | undefined;
  for (const [, unset, value = ''] of script.matchAll(pattern)) {
    const bare = value.replace(
      /"((?:[^"\\]|\\.)*)"|'([^']*)'|\\(.)/g,
      (_, double?: string, single?: string, one?: string) => {
        return double?.replace(/\\(["\\$`])/g, '$1') ?? single ?? one ?? '';
      },
    );
    if (unset || !carriesOver(bare, name)) found = { value: unset ? undefined : bare, by };
  }
  return found;
}

/** `NAME=$NAME` changes nothing. */
const carriesOver = (value: string, name: string): boolean => value === `$${name}` || value === `\${${name}}`;
