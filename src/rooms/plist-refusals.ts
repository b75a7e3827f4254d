import type { BrokenJob } from '../launchd/jobs.ts';
import type { Refusal } from './room.ts';

/** A file that launchd could not read either; it is somebody's, so it is left as it is. `hint` is one more way to mend it. */
export function unreadablePlist({ path, why, line, forbidden }: BrokenJob, hint = ''): Refusal {
  if (forbidden) {
    return {
      code: 'plist-unreadable',
      exit: 5,
      message: `${path} may not be read by this user.`,
      meaning: 'It says how Ollama is started, so nothing was changed.',
      remedy: 'sudo npx stigmer-setup-ollama',
    };
  }
  return {
    code: 'plist-broken',
    exit: 4,
    message: `${path} is not a property list that can be read: ${line === undefined ? '' : `line ${line}: `}${why}.`,
    meaning: 'launchd cannot load it either, so it was left as it is.',
    remedy: `plutil -lint '${path}'${hint}`,
  };
}

/** nix-darwin and home-manager link such files into /nix/store, and write them anew. `how` is the setting to make there. */
export function declaredInNix(path: string, how: string): Refusal {
  return {
    code: 'declared-in-nix',
    exit: 4,
    message: `${path} is kept by Nix, which writes it anew from its own configuration.`,
    meaning: 'The setting belongs there, so nothing was changed.',
    remedy: `${how}, then: darwin-rebuild switch`,
  };
}
