import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { WindowsFiles } from './files.ts';
import { putValue, type RegistryValue, renameUser } from './hive.ts';
import { CODE_PAGES, type Variable, type WindowsOptions } from './options.ts';
import { TEMPLATE_USER } from './template.ts';

/** The uninstaller's key: where the product learns the folder (facts/windows.md 1). */
const UNINSTALL = 'Software\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{44E83376-CE68-45EB-8FC1-393500EB558C}_is1';
const MACHINE_VARIABLES = 'System\\CurrentControlSet\\Control\\Session Manager\\Environment';

/** The folders of a machine, as Windows paths. */
export interface Folders {
  profile: string;
  localAppData: string;
  appData: string;
  /** Where Ollama is installed. */
  install: string;
  /** The folder of the link that starts it at logon. */
  startup: string;
}

export function foldersOf(options: WindowsOptions): Folders {
  const profile = `C:\\users\\${options.user ?? 'Anna'}`;
  const localAppData = `${profile}\\AppData\\Local`;
  const appData = `${profile}\\AppData\\Roaming`;
  return {
    ...{ profile, localAppData, appData },
    install: options.folder ?? `${localAppData}\\Programs\\Ollama`,
    startup: `${appData}\\Microsoft\\Windows\\Start Menu\\Programs\\StartUp`,
  };
}

/** Makes the fresh copy of the template into the machine that the options tell. No Wine may run on it yet. */
export function furnish(prefix: string, programs: string, options: WindowsOptions): void {
  const drive = `${prefix}/drive_c`;
  const folders = foldersOf(options);
  const user = options.user ?? 'Anna';
  // A folder of the layer below cannot be renamed; what is in it is small.
  cpSync(`${drive}/users/${TEMPLATE_USER}`, `${drive}/users/${user}`, { recursive: true, verbatimSymlinks: true });
  const files = new WindowsFiles(drive);
  files.remove(`C:\\users\\${TEMPLATE_USER}`);
  files.makeDirectory(`C:\\users\\${user}\\Temp`);
  writeRegistry(prefix, user, folders, options);
  const language = options.language ?? 'en';
  const switches = { language, 'code-page': CODE_PAGES[language], version: options.version, ...options.switches };
  for (const [name, value] of Object.entries(switches)) {
    if (value !== undefined) files.write(`C:\\rig\\switches\\${name}`, String(value));
  }
  const kind = options.install ?? 'app';
  if (kind !== 'none') copy(`${programs}/ollama.exe`, files, `${folders.install}\\ollama.exe`);
  if (kind !== 'app') return;
  copy(`${programs}/ollama app.exe`, files, `${folders.install}\\ollama app.exe`);
  copy(`${drive}/rig/db.sqlite`, files, `${folders.localAppData}\\Ollama\\db.sqlite`);
}

function copy(from: string, files: WindowsFiles, to: string): void {
  files.write(to, readFileSync(from));
}

function writeRegistry(prefix: string, user: string, folders: Folders, options: WindowsOptions): void {
  for (const name of ['user.reg', 'userdef.reg', 'system.reg']) {
    let hive = renameUser(readFileSync(`${prefix}/${name}`, 'latin1'), TEMPLATE_USER, user);
    if (name === 'user.reg') hive = userHive(hive, folders, options);
    if (name === 'system.reg') hive = machineHive(hive, options);
    writeFileSync(`${prefix}/${name}.new`, hive, 'latin1');
    renameSync(`${prefix}/${name}.new`, `${prefix}/${name}`);
  }
}

function userHive(hive: string, folders: Folders, options: WindowsOptions): string {
  const kind = options.install ?? 'app';
  const apps = '%USERPROFILE%\\AppData\\Local\\Microsoft\\WindowsApps;';
  const path = options.onPath !== false && kind === 'app' ? `${apps}${folders.install}` : apps;
  let text = putValue(hive, 'Environment', 'Path', { type: 'REG_EXPAND_SZ', value: path });
  if (kind === 'app') {
    const values = {
      ...{ InstallLocation: `${folders.install}\\`, DisplayVersion: options.version ?? '0.33.0' },
      ...{ DisplayName: `Ollama version ${options.version ?? '0.33.0'}`, Publisher: 'Ollama' },
    };
    for (const [name, value] of Object.entries(values)) text = putValue(text, UNINSTALL, name, asValue(value));
  }
  for (const [name, value] of Object.entries(options.userVariables ?? {}))
    text = putValue(text, 'Environment', name, asValue(value));
  return text;
}

function machineHive(hive: string, options: WindowsOptions): string {
  let text = hive;
  const pages = 'System\\CurrentControlSet\\Control\\Nls\\CodePage';
  text = putValue(text, pages, 'OEMCP', asValue(String(CODE_PAGES[options.language ?? 'en'])));
  for (const [name, value] of Object.entries(options.machineVariables ?? {}))
    text = putValue(text, MACHINE_VARIABLES, name, asValue(value));
  return text;
}

function asValue(variable: Variable): RegistryValue {
  return typeof variable === 'string' ? { type: 'REG_SZ', value: variable } : variable;
}

/** Copies the built product to where `npx` would have put it. */
export function installProduct(files: WindowsFiles, folder: string, repo: string): void {
  if (!existsSync(`${repo}/dist/cli.js`)) throw new Error('dist/cli.js is missing: run `npm run build` first');
  const target = files.outsidePath(folder);
  mkdirSync(target, { recursive: true });
  for (const part of ['dist', 'package.json', 'report.schema.json']) {
    if (existsSync(`${repo}/${part}`)) cpSync(`${repo}/${part}`, `${target}/${part}`, { recursive: true });
  }
}
