import { accessSync, constants } from 'node:fs';

const TOOLS = ['systemd-nspawn', 'mmdebstrap', 'nsenter', 'ip', 'mount', 'umount', 'setpriv', 'tar', 'go'];

/** Why no real host can be booted here, or undefined when one can. For `describe.skipIf(rigUnavailable())`. */
export function rigUnavailable(): string | undefined {
  if (process.platform !== 'linux') return `real hosts need Linux, this is ${process.platform}`;
  if (process.getuid?.() !== 0) return 'real hosts need root';
  const missing = TOOLS.filter((tool) => !installed(tool));
  return missing.length > 0 ? `real hosts need ${missing.join(', ')}: not installed` : undefined;
}

/** Whether a program is on the PATH of this machine. */
export function installed(tool: string): boolean {
  return (process.env.PATH ?? '').split(':').some((dir) => {
    try {
      accessSync(`${dir}/${tool}`, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
