import type { Host } from '../../host/host.ts';
import { explained, type Installation, type Room, type Scene, type ServiceState, type Setting } from '../room.ts';
import { tail } from '../tail.ts';
import { type App, findRunning, ofUser, type Running, stateOf } from './app.ts';
import { switchSubject } from './database.ts';
import { findApps, readApp } from './detect.ts';
import { planFor } from './plan.ts';
import { ofSomebodyElse, unreadable } from './refusals.ts';
import { warningsOf } from './warnings.ts';
import { wayBack } from './way-back.ts';

const KIND = 'ollama-app';
/** How long an app that was just opened may take to show among the processes. */
const COMING_UP = 5000;

/** Ollama.app of macOS, which starts the server itself: one for each user who counts, since its settings are the user's. */
export const ollamaAppRoom: Room = {
  kind: KIND,
  async detect(scene) {
    if (scene.host.platform !== 'darwin' || scene.offline) return [];
    const { apps, others } = await findApps(scene);
    return [...(await Promise.all(apps.map((app) => describe(scene, app)))), ...others.map(foreign)];
  },
};

function foreign(running: Running): Installation {
  const { main, bundle } = running;
  const title = `the app ${bundle} of user ${main.uid}`;
  return explained(KIND, `${main.uid}/Ollama.app`, title, stateOf(running, main.uid), ofSomebodyElse(running));
}

async function describe({ host }: Scene, app: App): Promise<Installation> {
  const { account, bundle, expose } = app;
  // Not by the path: the settings stay the same wherever the app is moved to.
  const id = account.uid === host.user.uid ? 'Ollama.app' : `${account.name}/Ollama.app`;
  const target = `${KIND}:${id}`;
  const refusal = expose.kind === 'unreadable' ? unreadable(app, expose.why) : undefined;
  const settings = settingsOf(app);
  let opened = false;
  return {
    kind: KIND,
    id,
    target,
    title: `the app ${bundle}${account.uid === host.user.uid ? '' : ` of ${account.name}`}`,
    state: stateOf(app, account.uid),
    settings,
    value: settings.find(({ effective }) => effective)?.value ?? undefined,
    warnings: await warningsOf(host, app),
    needsRoot: false,
    ...(refusal ? { refusal } : {}),
    ...(expose.kind === 'missing' && app.main === undefined ? { dormant: true } : {}),
    logCommand: `tail -n 50 '${logFile(app)}'`,
    plan: async (request) => {
      opened = request.restart;
      return refusal ?? planFor(host, app, target, request);
    },
    moved: async (done) => wayBack(host, await fresh(host, app), done),
    reread: async () => settingsOf(await fresh(host, app)),
    observe: () => observe(host, app, opened),
    log: async () => tail(host, logFile(app)),
  };
}

/** In the order of their strength, the strongest last. */
function settingsOf({ account, expose, session, agent }: App): Setting[] {
  const isOn = expose.kind === 'known' && expose.on;
  const settings: Setting[] = [];
  // The agent only gives its value to the session: by itself it counts where that cannot be asked.
  if (agent.value !== undefined)
    settings.push({ value: agent.value, source: agent.path, effective: !isOn && !session.reachable });
  if (session.value !== undefined)
    settings.push({ value: session.value, source: `launchctl setenv (${session.domain})`, effective: !isOn });
  if (isOn) settings.push({ value: '0.0.0.0', source: switchSubject(account), effective: true });
  return settings;
}

async function fresh(host: Host, { account, bundle }: App): Promise<App> {
  const running = ofUser(await findRunning(host), account.uid, bundle);
  return readApp(host, account, running?.bundle ?? bundle, running);
}

/** `open` may be done before the app is seen among the processes: one that was to be opened is waited for. */
async function observe(host: Host, { account, bundle }: App, opened: boolean): Promise<ServiceState> {
  const look = async () => ofUser(await findRunning(host), account.uid, bundle);
  const deadline = host.now() + (opened ? COMING_UP : 0);
  let running = await look();
  while (running === undefined && host.now() < deadline && !host.interrupted.aborted) {
    await host.sleep(100, host.interrupted);
    running = await look();
  }
  return stateOf(running, account.uid);
}

function logFile({ account }: App): string {
  return `${account.home}/.ollama/logs/server.log`;
}
