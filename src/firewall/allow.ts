import template from '../../templates/stigmer-ollama.nft';
import tie from '../../templates/zz-stigmer-ollama-filter.conf';
import type { CommandAct } from '../actions/command.ts';
import { type FileChange, missingFolders, readState, stateOf } from '../actions/file.ts';
import type { Validation } from '../actions/validate.ts';
import type { Actor, Host } from '../host/host.ts';
import { programPath } from './programs.ts';

/** Who may reach the port: this host and its containers, or private networks as well. */
export type Scope = 'containers' | 'lan';

export interface FilterRequest {
  /** The system's unit that runs the server. */
  unit: string;
  port: number;
  allow: Scope;
  /** The version of this program. */
  version: string;
  /** Bridges of containers whose names say nothing (com.docker.network.bridge.name), from the engine. */
  interfaces?: readonly string[];
}

/** A filter that lives as long as a service of systemd runs. */
export interface Filter {
  table: string;
  /** The full path of nft. */
  nft: string;
  /** The file with the rules. It has to come before the drop-in that names it. */
  change: FileChange;
  /** Lines for the [Unit] and the [Service] section of the service's drop-in. */
  unitLines: string[];
  serviceLines: string[];
  /**
   * Takes the table away once its lines are out of the drop-in and the service has been restarted: after a daemon-reload
   * systemd knows the line no more that would have done it. To be run last, on the way back.
   */
  removal: CommandAct;
}

/** The folder of the rules: below /etc, where a confined nft may read too. */
const FOLDER = '/etc/stigmer-setup-ollama';
const ROOT = { uid: 0, gid: 0 };

/** That folder, as it is made. */
export const FILTER_FOLDER = { path: FOLDER, ownership: { ...ROOT, mode: 0o755 } };

/** Private (RFC 1918), link-local (RFC 3927, RFC 4291) and unique local (RFC 4193) addresses. */
const LAN = [
  'ip saddr { 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16, 169.254.0.0/16 } accept',
  'ip6 saddr { fe80::/10, fc00::/7 } accept',
];

/** The filter for a service; undefined when nft is not installed. Nothing is changed. Throws FileError. */
export async function planFilter(host: Host, request: FilterRequest): Promise<Filter | undefined> {
  const nft = programPath(host, 'nft');
  if (!nft) return undefined;
  const table = tableOf(request.unit);
  const path = filterPath(request.unit);
  const from = await readState(host.as('self'), path);
  const text = filterText(request, lanBridges(host, request.interfaces ?? []));
  const to = stateOf(text, { ...ROOT, mode: 0o644 });
  const change: FileChange = {
    type: 'file',
    id: 'write-filter',
    title: `Write the filter ${path}: ${WHO[request.allow]}`,
    path,
    identity: 'root',
    from,
    to,
    folders: missingFolders(host, path, { ...ROOT, mode: 0o755 }),
    lines: text
      .split('\n')
      .filter(Boolean)
      .map((ours) => ({ ours, was: null })),
    ...validation(host, nft, text),
  };
  return { table, nft, change, ...dropInLines(nft, table, path), removal: removalOf(host, request.unit) };
}

/** Where the rules for a unit are. */
export function filterPath(unit: string): string {
  return `${FOLDER}/${tableOf(unit)}.nft`;
}

/** Whether the kernel has the table of a unit now. `root`: hands with root's rights. */
export async function isLoaded(host: Host, root: Actor, unit: string): Promise<boolean> {
  const nft = programPath(host, 'nft');
  if (!nft) return false;
  return (await root.run([nft, 'list', 'table', 'inet', tableOf(unit)], { timeout: 15_000 })).code === 0;
}

/** Whom a filter lets in, in words. */
export const WHO = {
  containers: 'this host and its containers',
  lan: 'this host, its containers and private networks',
};

/** One table for each unit, whatever port it has from one start to the next. */
export function tableOf(unit: string): string {
  const name = unit.replace(/\.service$/, '');
  return name === 'ollama' ? 'stigmer_ollama' : `stigmer_ollama_${name.replace(/[^A-Za-z0-9]/g, '_')}`;
}

/** The file's text. `notContainers` are bridges that are called like Docker's and lead to a network. */
export function filterText(request: FilterRequest, notContainers: readonly string[]): string {
  const { unit, port, allow, version, interfaces = [] } = request;
  const lines: Record<string, string[]> = {
    'not-containers': allow === 'lan' ? [] : notContainers.map((name) => `iifname ${quoted(name)} drop`),
    interfaces: interfaces.map((name) => `iifname ${quoted(name)} accept`),
    lan: allow === 'lan' ? LAN : [],
  };
  const words: Record<string, string> = { unit, port: String(port), table: tableOf(unit), who: WHO[allow], version };
  return template
    .replace(/^(\s*)\{\{(not-containers|interfaces|lan)\}\}\n/gm, (_, indent: string, name: string) =>
      (lines[name] ?? []).map((line) => `${indent}${line}\n`).join(''),
    )
    .replace(/\{\{(\w+)\}\}/g, (_, name: string) => words[name] ?? '');
}

/** A name of an interface may hold nearly anything but `/` and blanks; of nft's it is only taken as it is. */
function quoted(name: string): string {
  if (!/^[\w.:@-]{1,15}$/.test(name)) throw new RangeError(`no name of an interface: ${name}`);
  return `"${name}"`;
}

/**
 * Bridges called br-… that more is a part of than containers' ends (veth…), such as a card, a bond or a VLAN: people's own,
 * by which the network comes. The kernel lists a bridge's ports in brif/ (sysfs, net/bridge).
 */
function lanBridges(host: Host, named: readonly string[]): string[] {
  const bridges = host.files.list('/sys/class/net').filter((name) => /^br-(?![0-9a-f]{12}$)[\w.-]+$/.test(name));
  const isOther = (name: string) => host.files.list(`/sys/class/net/${name}/brif`).some((port) => !/^veth/.test(port));
  return bridges.filter((name) => !named.includes(name) && isOther(name));
}

/**
 * `+` runs the line with all rights, since the service has a user of its own (systemd.service(5), COMMAND LINES). When
 * the rules cannot be loaded the service does not start: closed, not open. The order matters where nftables.service
 * begins with a `flush ruleset`, as distributions' files do.
 */
export function dropInLines(nft: string, table: string, path: string): Pick<Filter, 'unitLines' | 'serviceLines'> {
  return {
    unitLines: ['After=nftables.service'],
    serviceLines: [`ExecStartPre=+${nft} -f ${path}`, `ExecStopPost=-+${nft} delete table inet ${table}`],
  };
}

/** The drop-in that ties a filter to its service, as it is written anew. */
export function tieText(
  { unitLines, serviceLines }: Pick<Filter, 'unitLines' | 'serviceLines'>,
  allow: Scope,
  version: string,
): string {
  const head = tie.replaceAll('{{allow}}', allow).replaceAll('{{version}}', version);
  return `${head}[Unit]\n${unitLines.join('\n')}\n[Service]\n${serviceLines.join('\n')}\n`;
}

/** Takes the table of a unit away; that it is not there does not matter. */
export function removalOf(host: Host, unit: string): CommandAct {
  const table = tableOf(unit);
  return {
    type: 'command',
    id: 'remove-filter',
    title: `Take the filter ${table} away`,
    identity: 'root',
    argv: [programPath(host, 'nft') ?? 'nft', 'delete', 'table', 'inet', table],
    timeout: 15_000,
    tolerate: true,
  };
}

/** nft checks against the kernel, which takes root's rights; without them, and for an image, the start is the check. */
function validation(host: Host, nft: string, text: string): { validate?: Validation } {
  if (host.user.uid !== 0 || host.root !== undefined) return {};
  const files = { 'filter.nft': Buffer.from(text).toString('base64') };
  return { validate: { files, argv: [nft, '-c', '-f', '{dir}/filter.nft'], blame: null } };
}
