import { EXIT, SetupError } from '../errors.ts';
import { checkWanted, type HostValue } from '../ollama/host-value.ts';

/**
 * The value of --host, as it will be written.
 * @param again the words of the command, with a blank after them, for the line that mends it
 * @throws SetupError exit 2 for one that Ollama would misread, with the reason
 */
export function readWanted(raw: string, again = ''): { value: HostValue; canonical: string } {
  const result = checkWanted(raw);
  if (!('refused' in result)) return result;
  throw new SetupError(result.code, EXIT.usage, `--host ${JSON.stringify(raw)} cannot be used: ${result.refused}`, {
    meaning: 'Nothing was changed.',
    remedy: `npx stigmer-setup-ollama ${again}--host 0.0.0.0:11434`,
  });
}
