import { describe, expect, it } from 'vitest';
import type { Engine } from '../../src/containers/engine.ts';
import { findEngines } from '../../src/containers/engine.ts';
import { openThrowAway } from '../../src/containers/throw-away.ts';
import { ENGINE, Machine } from './machine.ts';

const URL = 'http://host.docker.internal:11434/api/tags';
const LOADER = '/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2';
const ANSWER = 'stigmer answered 200\n{"models":[]}';

/** A machine that knows its own program and what it loads. */
function withNode(info: object = ENGINE): Machine {
  const host = new Machine().info(info).says('docker', 'ps', '').says('docker', 'images', '').says('docker', 'rmi', '');
  host.disk.symlink('/proc/self/exe', '/usr/bin/node');
  host.disk.file('/proc/self/maps', `7f00-7f01 r-xp 00000000 08:01 42   ${LOADER}\n`);
  host.disk.file('/usr/lib/libm-2.36.so', '').symlink('/lib/x86_64-linux-gnu/libm.so.6', '/usr/lib/libm-2.36.so');
  const listed = '\tlinux-vdso.so.1 (0x7ff)\n\tlibm.so.6 => /lib/x86_64-linux-gnu/libm.so.6 (0x7f)\n';
  host.command([LOADER, '--list', '/usr/bin/node'], { stdout: listed });
  return host.says('docker', 'import', 'sha256:1').says('docker', 'run', ANSWER);
}

async function open(host: Machine, pull = false) {
  const engine = (await findEngines(host)).engines[0] as Engine;
  return openThrowAway(host, engine, pull, URL);
}

const calls = (host: Machine, verb: string) => host.calls.filter((call) => call.startsWith(`${verb} `));

describe('a container of our own', () => {
  it('has this host’s Node and nothing else, may do nothing, and is removed', async () => {
    const host = withNode();
    const opened = await open(host);
    expect(opened).toMatchObject({ first: { kind: 'answered', status: 200 } });
    const [run = ''] = calls(host, 'run');
    for (const words of [
      '--rm',
      '--pull=never',
      '--read-only',
      '--cap-drop ALL',
      '--security-opt no-new-privileges',
      '--user 65534:65534',
      '--network bridge',
      '--add-host host.docker.internal:host-gateway',
      '-e http_proxy= ',
      '--mount type=bind,source=/usr/bin/node,target=/stigmer/node,readonly',
      `--mount type=bind,source=${LOADER},target=/stigmer/loader,readonly`,
      '--mount type=bind,source=/usr/lib/libm-2.36.so,target=/stigmer/libm.so.6,readonly',
      ' /stigmer/loader --library-path /stigmer /stigmer/node -e ',
    ]) {
      expect(run).toContain(words);
    }
    expect(run).not.toMatch(/ -v | --volume/);
    expect(host.calls.filter((call) => /^pull/.test(call))).toEqual([]);
    if ('way' in opened) {
      await opened.way.ask('host', URL);
      expect(calls(host, 'run')[1]).toContain('--network host');
      expect(calls(host, 'run')[1]).not.toContain('--add-host');
      await opened.way.close();
    }
    const image = /^import - (\S+)$/.exec(calls(host, 'import')[0] ?? '')?.[1];
    expect(calls(host, 'rmi')).toEqual([`rmi -f ${image}`]);
  });

  it('with a Node that is linked to nothing, that alone', async () => {
    const host = withNode();
    host.disk.file('/proc/self/maps', '7f00-7f01 r-xp 00000000 08:01 42   /usr/bin/node\n');
    await open(host);
    expect(calls(host, 'run')[0]).toMatch(/ stigmer-setup-ollama-check:\S+ \/stigmer\/node -e /);
    expect(calls(host, 'run')[0]?.match(/--mount/g)).toHaveLength(1);
  });

  it('one that had to be cut short is removed by its name', async () => {
    const host = withNode().says('docker', 'rm', '');
    host.command(['/usr/bin/docker', 'run'], { code: null, error: 'ETIMEDOUT' });
    expect(await open(host)).toMatchObject({ unable: expect.stringContaining('did not end') });
    expect(calls(host, 'rm').every((call) => /^rm -f stigmer-setup-ollama-check-\d+-4242-\d+$/.test(call))).toBe(true);
    expect(calls(host, 'rm').length).toBeGreaterThan(0);
    expect(calls(host, 'rmi')).toHaveLength(1);
  });
});

describe('where Node cannot be mounted', () => {
  const desktop = { ...ENGINE, OperatingSystem: 'Docker Desktop', Name: 'docker-desktop' };

  it('an image asks that is here and has a program for it; others are not run', async () => {
    const host = withNode(desktop);
    host.says('docker', 'images', 'postgres:16 11\nnode:22 22\n').command(['/usr/bin/docker', 'run'], (argv) => {
      host.calls.push(argv.slice(1).join(' '));
      return { stdout: argv.includes('sh') ? 'node\n' : ANSWER };
    });
    expect(await open(host)).toMatchObject({ first: { kind: 'answered' } });
    expect(calls(host, 'import')).toEqual([]);
    expect(calls(host, 'run').map((call) => /--entrypoint (\S+) (\S+)/.exec(call)?.slice(1))).toEqual([
      ['sh', '22'],
      ['node', '22'],
    ]);
    expect(calls(host, 'run')[1]).not.toContain('--add-host'); // Desktop's own resolver knows the name
  });

  it('nothing is pulled unasked', async () => {
    const host = withNode(desktop);
    expect(await open(host)).toMatchObject({ unable: expect.stringContaining('no image is here') });
    expect(calls(host, 'run')).toEqual([]);
    expect(calls(host, 'pull')).toEqual([]);
  });

  it('with --pull a small image is, and removed again', async () => {
    const host = withNode(desktop).says('docker', 'pull', 'busybox');
    host.command(['/usr/bin/docker', 'run'], (argv) => ({ stdout: argv.includes('sh') ? 'wget\n' : '{"models":[]}' }));
    const opened = await open(host, true);
    expect(opened).toMatchObject({ first: { kind: 'answered', status: 200 } });
    if ('way' in opened) await opened.way.close();
    expect(calls(host, 'pull')).toEqual(['pull -q docker.io/library/busybox:stable']);
    expect(calls(host, 'rmi')).toEqual(['rmi docker.io/library/busybox:stable']);
  });

  it('one that was here before the pull stays', async () => {
    const host = withNode(desktop).says('docker', 'pull', 'busybox').says('docker', 'image', '[{}]');
    host.command(['/usr/bin/docker', 'run'], (argv) => ({ stdout: argv.includes('sh') ? 'wget\n' : '{"models":[]}' }));
    const opened = await open(host, true);
    if ('way' in opened) await opened.way.close();
    expect(calls(host, 'rmi')).toEqual([]);
  });

  it('an engine that refuses the mount is no failure, but a reason', async () => {
    const host = withNode();
    host.command(['/usr/bin/docker', 'run'], {
      code: 125,
      stderr: 'docker: Error response from daemon: bind source path does not exist: /usr/bin/node.',
    });
    expect(await open(host)).toMatchObject({ unable: expect.stringContaining('bind source path does not exist') });
    expect(calls(host, 'rmi')).toHaveLength(1);
  });
});

describe('what a killed run left', () => {
  it('is removed when it is old', async () => {
    const host = withNode().says('docker', 'rm', '');
    const now = Math.floor(host.now() / 1000);
    const name = 'stigmer-setup-ollama-check';
    host.says('docker', 'ps', `${name}-${now - 1000}-7-0\n${name}-${now - 10}-8-0\nmine-${name}-1-2\n`);
    host.says('docker', 'images', `${name}:${now - 1000}-7\n${name}:${now}-8\n${name}:latest\n`);
    await open(host);
    expect(calls(host, 'rm')).toEqual([`rm -f ${name}-${now - 1000}-7-0`]);
    expect(calls(host, 'rmi')).toEqual([`rmi -f ${name}:${now - 1000}-7`]);
  });
});
