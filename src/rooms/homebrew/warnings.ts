import type { Warning } from '../room.ts';
import { definingFile, type Service } from './service.ts';

const VARIABLE = 'OLLAMA_HOST';

/** What will not last, or was passed over, by the names of the troubleshooting guide's causes. */
export function warningsOf(service: Service): Warning[] {
  return [
    notDurable(service),
    handEdited(service),
    envFileRefused(service),
    renaming(service),
    twice(service),
    foreignKeg(service),
    notRegistered(service),
  ].filter((warning) => warning !== undefined);
}

/** Before 6.0.15 an upgrade brings a new keg, and root's daemons have no env file in any version. */
function notDurable({ daemon, keepsEnv, loaded, registered }: Service): Warning | undefined {
  if (loaded === undefined && registered.length === 0) return undefined;
  if (daemon) {
    const message =
      'Homebrew writes the file of a daemon anew at every `sudo brew services restart ollama`, and has no place for its variables: the setting lasts until then, and `doctor` will notice. A service of your own (`brew services start ollama`, without sudo) keeps it.';
    return { code: 'mac-brew-restart-rewrites-plist', message };
  }
  if (keepsEnv !== false) return undefined;
  const message =
    'This Homebrew is older than 6.0.15: `brew upgrade ollama` will undo the setting, and `doctor` will notice. After `brew update`, run this again to make it last.';
  return { code: 'mac-brew-upgrade-resets-keg-plist', message };
}

function handEdited(service: Service): Warning | undefined {
  const { daemon, keepsEnv, envFile } = service;
  const value = definingFile(service)?.environment[VARIABLE];
  if (daemon || keepsEnv !== true || value === undefined || envFile?.value !== undefined) return undefined;
  const message = `${VARIABLE}=${value} stands in the service's file only, which Homebrew writes anew at the next \`brew services restart ollama\`; ${envFile?.path} is where it lasts.`;
  return { code: 'mac-brew-restart-rewrites-plist', message, mended: true };
}

function envFileRefused({ envFile, keepsEnv }: Service): Warning | undefined {
  if (!envFile?.refused || keepsEnv === false) return undefined;
  const message = `Homebrew passes over ${envFile.path}, since others than you can write it: chmod 600 '${envFile.path}'`;
  return { code: 'mac-brew-env-file-refused', message, mended: true };
}

function renaming({ label, keg, loaded }: Service): Warning | undefined {
  if (!loaded || !keg || keg.label === label) return undefined;
  const message = `Homebrew calls this service ${keg.label} by now and will rename ${label} at the next \`brew services restart ollama\`; the setting goes with it.`;
  return { code: 'mac-brew-label-migration', message };
}

function notRegistered({ loaded, registered }: Service): Warning | undefined {
  if (!loaded || registered.length > 0) return undefined;
  const message =
    'It was started with `brew services run`, so it does not start at login: brew services stop ollama && brew services start ollama';
  return { code: 'not-enabled', message };
}

/** brew over ssh or through sudo loads a second copy into user/501; in the middle of the renaming each label has a file. */
function twice({ loaded, others, registered, account }: Service): Warning | undefined {
  const [other] = others;
  if (loaded && other) {
    const [one, two] = [loaded, other].map(({ domain, label }) => `${domain}/${label}`);
    const code = other.domain === loaded.domain ? 'mac-brew-label-migration' : 'mac-brew-over-ssh-domain';
    const message = `launchd has this service twice, as ${one} and as ${two}, and both want the same port: launchctl bootout ${two}`;
    return { code, message };
  }
  if (registered.length < 2) return undefined;
  const paths = registered.map(({ path }) => path.replace(`${account.home}/`, '~/')).join(' and ');
  const message = `launchd will start this service twice at the next login, from ${paths}: \`brew services restart ollama\` leaves one of them.`;
  return { code: 'mac-brew-label-migration', message };
}

function foreignKeg({ foreignKeg, keepsEnv, keg }: Service): Warning | undefined {
  if (!foreignKeg || keepsEnv === true) return undefined;
  const message = `${keg?.real} belongs to another user and is left as it is; this Homebrew copies it over the service's file at every \`brew services restart ollama\`, so the setting lasts until then.`;
  return { code: 'mac-brew-restart-rewrites-plist', message };
}
