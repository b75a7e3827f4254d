import type { WindowsFiles } from './files.ts';
import type { Registry } from './registry.ts';

/** Ollama as a service (facts/windows.md 8). */
export interface ServiceOptions {
  /** `nssm` keeps its environment in the registry, `winsw` in the .xml beside its program. */
  kind: 'nssm' | 'winsw';
  /** `ollama` unless told. */
  name?: string;
  /** Its own variables. */
  env?: Record<string, string>;
  /** `LocalSystem` unless told. */
  account?: string;
}

/** An installed service. */
export interface Service {
  name: string;
  /** Its key in the registry, and the one below in which NSSM keeps what it needs. */
  key: string;
  parameters: string;
  /** nssm.exe, or the renamed WinSW. */
  program: string;
  /** The file that WinSW reads. */
  xml: string;
}

/** Lays down a service as NSSM or WinSW does; it does not run yet. */
export async function layDownService(
  reg: Registry,
  files: WindowsFiles,
  install: string,
  options: ServiceOptions,
): Promise<Service> {
  const { kind, name = 'ollama', env = {}, account = 'LocalSystem' } = options;
  const folder = kind === 'nssm' ? 'C:\\nssm' : 'C:\\winsw';
  const stem = kind === 'nssm' ? 'nssm' : `${name}-service`;
  const program = `${folder}\\${stem}.exe`;
  const key = `HKLM\\System\\CurrentControlSet\\Services\\${name}`;
  const service = { name, key, program, parameters: `${key}\\Parameters`, xml: `${folder}\\${stem}.xml` };
  files.write(program, files.readBytes('C:\\rig\\bin\\service-host.exe'));
  await reg.set(key, 'Type', '16', 'REG_DWORD');
  await reg.set(key, 'Start', '2', 'REG_DWORD');
  await reg.set(key, 'ErrorControl', '1', 'REG_DWORD');
  await reg.set(key, 'ImagePath', program, 'REG_EXPAND_SZ');
  await reg.set(key, 'ObjectName', account);
  await reg.set(key, 'DisplayName', name);
  const server = `${install}\\ollama.exe`;
  const pairs = Object.entries(env);
  if (kind === 'nssm') {
    await reg.set(service.parameters, 'Application', server, 'REG_EXPAND_SZ');
    await reg.set(service.parameters, 'AppParameters', 'serve', 'REG_EXPAND_SZ');
    await reg.set(service.parameters, 'AppDirectory', install, 'REG_EXPAND_SZ');
    const lines = pairs.map(([variable, value]) => `${variable}=${value}`).join('\n');
    if (lines !== '') await reg.set(service.parameters, 'AppEnvironmentExtra', lines, 'REG_MULTI_SZ');
  } else {
    const elements = pairs.map(([variable, value]) => `  <env name="${variable}" value="${value}"/>\n`).join('');
    const head = `  <id>${name}</id>\n  <name>${name}</name>\n  <executable>${server}</executable>\n`;
    files.write(service.xml, `<service>\n${head}  <arguments>serve</arguments>\n${elements}</service>\n`);
  }
  return service;
}
