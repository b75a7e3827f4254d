import { describe, expect, it } from 'vitest';
import { findEngines } from '../../src/containers/engine.ts';
import { ENGINE, Machine } from './machine.ts';

describe('which engine it is', () => {
  // Desktop, OrbStack, Colima and Rancher Desktop as their users have pasted `docker info` into issues.
  const machines: [string, object, NodeJS.Platform, object][] = [
    ['docker-engine', {}, 'linux', { local: true, addsHost: true, title: 'Docker Engine 20.10.24+dfsg1' }],
    [
      'docker-rootless',
      { SecurityOptions: ['name=seccomp', 'name=rootless', 'name=cgroupns'] },
      'linux',
      { local: true },
    ],
    [
      'docker-desktop',
      { OperatingSystem: 'Docker Desktop', Name: 'docker-desktop', KernelVersion: '6.10.0-linuxkit' },
      'linux',
      { local: false, addsHost: false },
    ],
    ['docker-desktop', { OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' }, 'linux', { local: false }], // in WSL
    ['orbstack', { OperatingSystem: 'OrbStack', Name: 'orbstack' }, 'darwin', { local: false }],
    ['colima', { OperatingSystem: 'Ubuntu 24.04 LTS', Name: 'colima' }, 'darwin', { addsHost: false }],
    ['colima', { OperatingSystem: 'Ubuntu 24.04 LTS', Name: 'colima-work' }, 'darwin', {}],
    ['rancher-desktop', { OperatingSystem: 'Alpine Linux v3.20', Name: 'lima-rancher-desktop' }, 'darwin', {}],
    ['docker-vm', { Name: 'lima-default' }, 'darwin', { local: false }],
    ['docker-vm', { KernelVersion: '5.4.0-other' }, 'linux', { local: false, addsHost: false }],
  ];
  it.each(machines)('%s %j', async (flavour, info, platform, more) => {
    const host = new Machine(['docker'], { platform }).info({ ...ENGINE, ...info });
    const { engines, unusable } = await findEngines(host);
    expect(unusable).toEqual([]);
    expect(engines).toMatchObject([{ flavour, hostName: 'host.docker.internal', ...more }]);
  });

  it('Podman by itself, rootless, in its machine, and as `docker`', async () => {
    const info = (rootless: boolean, more: object = {}) => ({
      host: { kernel: '6.1.0-18-amd64', security: { rootless }, serviceIsRemote: false, ...more },
      version: { Version: '5.4.0' },
    });
    const ask = async (host: Machine) =>
      (await findEngines(host)).engines.map((one) => [one.cli.name, one.flavour, one.local]);
    expect(await ask(new Machine(['podman']).info(info(false), 'podman'))).toEqual([['podman', 'podman', true]]);
    expect(await ask(new Machine(['podman']).info(info(true), 'podman'))).toEqual([
      ['podman', 'podman-rootless', true],
    ]);
    const remote = info(true, { serviceIsRemote: true, kernel: '6.12-coreos' });
    expect(await ask(new Machine(['podman']).info(remote, 'podman'))).toEqual([['podman', 'podman-machine', false]]);
    const both = new Machine(['docker', 'podman']).info(info(false)).info(info(false), 'podman');
    expect(await ask(both)).toEqual([['docker', 'podman', true]]);
  });

  it('the context decides where it is', async () => {
    const context = (endpoint: string, info: object = {}) =>
      new Machine(['docker'], { platform: 'darwin' })
        .info({ ...ENGINE, ...info, ClientInfo: { Context: 'work' } })
        .says('docker', 'context', `${endpoint}\n`);
    const far = await findEngines(context('ssh://me@build.example'));
    expect(far).toMatchObject({
      engines: [],
      unusable: [{ cause: 'engine-remote', remedy: 'docker context use default' }],
    });
    expect((await findEngines(context('tcp://10.0.0.9:2376'))).unusable).toMatchObject([{ cause: 'engine-remote' }]);
    const near = await findEngines(context('unix:///Users/ann/.colima/work/docker.sock', { Name: 'x' }));
    expect(near.engines).toMatchObject([{ flavour: 'colima' }]);
    const told = new Machine().info(ENGINE);
    told.env.DOCKER_HOST = 'ssh://elsewhere';
    expect((await findEngines(told)).unusable).toMatchObject([{ cause: 'engine-remote' }]);
  });
});

describe('an engine that cannot be asked', () => {
  const nothing = JSON.stringify({ ServerVersion: '', ClientInfo: {} });
  // Recorded: the client prints its empty answer and exits with 1.
  const words: [string, object][] = [
    [
      'engine-denied',
      {
        code: 1,
        stderr:
          'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get …',
      },
    ],
    [
      'engine-denied',
      { code: 0, stdout: JSON.stringify({ ServerErrors: ['Got permission denied while trying to connect'] }) },
    ],
    [
      'engine-down',
      {
        code: 1,
        stderr: 'Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?',
      },
    ],
    ['engine-hung', { code: null, stdout: '', error: 'ETIMEDOUT' }],
    ['engine-broken', { code: 2, stdout: '', stderr: 'flag provided but not defined' }],
    ['engine-other-containers', { stdout: JSON.stringify({ ...ENGINE, OSType: 'windows' }) }],
  ];
  it.each(words)('%s', async (cause, answer) => {
    const host = new Machine().command(['/usr/bin/docker', 'info'], { stdout: nothing, ...answer });
    const { engines, unusable } = await findEngines(host);
    expect(engines).toEqual([]);
    expect(unusable).toMatchObject([{ cause }]);
    expect(unusable[0]?.evidence).not.toBe('');
    expect(unusable[0]?.remedy).not.toBe('');
  });

  it('is none where no program is installed', async () => {
    expect(await findEngines(new Machine([]))).toEqual({ engines: [], unusable: [] });
  });
});

describe('whose engine it is', () => {
  it('root under sudo asks the rootless engine of the caller as the caller', async () => {
    const host = new Machine();
    Object.assign(host.env, { SUDO_UID: '1000', SUDO_GID: '1000', SUDO_USER: 'ann' });
    host.disk.file('/etc/passwd', 'ann:x:1000:1000::/home/ann:/bin/bash\n').file('/run/user/1000/docker.sock', '');
    host.command(['/usr/bin/docker', 'info'], (_, { env }) =>
      env?.DOCKER_HOST
        ? { stdout: JSON.stringify({ ...ENGINE, SecurityOptions: ['name=rootless'] }) }
        : { code: 1, stderr: 'Cannot connect to the Docker daemon' },
    );
    const { engines, unusable } = await findEngines(host);
    expect(engines.map(({ flavour, cli }) => [flavour, cli.identity])).toEqual([
      ['docker-rootless', { uid: 1000, gid: 1000, name: 'ann', home: '/home/ann' }],
    ]);
    expect(unusable.map(({ cause }) => cause)).toEqual(['engine-down']);
    expect(host.done.map(({ identity }) => (typeof identity === 'object' ? identity.name : identity)).sort()).toEqual([
      'ann',
      'self',
    ]);
  });

  it('root never runs a program out of a home', async () => {
    const host = new Machine([]);
    host.disk.file('/root/.docker/bin/docker', '', { mode: 0o755 });
    expect((await findEngines(host)).unusable).toEqual([]);
    expect(host.done).toEqual([]);
  });
});
