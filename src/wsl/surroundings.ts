import type { Host } from '../host/host.ts';
import { readWslConf, type WslConf } from './conf.ts';
import { type Networking, networkingOf } from './networking.ts';
import type { WslVersion } from './wsl.ts';

/** What is around a distribution of WSL. */
export interface Surroundings {
  version: WslVersion;
  networking: Networking;
  conf: WslConf;
  /** Whether systemd runs here (sd_booted(3)). */
  booted: boolean;
  /** Whether `docker` in this distribution is that of Docker Desktop on Windows, rather than an engine in here. */
  dockerDesktop: boolean;
}

export async function surroundingsOf(host: Host, version: WslVersion): Promise<Surroundings> {
  const conf = readWslConf(host);
  return {
    version,
    networking: await networkingOf(host, version),
    conf,
    booted: host.files.stat('/run/systemd/system') !== undefined,
    dockerDesktop: hasDockerDesktop(host, conf),
  };
}

/** Docker Desktop links its client into the distributions that it serves, from a mount that they share (for-win issue 5096). */
function hasDockerDesktop({ files }: Host, { root }: WslConf): boolean {
  return ['/usr/bin/docker', '/var/run/docker.sock', '/run/docker.sock'].some((path) =>
    files.link(path)?.startsWith(`${root}wsl/docker-desktop/`),
  );
}
