import { describe, expect, it } from 'vitest';
import type { Filter, FilterRequest } from '../../src/firewall/allow.ts';
import type { Judgement } from '../../src/firewall/judge.ts';
import { rigUnavailable } from './rig/available.ts';
import { addContainer, type Container, reach } from './rig/containers.ts';
import { library, rules } from './rig/firewalls.ts';
import { diffSnapshots, type Peer, type TestHost, withHost } from './rig/host.ts';
import { installOllama, waitForListener } from './rig/ollama.ts';
import { must } from './rig/outside.ts';

const DROP_IN = '/etc/systemd/system/ollama.service.d/zz-stigmer-ollama-host.conf';
const TABLE = ['inet', 'stigmer_ollama'];

/** A host with Ollama on loopback, a container on docker0, one on a compose network, and another machine. */
interface Scene {
  host: TestHost;
  peer: Peer;
  containers: Container[];
}

function scene(name: string, test: (scene: Scene) => Promise<void>): () => Promise<void> {
  return () =>
    withHost(name, {}, async (host) => {
      const peer = await host.addPeer();
      for (const words of [
        ['-n', host.name, 'address', 'add', 'fd00:77::1/64', 'dev', peer.hostInterface, 'nodad'],
        ['-n', `${host.name}.peer1`, 'address', 'add', 'fd00:77::2/64', 'dev', 'eth0', 'nodad'],
        // What no private network has: an address of documentation (RFC 5737, RFC 3849).
        ['-n', `${host.name}.peer1`, 'address', 'add', '203.0.113.2/32', 'dev', 'eth0'],
        ['-n', host.name, 'route', 'add', '203.0.113.2', 'dev', peer.hostInterface],
        ['-n', `${host.name}.peer1`, 'address', 'add', '2001:db8::2/64', 'dev', 'eth0', 'nodad'],
        ['-n', host.name, 'address', 'add', '2001:db8::1/64', 'dev', peer.hostInterface, 'nodad'],
      ])
        await must(['ip', ...words]);
      const containers = [await addContainer(host, 'docker0', 1), await addContainer(host, 'br-0123456789ab', 2)];
      await installOllama(host);
      await test({ host, peer, containers });
    });
}

const REQUEST: FilterRequest = { unit: 'ollama.service', port: 11434, allow: 'containers', version: '0.0.0-test' };

/** What setup does: the file, the drop-in with its lines, a restart. */
async function allow(host: TestHost, request: FilterRequest): Promise<Filter> {
  const filter = await library<Filter>(host, 'filter', request);
  await library(host, 'apply', [filter.change]);
  bind(host, filter);
  await restart(host);
  await waitForListener(host);
  return filter;
}

function bind(host: TestHost, filter?: Filter): void {
  const service = ['[Service]', 'Environment="OLLAMA_HOST=0.0.0.0:11434"', ...(filter?.serviceLines ?? [])];
  host.write(DROP_IN, ['[Unit]', ...(filter?.unitLines ?? []), ...service, ''].join('\n'));
}

async function restart(host: TestHost): Promise<void> {
  await host.must(['systemctl', 'daemon-reload']);
  await host.must(['systemctl', 'restart', 'ollama']);
}

/** From where the port can be reached: `200`, or how curl failed. */
async function reached({ host, peer, containers: [docker, compose] }: Scene): Promise<Record<string, string>> {
  const inside = (argv: readonly string[]) => host.run(argv);
  const outside = (argv: readonly string[]) => peer.run(argv);
  const from = (address: string) => (argv: readonly string[]) => peer.run([...argv, '--interface', address]);
  const ways = {
    loopback: reach(inside, '127.0.0.1'),
    loopback6: reach(inside, '::1'),
    own: reach(inside, peer.hostAddress),
    docker: docker!.reach(),
    docker6: docker!.reach(docker!.gateway6),
    compose: compose!.reach('172.17.0.1'),
    compose6: compose!.reach(compose!.gateway6),
    lan: reach(outside, peer.hostAddress),
    lan6: reach(outside, 'fd00:77::1'),
    routed: reach(outside, '172.17.0.1'),
    public: reach(from('203.0.113.2'), peer.hostAddress),
    public6: reach(from('2001:db8::2'), '2001:db8::1'),
  };
  const answers = await Promise.all(Object.entries(ways).map(async ([name, answer]) => [name, await answer] as const));
  return Object.fromEntries(answers);
}

const LOCAL = ['loopback', 'loopback6', 'own', 'docker', 'docker6', 'compose', 'compose6'];
const PRIVATE = ['lan', 'lan6', 'routed'];
const WORLD = ['public', 'public6'];

/** Every way of the first lists answers, and every other is met with silence. */
function onlyFrom(...open: string[][]): Record<string, string> {
  return Object.fromEntries(
    [...LOCAL, ...PRIVATE, ...WORLD].map((name) => [name, open.flat().includes(name) ? '200' : 'curl 28']),
  );
}

async function hasTable(host: TestHost): Promise<boolean> {
  return (await host.run(['nft', 'list', 'table', ...TABLE])).code === 0;
}

/** The ports that answer a connection, of those that programs have and of the ones around Ollama's. */
async function scan(peer: Peer, address: string): Promise<number[]> {
  const { code, stdout, stderr } = await peer.run([process.execPath, '-e', SCAN, address]);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const SCAN = `
const net = require('node:net');
const ports = [...Array(1024).keys()].map((i) => i + 1).concat([...Array(1001).keys()].map((i) => i + 11000));
const open = [];
const next = () => new Promise((done) => {
  const port = ports.pop();
  if (port === undefined) return done();
  const socket = net.connect({ host: process.argv[1], port, timeout: 1500 });
  const end = () => { socket.destroy(); next().then(done); };
  socket.on('connect', () => { open.push(port); end(); }).on('error', end).on('timeout', end);
});
Promise.all(Array.from({ length: 64 }, next)).then(() => console.log(JSON.stringify(open)));
`;

describe.skipIf(rigUnavailable())('--allow', () => {
  it(
    'containers: they and this host reach the port, also those that come later, and nobody else does',
    scene('containers', async (scene) => {
      const { host, peer } = scene;
      await must(['ip', '-n', `${host.name}.peer1`, 'route', 'add', '172.17.0.0/16', 'via', peer.hostAddress]);
      const etc = host.snapshotEtc();
      bind(host);
      await restart(host);
      await waitForListener(host);
      expect(await reached(scene)).toEqual(onlyFrom(LOCAL, PRIVATE, WORLD));
      for (const address of [peer.hostAddress, 'fd00:77::1']) expect(await scan(peer, address)).toEqual([11434]);
      const before = await rules(host);

      const filter = await allow(host, REQUEST);
      expect(await reached(scene)).toEqual(onlyFrom(LOCAL));
      for (const address of [peer.hostAddress, 'fd00:77::1']) expect(await scan(peer, address)).toEqual([]);
      const later = await addContainer(host, 'br-fedcba987654', 3);
      expect([await later.reach('172.17.0.1'), await later.reach(later.gateway6)]).toEqual(['200', '200']);
      // Everything that is not this port goes on as before.
      expect(await otherPort(scene)).toBe('404');
      expect(await echoed(scene)).toBe('over UDP');

      const { verdicts } = await library<{ verdicts: Judgement[] }>(host, 'judge', [
        { iif: 'docker0', from: '172.17.0.0/16', port: 11434 },
        { iif: peer.hostInterface, from: peer.address, port: 11434 },
      ]);
      expect(verdicts).toMatchObject([
        { kind: 'passes' },
        { kind: 'blocked', by: { firewall: 'allow', rule: 'counter drop' } },
      ]);
      expect(await library(host, 'inspect', [filter.change])).toEqual(['done']);

      // Back: the lines go with the drop-in, the service restarts, and the table is taken away by hand.
      await library(host, 'invert', [filter.change]);
      host.remove('/etc/systemd/system/ollama.service.d');
      await restart(host);
      await library(host, 'perform', filter.removal);
      await library(host, 'perform', filter.removal);
      expect(await rules(host)).toEqual(before);
      expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
    }),
  );

  it(
    'lan: private networks as well, and nothing from beyond',
    scene('lan', async (scene) => {
      const { host, peer } = scene;
      await must(['ip', '-n', `${host.name}.peer1`, 'route', 'add', '172.17.0.0/16', 'via', peer.hostAddress]);
      await allow(host, { ...REQUEST, allow: 'lan' });
      expect(await reached(scene)).toEqual(onlyFrom(LOCAL, PRIVATE));
      // The other way round, and to another port, in one restart.
      host.remove('/etc/systemd/system/ollama.service.d');
      await allow(host, REQUEST);
      expect(await reached(scene)).toEqual(onlyFrom(LOCAL));
    }),
  );

  it(
    'the table lives and dies with the service: restart, stop, crash, flush, reboot',
    scene('lives', async ({ host, peer }) => {
      await allow(host, REQUEST);
      const fromPeer = () => reach((argv) => peer.run(argv), peer.hostAddress);
      await host.must(['systemctl', 'restart', 'ollama']);
      await waitForListener(host);
      expect([await hasTable(host), await fromPeer()]).toEqual([true, 'curl 28']);

      await host.must(['systemctl', 'stop', 'ollama']);
      expect([await hasTable(host), await fromPeer()]).toEqual([false, 'curl 7']);
      await host.must(['systemctl', 'start', 'ollama']);
      await waitForListener(host);

      for (let crash = 0; crash < 2; crash += 1) {
        const { MainPID } = await host.show('ollama', 'MainPID');
        await host.must(['kill', '-KILL', MainPID!]);
        const isBack = async () => ![MainPID, '0'].includes((await host.show('ollama', 'MainPID')).MainPID!);
        await host.waitFor(isBack, 20_000, 'the service after a crash');
        await waitForListener(host);
        expect([await hasTable(host), await fromPeer()]).toEqual([true, 'curl 28']);
      }

      // Somebody's `flush ruleset` opens the port until the next start.
      await host.must(['nft', 'flush', 'ruleset']);
      expect(await fromPeer()).toBe('200');
      await host.must(['systemctl', 'restart', 'ollama']);
      await waitForListener(host);
      expect(await fromPeer()).toBe('curl 28');

      // The rig's namespace outlives the host: what is there after the reboot has been made by it, since nothing is left.
      await host.must(['systemctl', 'stop', 'ollama']);
      expect(await hasTable(host)).toBe(false);
      await host.reboot();
      await waitForListener(host);
      expect([await hasTable(host), await fromPeer()]).toEqual([true, 'curl 28']);
    }),
  );

  it(
    'rules that cannot be loaded keep the service down: closed, not open',
    scene('broken', async ({ host, peer }) => {
      const filter = await allow(host, REQUEST);
      host.write(filter.change.path, `${host.read(filter.change.path)}\nnonsense\n`);
      await host.run(['systemctl', 'restart', 'ollama']);
      const state = async () => (await host.show('ollama', 'Result')).Result === 'exit-code';
      await host.waitFor(state, 20_000, 'the failed start');
      expect(host.listeners(11434)).toEqual([]);
      expect(await reach((argv) => peer.run(argv), peer.hostAddress)).toBe('curl 7');
    }),
  );

  it(
    'a bridge whose name says nothing is let in once it is named',
    scene('named', async ({ host, peer }) => {
      const filter = await library<Filter>(host, 'filter', { ...REQUEST, interfaces: ['mynet0'] });
      const text = Buffer.from(filter.change.to!.content, 'base64').toString();
      expect(text).toContain('\t\tiifname "mynet0" accept\n');
      expect(text).not.toContain('{{');
      const mine = await addContainer(host, 'mynet0', 4);
      await allow(host, REQUEST);
      expect(await mine.reach()).toBe('curl 28');
      await allow(host, { ...REQUEST, interfaces: ['mynet0'] });
      expect(await mine.reach()).toBe('200');
      expect(await reach((argv) => peer.run(argv), peer.hostAddress)).toBe('curl 28');
    }),
  );
});

/** What comes back from a UDP socket of the host that says again what it hears. */
async function echoed({ host, peer }: Scene): Promise<string> {
  const script =
    'import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.bind(("", 9999)); print("ready", flush=True); d, a = s.recvfrom(99); s.sendto(d, a)';
  const server = host.spawn(['python3', '-c', script]);
  await server.waitForOutput(/ready/);
  const ask = `import socket; s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(5); s.sendto(b"over UDP", ("${peer.hostAddress}", 9999)); print(s.recv(99).decode(), end="")`;
  const { stdout, stderr } = await peer.run(['python3', '-c', ask]);
  await server.killAll();
  return stdout || stderr;
}

/** What a web server on another port of the host answers to the peer. */
async function otherPort({ host, peer }: Scene): Promise<string> {
  const server = host.spawn(['python3', '-m', 'http.server', '8000']);
  await host.waitFor(() => host.listeners(8000).length > 0, 10_000, 'a web server');
  const answer = await reach((argv) => peer.run(argv), peer.hostAddress, 8000);
  await server.killAll();
  return answer;
}
