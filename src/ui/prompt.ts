import { Interrupted } from '../engine/transaction.ts';
import type { Host } from '../host/host.ts';
import type { People } from './people.ts';

/** Who asks: the machine with its terminal, and how it is written on. */
export interface Asker {
  host: Host;
  people: People;
}

/** `more` asks for other choices than yes and no. */
export type Answer = 'yes' | 'no' | 'more';

export interface Question {
  message: string;
  /** "Y/n" or "y/N". */
  hint: string;
  /** What can be typed, in a few words. */
  help: string;
  /** What typed words mean; undefined for nothing that is known. */
  read(typed: string): Answer | undefined;
}

/** A question at the terminal. The prompt library is loaded only here, when somebody is really asked. */
async function asking<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    // Ctrl-C at a prompt arrives as an error and not as a signal, since the terminal is in raw mode.
    if (error instanceof Error && ['ExitPromptError', 'AbortPromptError', 'AbortError'].includes(error.name))
      throw new Interrupted(AbortSignal.abort(130));
    throw error;
  }
}

/** One yes/no question, shown as (Y/n) or (y/N); `more` where there are other choices. */
export function ask(asker: Asker, message: string, byDefault: boolean, more = false): Promise<Answer> {
  const read = (typed: string) => answerOf(typed, byDefault, more);
  const help = `Enter: ${byDefault ? 'yes' : 'no'}, ${byDefault ? 'n: no' : 'y: yes'}${more ? ', ?: other choices' : ''}`;
  const question = { message, hint: byDefault ? 'Y/n' : 'y/N', help, read };
  return asking(async () => {
    if (isPlain(asker)) return askPlainly(asker, question);
    const inquirer = await import('./inquirer.ts');
    return inquirer.question({ ...question, theme: themeOf(asker.people) }, contextOf(asker));
  });
}

/** What somebody means who types this; undefined where it is nothing that was asked for. */
export function answerOf(typed: string, byDefault: boolean, more: boolean): Answer | undefined {
  const word = typed.trim().toLowerCase();
  if (word === '') return byDefault ? 'yes' : 'no';
  if ('yes'.startsWith(word)) return 'yes';
  if (['n', 'no', 'q', 'quit', 'stop'].includes(word)) return 'no';
  return more && ['?', 'm', 'more'].includes(word) ? 'more' : undefined;
}

/** A list of which the first entry is taken with Enter. */
export function choose<T>(asker: Asker, message: string, choices: { name: string; value: T }[]): Promise<T> {
  return asking(async () => {
    if (isPlain(asker)) return choosePlainly(asker, message, choices);
    const inquirer = await import('./inquirer.ts');
    const theme = themeOf(asker.people);
    return inquirer.select<T>({ message, choices, theme, loop: false }, contextOf(asker));
  });
}

function contextOf({ host, people }: Asker) {
  people.clear();
  return { output: process.stderr, signal: host.interrupted };
}

/** inquirer would colour as it thinks best. */
function themeOf({ colors: { blue, bold, cyan, dim, green, red }, prose }: People) {
  return {
    prefix: { idle: blue('?'), done: prose ? '?' : green('✓') },
    icon: { cursor: prose ? '>' : '❯' },
    style: {
      answer: cyan,
      message: bold,
      error: red,
      defaultAnswer: (text: string) => dim(`(${text})`),
      help: dim,
      highlight: cyan,
      keysHelpTip: () => dim('Up and Down to choose, Enter to take it'),
    },
  };
}

/** A terminal that promises nothing gets lines, and none of them twice. */
function isPlain({ host }: Asker): boolean {
  return host.env.TERM === 'dumb';
}

async function askPlainly({ host }: Asker, { message, hint, help, read }: Question): Promise<Answer> {
  const { readLine } = await import('../host/line.ts');
  for (let shown = `${message} (${hint}) `; ; shown = `${help}. ${message} (${hint}) `) {
    const typed = await readLine(shown, host.interrupted);
    const answer = typed === undefined ? 'no' : read(typed);
    if (answer !== undefined) return answer;
  }
}

async function choosePlainly<T>(
  { host, people }: Asker,
  message: string,
  choices: { name: string; value: T }[],
): Promise<T> {
  const { readLine } = await import('../host/line.ts');
  const list = choices.map(({ name }, index) => `  ${index + 1}: ${name}\n`).join('');
  people.clear();
  for (;;) {
    const typed = await readLine(`${message}\n${list}Number (1): `, host.interrupted);
    if (typed === undefined) throw new Interrupted(AbortSignal.abort(130));
    const chosen = choices[Number(typed.trim() || '1') - 1];
    if (chosen) return chosen.value;
  }
}
