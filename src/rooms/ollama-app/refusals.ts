import type { Refusal } from '../room.ts';
import type { App, Running } from './app.ts';
import { databaseOf } from './database.ts';
import { VARIABLE } from './session.ts';

/** Nobody but the app makes its database: columns come and go with its versions. */
export function neverOpened({ account, bundle, session }: App): Refusal {
  const where = session.reachable ? '' : ` as ${account.name}, at the screen of this Mac`;
  return {
    code: 'mac-app-never-opened',
    exit: 4,
    message: `${bundle} has never been opened by ${account.name}, so its settings are not there yet.`,
    meaning: 'The app makes them when it is opened for the first time. Nothing was changed.',
    remedy: `open -a '${bundle}'   # once${where}; then run this again`,
  };
}

/** Of what cannot be read nobody knows what it would be put back to. */
export function unreadable({ account, bundle }: App, why: string): Refusal {
  return {
    code: 'mac-app-settings-unreadable',
    exit: 4,
    message: `The settings of ${bundle} cannot be read: ${why}.`,
    meaning: 'They decide where the app has Ollama listen, so nothing was changed.',
    remedy: `sqlite3 '${databaseOf(account)}' 'SELECT expose FROM settings WHERE id=1;'   # mend what it says, then run this again`,
  };
}

/** Without the session's variables the app would not be told before the next login. */
export function wrongSession({ account, bundle }: App, wanted: string): Refusal {
  return {
    code: 'mac-setenv-wrong-session-over-ssh',
    exit: 5,
    message: `From here (ssh, or another session) ${VARIABLE} cannot be set in the session in which ${bundle} runs.`,
    meaning: `The app's own switch can say nothing but all addresses and port 11434, so ${wanted} has to be a variable of ${account.name}'s login at the screen. Nothing was changed.`,
    remedy: `sudo npx stigmer-setup-ollama --host ${wanted}   # or without sudo, in Terminal at the screen of this Mac`,
  };
}

/** The agent could be removed from here; the session would keep the variable, and the app could not be opened anew. */
export function cannotUnset({ account, bundle }: App): Refusal {
  return {
    code: 'mac-setenv-wrong-session-over-ssh',
    exit: 5,
    message: `From here (ssh, or another session) ${VARIABLE} cannot be taken out of the session in which ${bundle} runs.`,
    meaning: `It is a variable of ${account.name}'s login at the screen. Nothing was changed.`,
    remedy:
      'npx stigmer-setup-ollama undo   # in Terminal at the screen of this Mac, or once nobody is logged in there',
  };
}

export function ofSomebodyElse({ bundle, main }: Running): Refusal {
  return {
    code: 'mac-app-of-another-user',
    exit: 5,
    message: `${bundle} (process ${main.pid}) runs for user ${main.uid}.`,
    meaning: 'Its settings are kept in that home, so nothing was changed.',
    remedy: 'npx stigmer-setup-ollama   # as that user',
  };
}
