import type { Host } from '../host/host.ts';

/** What /etc/wsl.conf says, as far as it matters here (learn.microsoft.com/windows/wsl/wsl-config). */
export interface WslConf {
  /** `systemd=true` under `[boot]`. It takes effect when the distribution is started next. */
  systemd: boolean;
  /** The folder below which WSL mounts the drives of Windows, with a slash at its end. */
  root: string;
}

/** Reads /etc/wsl.conf; without one, or where it says nothing, WSL's defaults hold. */
export function readWslConf({ files }: Host): WslConf {
  const values = new Map<string, string>();
  let section = '';
  for (const line of (files.text('/etc/wsl.conf') ?? '').split('\n')) {
    section = /^\s*\[\s*([^\]]*?)\s*\]/.exec(line)?.[1]?.toLowerCase() ?? section;
    const [, name, value = ''] = /^\s*([\w.]+)\s*=\s*("[^"]*"|[^#]*)/.exec(line) ?? [];
    if (name) values.set(`${section}.${name.toLowerCase()}`, value.trim().replace(/^"(.*)"$/, '$1'));
  }
  const root = values.get('automount.root') || '/mnt/';
  return { systemd: /^true$/i.test(values.get('boot.systemd') ?? ''), root: root.endsWith('/') ? root : `${root}/` };
}
