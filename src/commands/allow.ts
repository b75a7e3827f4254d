import type { Check } from '../checks/check.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { scopeOf } from '../ollama/host-value.ts';
import type { ReachableAddress } from '../probes/addresses.ts';
import type { Allow, Installation } from '../rooms/room.ts';
import type { Run } from './before.ts';
import type { Report } from './report.ts';

/**
 * Who may reach the port: as told, else as an earlier run was told.
 * @throws SetupError exit 4 where nobody can be kept out, exit 2 where nobody is let in anyway
 */
function allowFor({ host, options, wanted }: Run, installation: Installation): Allow {
  const allow = options.allow ?? installation.filter?.now ?? 'any';
  if (allow === 'any' || installation.refusal) return allow;
  if (options.allow !== undefined && scopeOf(wanted) === 'loopback') throw contradiction(allow, options.host);
  if (installation.filter === undefined) throw cannotFilter(host, installation, allow, wanted.port);
  return allow;
}

/** For a value that listens on loopback; `command` is what follows the program's name, with a blank at its end. */
export function contradiction(allow: Allow, host: string, command = ''): SetupError {
  return new SetupError('usage', EXIT.usage, `--allow ${allow} and --host ${host} contradict each other.`, {
    meaning: 'What listens on loopback lets in this machine alone. Nothing was changed.',
    remedy: `npx stigmer-setup-ollama ${command}--allow ${allow}`,
  });
}

/** For an export to Windows, where this program makes no filter. */
export function noFilterOnWindows(format: string, allow: Allow, port: number): SetupError {
  const [meaning, remedy] = ALTERNATIVES.win32(allow, port);
  return new SetupError('usage', EXIT.usage, `export ${format} has no form of --allow ${allow}.`, { meaning, remedy });
}

function cannotFilter({ platform }: Host, { title }: Installation, allow: Allow, port: number): SetupError {
  const message = `--allow ${allow} cannot be had for ${title}.`;
  const [meaning, remedy] = (ALTERNATIVES[platform] ?? LINUX)(allow, port);
  return new SetupError('allow-not-possible', EXIT.cannotChange, message, {
    meaning: `${meaning} Nothing was changed.`,
    remedy,
  });
}

type Alternative = (allow: Allow, port: number) => [meaning: string, remedy: string];

const LINUX: Alternative = () => [
  "The filter comes and goes with a service of the system's own systemd, and this is none.",
  "npx stigmer-setup-ollama   # without --allow, and others kept out by this host's firewall or the router",
];

const ALTERNATIVES: Partial<Record<NodeJS.Platform, Alternative>> & { win32: Alternative } = {
  // Application Firewall decides by program, not by who calls (socketfilterfw -h).
  darwin: () => [
    "macOS' firewall lets in whole programs and does not look at who calls. Its container engines mostly reach loopback, where nobody else does.",
    'npx stigmer-setup-ollama --if-needed',
  ],
  win32: (allow, port) => [
    "Windows' own firewall keeps out whom no rule lets in. This one, in an elevated PowerShell, lets in the local network:",
    allow === 'lan'
      ? `New-NetFirewallRule -DisplayName "Ollama (${port})" -Direction Inbound -Protocol TCP -LocalPort ${port} -RemoteAddress LocalSubnet -Action Allow`
      : 'npx stigmer-setup-ollama   # without --allow, and without a rule that lets Ollama in',
  ],
};

/** Whom the port is for. */
export interface Access {
  allow: Allow;
  /** Bridges of containers whose names do not tell that they are. */
  interfaces: readonly string[];
}

/** As `allowFor`, with the bridges that only their engine knows to be its own. Throws SetupError. */
export async function accessFor(run: Run, installation: Installation): Promise<Access> {
  const allow = allowFor(run, installation);
  return { allow, interfaces: installation.filter ? await unusualBridges(run, allow) : [] };
}

/** What is open then, to whom: `exposure` tells of those alone who are let in. */
export function narrow({ exposure }: Report, { allow, interfaces }: Access, port: number): void {
  if (allow === 'any') return;
  exposure.addresses = exposure.addresses
    .map((one): ReachableAddress => (interfaces.includes(one.interface) ? { ...one, reach: 'containers' } : one))
    .filter((one) => interfaces.includes(one.interface) || isLetIn(one, allow));
  exposure.firewall = `A filter of its own (nftables, --allow ${allow}) lets only ${whoOf(allow)} reach port ${port}.`;
}

function whoOf(allow: Allow): string {
  return allow === 'lan' ? 'this host, its containers and private networks' : 'this host and its containers';
}

/** That the filter is in force. */
export function filterCheck(allow: Allow): Check {
  return { id: 'filter', status: 'pass', summary: `The filter is in force: it lets in ${whoOf(allow)}.` };
}

/** As the rules of the filter: containers by the names of their bridges, private networks by the addresses. */
function isLetIn({ interface: name, address, reach }: ReachableAddress, allow: Allow): boolean {
  if (/^(docker0$|docker_gwbridge$|br-[0-9a-f]{12}$|podman|cni)/.test(name)) return true;
  const isPrivate = /^(10\.|192\.168\.|169\.254\.|172\.(1[6-9]|2\d|3[01])\.|fe[89ab]|f[cd])/i.test(address);
  return allow === 'lan' && isPrivate && reach !== 'public';
}

async function unusualBridges({ host, options }: Run, allow: Allow): Promise<string[]> {
  if (allow === 'any' || host.root !== undefined || !options.containerCheck) return [];
  const { allBridges } = await import('../containers/networks.ts');
  const names = (await allBridges(host)).map(({ iif }) => iif);
  return names
    .filter((name) => !/^(docker0|docker_gwbridge|br-[0-9a-f]{12}|podman.*|cni.*)$/.test(name))
    .filter(isPlain);
}

/** An interface's name may hold nearly anything; nft is given no other than these. */
function isPlain(name: string): boolean {
  return /^[\w.:@-]{1,15}$/.test(name);
}

/**
 * Whether the filter is in force, once the service has been started with it.
 * @throws SetupError exit 7 when it is not: then the port would be open to all
 */
export async function proveFilter(run: Run, { filter, title }: Installation, allow: Allow): Promise<Check[]> {
  const root = run.root();
  if (allow === 'any' || !filter || !root) return [];
  if (await filter.isLoaded(root)) return [filterCheck(allow)];
  throw new SetupError('filter-not-loaded', EXIT.notUp, `${title} runs, but without the filter of --allow.`, {
    meaning: 'Something later in its configuration takes the line away that loads it.',
    remedy: 'systemctl cat ollama   # look for a later ExecStartPre=',
  });
}
