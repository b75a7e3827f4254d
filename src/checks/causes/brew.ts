import { type Brief, SETUP } from './brief.ts';

/** Causes of Homebrew services. */
export const BREW = {
  'mac-brew-launchctl-setenv-no-effect': [
    "launchctl setenv misses Homebrew's service",
    'The service was running already, or probably lives in another session.',
    SETUP,
  ],
  'mac-brew-restart-rewrites-plist': [
    'brew services writes its file anew',
    'What was edited in it lasts until the next start or restart.',
    SETUP,
  ],
  'mac-brew-upgrade-resets-keg-plist': [
    'brew upgrade brought a fresh file',
    "The edit was in the old version's folder; newer Homebrews do not read it at all.",
    SETUP,
  ],
  'mac-brew-env-file-refused': [
    'Homebrew passes over the file with the setting',
    "Others may write to it, or the service is root's; both it refuses.",
    'chmod 600 ~/.homebrew/services/ollama.env',
  ],
  'mac-brew-over-ssh-domain': [
    'Started over ssh, the service is elsewhere',
    'brew then uses another session of launchd; a second copy can be loaded.',
    'brew services restart ollama',
  ],
  'mac-brew-label-migration': [
    'Homebrew is renaming this service',
    'homebrew.mxcl.ollama becomes sh.brew.ollama; for a while both may be there.',
    'brew services restart ollama',
  ],
} as const satisfies Record<string, Brief>;
