import { parseHost, scopeOf } from '../../ollama/host-value.ts';
import type { Surroundings } from '../../wsl/surroundings.ts';
import { PORT, type WindowsOllama } from '../../wsl/windows-ollama.ts';
import type { Installation, Warning } from '../room.ts';
import { WSL1, whereSeen, withoutSystemd } from './words.ts';

/** Adds to an Ollama inside WSL what WSL means for it: what is so now, and what a wanted value would bring. */
export function tellOfWsl(one: Installation, around: Surroundings, windows: WindowsOllama | undefined): void {
  const refusal = one.refusal ?? WSL1;
  if (around.version === 1) {
    Object.assign(one, { refusal, plan: () => refusal });
    return;
  }
  const idle = one.state.pids.length === 0 && one.kind.startsWith('systemd');
  const open = (one.refusal?.code ?? 'manager-not-answering') === 'manager-not-answering';
  if (!around.booted && idle && open) Object.assign(one, { refusal: withoutSystemd(one.title, around.conf.systemd) });
  const now = [...systemd(around), ...twoOllamas(windows, around), IDLE, ...exposed(one.value, around)];
  one.warnings = [...one.warnings, ...now];
  const own = one.consequences?.bind(one);
  one.consequences = async (wanted) => {
    const more = [...exposed(wanted, around), ...notRelayed(wanted, around)];
    const told = new Set(one.warnings.map(({ code }) => code));
    return [...((await own?.(wanted)) ?? []), ...more.filter(({ code }) => !told.has(code))];
  };
}

const IDLE: Warning = {
  code: 'wsl2-idle-shutdown',
  mayBe: true,
  message:
    'WSL shuts a distribution down when it is idle, and Ollama with it, service or not: if it is refused some seconds after the last WSL terminal was closed, that is why.',
};

function systemd({ booted, conf }: Surroundings): Warning[] {
  if (booted) return [];
  const message = conf.systemd
    ? '/etc/wsl.conf asks for systemd, which does not run yet: `wsl --shutdown` in PowerShell on Windows makes it take effect. Until then nothing starts Ollama by itself.'
    : 'systemd does not run in this WSL distribution, so nothing starts Ollama by itself, and no setting lasts. With `systemd=true` under `[boot]` in /etc/wsl.conf and `wsl --shutdown` in PowerShell it does; then install Ollama once more for its service.';
  return [{ code: 'wsl2-systemd-disabled', message }];
}

/** An answer alone may come from a rule of Windows that leads back in here. */
function twoOllamas(windows: WindowsOllama | undefined, { networking }: Surroundings): Warning[] {
  if (windows === undefined) return [];
  const other = windows.program
    ? `There is a second Ollama, on Windows (${whereSeen(windows)}).`
    : `An Ollama answers on Windows' side too (${whereSeen(windows)}): a second one, or a rule that leads back here (netsh interface portproxy show all).`;
  const which =
    networking.mode === 'mirrored'
      ? `Windows and WSL share port ${PORT}: the one that is started second does not get it.`
      : `On Windows, localhost:${PORT} may be either of them, each with models of its own.`;
  return [{ code: 'wsl2-two-ollamas', message: `${other} ${which} Keep one of them.` }];
}

/** Who is kept from a server on all interfaces all the same. */
function exposed(value: string | undefined, { networking }: Surroundings): Warning[] {
  const { scope, port } = bound(value);
  const { mode, inferred } = networking;
  if (scope === 'loopback') return [];
  if (mode === 'nat') {
    const guess = inferred ? 'WSL seems to be' : 'WSL is';
    const message = `${guess} behind Windows' NAT: this PC reaches it, other machines do not, unless Windows forwards port ${port} (netsh interface portproxy) or WSL is set to mirrored networking.`;
    return [{ code: 'wsl2-lan-needs-portproxy', message }];
  }
  if (mode !== 'mirrored') return [];
  const rule = `New-NetFirewallHyperVRule -Name Ollama -DisplayName Ollama -Direction Inbound -Action Allow -Protocol TCP -LocalPorts ${port} -VMCreatorId '${WSL_CREATOR}'`;
  const message = `With mirrored networking, Windows' Hyper-V firewall keeps other machines out of WSL unless a rule lets them in; as administrator in PowerShell: ${rule}`;
  return [{ code: 'wsl2-mirrored-hyperv-firewall', message }];
}

/** WSL's name to the Hyper-V firewall (learn.microsoft.com/windows/security, hyper-v-firewall). */
const WSL_CREATOR = '{40E0AC32-46A5-438A-A0B2-2B479E8F2E90}';

/** Go opens one socket for both families, and WSL's ways from Windows may know only its IPv6 half (WSL issues 4851, 14154). */
function notRelayed(wanted: string, { networking, dockerDesktop }: Surroundings): Warning[] {
  const { mode } = networking;
  if (bound(wanted).scope !== 'all' || !(mode === 'mirrored' || (mode === 'nat' && dockerDesktop))) return [];
  const message =
    'On some machines WSL does not hand a server on all interfaces on to 127.0.0.1 of Windows, while it does one on loopback. Containers are asked before and after where there are any, and a change for the worse is put back; for programs on Windows, `npx stigmer-setup-ollama undo` does it.';
  return [{ code: 'wsl2-dualstack-not-relayed', message }];
}

function bound(value: string | undefined) {
  const host = parseHost(value);
  return { scope: scopeOf(host), port: host.port };
}
