import type { Host } from '../../host/host.ts';
import { parseHost } from '../../ollama/host-value.ts';
import { portNote } from '../../windows/ports.ts';
import { backward } from '../../windows/system.ts';
import type { Installation, Room, ServiceState, Setting } from '../room.ts';
import { readHostVariable, settingsOf } from '../windows-variable.ts';
import { type App, findApp, logFile, members, portsOf, serverLog, stateOf } from './app.ts';
import { databaseOf } from './expose.ts';
import { planFor, wayBack } from './plan.ts';
import { consequencesOf, warningsOf } from './warnings.ts';

const KIND = 'windows-app';
const TARGET = `${KIND}:Ollama`;
/** How long an app that was just started may take to show among the processes. */
const COMING_UP = 5000;
const LAST_LINES = 8;

/** Ollama's app of Windows, which starts the server itself: that of the user who runs this program. */
export const windowsAppRoom: Room = {
  kind: KIND,
  async detect(scene) {
    if (scene.host.platform !== 'win32' || scene.offline) return [];
    const app = await findApp(scene.host);
    if (!app) return [];
    scene.servers = scene.servers.filter(({ pid }) => !app.servers.some((own) => own.pid === pid));
    return [await describe(scene.host, app)];
  },
};

async function describe(host: Host, app: App): Promise<Installation> {
  const settings = settingsOfApp(host, app);
  const value = settings.find(({ effective }) => effective)?.value ?? undefined;
  let ports = portsOf(app.variable);
  let restarted = false;
  return {
    kind: KIND,
    id: 'Ollama',
    target: TARGET,
    title: `the app in ${backward(app.folder)}`,
    state: stateOf(
      { apps: app.rights.withoutDesktop ? [...app.running, ...app.elsewhere] : app.running, servers: app.servers },
      host.user.uid,
    ),
    settings,
    value,
    warnings: await warningsOf(app),
    needsRoot: false,
    startedByUser: true,
    logCommand: `type "${backward(logFile(host))}"`,
    consequences: (wanted) => consequencesOf(app, wanted),
    plan: async (request) => {
      ports = portsOf(app.variable, request.wanted);
      restarted = request.restart && !app.rights.withoutDesktop && app.running.length > 0;
      return planFor(host, app, TARGET, request);
    },
    moved: async ({ wanted }) => {
      restarted = !app.rights.withoutDesktop;
      return wayBack(host, app, wanted);
    },
    reread: async () => settingsOfApp(host, { ...app, variable: await readHostVariable(host) }),
    observe: () => observe(host, ports, restarted),
    given: async () => given(host),
    log: async () => lastWords(host, ports),
  };
}

/** In the order of their strength, the strongest last. */
function settingsOfApp(host: Host, { variable, expose }: App): Setting[] {
  const isOn = expose.kind === 'known' && expose.on;
  const settings = settingsOf(host, variable, isOn);
  if (isOn)
    settings.push({ value: '0.0.0.0', source: `settings.expose in ${backward(databaseOf(host))}`, effective: true });
  return settings;
}

async function observe(host: Host, ports: number[], restarted: boolean): Promise<ServiceState> {
  const deadline = host.now() + (restarted ? COMING_UP : 0);
  let now = await members(host, ports);
  while (now.apps.length === 0 && host.now() < deadline && !host.interrupted.aborted) {
    await host.sleep(200, host.interrupted);
    now = await members(host, ports);
  }
  return stateOf(now, host.user.uid);
}

/** A server writes down what it was given as it starts (cmd/cmd.go and envconfig/config.go in ollama/ollama). */
function given(host: Host) {
  const value = /\bOLLAMA_HOST:(\S+?)[\s\]"]/.exec(serverLog(host))?.[1];
  if (value === undefined) return undefined;
  const { host: address, port } = parseHost(value);
  return { value: `${address}:${port}`, evidence: `${backward(logFile(host))}: OLLAMA_HOST:${value}` };
}

/** The end of the server's log, and what Windows does not say when it keeps a port to itself. */
async function lastWords(host: Host, ports: readonly number[]): Promise<string> {
  const lines = serverLog(host).split('\n').slice(-LAST_LINES);
  return [...lines, ...(await portNote(host, ports))].filter(Boolean).join('\n');
}
