/**
 * The little of sh that decides what a service of OpenRC is given: `/etc/conf.d/ollama` and the init script are sourced
 * one after the other (sh/openrc-run.sh.in in OpenRC/openrc), and what is exported by then is the server's environment.
 */

/** A word with its place in the text; `literal` is false where the shell would have put something in. */
interface Word {
  start: number;
  end: number;
  text: string;
  literal: boolean;
}

/** A simple command: its words, how many compound commands are around it, and whether it is in a function. */
interface Command {
  words: Word[];
  depth: number;
  later: boolean;
}

/** A variable as the scripts leave it. */
export interface Variable {
  /** Undefined where only the shell itself could tell. */
  value: string | undefined;
  exported: boolean;
  /** Where in the text it is set: the whole command. */
  start: number;
  end: number;
  /** True for a command that does nothing else, outside of all conditions and functions. */
  simple: boolean;
}

const OPENING = new Set(['if', 'while', 'until', 'for', 'case', '{', '(']);
const CLOSING = new Set(['fi', 'done', 'esac', '}', ')']);
/** What may stand before a command without being one. */
const LEADING = new Set(['then', 'else', 'elif', 'do', '!', 'if', 'while', 'until', '{', '(']);

/** The simple commands of a text. Here-documents are read as commands too: nobody has them in such a file. */
function commandsOf(text: string): Command[] {
  const commands: Command[] = [];
  let words: Word[] = [];
  let depth = 0;
  /** How deep the function is that is being defined. */
  let within = Number.POSITIVE_INFINITY;
  const end = () => {
    if (words.length > 0) commands.push({ words, depth, later: depth > within });
    words = [];
  };
  for (let at = 0; at < text.length; ) {
    const rest = text.slice(at);
    const skipped = /^(?:(?:[ \t\r]|\\\r?\n)+|#.*)/.exec(rest)?.[0];
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const definition = words.length === 1 ? /^\([ \t]*\)\s*/.exec(rest)?.[0] : undefined;
    if (definition !== undefined) {
      words = [];
      within = Math.min(within, depth);
      at += definition.length;
      continue;
    }
    const operator = /^(?:[\n;&|()]|[0-9]*[<>]+&?)/.exec(rest)?.[0];
    if (operator !== undefined) {
      if (!/[<>]/.test(operator)) end();
      if (operator === '(') depth += 1;
      if (operator === ')') depth = Math.max(depth - 1, 0);
      at += operator.length;
      continue;
    }
    const word = wordAt(text, at);
    at = word.end;
    if (words.length === 0 && CLOSING.has(word.text)) depth = Math.max(depth - 1, 0);
    if (word.text === '}' && depth <= within) within = Number.POSITIVE_INFINITY;
    if (words.length === 0 && OPENING.has(word.text)) depth += 1;
    if (words.length === 0 && (LEADING.has(word.text) || CLOSING.has(word.text))) continue;
    words.push(word);
  }
  end();
  return commands;
}

/** One word with its quotes taken off; `$`, and a backquote, make it one that only a shell can tell. */
function wordAt(text: string, start: number): Word {
  let value = '';
  let literal = true;
  let at = start;
  while (at < text.length) {
    const rest = text.slice(at);
    const single = /^'([^']*)'/.exec(rest);
    const double = /^"((?:[^"\\]|\\[\s\S])*)"/.exec(rest);
    const escaped = /^\\([\s\S])/.exec(rest);
    const expansion = /^\$(?:\{[^}]*\}|\([^)]*\)|\w+)/.exec(rest);
    const part = single ?? double ?? escaped ?? expansion ?? /^[^\s;&|()<>'"\\$]+|^[$'"\\]/.exec(rest);
    if (!part) break;
    if (double) {
      literal &&= !/(?<!\\)[$`]/.test(part[1] ?? '');
      value += (part[1] ?? '').replace(/\\([$`"\\\n])/g, (_, sign: string) => (sign === '\n' ? '' : sign));
    } else if (single || escaped) value += part[1] === '\n' && escaped ? '' : part[1];
    else {
      literal &&= !/[$`]/.test(part[0]);
      value += part[0];
    }
    at += part[0].length;
  }
  return { start, end: Math.max(at, start + 1), text: value, literal };
}

/** What the texts, sourced in their order, make of a variable; undefined where none of them sets it. */
export function variableIn(texts: readonly string[], name: string): (Variable & { index: number }) | undefined {
  let known: (Variable & { index: number }) | undefined;
  let exported = false;
  let all = false;
  for (const [index, text] of texts.entries()) {
    for (const command of commandsOf(text)) {
      const [first, ...rest] = command.words.map(({ text: word }) => word);
      all ||= first === 'set' && rest.some((word) => /^-\w*a/.test(word) || word === 'allexport');
      if (first === 'unset' && rest.includes(name)) known = undefined;
      exported ||= first === 'export' && rest.includes(name);
      const set = assigned(command, name, known?.value);
      if (set === undefined) continue;
      exported ||= first === 'export' || all;
      known = { ...set, exported, index };
    }
  }
  return known && { ...known, exported };
}

/** The assignment in a command, if the command makes one that lasts: `A=b command` is for that command alone. */
function assigned({ words, depth }: Command, name: string, before: string | undefined): Variable | undefined {
  const [first] = words;
  const isExport = first?.text === 'export' || first?.text === 'readonly';
  const operands = isExport ? words.slice(1) : words;
  const isAssignment = ({ text }: Word) => /^\w+=/.test(text);
  const word = operands.findLast(({ text }) => text.startsWith(`${name}=`));
  const last = operands.at(-1);
  if (!first || !word || !last || (!isExport && !operands.every(isAssignment))) {
    // The way to give a default: `: "${NAME:=value}"`.
    const given = new RegExp(`^\\$\\{${name}:?=([^$}]*)\\}$`).exec(first?.text === ':' ? (words[1]?.text ?? '') : '');
    const value = before ?? given?.[1];
    return given && first ? { value, exported: false, start: first.start, end: first.end, simple: false } : undefined;
  }
  const raw = word.text.slice(name.length + 1);
  const fallback = new RegExp(`^\\$(?:${name}|\\{${name}(?:(?::?[-=])([^$}]*))?\\})$`).exec(raw);
  const value = word.literal ? raw : fallback ? (before ?? fallback[1]) : undefined;
  const simple = depth === 0 && operands.length === 1;
  return { value, exported: isExport, start: first.start, end: last.end, simple };
}

/**
 * True when the text sets the variable after all else: in a function, which is called once everything is sourced, or for
 * one command alone, by `env NAME=…`, `--env NAME=…` or before the command's name.
 */
export function setsLater(text: string, name: string): boolean {
  const named = new RegExp(`(?:^|[\\s=])${name}=`);
  return commandsOf(text).some(
    (command) =>
      command.words.some(({ text: word }) => named.test(word)) &&
      (command.later || assigned(command, name, undefined) === undefined),
  );
}

/** The text with the variable exported with a value: its command is replaced where it is a plain one, else a line is added. */
export function exportIn(text: string, name: string, value: string, replace = true): string {
  const line = exportLine(name, value);
  const there = replace ? variableIn([text], name) : undefined;
  if (there?.simple) return `${text.slice(0, there.start)}${line}${text.slice(there.end)}`;
  return `${text}${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`;
}

/** @throws RangeError for a value that needs more than quotes */
function exportLine(name: string, value: string): string {
  if (/[^\w.:%@/[\]-]/.test(value)) throw new RangeError(`Cannot export this value of ${name}`);
  return `export ${name}="${value}"`;
}
