import { describe, expect, it } from 'vitest';
import type { Host } from '../../src/host/host.ts';
import { readWslConf } from '../../src/wsl/conf.ts';
import { networkingOf } from '../../src/wsl/networking.ts';
import { reachInWsl } from '../../src/wsl/reach.ts';
import { surroundingsOf } from '../../src/wsl/surroundings.ts';
import { wslVersion } from '../../src/wsl/wsl.ts';
import { RecordedHost } from '../rig/recorded-host.ts';
import { dress, GATEWAY, routes } from './machine.ts';

const WSL2 = '5.15.167.4-microsoft-standard-WSL2';

function kernel(release: string, files: Record<string, string> = {}): RecordedHost {
  const host = new RecordedHost();
  host.disk.file('/proc/sys/kernel/osrelease', `${release}\n`);
  for (const [path, text] of Object.entries(files)) host.disk.file(path, text);
  return host;
}

const withInfo = (host: RecordedHost, at = '/usr/bin/wslinfo') => {
  host.disk.file('/init', 'ELF').symlink(at, '/init');
  return host;
};

describe('whether this is WSL', () => {
  it.each([
    [WSL2, 2],
    ['4.19.84-microsoft-standard', 2],
    ['4.4.0-19041-Microsoft', 1],
    ['4.4.0-22621-Microsoft', 1],
    ['6.6.0-custom-WSL2+', 2],
    ['6.1.0-18-amd64', undefined],
    ['5.15.0-1041-azure', undefined],
  ])('by the kernel: %s', (release, version) => {
    expect(wslVersion(kernel(release))).toBe(version);
  });

  it('by /proc/version where the other file cannot be read, and by its release only', () => {
    const host = new RecordedHost();
    expect(wslVersion(host)).toBeUndefined();
    host.disk.file('/proc/version', `Linux version ${WSL2} (root@1) (gcc) #1 SMP\n`);
    expect(wslVersion(host)).toBe(2);
    host.disk.file('/proc/version', 'Linux version 6.6.1.azl3 (mariner@microsoft.example) (gcc) #1 SMP\n');
    expect(wslVersion(host)).toBeUndefined();
  });

  it.each(['/.dockerenv', '/run/.containerenv'])('no container on the kernel of WSL: %s', (mark) => {
    expect(wslVersion(kernel(WSL2, { [mark]: '' }))).toBeUndefined();
    // A distribution that was imported from a container still has that mark.
    expect(wslVersion(withInfo(kernel(WSL2, { [mark]: '' })))).toBe(2);
    expect(wslVersion(kernel(WSL2, { [mark]: '', '/proc/sys/fs/binfmt_misc/WSLInterop-late': 'enabled\n' }))).toBe(2);
  });

  it('no system container either, but systemd calls WSL itself one', () => {
    expect(wslVersion(kernel(WSL2, { '/run/systemd/container': 'lxc\n' }))).toBeUndefined();
    expect(wslVersion(kernel(WSL2, { '/run/systemd/container': 'wsl\n' }))).toBe(2);
  });

  it('with a kernel of the user: by wslinfo, which is a link to what WSL alone has', () => {
    expect(wslVersion(withInfo(kernel('6.6.0-mine')))).toBe(2);
    expect(wslVersion(withInfo(kernel('6.6.0-mine'), '/bin/wslinfo'))).toBe(2);
    const copied = kernel('6.6.0-mine');
    copied.disk.symlink('/usr/bin/wslinfo', '/init');
    expect(wslVersion(copied)).toBeUndefined();
    expect(wslVersion(withInfo(kernel('6.6.0-mine', { '/.dockerenv': '' })))).toBeUndefined();
  });

  it('not an image, and no other platform', () => {
    const image = Object.create(kernel(WSL2), { root: { value: '/image' } }) as Host;
    expect(wslVersion(image)).toBeUndefined();
    const mac = Object.create(kernel(WSL2), { platform: { value: 'darwin' } }) as Host;
    expect(wslVersion(mac)).toBeUndefined();
  });
});

describe('/etc/wsl.conf', () => {
  const read = (text: string) => readWslConf(kernel(WSL2, { '/etc/wsl.conf': text }));

  it.each([
    ['', { systemd: false, root: '/mnt/' }],
    ['[boot]\nsystemd=true\n', { systemd: true, root: '/mnt/' }],
    ['[ Boot ]\r\n systemd = True # yes\r\n', { systemd: true, root: '/mnt/' }],
    ['[boot]\n#systemd=true\n', { systemd: false, root: '/mnt/' }],
    ['[network]\nsystemd=true\n', { systemd: false, root: '/mnt/' }],
    ['[boot]\nsystemd=true\nsystemd=false\n', { systemd: false, root: '/mnt/' }],
    ['[automount]\nroot = "/my drives"\n', { systemd: false, root: '/my drives/' }],
    ['[automount]\nroot=/\n[boot]\nsystemd="true"', { systemd: true, root: '/' }],
  ])('%j', (text, conf) => expect(read(text)).toEqual(conf));

  it('is not there', () => expect(readWslConf(kernel(WSL2))).toEqual({ systemd: false, root: '/mnt/' }));
});

describe('how it is connected to Windows', () => {
  const nat = { mode: 'nat', inferred: false, interface: 'eth0', windows: GATEWAY };

  it.each([
    ['nat', nat],
    ['mirrored', { ...nat, mode: 'mirrored', windows: '127.0.0.1' }],
    ['bridged', { ...nat, mode: 'bridged', windows: undefined }],
    ['virtioproxy', { ...nat, mode: 'virtioproxy', windows: undefined }],
    ['none', { ...nat, mode: 'none', windows: undefined }],
    ['something new', { ...nat, inferred: true }],
    [undefined, { ...nat, inferred: true }],
  ])('WSL says %s', async (mode, expected) => {
    expect(await networkingOf(dress(new RecordedHost(), { mode }), 2)).toEqual(expected);
  });

  it('says nothing when WSL did not answer and the addresses do not look like its NAT', async () => {
    const host = dress(new RecordedHost(), { gateway: '192.168.1.1' });
    expect(await networkingOf(host, 2)).toMatchObject({ mode: 'unknown', windows: undefined });
    const slow = dress(new RecordedHost(), { mode: 'nat' }).command(['/usr/bin/wslinfo'], {
      code: null,
      error: 'ETIMEDOUT',
    });
    expect(await networkingOf(slow, 2)).toMatchObject({ mode: 'nat', inferred: true });
  });

  it('asks under no name that a PATH decides', async () => {
    const host = dress(new RecordedHost()).command(['wslinfo'], { stdout: 'mirrored\n' });
    expect(await networkingOf(host, 2)).toMatchObject({ inferred: true });
  });

  it('WSL 1 shares the network of Windows, and is not asked', async () => {
    expect(await networkingOf(dress(new RecordedHost(), { mode: 'nat' }), 1)).toMatchObject({
      mode: 'wsl1',
      windows: '127.0.0.1',
    });
  });

  it('takes the default route of the lowest metric, if there is one at all', async () => {
    const host = dress(new RecordedHost(), { mode: 'nat' });
    const second = routes('172.30.0.1', 'eth1', 50).split('\n')[1];
    host.disk.file('/proc/net/route', `${routes(GATEWAY, 'eth0', 100)}${second}\n`);
    expect(await networkingOf(host, 2)).toMatchObject({ windows: '172.30.0.1', interface: 'eth1' });
    host.disk.file('/proc/net/route', 'Iface\tDestination\n');
    expect(await networkingOf(host, 2)).toMatchObject({ windows: undefined, interface: undefined });
    host.disk.drop('/proc/net/route');
    expect(await networkingOf(host, 2)).toMatchObject({ windows: undefined });
  });
});

describe('what is around it', () => {
  it('systemd, and whose docker it is', async () => {
    const bare = await surroundingsOf(dress(new RecordedHost()), 2);
    expect(bare).toMatchObject({ booted: false, dockerDesktop: false });
    const host = dress(new RecordedHost(), { dockerDesktop: true });
    host.disk.folder('/run/systemd/system');
    expect(await surroundingsOf(host, 2)).toMatchObject({ booted: true, dockerDesktop: true });
    const own = dress(new RecordedHost());
    own.disk.symlink('/usr/bin/docker', '/opt/docker/docker');
    expect(await surroundingsOf(own, 2)).toMatchObject({ dockerDesktop: false });
  });
});

describe('who reaches its addresses', () => {
  const reach = async (mode: string | undefined) => {
    const addresses = [
      { interface: 'eth0', address: '172.20.70.5', reach: 'lan' },
      { interface: 'docker0', address: '172.17.0.1', reach: 'containers' },
      { interface: 'eth1', address: '10.0.0.5', reach: 'lan' },
      { interface: 'tailscale0', address: '100.64.0.1', reach: 'vpn' },
    ] as const;
    return (await reachInWsl(dress(new RecordedHost(), { mode }), [...addresses])).map((one) => one.reach);
  };

  it.each([
    ['nat', ['windows', 'containers', 'lan', 'vpn']],
    [undefined, ['windows', 'containers', 'lan', 'vpn']],
    ['mirrored', ['lan', 'containers', 'lan', 'vpn']],
    ['bridged', ['lan', 'containers', 'lan', 'vpn']],
  ])('%s', async (mode, expected) => expect(await reach(mode)).toEqual(expected));

  it('is as ever elsewhere', async () => {
    const own = [{ interface: 'eth0', address: '172.20.70.5', reach: 'lan' } as const];
    expect(await reachInWsl(kernel('6.1.0-18-amd64'), own)).toEqual(own);
  });
});
