import { createHash } from 'node:crypto';
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { must, outside } from '../../rig/outside.ts';
import { markUsed, removeUnused } from './cache.ts';
import { putValue, type RegistryValue } from './hive.ts';
import { withLock } from './lock.ts';
import { BUILTINS, HERE, NODES, type NodeLine, nodeFolder, WINE, WINE_HOME, WINESERVER } from './places.ts';
import { settingsCommand } from './settings.ts';
import { ensureStandIns, standInsKey } from './stand-ins.ts';

/** The user that the template is built for; every machine renames this one. */
export const TEMPLATE_USER = 'rig-user-0';

/** Change this when what is done here changes. */
const RECIPE = 3;

/** Programs of system32 that a stand-in of the same name replaces; Wine then has to be told not to use its own. */
const REPLACED = ['netstat', 'tasklist', 'taskkill', 'setx', 'whoami', 'reg', 'sc'];

/** Programs that have recorded answers only. Powershell and wmic have folders of their own. */
const RECORDED = ['netsh', 'net', 'where', 'schtasks', 'quser', 'query', 'wsl', 'systeminfo', 'icacls', 'cscript'];

/** Services of Wine that only cost time at the start of each machine. */
const UNUSED_SERVICES = ['winebus', 'winehid', 'wineusb', 'PlugPlay', 'Spooler', 'BITS', 'StiSvc', 'FontCache3.0.0.0'];

/** What all machines share: the compiled stand-ins and a Wine prefix that none writes to. */
export interface Template {
  prefix: string;
  programs: string;
}

/** Builds the template when it is missing (about ten seconds). */
export async function ensureTemplate(): Promise<Template> {
  const programs = await ensureStandIns();
  const key = createHash('sha256')
    .update(JSON.stringify([standInsKey(), RECIPE, REPLACED, RECORDED, UNUSED_SERVICES]))
    .digest('hex')
    .slice(0, 12);
  const prefix = `${WINE_HOME}/prefix-${key}`;
  if (existsSync(prefix)) {
    markUsed(prefix);
    return { prefix, programs };
  }
  return withLock('windows-template', async () => {
    if (existsSync(prefix)) return { prefix, programs };
    removeUnused('prefix-');
    mkdirSync(HERE, { recursive: true });
    const draft = `${prefix}.draft`;
    rmSync(draft, { recursive: true, force: true });
    mkdirSync(draft);
    await boot(draft);
    await furnish(draft, programs);
    await must(['mv', '-T', draft, prefix]);
    return { prefix, programs };
  });
}

/** What every Wine process here is started with: a user, UTF-8 names, no questions about Mono and Gecko. */
export function wineEnvironment(prefix: string, user: string): Record<string, string> {
  return {
    PATH: '/usr/bin:/bin',
    HOME: '/tmp',
    USER: user,
    LOGNAME: user,
    LC_ALL: 'C.UTF-8',
    WINEPREFIX: prefix,
    WINELOADER: WINE,
    WINESERVER,
    WINEDEBUG: '-all',
    WINEDLLOVERRIDES: 'mscoree,mshtml=;winemenubuilder.exe=d',
  };
}

async function boot(prefix: string): Promise<void> {
  const env = wineEnvironment(prefix, TEMPLATE_USER);
  await must([WINE, 'wineboot', '-i'], { env, timeout: 180_000 });
  await outside([WINESERVER, '-k', '-w'], { env });
}

async function furnish(prefix: string, programs: string): Promise<void> {
  const system = `${prefix}/drive_c/windows/system32`;
  for (const name of REPLACED) replace(`${programs}/${name}.exe`, `${system}/${name}.exe`);
  replace(`${programs}/chcp.exe`, `${system}/chcp.com`);
  const shell = `${system}/WindowsPowerShell/v1.0/powershell.exe`;
  const recorded = [...RECORDED.map((name) => `${system}/${name}.exe`), `${system}/wbem/wmic.exe`, shell];
  for (const file of recorded) replace(`${programs}/recorded.exe`, file);
  const rig = `${prefix}/drive_c/rig`;
  for (const part of ['bin', 'live', 'switches', 'answers', 'orders']) mkdirSync(`${rig}/${part}`, { recursive: true });
  for (const name of ['launch', 'registry', 'link', 'recorded', 'service-host']) {
    copyFileSync(`${programs}/${name}.exe`, `${rig}/bin/${name}.exe`);
  }
  writeFileSync(`${rig}/switches/expose-tool`, `Z:\\usr\\bin\\python3 ${programs}/expose.py`);
  for (const line of Object.keys(NODES) as NodeLine[]) {
    const folder = `${prefix}/drive_c/Program Files/nodejs-${line}`;
    mkdirSync(folder, { recursive: true });
    symlinkSync(`${nodeFolder(line)}/node.exe`, `${folder}/node.exe`);
  }
  unlockedCopy(`${BUILTINS}/reg.exe`, `${rig}/bin/reg-wine.exe`);
  await must(settingsCommand(`${rig}/db.sqlite`, false));
  settle(prefix, [...REPLACED, ...RECORDED, 'wmic', 'powershell'].map((name) => `${name}.exe`).concat('chcp.com'));
}

/** Wine tells a program of its own by a mark at byte 64 and then goes by the file's name; without it, it is any program. */
function unlockedCopy(from: string, to: string): void {
  const bytes = readFileSync(from);
  if (bytes.toString('latin1', 64, 80) !== 'Wine builtin DLL') throw new Error(`${from} is not what it was`);
  bytes.fill(0, 64, 96);
  writeFileSync(to, bytes);
}

function replace(program: string, file: string): void {
  rmSync(file, { force: true });
  mkdirSync(file.slice(0, file.lastIndexOf('/')), { recursive: true });
  copyFileSync(program, file);
}

/** The registry of the template: our programs instead of Wine's, windows without a screen, no services for devices. */
function settle(prefix: string, programs: readonly string[]): void {
  const text = (value: string): RegistryValue => ({ type: 'REG_SZ', value });
  let user = readFileSync(`${prefix}/user.reg`, 'latin1');
  for (const name of programs) user = putValue(user, 'Software\\Wine\\DllOverrides', name, text('native'));
  user = putValue(user, 'Software\\Wine\\Drivers', 'Graphics', text('null'));
  // Debian's Wine passes for Windows 7, on which Node does not start.
  user = putValue(user, 'Software\\Wine', 'Version', text('win10'));
  writeFileSync(`${prefix}/user.reg`, user, 'latin1');
  let system = readFileSync(`${prefix}/system.reg`, 'latin1');
  for (const name of UNUSED_SERVICES) {
    const key = `System\\CurrentControlSet\\Services\\${name}`;
    if (system.toLowerCase().includes(`[${key.replace(/\\/g, '\\\\')}]`.toLowerCase()))
      system = putValue(system, key, 'Start', { type: 'REG_DWORD', value: '4' });
  }
  writeFileSync(`${prefix}/system.reg`, system, 'latin1');
}
