import type { Host } from '../host/host.ts';
import { isElevated, isElevatedByNature } from '../windows/rights.ts';
import type { Refusal } from './room.ts';

/**
 * Started from an elevated shell, a server would be elevated until the next login, and so would be all that it starts.
 * Undefined where the shell is not, or where everything of this user is elevated anyway.
 */
export async function refusalOfElevated(host: Host, command = ''): Promise<Refusal | undefined> {
  if (!(await isElevated(host)) || (await isElevatedByNature(host))) return undefined;
  return {
    code: 'win-elevated-shell',
    exit: 4,
    message: 'This terminal runs as administrator, and Ollama would be started with the same rights.',
    meaning: "They may also be another user's than the one who uses Ollama here. Nothing was changed.",
    remedy: `npx stigmer-setup-ollama${command}   # in a terminal that was not started with "Run as administrator"`,
  };
}
