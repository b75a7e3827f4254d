import type { Rights } from '../windows/rights.ts';
import type { Refusal, Warning } from './room.ts';

/**
 * Started from an elevated shell, a server would be elevated until the next login, and so would be all that it starts.
 * Undefined where the shell is not, where everything of this user is elevated anyway, and where nothing is started.
 */
export function refusalOfElevated({ elevated, byNature, withoutDesktop }: Rights, command = ''): Refusal | undefined {
  if (!elevated || byNature || withoutDesktop) return undefined;
  return {
    code: 'win-elevated-shell',
    exit: 4,
    message: 'This terminal runs as administrator, and Ollama would be started with the same rights.',
    meaning: "They may also be another user's than the one who uses Ollama here. Nothing was changed.",
    remedy: `npx stigmer-setup-ollama${command}   # in a terminal that was not started with "Run as administrator"`,
  };
}

/** Where it is done all the same, since nothing else is to be had there. */
export function warningOfElevated({ byNature, withoutDesktop }: Rights): Warning[] {
  if (!byNature || withoutDesktop) return [];
  return [
    {
      code: 'win-elevated-shell',
      message:
        'This terminal has the rights of an administrator, as all that this user starts has here (User Account Control is off, or this is the built-in Administrator), and so has Ollama.',
    },
  ];
}
