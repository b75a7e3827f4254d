import type { Warning } from '../room.ts';
import { warningOfElevated } from '../windows-elevated.ts';
import { clientsWarning, isUnspecified, scopeWarnings, VARIABLE } from '../windows-variable.ts';
import type { App } from './app.ts';
import { isSwitchValue } from './expose.ts';

/** The first version whose window does not call the address that the server listens on (commit 3f3a24b4 in ollama/ollama). */
const WINDOW_SINCE = '0.18.3';

/** What is to be said of the app as it is. */
export async function warningsOf(app: App): Promise<Warning[]> {
  const { variable, expose } = app;
  const isOn = expose.kind === 'known' && expose.on;
  const { value } = variable;
  return [
    ...(isOn ? dropsPort(value) : []),
    ...(expose.kind === 'unknown' ? [unknownSwitch(expose.why)] : []),
    ...scopeWarnings(variable),
    ...clientsWarning(value, offerOf(app, value)),
    ...(await hangs(app, value)),
    ...desktop(app),
    ...warningOfElevated(app.rights),
  ];
}

/** What the wanted value brings with it, where it is not set yet. */
export async function consequencesOf(app: App, wanted: string): Promise<Warning[]> {
  const { value } = app.variable;
  if (value !== undefined && isUnspecified(value)) return []; // said of what is there
  return [...clientsWarning(wanted, offerOf(app, wanted)), ...(await hangs(app, wanted))];
}

function offerOf({ expose }: App, value: string | undefined): string {
  if (value === undefined || !isSwitchValue(value) || expose.kind === 'missing') return '';
  if (expose.kind === 'known' && expose.on)
    return ` The app's own switch "Expose Ollama to the network" is on, so that the variable is not needed: reg delete HKCU\\Environment /v ${VARIABLE} /f`;
  return ' Or do without the variable: in Ollama\'s window, Settings, "Expose Ollama to the network" does the same for this server alone.';
}

function dropsPort(value: string | undefined): Warning[] {
  if (value === undefined || isSwitchValue(value)) return [];
  return [
    {
      code: 'win-app-expose-drops-custom-port',
      message: `The app's switch "Expose Ollama to the network" is on, so ${VARIABLE}=${value} has no effect: the app replaces it by 0.0.0.0, port 11434.`,
    },
  ];
}

function unknownSwitch(why: string): Warning {
  return {
    code: 'win-app-switch-unknown',
    message: `The app has a switch of its own, "Expose Ollama to the network", which is stronger than ${VARIABLE}. Whether it is on is not known: ${why}. Ollama's window tells, under Settings.`,
  };
}

async function hangs({ version }: App, value: string | undefined): Promise<Warning[]> {
  if (version === undefined || value === undefined || !isUnspecified(value)) return [];
  const semver = await import('../../ollama/semver.ts');
  const known = semver.coerce(version);
  if (known === null || semver.gte(known, WINDOW_SINCE)) return [];
  return [
    {
      code: 'win-gui-stuck-with-0.0.0.0',
      message: `The window of Ollama ${version} does not get past loading with ${VARIABLE}=${value}; the server itself works. Ollama ${WINDOW_SINCE} mends it.`,
    },
  ];
}

/** Whether this program can start the app where its user sees it. */
function desktop({ rights, elsewhere, running }: App): Warning[] {
  if (rights.withoutDesktop) {
    const what = elsewhere.length > 0 ? 'runs on the desktop' : 'belongs on the desktop';
    return [
      {
        code: 'win-no-desktop-here',
        message: `This is a session of ssh or of a service, and Ollama ${what}: what is set from here takes effect once its user has quit it there and started it again, or at the next sign-in.`,
      },
    ];
  }
  if (running.length > 0 || elsewhere.length === 0) return [];
  return [
    {
      code: 'win-app-of-another-desktop',
      message: `Ollama runs for another user of this PC (process ${elsewhere[0]?.pid}), whose settings are their own.`,
    },
  ];
}
