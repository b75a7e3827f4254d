import { COMMANDS, type Command, EXAMPLES, FLAGS, type Flag, OPERANDS } from '../flags/table.ts';

const flags: readonly Flag[] = FLAGS;
/** Told in one line at the end: every command has them. */
const everywhere = flags.filter(({ commands }) => commands.length === Object.keys(COMMANDS).length);
/** Those that most people come for. */
const USUAL = ['yes', 'dry-run', 'host', 'target', 'json'];
const EVERYWHERE = `Everywhere: ${everywhere.map(({ name, short }) => `${short ? `-${short}, ` : ''}--${name}`).join(', ')}\n`;

/** The text of --help, made from the tables of commands and flags: of one command, or of all. Fits 24 lines of 80. */
export function help(command?: Command): string {
  return command ? ofOne(command) : overview();
}

/** The same, broken for a terminal that is narrower; `columns` is undefined where there is none. */
export async function helpFor(columns: number | undefined, command?: Command): Promise<string> {
  if (!columns || columns >= 80) return help(command);
  const { wrap } = await import('../ui/wrap.ts');
  return wrap(help(command), columns);
}

function overview(): string {
  const usual = flags.filter(({ name }) => USUAL.includes(name));
  const examples = (['setup', 'doctor', 'undo'] as const).flatMap((name) => EXAMPLES[name].slice(0, 1));
  return `Lets agents in containers reach the Ollama on this host.
Usage: stigmer-setup-ollama [command] [flags]

${Object.entries(COMMANDS)
  .map(([name, text]) => `  ${name.padEnd(12)}${text}`)
  .join('\n')}

Flags (\`stigmer-setup-ollama <command> --help\` has all of them):
${rows(usual)}
${EVERYWHERE}
Examples:
${lines([...examples, ...EXAMPLES.setup.slice(1)])}`;
}

function ofOne(command: Command): string {
  const operand = OPERANDS[command];
  const own = flags.filter((flag) => flag.commands.includes(command) && !everywhere.includes(flag));
  return `${command}: ${COMMANDS[command]}
Usage: stigmer-setup-ollama ${command}${operand ? ` <${operand.choices.join('|')}>` : ''} [flags]

${own.length > 0 ? `${rows(own)}\n` : ''}${EVERYWHERE}Each flag also as STIGMER_SETUP_OLLAMA_<FLAG>=1 or =value in the environment.
${lines(EXAMPLES[command])}`;
}

function rows(some: readonly Flag[]): string {
  return some.map((flag) => `  ${spelling(flag).padEnd(25)} ${flag.help}`).join('\n');
}

function lines(examples: readonly (readonly [words: string, what: string])[]): string {
  const calls = examples.map(([words]) => `npx stigmer-setup-ollama ${words}`.trim());
  const width = Math.max(...calls.map(({ length }) => length));
  return examples.map(([, what], at) => `  ${calls[at]?.padEnd(width)}  # ${what}\n`).join('');
}

function spelling({ name, short, value }: Flag): string {
  return `${short ? `-${short}, ` : '    '}--${name}${value ? ` <${value}>` : ''}`;
}
