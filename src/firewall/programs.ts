import type { Host } from '../host/host.ts';

/** Where distributions keep the programs of an administrator; NixOS has them in the folder of the running system. */
const FOLDERS = ['/usr/sbin', '/sbin', '/usr/bin', '/bin', '/usr/local/sbin', '/run/current-system/sw/bin'];

/** The full path of a program, which a user's PATH may not lead to; undefined when it is not installed. */
export function programPath(host: Host, name: string): string | undefined {
  return FOLDERS.map((folder) => `${folder}/${name}`).find((path) => host.files.real(path) !== undefined);
}
