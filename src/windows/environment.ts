import type { Host } from '../host/host.ts';
import { type RegistryValue, readKey, readValue } from './registry.ts';
import { variableOf } from './system.ts';

/** Where Windows keeps the variables that a login begins with (MicrosoftDocs/win32, ProcThread/environment-variables). */
export const USER = 'HKCU\\Environment';
export const MACHINE = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Session Manager\\Environment';

/** A variable as it is kept: of both places, the user's is the one that counts. */
export interface Variable {
  user: RegistryValue | null;
  machine: RegistryValue | null;
}

export async function readVariable(host: Host, name: string): Promise<Variable> {
  const [user, machine] = await Promise.all([readValue(host, USER, name), readValue(host, MACHINE, name)]);
  return { user, machine };
}

/** What a program gets that is started at the next login: REG_SZ is taken as it stands, REG_EXPAND_SZ is expanded (KB 104011). */
export function expanded({ kind, data }: RegistryValue, env: Env): string {
  if (kind !== 'REG_EXPAND_SZ') return data;
  return data.replace(/%([^%]+)%/g, (whole, name: string) => variableOf(env, name) ?? whole);
}

type Env = Readonly<Record<string, string | undefined>>;

/** How an environment is made for a program that shall have what a new login would give it. */
export interface Surroundings {
  /** What of this process's own does not go on; `*` at the end stands for anything. */
  without: string[];
  /** What is taken from the registry as it is by then, the machine's first and the user's over it. */
  fresh: string[];
  /** Folders that come first on PATH. */
  path: string[];
}

/** The environment, each name in one spelling only: of two, Windows would take either. */
export async function environmentOf(
  host: Host,
  { without, fresh, path }: Surroundings,
): Promise<Record<string, string>> {
  const env = new Map<string, [name: string, value: string]>();
  const put = (name: string, value: string) =>
    env.set(name.toLowerCase(), [env.get(name.toLowerCase())?.[0] ?? name, value]);
  for (const [name, value] of Object.entries(host.env)) {
    if (value !== undefined && !isAmong(name, without)) put(name, value);
  }
  const [machine, user] = await Promise.all([readKey(host, MACHINE), readKey(host, USER)]);
  for (const value of [...(machine ?? []), ...(user ?? [])]) {
    if (isAmong(value.name, fresh)) put(value.name, expanded(value, Object.fromEntries(env.values())));
  }
  const [name, value] = env.get('path') ?? ['Path', ''];
  put(name, withFolders(value, path));
  return Object.fromEntries(env.values());
}

/** Without the folders that npm puts before the user's for as long as it runs. */
function withFolders(value: string, first: readonly string[]): string {
  const same = (a: string, b: string) =>
    a.replace(/[\\/]+$/, '').toLowerCase() === b.replace(/[\\/]+$/, '').toLowerCase();
  const rest = value
    .split(';')
    .filter((dir) => dir !== '' && !/[\\/]node_modules[\\/]\.bin[\\/]?$|[\\/]node-gyp-bin[\\/]?$/i.test(dir))
    .filter((dir) => !first.some((one) => same(one, dir)));
  return [...first, ...rest].join(';');
}

function isAmong(name: string, patterns: readonly string[]): boolean {
  const lower = name.toLowerCase();
  return patterns.some((pattern) =>
    pattern.endsWith('*') ? lower.startsWith(pattern.slice(0, -1).toLowerCase()) : lower === pattern.toLowerCase(),
  );
}
