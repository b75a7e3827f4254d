import { parseHost } from '../../ollama/host-value.ts';
import { findProcesses } from '../../probes/processes.ts';
import { portNote } from '../../windows/ports.ts';
import { type Installation, isServe, type Room, type Scene } from '../room.ts';
import { planFor } from './plan.ts';
import { findServices, type Managed, readManaged, settingsOf, stateOf } from './service.ts';

const KIND = 'windows-service';

/** Ollama as a service of Windows. */
export const windowsServiceRoom: Room = {
  kind: KIND,
  async detect(scene) {
    if (scene.host.platform !== 'win32' || scene.offline) return [];
    return (await findServices(scene)).map((managed) => describe(scene, managed));
  },
};

function describe(scene: Scene, managed: Managed): Installation {
  const { host } = scene;
  const { name } = managed.service;
  const target = `${KIND}:${name}`;
  const settings = settingsOf(managed);
  const now = async () => {
    const elsewhere = { ...scene, servers: await findProcesses(host, isServe) };
    return (await findServices(elsewhere)).find(({ service }) => service.name === name) ?? managed;
  };
  return {
    kind: KIND,
    id: name,
    target,
    title: `the Windows service ${name}`,
    state: stateOf(managed, host.user.uid),
    settings,
    value: settings.find(({ effective }) => effective)?.value ?? undefined,
    warnings: accountWarning(managed),
    needsRoot: false,
    logCommand: `sc queryex ${name}`,
    plan: (request) => planFor(host, managed, target, request),
    reread: async () => settingsOf((await readManaged(host, name, [])) ?? managed),
    observe: async () => stateOf(await now(), host.user.uid),
    log: async () => {
      const ports = [
        ...new Set([undefined, settings.at(-1)?.value ?? undefined].map((value) => parseHost(value).port)),
      ];
      return (await portNote(host, ports)).join('\n');
    },
  };
}

/** The models of such an account are its own, so that those which the user has downloaded seem to be missing. */
function accountWarning({ service: { name, account } }: Managed) {
  if (!/^(?:LocalSystem|NT AUTHORITY\\.*)$/i.test(account)) return [];
  return [
    {
      code: 'win-service-nssm',
      message: `The service ${name} runs as ${account}: it has neither the variables nor the models of this user.`,
    },
  ];
}
