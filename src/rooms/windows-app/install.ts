import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { answerOf } from '../../windows/ask.ts';
import { queryKey, type RegistryValue, readKey } from '../../windows/registry.ts';
import { forward, localData, systemFolder, variableOf } from '../../windows/system.ts';

export const APP = 'ollama app.exe';
export const SERVER = 'ollama.exe';

/** Where the app is, with forward slashes, and its version where its setup program noted it. */
export interface Install {
  folder: string;
  version: string | undefined;
}

/** The setup program's own note (app/ollama.iss in ollama/ollama), in the three places where install.ps1 looks for it. */
const UNINSTALL = ['HKCU\\Software', 'HKLM\\Software', 'HKLM\\Software\\WOW6432Node'].map(
  (root) => `${root}\\Microsoft\\Windows\\CurrentVersion\\Uninstall\\{44E83376-CE68-45EB-8FC1-393500EB558C}_is1`,
);

/** The app as it is installed for this user; `running` when one runs, so that it has to be somewhere. */
export async function findInstall(host: Host, running: boolean): Promise<Install | undefined> {
  const noted = await Promise.all(UNINSTALL.map((key) => queryKey(host, key)));
  const version = noted.map((values) => dataOf(values, 'DisplayVersion')).find(Boolean);
  for (const [i, values] of noted.entries()) {
    const folder = dataOf(values, 'InstallLocation');
    if (folder === undefined) continue;
    if (isThere(host, folder)) return { folder: trim(folder), version };
    // The code page may have spoilt a letter of it.
    const exact = dataOf(await readKey(host, UNINSTALL[i] ?? ''), 'InstallLocation');
    if (exact !== undefined && isThere(host, exact)) return { folder: trim(exact), version };
  }
  const places = [`${localData(host)}/Programs/Ollama`, ...folders(host)];
  const folder = places.find((place) => isThere(host, place)) ?? (running ? await ofRunning(host) : undefined);
  return folder === undefined ? undefined : { folder: trim(folder), version: undefined };
}

function dataOf(values: RegistryValue[] | undefined, name: string): string | undefined {
  return values?.find((value) => value.name === name)?.data || undefined;
}

function isThere(host: Host, folder: string): boolean {
  return host.files.stat(`${trim(folder)}/${APP}`)?.kind === 'file';
}

function trim(folder: string): string {
  return forward(folder.replace(/^"|"$/g, '')).replace(/\/+$/, '');
}

/** The folders of PATH that have Ollama's program in them, or scoop's stand-in for it, which says where the real one is. */
function folders(host: Host): string[] {
  const path = (variableOf(host.env, 'PATH') ?? '').split(';').filter((dir) => /^[A-Za-z]:[\\/]/.test(dir));
  return path.flatMap((dir) => {
    const shim = textOf(host, `${trim(dir)}/ollama.shim`);
    const target = /^\s*path\s*=\s*"?([^"\r\n]+)/m.exec(shim)?.[1];
    return target === undefined ? [dir] : [dir, forward(target).replace(/\/[^/]*$/, '')];
  });
}

function textOf(host: Host, path: string): string {
  try {
    return host.files.text(path) ?? '';
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}

/** Of an app that was only unpacked somewhere nothing but its process tells where: that is worth a second. */
async function ofRunning(host: Host): Promise<string | undefined> {
  const shell = `${systemFolder(host)}\\WindowsPowerShell\\v1.0\\powershell.exe`;
  const script = `[Console]::OutputEncoding=[Text.Encoding]::UTF8; (Get-Process -Name 'ollama app' -ErrorAction SilentlyContinue | Select-Object -First 1).Path`;
  const { stdout } = await answerOf(host, [shell, '-NoProfile', '-NonInteractive', '-Command', script], 20_000);
  const path = forward(stdout.trim());
  return path.toLowerCase().endsWith(`/${APP}`) ? path.slice(0, path.lastIndexOf('/')) : undefined;
}
