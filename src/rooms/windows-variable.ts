import { CommandError } from '../actions/command.ts';
import type { RegistryChange } from '../actions/registry.ts';
import type { Host } from '../host/host.ts';
import { parseHost, sameBinding } from '../ollama/host-value.ts';
import { expanded, readVariable, type Surroundings, USER, type Variable } from '../windows/environment.ts';
import type { Refusal, Setting, Warning } from './room.ts';

/** OLLAMA_HOST of whoever logs in to Windows, for the rooms whose servers begin with it. */
export const VARIABLE = 'OLLAMA_HOST';

export interface HostVariable extends Variable {
  /** What a server gets that is started with it: the user's before the machine's. */
  value: string | undefined;
  /** Why it could not be read: administrators can forbid reg.exe ("Prevent access to registry editing tools"). */
  closed?: string;
}

export async function readHostVariable(host: Host): Promise<HostVariable> {
  const read: Variable & { closed?: string } = await readVariable(host, VARIABLE).catch(unread);
  const { user, machine, closed } = read;
  const kept = user ?? machine;
  const value = kept === null ? undefined : expanded(kept, host.env);
  return { user, machine, value, ...(closed === undefined ? {} : { closed }) };
}

function unread(error: unknown): Variable & { closed?: string } {
  if (error instanceof CommandError) return { user: null, machine: null, closed: error.output };
  throw error;
}

/** Of what cannot be read nobody knows what it would be put back to; setx.exe is not closed by the same policy. */
export function refusalOfClosed({ closed }: HostVariable, wanted: string): Refusal | undefined {
  if (closed === undefined) return undefined;
  return {
    code: 'win-registry-closed',
    exit: 4,
    message: `The registry cannot be read here: ${closed.split('\n')[0]?.trim()}`,
    meaning: `So it is not known whether ${VARIABLE} is set, and to what it would have to be put back. Nothing was changed.`,
    remedy: `setx ${VARIABLE} ${wanted}   # then quit Ollama from its icon, and start it from the Start menu`,
  };
}

/** Both places, the stronger last. */
export function settingsOf(host: Host, { user, machine }: HostVariable, overridden = false): Setting[] {
  const settings: Setting[] = [];
  if (machine)
    settings.push({
      value: expanded(machine, host.env),
      source: `${VARIABLE} of this machine (HKLM\\…\\Environment)`,
      effective: user === null && !overridden,
    });
  if (user)
    settings.push({
      value: expanded(user, host.env),
      source: `${VARIABLE} of this user (${USER})`,
      effective: !overridden,
    });
  return settings;
}

/** Sets the user's variable; undefined when what is there binds the same already. */
export function variableChange({ user, value }: HostVariable, wanted: string): RegistryChange | undefined {
  return value !== undefined && sameBinding(value, wanted) ? undefined : settingVariable(user, wanted);
}

/** The user's variable, from what it is to the wanted value: what setup does, and what an export says. */
export function settingVariable(user: Variable['user'], wanted: string): RegistryChange {
  return {
    type: 'registry',
    id: 'set-variable',
    title: `Set ${VARIABLE}=${wanted} in the environment of this user`,
    subject: `${USER}\\${VARIABLE}`,
    identity: 'self',
    key: USER,
    name: VARIABLE,
    from: user && { kind: user.kind as 'REG_SZ', data: user.data },
    to: { kind: 'REG_SZ', data: wanted },
  };
}

/** What a server reads: its own variables, those of the network, and those of graphics cards. */
const READ_BY_SERVERS = [
  'OLLAMA_*',
  ...['HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['CUDA_*', 'NVIDIA_*', 'HIP_*', 'ROCR_*', 'HSA_*', 'GPU_DEVICE_ORDINAL', 'GGML_*', 'ONEAPI_*', 'ZES_*', 'LLAMA_*'],
];

/**
 * The environment of a server that this program starts: as a login of now would give it, since otherwise models whose
 * place was set after this terminal was opened would seem to have vanished. Of this terminal's own OLLAMA_HOST nothing
 * goes on: that would prove nothing about the next login.
 */
export function surroundings(folder: string): Surroundings {
  return { without: ['npm_*', 'NODE_*', 'INIT_CWD', 'STIGMER_*', VARIABLE], fresh: READ_BY_SERVERS, path: [folder] };
}

/** A value that is beaten by another of the same name, or by nothing but looks: said, since people edit the wrong one. */
export function scopeWarnings({ user, machine }: HostVariable): Warning[] {
  if (!user || !machine || user.data === machine.data) return [];
  return [
    {
      code: 'win-user-vs-machine-scope',
      message: `${VARIABLE} is set twice: ${machine.data} for this machine and ${user.data} for this user, which is the one that counts here. Services get the machine's.`,
    },
  ];
}

const CLIENTS =
  "programs of this user that take OLLAMA_HOST for the address to call (Python, Rust, .NET, curl) fail with error 10049, as 0.0.0.0 cannot be called on Windows; Ollama's own commands and Node can";

/** The side effect of a variable that says "every address": it is read by clients as well. */
export function clientsWarning(value: string | undefined, offer: string): Warning[] {
  if (value === undefined || !isUnspecified(value)) return [];
  const { port } = parseHost(value);
  return [
    {
      code: 'client-uses-0.0.0.0-as-target',
      message: `With ${VARIABLE}=${value} in the environment, ${CLIENTS}. Give those OLLAMA_HOST=http://127.0.0.1:${port} where they are started.${offer}`,
    },
  ];
}

/** True for 0.0.0.0, :: and an empty host. */
export function isUnspecified(value: string): boolean {
  return /^(?:0\.0\.0\.0|::|)$/.test(parseHost(value).host);
}
