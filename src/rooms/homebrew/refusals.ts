import type { BrokenJob } from '../../launchd/jobs.ts';
import type { Refusal } from '../room.ts';
import type { Service } from './service.ts';

/** A file that launchd could not read either; it is somebody's, so it is left as it is. */
export function brokenPlist({ path, why, line, forbidden }: BrokenJob): Refusal {
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
    remedy: `plutil -lint '${path}'   # mend it, or let Homebrew write it anew: brew services restart ollama`,
  };
}

/** Without brew nobody registers a service that never was. */
export function noBrew({ brew }: Service): Refusal {
  return {
    code: 'brew-missing',
    exit: 4,
    message: `Ollama's formula is in ${brew.prefix}, but there is no brew to start it as a service.`,
    meaning: 'Nothing was changed.',
    remedy: 'OLLAMA_HOST=0.0.0.0:11434 ollama serve',
  };
}

/** nix-darwin, home-manager and the like keep such files read-only and write them anew. */
export function declared(path: string): Refusal {
  return {
    code: 'declared-in-nix',
    exit: 4,
    message: `${path} is kept by Nix, which writes it anew from its own configuration.`,
    meaning: 'The setting belongs there, so nothing was changed.',
    remedy:
      'set launchd.user.agents.ollama.serviceConfig.EnvironmentVariables.OLLAMA_HOST = "0.0.0.0:11434", then: darwin-rebuild switch',
  };
}
