import type { Check } from '../../checks/check.ts';
import { type Surroundings, surroundingsOf } from '../../wsl/surroundings.ts';
import { findOnWindows, type WindowsOllama } from '../../wsl/windows-ollama.ts';
import type { WslVersion } from '../../wsl/wsl.ts';
import { explained, type Installation, type Scene } from '../room.ts';
import { tellOfWsl } from './warnings.ts';
import { reachFromHere, refusalOf, whereSeen } from './words.ts';

/** Finds what runs inside a distribution of WSL by `inside`, and meanwhile the Ollama of Windows, which is only explained. */
export async function detectInWsl(
  scene: Scene,
  version: WslVersion,
  inside: (scene: Scene) => Promise<Installation[]>,
): Promise<Installation[]> {
  const { host } = scene;
  // Before the rooms take theirs away.
  const servers = scene.servers.length > 0;
  const look = async () => {
    const around = await surroundingsOf(host, version);
    return { around, windows: await findOnWindows(host, around, servers) };
  };
  const [found, { around, windows }] = await Promise.all([inside(scene), look()]);
  for (const one of found) tellOfWsl(one, around, windows);
  return windows ? [...found, describe(windows, around)] : found;
}

/** It has no process here, so that it never stands in the way of one that has. */
function describe(windows: WindowsOllama, around: Surroundings): Installation {
  const phase = windows.answer ? 'running' : 'stopped';
  const state = { phase, pids: [], uid: undefined } as const;
  const one = explained(
    'windows-host',
    'windows',
    'the Ollama on Windows',
    { ...state, pids: [] },
    refusalOf(windows, around),
  );
  return { ...one, examine: async () => [checkOf(windows, around)] };
}

/** What doctor can say of it: whether it is reached from here, and what that means for containers. */
function checkOf(windows: WindowsOllama, around: Surroundings): Check {
  const { mode } = around.networking;
  const { remedy } = refusalOf(windows, around);
  const check = {
    id: 'windows-side',
    summary: `Ollama is on Windows (${whereSeen(windows)}), not in this WSL distribution. ${reachFromHere(windows, around)}`,
    evidence: windows.answer ? `GET ${windows.answer.url}/api/version` : `${around.conf.root}c/Users`,
  };
  if (windows.answer && (mode === 'nat' || around.dockerDesktop)) return { ...check, status: 'pass' };
  // Docker Desktop's containers may well reach what this distribution does not.
  const blind = windows.answer !== undefined || around.dockerDesktop || mode !== 'nat';
  return { ...check, status: blind ? 'warn' : 'fail', cause: 'wsl2-windows-ollama-loopback', remedy };
}
