/** Command lines of ExecStart=: systemd.service(5), config_parse_exec() in systemd's src/core/load-fragment.c. */
import { expandSpecifiers, type Specifiers } from './environment.ts';
import { nextWord, toBytes } from './words.ts';

export interface Command {
  /** The program without its prefixes, then its arguments. */
  argv: string[];
  /** Whether systemd replaces `${NAME}` and `$$` in it, which the prefix `:` turns off. */
  expands: boolean;
}

/**
 * The words of a command line: the program without its prefixes (@-:+!), then its arguments. After `@` the second
 * word is only the name the program sees, and left out. Of several commands joined by `;` the first.
 */
export function splitCommand(value: string): string[] {
  return splitCommands(value, {})[0]?.argv ?? [];
}

/** All commands of one line, with the specifiers that are known replaced. */
export function splitCommands(value: string, specifiers: Specifiers): Command[] {
  const bytes = toBytes(value);
  const commands: Command[] = [];
  let words: string[] = [];
  for (let at = 0; at < bytes.length; ) {
    const semicolon = /^(\\?);(?:\s+|$)/.exec(bytes.slice(at));
    if (semicolon && !semicolon[1]) {
      commands.push(...toCommand(words));
      words = [];
      at += semicolon[0].length;
      continue;
    }
    const word = semicolon ? { bytes: ';', next: at + semicolon[0].length } : nextUnescaped(bytes, at);
    // An open quote: systemd drops what is left of the line, and with it the command it is in.
    if (!word) return commands;
    const text = Buffer.from(word.bytes, 'latin1').toString('utf8');
    words.push(expandSpecifiers(text, specifiers) ?? text);
    at = word.next;
  }
  return [...commands, ...toCommand(words)];
}

function toCommand(words: string[]): Command[] {
  if (words.length === 0) return [];
  const [, prefixes = '', program = ''] = /^([@:+!|-]*)(.*)$/s.exec(words[0]!)!;
  return [{ argv: [program, ...words.slice(prefixes.includes('@') ? 2 : 1)], expands: !prefixes.includes(':') }];
}

/** As extract_first_word_and_warn(): escapes that mean nothing stay. */
function nextUnescaped(bytes: string, at: number) {
  const word = nextWord(bytes, at);
  const again = word === 'broken' ? nextWord(bytes, at, true) : word;
  return again === 'broken' ? undefined : again;
}
