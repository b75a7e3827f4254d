import { backward } from '../../windows/system.ts';
import type { Refusal } from '../room.ts';
import { VARIABLE } from '../windows-variable.ts';
import type { App } from './app.ts';

/** With the switch on, the app takes no other value. */
export function switchedOn(wanted: string): Refusal {
  return {
    code: 'win-app-expose-drops-custom-port',
    exit: 4,
    message: `The app's own switch "Expose Ollama to the network" is on, which makes it listen on every address and port 11434, whatever ${VARIABLE} says.`,
    meaning: `${wanted} takes effect only with the switch off. Nothing was changed.`,
    remedy: 'Ollama\'s window, Settings: turn "Expose Ollama to the network" off, then run this again',
  };
}

export function upgrading({ folder }: App): Refusal {
  return {
    code: 'win-upgrade-in-progress',
    exit: 4,
    message: `Ollama's setup program is running, so ${backward(folder)} is about to change.`,
    meaning: 'Nothing was changed.',
    remedy: 'wait until the setup of Ollama has ended, then run this again',
  };
}
