import { wslVersion } from '../wsl/wsl.ts';
import { containerRoom } from './container/room.ts';
import { processRoom } from './process/room.ts';
import type { Installation, Room, Scene } from './room.ts';
import { runitRoom } from './runit/room.ts';
import { systemdRoom, systemdUserRoom } from './systemd/room.ts';

/** By snapd's unit, or by a server out of the snap. */
const snapRoom: Room = {
  kind: 'snap',
  async detect(scene) {
    const unit = scene.host.files.stat('/etc/systemd/system/snap.ollama.listener.service');
    if (!unit && !scene.servers.some(({ argv }) => argv[0]?.startsWith('/snap/ollama/'))) return [];
    return scene.offline ? [] : (await import('./snap/room.ts')).detectSnap(scene);
  },
};

/** Where systemd runs, whatever OpenRC has left is not in force; in an image its program for /sbin/init tells. */
const openrcRoom: Room = {
  kind: 'openrc',
  async detect(scene) {
    const { files } = scene.host;
    if (!files.stat('/sbin/openrc-run') || files.stat('/run/systemd/system')) return [];
    if (scene.offline && files.real('/sbin/init')?.endsWith('/systemd')) return [];
    return (await import('./openrc/room.ts')).detectOpenrc(scene);
  },
};

/** In the order in which they look: whoever supervises a server claims its processes before the ones that only see a process. */
const LINUX: readonly Room[] = [
  systemdRoom,
  systemdUserRoom,
  snapRoom,
  openrcRoom,
  runitRoom,
  containerRoom,
  processRoom,
];

/** Each platform pays for the reading of its own rooms alone. */
async function roomsOf(platform: NodeJS.Platform): Promise<readonly Room[]> {
  if (platform === 'win32') return (await import('./windows.ts')).WINDOWS;
  return platform === 'darwin' ? (await import('./macos.ts')).MACOS : LINUX;
}

/** Every Ollama on this host; in WSL the one of Windows too. */
export async function detectAll(scene: Scene): Promise<Installation[]> {
  const wsl = scene.offline ? undefined : wslVersion(scene.host);
  return wsl ? (await import('./windows-host/room.ts')).detectInWsl(scene, wsl, detectHere) : detectHere(scene);
}

/** The files of a service manager that is not running do not count beside those of one that is, or beside a server. */
async function detectHere(scene: Scene): Promise<Installation[]> {
  const found: Installation[] = [];
  for (const room of await roomsOf(scene.host.platform)) found.push(...(await room.detect(scene)));
  if (scene.host.platform !== 'linux') return found;
  const { stat } = scene.host.files;
  const handRun = found.some(({ kind }) => kind === 'process');
  const openrc = found.some(({ kind }) => kind === 'openrc') && (scene.offline || stat('/run/openrc/softlevel'));
  const idle = [
    ...((handRun || openrc) && !stat('/run/systemd/system') ? ['systemd', 'systemd-user'] : []),
    ...(handRun && !stat('/run/openrc/softlevel') ? ['openrc'] : []),
  ];
  return found.filter(({ kind }) => !idle.includes(kind));
}
