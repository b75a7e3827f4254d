import type { JobFile } from '../../launchd/jobs.ts';
import { declaredInNix } from '../plist-refusals.ts';
import type { Refusal } from '../room.ts';

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

export function declared(path: string, wanted: string): Refusal {
  return declaredInNix(path, `set OLLAMA_HOST = "${wanted}" in the EnvironmentVariables of that agent`);
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
