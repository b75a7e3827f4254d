import { wslVersion } from '../wsl/wsl.ts';
import { containerRoom } from './container/room.ts';
import { openrcRoom } from './openrc/room.ts';
import { processRoom } from './process/room.ts';
import type { Installation, Room, Scene } from './room.ts';
import { runitRoom } from './runit/room.ts';
import { snapRoom } from './snap/room.ts';
import { systemdRoom, systemdUserRoom } from './systemd/room.ts';

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

/** A unit file whose manager is not running does not count beside a server that is. */
async function detectHere(scene: Scene): Promise<Installation[]> {
  const found: Installation[] = [];
  for (const room of await roomsOf(scene.host.platform)) found.push(...(await room.detect(scene)));
  if (scene.host.platform !== 'linux') return found;
  const handRun = found.some(({ kind }) => kind === 'process');
  const booted = scene.host.files.stat('/run/systemd/system') !== undefined;
  return handRun && !booted ? found.filter(({ kind }) => !kind.startsWith('systemd')) : found;
}
