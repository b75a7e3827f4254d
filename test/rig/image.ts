import { build, temporaryFolder } from './spawn.ts';

export const UNIT = `[Unit]
Description=Ollama Service

[Service]
ExecStart=/usr/local/bin/ollama serve
User=ollama
Environment="PATH=/usr/bin"

[Install]
WantedBy=default.target
`;

export const DROP_IN = '/etc/systemd/system/ollama.service.d/zz-stigmer-ollama-host.conf';

/** Where the state folder is in an image, for root and for others alike. */
export const STATE_ENV = { XDG_STATE_HOME: '/var/lib' };

/** The folder of a small root file system. Without `more` there is no Ollama in it. */
export function image(more: Parameters<typeof build>[1] = { 'etc/systemd/system/ollama.service': UNIT }): string {
  const dir = temporaryFolder();
  build(dir, {
    'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\n',
    'etc/os-release': 'ID=debian\n',
    'usr/lib/systemd/system': null,
    'var/lib': null,
    ...more,
  });
  return dir;
}
