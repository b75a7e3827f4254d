/** Where systemd looks for units: systemd.unit(5), tables 1 and 2; systemd's src/basic/path-lookup.c. */
import type { Files } from '../host/host.ts';

export interface Scope {
  manager: 'system' | 'user';
  /** A system below another root, such as an image that is being built. */
  root?: string;
  /** The rest is for the user manager: its home, and the folders of the XDG base directory specification. */
  home?: string;
  /** XDG_CONFIG_HOME; without it ~/.config. */
  configHome?: string;
  /** XDG_DATA_HOME; without it ~/.local/share. */
  dataHome?: string;
  /** XDG_RUNTIME_DIR; without it the folders below it are left out, as systemd does. */
  runtimeDir?: string;
  /** XDG_CONFIG_DIRS; without it /etc/xdg. */
  configDirs?: readonly string[];
  /** XDG_DATA_DIRS; without it /usr/local/share and /usr/share. */
  dataDirs?: readonly string[];
}

/**
 * The folders, strongest first. With `files`, /lib/systemd is left out where it is the same folder as
 * /usr/lib/systemd; where it is another one (no merged /usr), systemd is built to look there first.
 */
export function unitDirectories(scope: Scope, files?: Files): string[] {
  const found = scope.manager === 'system' ? systemDirectories() : userDirectories(scope);
  const root = (scope.root ?? '').replace(/\/+$/, '');
  const directories = [...new Set(found)].map((path) => root + path);
  const old = `${root}/lib/systemd/system`;
  const merged = files !== undefined && files.real(old) === files.real(`${root}/usr/lib/systemd/system`);
  return merged ? directories.filter((path) => path !== old) : directories;
}

function systemDirectories(): string[] {
  return [
    '/etc/systemd/system.control',
    '/run/systemd/system.control',
    '/run/systemd/transient',
    '/run/systemd/generator.early',
    '/etc/systemd/system',
    '/etc/systemd/system.attached',
    '/run/systemd/system',
    '/run/systemd/system.attached',
    '/run/systemd/generator',
    '/usr/local/lib/systemd/system',
    '/lib/systemd/system',
    '/usr/lib/systemd/system',
    '/run/systemd/generator.late',
  ];
}

function userDirectories(scope: Scope): string[] {
  const { home, runtimeDir } = scope;
  const configHome = scope.configHome ?? (home === undefined ? undefined : `${home}/.config`);
  const dataHome = scope.dataHome ?? (home === undefined ? undefined : `${home}/.local/share`);
  const below = (folder: string | undefined, name: string) =>
    folder === undefined ? [] : [`${folder}/systemd/${name}`];
  return [
    ...below(configHome, 'user.control'),
    ...below(runtimeDir, 'user.control'),
    ...below(runtimeDir, 'transient'),
    ...below(runtimeDir, 'generator.early'),
    ...below(configHome, 'user'),
    ...(scope.configDirs ?? ['/etc/xdg']).flatMap((folder) => below(folder, 'user')),
    '/etc/systemd/user',
    ...below(runtimeDir, 'user'),
    '/run/systemd/user',
    ...below(runtimeDir, 'generator'),
    ...below(dataHome, 'user'),
    ...(scope.dataDirs ?? ['/usr/local/share', '/usr/share']).flatMap((folder) => below(folder, 'user')),
    '/usr/local/lib/systemd/user',
    '/usr/local/share/systemd/user',
    '/usr/lib/systemd/user',
    '/usr/share/systemd/user',
    ...below(runtimeDir, 'generator.late'),
  ];
}
