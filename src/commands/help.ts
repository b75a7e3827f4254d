import { COMMANDS, FLAGS, type Flag } from '../flags.ts';

/** The text of --help, made from the tables of commands and flags. */
export function help(): string {
  const commands = Object.entries(COMMANDS).map(([name, text]) => `  ${name.padEnd(10)}${text}`);
  const flags = (FLAGS as readonly Flag[]).map((flag) => `  ${spelling(flag).padEnd(26)}${flag.help}`);
  return `Lets agents in containers reach the Ollama on this host.

Usage: stigmer-setup-ollama [command] [flags]

Commands:
${commands.join('\n')}

Flags (each also as STIGMER_SETUP_OLLAMA_<FLAG>):
${flags.join('\n')}

Examples:
  npx stigmer-setup-ollama                 look, ask, then do it
  npx stigmer-setup-ollama --yes           in a provisioning script
  npx stigmer-setup-ollama --dry-run       what would it do?
  npx stigmer-setup-ollama undo            put everything back
`;
}

function spelling({ name, short, value }: Flag): string {
  return `${short ? `-${short}, ` : '    '}--${name}${value ? ` <${value}>` : ''}`;
}
