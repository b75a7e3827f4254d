import type { Host } from '../../host/host.ts';
import type { Account } from '../../launchd/accounts.ts';
import type { BrokenJob } from '../../launchd/jobs.ts';
import { declaredInNix, unreadablePlist } from '../plist-refusals.ts';
import type { Refusal } from '../room.ts';
import type { Service } from './service.ts';

/** Homebrew itself can write the file anew. */
export function brokenPlist(job: BrokenJob): Refusal {
  return unreadablePlist(job, '   # mend it, or let Homebrew write it anew: brew services restart ollama');
}

/** The file, or else the nearest folder above it, that belongs to somebody else, so that its user cannot replace the file. */
export function strangerAt(host: Host, path: string, { uid }: Account): string | undefined {
  const file = host.files.stat(path);
  if (file !== undefined && file.uid !== uid) return path;
  let dir = path;
  do dir = dir.slice(0, dir.lastIndexOf('/')) || '/';
  while (dir !== '/' && !host.files.stat(dir));
  const stat = host.files.stat(host.files.real(dir) ?? dir);
  return stat !== undefined && stat.uid !== uid ? dir : undefined;
}

/** As root's `brew` or a slip of sudo leaves it. Root does not write where a user could lead it elsewhere. */
export function notTheirs(path: string, { name, uid, gid }: Account): Refusal {
  return {
    code: 'foreign-owner',
    exit: 4,
    message: `${path} does not belong to ${name}, whose service it is about.`,
    meaning: 'It cannot be changed in that name, so nothing was changed.',
    remedy: `sudo chown ${uid}:${gid} '${path}'   # then run this again`,
  };
}

/** In the place of services/ollama.env is something that Homebrew cannot read either. */
export function notReadable(path: string): Refusal {
  return {
    code: 'env-file-unreadable',
    exit: 4,
    message: `${path} is not a file that can be read, by Homebrew neither.`,
    meaning: 'Nothing was changed.',
    remedy: `ls -ld '${path}'   # a file of mode 600 belongs there, or none`,
  };
}

/** Without brew nobody registers a service that never was. */
export function noBrew({ brew }: Service, wanted: string): Refusal {
  return {
    code: 'brew-missing',
    exit: 4,
    message: `Ollama's formula is in ${brew.prefix}, but there is no brew to start it as a service.`,
    meaning: 'Nothing was changed.',
    remedy: `OLLAMA_HOST=${wanted} ${brew.prefix}/opt/ollama/bin/ollama serve`,
  };
}

export function declared(path: string): Refusal {
  const option = 'launchd.user.agents.ollama.serviceConfig.EnvironmentVariables.OLLAMA_HOST';
  return declaredInNix(path, `set ${option} = "0.0.0.0:11434"`);
}
