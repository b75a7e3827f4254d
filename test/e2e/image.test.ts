import { describe, expect, it } from 'vitest';
import { DROP_IN, reported, scope } from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, type Snapshot, type TestHost, withHost } from './rig/host.ts';
import { installBinary, waitForListener } from './rig/ollama.ts';
import { must } from './rig/outside.ts';
import { installProduct, onImage } from './rig/product.ts';

/** The root file system of a Debian by mmdebstrap, set up from outside with --root, then booted. OpenRC's is in openrc.test.ts. */

const UNIT = `[Unit]
Description=Ollama Service

[Service]
ExecStart=/usr/local/bin/ollama serve
User=ollama
EnvironmentFile=-/etc/default/ollama

[Install]
WantedBy=multi-user.target
`;

async function build(host: TestHost): Promise<string> {
  const root = host.outsidePath('/');
  const user = ['useradd', '-r', '-s', '/bin/false', '-U', '-m', '-d', '/usr/share/ollama', 'ollama'];
  await must(['chroot', root, ...user]);
  installBinary(host);
  host.write('/etc/systemd/system/ollama.service', UNIT);
  await must(['systemctl', `--root=${root}`, 'enable', 'ollama.service']);
  return root;
}

describe.skipIf(rigUnavailable())('an image of a system with systemd', () => {
  for (const [name, file, before] of [
    ['a drop-in is written', DROP_IN, undefined],
    [
      'the EnvironmentFile that would win is changed',
      '/etc/default/ollama',
      '# mine\nOLLAMA_HOST=127.0.0.1\nOLLAMA_DEBUG=1\n',
    ],
  ] as const) {
    it(`${name}, it boots so, and undo takes it back`, async () => {
      let etc: Snapshot = new Map();
      const prepare = async (host: TestHost) => {
        const root = await build(host);
        if (before !== undefined) host.write(file, before);
        etc = host.snapshotEtc();
        await onImage(['--yes', '--root', root]);
        expect(host.read(file)).toContain('OLLAMA_HOST=0.0.0.0:11434');
        await onImage(['--check', '--root', root]);
      };
      await withHost('image', { prepare }, async (host) => {
        await waitForListener(host);
        expect(scope(host)).toBe('all');
        installProduct(host);
        expect((await reported(host, ['--check'])).code).toBe(0);
        await host.reboot({ between: () => onImage(['undo', '--yes', '--root', host.outsidePath('/')]) });
        await waitForListener(host);
        expect(scope(host)).toBe('loopback');
        expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
      });
    });
  }
});
