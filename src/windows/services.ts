import type { Host } from '../host/host.ts';
import { answerOf } from './ask.ts';
import { parseRegQuery, type RegistryValue, readKey, subkeysOf } from './registry.ts';
import { forward, program } from './system.ts';

const SERVICES = 'HKLM\\SYSTEM\\CurrentControlSet\\Services';

/** A service by its definition. The program that the service manager starts is mostly one that starts another. */
export interface Service {
  name: string;
  key: string;
  /** The program of the service, with forward slashes. */
  file: string;
  /** The account that it runs as. */
  account: string;
  /** What NSSM keeps of it; undefined for a service that is none of NSSM's. */
  nssm: RegistryValue[] | undefined;
}

/** How the service manager sees it. */
export interface ServiceStatus {
  /** 1 stopped, 2 starting, 3 stopping, 4 running, 5 to 7 paused or on the way to or from it (SERVICE_STATUS). */
  state: number;
  pid: number;
  /** How it ended. */
  exit: number;
}

/** The names of the services that have this word in their own name, or, `deep`, anywhere in what defines them. */
export async function servicesAbout(host: Host, word: string, deep: boolean): Promise<string[]> {
  const names = (await subkeysOf(host, SERVICES)).filter((name) => name.toLowerCase().includes(word.toLowerCase()));
  if (names.length > 0 || !deep) return names;
  const words = ['query', SERVICES, '/s', '/f', word, '/d'];
  const { stdout } = await answerOf(host, [program(host, 'reg'), ...words], 30_000);
  const below = /\\Services\\([^\\]+)/i;
  return [...new Set(parseRegQuery(stdout).flatMap(({ key }) => below.exec(key)?.[1] ?? []))];
}

/** The definition of a service; undefined where the key is none of a service (of a driver, or of a subsystem). */
export async function readService(host: Host, name: string): Promise<Service | undefined> {
  const key = `${SERVICES}\\${name}`;
  const [own, parameters] = await Promise.all([readKey(host, key), readKey(host, `${key}\\Parameters`)]);
  const value = (of: string) => own?.find((each) => each.name.toLowerCase() === of.toLowerCase())?.data;
  const image = value('ImagePath');
  // 0x10 and 0x20 are services with a process of their own and with a shared one (SERVICE_STATUS).
  if (image === undefined || (Number(value('Type') ?? 0x10) & 0x30) === 0) return undefined;
  const isNssm = parameters?.some((each) => each.name === 'Application') === true;
  return {
    name,
    key,
    file: forward(fileOf(image)),
    account: value('ObjectName') ?? 'LocalSystem',
    nssm: isNssm ? parameters : undefined,
  };
}

/** The program of a command line: in quotes, or up to the end of the first name that ends in .exe. */
function fileOf(line: string): string {
  return /^"([^"]+)"/.exec(line)?.[1] ?? /^(.+?\.exe)(?:\s|$)/i.exec(line)?.[1] ?? line.split(' ')[0] ?? line;
}

/** The status; undefined where there is no such service. */
export async function statusOf(host: Host, name: string): Promise<ServiceStatus | undefined> {
  const { code, stdout } = await answerOf(host, [program(host, 'sc'), 'queryex', name], 15_000);
  return code === 0 ? parseStatus(stdout) : undefined;
}

/** Reads `sc queryex`, whose words are translated: the fields come in the same order in every language. */
export function parseStatus(stdout: string): ServiceStatus | undefined {
  const fields = stdout.split(/\r?\n/).flatMap((line) => /^\s+[^:(]+:\s*(\S*)/.exec(line)?.[1] ?? []);
  const [, state, exit, , , , pid] = fields.map(Number);
  if (state === undefined || Number.isNaN(state)) return undefined;
  return { state, pid: pid || 0, exit: exit || 0 };
}
