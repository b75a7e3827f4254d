import type { Host } from '../host/host.ts';

/** WSL 1 translates system calls; WSL 2 is a virtual machine with a kernel of Microsoft's, or of the user's own. */
export type WslVersion = 1 | 2;

/** Where WSL puts its program in a distribution (src/linux/init in microsoft/WSL); a link to /init, which only WSL has. */
export const WSLINFO = ['/usr/bin/wslinfo', '/bin/wslinfo'] as const;

/** WSL's handler for Windows programs; the second name is that of newer versions (WSL issue 8843). */
const INTEROP = ['WSLInterop', 'WSLInterop-late'].map((name) => `/proc/sys/fs/binfmt_misc/${name}`);

/** Left by Docker, Podman and other container managers (src/basic/virt.c in systemd/systemd). */
const CONTAINER_MARKS = ['/.dockerenv', '/run/.containerenv'];

/**
 * Whether this is a distribution of WSL, and of which. The kernel's release says it ("…-Microsoft" is WSL 1,
 * "…-microsoft-standard-WSL2" WSL 2), but says the same in every container on Docker Desktop's kernel, and nothing with
 * a kernel of the user's own. A distribution that was imported from a container still has the container's mark.
 */
export function wslVersion(host: Host): WslVersion | undefined {
  if (host.platform !== 'linux' || host.root !== undefined) return undefined;
  const release = kernelRelease(host);
  if (!/microsoft|WSL/i.test(release)) return hasWslInfo(host) && !isContained(host) ? 2 : undefined;
  if (isContained(host) && !hasWslInfo(host) && !INTEROP.some((path) => host.files.stat(path))) return undefined;
  return /Microsoft$/.test(release) ? 1 : 2;
}

function kernelRelease({ files }: Host): string {
  const release = files.text('/proc/sys/kernel/osrelease')?.trim();
  return release || (/^Linux version (\S+)/.exec(files.text('/proc/version') ?? '')?.[1] ?? '');
}

function hasWslInfo({ files }: Host): boolean {
  return WSLINFO.some((path) => files.real(path) !== undefined);
}

function isContained({ files }: Host): boolean {
  // systemd itself calls WSL a container, and writes its name there.
  const manager = files.text('/run/systemd/container')?.trim() || 'wsl';
  return manager !== 'wsl' || CONTAINER_MARKS.some((path) => files.stat(path));
}
