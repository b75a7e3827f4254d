import { type FileState, readState, textOf } from '../../actions/file.ts';
import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import type { Process } from '../../probes/processes.ts';
import { readService, type Service, type ServiceStatus, servicesAbout, statusOf } from '../../windows/services.ts';
import { askTasks, named } from '../../windows/tasks.ts';
import { starts, variableIn } from '../../windows/winsw.ts';
import type { Scene, ServiceState, Setting } from '../room.ts';

export const VARIABLE = 'OLLAMA_HOST';
/** Where NSSM keeps the variables that it adds to those of the machine, and those that it puts in their place. */
export const EXTRA = 'AppEnvironmentExtra';
const INSTEAD = 'AppEnvironment';
const SERVER = 'ollama.exe';

/**
 * Ollama under a program that makes a service of any other: its own setup program makes none. NSSM keeps the environment
 * in the registry, WinSW in an XML file beside itself (docs of nssm.cc, and of winsw/winsw).
 */
export interface Managed {
  service: Service;
  status: ServiceStatus;
  /** WinSW's file; undefined for another's service. */
  xml: { path: string; state: FileState } | undefined;
  /** What serves outside of every desktop, as services do. */
  servers: number[];
}

/** Every service that runs Ollama, or would. Their servers are taken out of `scene.servers`. */
export async function findServices(scene: Scene): Promise<Managed[]> {
  const { host } = scene;
  const [servers, known] = await Promise.all([serversOf(host, scene.servers), servicesAbout(host, 'ollama', false)]);
  // Looking through everything takes a second or two: only where something runs that nothing else explains.
  const isUnexplained = known.length === 0 && servers.length > 0;
  const names = isUnexplained ? await servicesAbout(host, 'ollama', true) : known;
  const found = await Promise.all(names.map((name) => readManaged(host, name, servers)));
  const managed = found.filter((one) => one !== undefined);
  if (managed.length > 0) scene.servers = scene.servers.filter(({ pid }) => !servers.includes(pid));
  return managed;
}

async function serversOf(host: Host, serving: readonly Process[]): Promise<number[]> {
  if (serving.length === 0) return [];
  const tasks = named(await askTasks(host), SERVER).filter(({ session }) => session === 0);
  return tasks.map(({ pid }) => pid).filter((pid) => serving.some((one) => one.pid === pid));
}

export async function readManaged(host: Host, name: string, servers: number[]): Promise<Managed | undefined> {
  const [service, status] = await Promise.all([readService(host, name), statusOf(host, name)]);
  if (!service || !status) return undefined;
  const xml = service.nssm ? undefined : await xmlOf(host, service);
  return { service, status, xml, servers: status.state === 1 ? [] : servers };
}

async function xmlOf(host: Host, { file }: Service): Promise<Managed['xml']> {
  const path = file.replace(/\.exe$/i, '.xml');
  try {
    const state = path === file ? null : await readState(host.as('self'), path);
    return state && starts(textOf(state), 'ollama') ? { path, state } : undefined;
  } catch (error) {
    if (error instanceof FileError) return undefined; // not for this user to read
    throw error;
  }
}

/** The lines of a REG_MULTI_SZ of NSSM's, as NAME=value. */
export function linesOf({ nssm }: Service, name: string): string[] {
  return (nssm?.find((value) => value.name === name)?.data ?? '').split('\\0').filter(Boolean);
}

/** A line that gives the variable; the names of variables are the same in upper and lower case. */
export function isOurs(line: string): boolean {
  return line.toUpperCase().startsWith(`${VARIABLE}=`);
}

/** What the service gives its server: NSSM's further variables win over those in place of the machine's. */
export function settingsOf({ service, xml }: Managed): Setting[] {
  const { name } = service;
  const lines = (of: string) =>
    linesOf(service, of)
      .filter(isOurs)
      .map((line) => line.slice(VARIABLE.length + 1));
  const extra = lines(EXTRA).map((value) => ({ value, source: `${EXTRA} of the service ${name}` }));
  const instead = lines(INSTEAD).map((value) => ({ value, source: `${INSTEAD} of the service ${name}` }));
  const inXml = xml && variableIn(textOf(xml.state), VARIABLE);
  const all = [...instead, ...extra, ...(xml && inXml !== undefined ? [{ value: inXml, source: xml.path }] : [])];
  return all.map((setting, i) => ({ ...setting, effective: i === all.length - 1 }));
}

const PHASES: Record<number, ServiceState['phase']> = { 1: 'stopped', 2: 'starting', 3: 'stopped', 4: 'running' };

export function stateOf({ status, servers }: Pick<Managed, 'status' | 'servers'>, uid: number): ServiceState {
  const { state, pid, exit } = status;
  const phase = PHASES[state] ?? 'failed';
  if (phase === 'running') return { phase, pids: servers.length > 0 ? servers : [pid], uid };
  const reason = exit === 0 || exit === 1077 ? {} : { reason: `error ${exit}` }; // 1077: never started since boot
  return { phase, pids: [], uid, ...reason };
}
