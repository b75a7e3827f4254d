import type { BrokenJob, JobFile } from '../../launchd/jobs.ts';
import type { Refusal } from '../room.ts';

/** A file that launchd could not read either; it is somebody's, so it is left as it is. */
export function unreadable({ path, why, line, forbidden }: BrokenJob): Refusal {
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
    remedy: `plutil -lint '${path}'`,
  };
}

/** The command of a job that sets the variable itself, which is stronger than what launchd gives it. */
export function setInProgram(path: string, where: string): Refusal {
  const place = where === 'ProgramArguments' ? path : where;
  return {
    code: 'set-in-program',
    exit: 4,
    message: `The command in ${place} sets OLLAMA_HOST itself.`,
    meaning: 'That is stronger than any variable that launchd gives it, so it has to be changed by hand.',
    remedy: `open -e '${place}'   # take OLLAMA_HOST=… out, then run this again`,
  };
}

/** nix-darwin and home-manager link such files into /nix/store, and write them anew. */
export function declared(path: string, wanted: string): Refusal {
  return {
    code: 'declared-in-nix',
    exit: 4,
    message: `${path} is kept by Nix, which writes it anew from its own configuration.`,
    meaning: 'The setting belongs there, so nothing was changed.',
    remedy: `set OLLAMA_HOST = "${wanted}" in the EnvironmentVariables of that agent, then: darwin-rebuild switch`,
  };
}

/** Whoever owns a folder can replace what is in it, so nothing is written there with the rights of another. */
export function ofAnother({ path, stat }: JobFile, owner: string): Refusal {
  return {
    code: 'plist-of-another',
    exit: 4,
    message: `${path} belongs to user ${stat.uid}, and is in the home of ${owner}.`,
    meaning: `Root does not write where ${owner} could put something in the way, so nothing was changed.`,
    remedy: `sudo chown ${owner} '${path}'   # then run this again`,
  };
}
