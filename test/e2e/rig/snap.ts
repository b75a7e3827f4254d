import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { TestHost } from './host.ts';
import { installBinary, waitForListener } from './ollama.ts';

/** Where the stand-in for snapd keeps what it knows; `down`, `busy` and `hook-fails` are how it can be made to fail. */
export const SNAPD = '/var/lib/rig-snapd';
export const UNIT = 'snap.ollama.listener.service';

/** Installs the snap as snapd leaves it, with a stand-in for snapd. `hook` is the one of later revisions. */
export async function installSnap(host: TestHost, { hook = true, value = '127.0.0.1:11434' as string | null } = {}) {
  const snap = '/snap/ollama/105';
  installBinary(host, `${snap}/bin/ollama`);
  host.symlink('105', '/snap/ollama/current');
  const launcher = ['#!/bin/sh', `export OLLAMA_HOST=$(cat ${SNAPD}/host 2>/dev/null)`, `${snap}/bin/ollama "$@"`, ''];
  host.write(`${snap}/bin/snap_launcher.sh`, launcher.join('\n'), { mode: 0o755 });
  if (hook) host.write(`${snap}/meta/hooks/configure`, '#!/bin/sh\n', { mode: 0o755 });
  host.write('/usr/bin/snap', readFileSync(path.join(import.meta.dirname, 'snap.sh'), 'utf8'), { mode: 0o755 });
  host.makeDirectory(SNAPD);
  host.write(`${SNAPD}/calls`, '', { mode: 0o666 });
  if (value !== null) host.write(`${SNAPD}/host`, `${value}\n`);
  const unit = ['[Unit]', 'Description=Service for snap application ollama.listener', '[Service]'];
  const service = [`ExecStart=${snap}/bin/snap_launcher.sh serve`, 'Environment=HOME=/root', 'Restart=on-failure'];
  const install = ['[Install]', 'WantedBy=multi-user.target', ''];
  host.write(`/etc/systemd/system/${UNIT}`, [...unit, ...service, ...install].join('\n'));
  await host.must(['systemctl', 'daemon-reload']);
  await host.must(['systemctl', 'enable', '--now', UNIT]);
  await waitForListener(host);
}
