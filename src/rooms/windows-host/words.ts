import type { Surroundings } from '../../wsl/surroundings.ts';
import { PORT, type WindowsOllama } from '../../wsl/windows-ollama.ts';
import type { Refusal } from '../room.ts';

const THERE = 'npx stigmer-setup-ollama   # in PowerShell on Windows, not in WSL';

/** What was seen of it: "(C:\Users\ann\…\ollama.exe)". */
export function whereSeen({ program, answer }: WindowsOllama): string {
  return [program, answer?.url].filter(Boolean).join(', ');
}

/** Why it is not changed from here, and what to do there. */
export function refusalOf(windows: WindowsOllama, around: Surroundings): Refusal {
  return {
    code: windows.answer || around.networking.mode !== 'nat' ? 'ollama-on-windows' : 'wsl2-windows-ollama-loopback',
    exit: 4,
    message: `Ollama is on Windows (${whereSeen(windows)}), not in this WSL distribution.`,
    meaning: `Its setting is kept by Windows and is not changed from Linux. ${reachFromHere(windows, around)}`,
    remedy: THERE,
  };
}

/** Whether programs in here reach it, in a sentence or two; what follows from the mode alone is worded so. */
export function reachFromHere({ answer }: WindowsOllama, { networking, dockerDesktop }: Surroundings): string {
  const { mode, windows } = networking;
  const desktop = dockerDesktop
    ? ` Containers of Docker Desktop reach it at http://host.docker.internal:${PORT}, on Windows' loopback too.`
    : '';
  if (answer) {
    const shared = mode === 'nat' ? '' : ', on the loopback that Windows and WSL share';
    const engine =
      mode === 'nat' || dockerDesktop
        ? ''
        : ' Containers of an engine inside WSL have a loopback of their own, and need it on another address.';
    return `Programs in WSL reach it at ${answer.url}${shared}.${desktop}${engine}`;
  }
  if (mode === 'nat') {
    return (
      `Nothing answers at http://${windows}:${PORT}, Windows' side of WSL's NAT: it does not run, listens on Windows' ` +
      `loopback only, or Windows' firewall keeps WSL out.${desktop} To let WSL in, as administrator: ${FIREWALL}`
    );
  }
  if (windows === undefined)
    return `Whether it runs, and at which address WSL reaches it, cannot be seen from here.${desktop}`;
  return `Nothing answers at http://${windows}:${PORT}, which Windows and WSL share: it seems not to run.${desktop}`;
}

/** By addresses, since rules for WSL's interface are lost (WSL issue 6731); WSL's NAT takes its network from this range. */
const FIREWALL = `New-NetFirewallRule -DisplayName 'Ollama from WSL' -Direction Inbound -Action Allow -Protocol TCP -LocalPort ${PORT} -RemoteAddress 172.16.0.0/12`;

/** For an Ollama inside WSL 1, where nothing that this program changes could be proved. */
export const WSL1: Refusal = {
  code: 'wsl1',
  exit: 4,
  message: 'This is WSL 1, which has no network of its own and does not tell who listens on it.',
  meaning: "What is changed here could not be proved, so nothing was. Ollama's own installer refuses WSL 1 as well.",
  remedy: 'wsl --set-version <distribution> 2   # in PowerShell; or run Ollama on Windows',
};

/** For a service of systemd's where systemd does not run. */
export function withoutSystemd(title: string, configured: boolean): Refusal {
  return {
    code: 'wsl2-systemd-disabled',
    exit: 4,
    message: `systemd does not run in this WSL distribution, so ${title} does not either.`,
    meaning: configured
      ? '/etc/wsl.conf asks for systemd already; that takes effect when the distribution is started next.'
      : 'Add these two lines to /etc/wsl.conf, then restart WSL:\n[boot]\nsystemd=true',
    remedy: 'wsl --shutdown   # in PowerShell on Windows; then open WSL again and run this again',
  };
}
