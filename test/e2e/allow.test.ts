import { describe, expect, it } from 'vitest';
import { expectRestored, mainPid, prepared, remains, reported, succeeds } from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { addContainer, type Container, reach } from './rig/containers.ts';
import { rules } from './rig/firewalls.ts';
import { type Peer, type TestHost, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { must } from './rig/outside.ts';
import { spawnProduct } from './rig/product.ts';

const FILTER = '/etc/stigmer-setup-ollama/stigmer_ollama.nft';
const FILTER_DROP_IN = '/etc/systemd/system/ollama.service.d/zz-stigmer-ollama-filter.conf';
const CONTAINERS = ['--yes', '--allow', 'containers'];

interface Scene {
  host: TestHost;
  peer: Peer;
  container: Container;
}

/** A host with Ollama on loopback, a container on docker0, and another machine that reaches it over IPv4 and IPv6. */
function scene(name: string, play: (scene: Scene) => Promise<void>): void {
  it(name, { timeout: 240_000 }, () =>
    withHost('allow', {}, async (host) => {
      const peer = await host.addPeer();
      for (const words of [
        ['-n', host.name, 'address', 'add', 'fd00:77::1/64', 'dev', peer.hostInterface, 'nodad'],
        ['-n', `${host.name}.peer1`, 'address', 'add', 'fd00:77::2/64', 'dev', 'eth0', 'nodad'],
      ])
        await must(['ip', ...words]);
      await play({ host, peer, container: await addContainer(host, 'docker0', 1) });
    }),
  );
}

/** What curl comes to from everywhere. */
async function reached({ host, peer, container }: Scene): Promise<Record<string, string>> {
  const outside = (argv: readonly string[]) => peer.run(argv);
  const ways = {
    loopback: reach((argv) => host.run(argv), '127.0.0.1'),
    container: container.reach(),
    container6: container.reach(container.gateway6),
    lan: reach(outside, peer.hostAddress),
    lan6: reach(outside, 'fd00:77::1'),
  };
  return Object.fromEntries(
    await Promise.all(Object.entries(ways).map(async ([name, answer]) => [name, await answer] as const)),
  );
}

const INSIDE = { loopback: '200', container: '200', container6: '200' };
const NARROW = { ...INSIDE, lan: 'curl 28', lan6: 'curl 28' };
const WIDE = { ...INSIDE, lan: '200', lan6: '200' };

/** Connects to every port there is; prints those that took the connection. */
const SCAN = `
import select, socket, sys, time
family, address = socket.getaddrinfo(sys.argv[1], 0)[0][0], sys.argv[1]
taken = []
for first in range(1, 65536, 500):
    poll, waiting = select.poll(), {}
    for port in range(first, min(first + 500, 65536)):
        one = socket.socket(family, socket.SOCK_STREAM)
        one.setblocking(False)
        one.connect_ex((address, port))
        waiting[one.fileno()] = (one, port)
        poll.register(one, select.POLLOUT)
    end = time.monotonic() + 3
    while waiting and time.monotonic() < end:
        for number, _ in poll.poll(200):
            one, port = waiting.pop(number)
            poll.unregister(one)
            if one.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0:
                taken.append(port)
            one.close()
    for one, _ in waiting.values():
        one.close()
print(*taken)
`;

/** The ports that another machine gets through to, by IPv4 and by IPv6. */
async function scanned(peer: Peer): Promise<string[]> {
  const found: string[] = [];
  for (const address of [peer.hostAddress, 'fd00:77::1']) {
    const { code, stdout, stderr } = await peer.run(['python3', '-c', SCAN, address], { timeout: 120_000 });
    expect(code, stderr).toBe(0);
    found.push(stdout.trim());
  }
  return found;
}

const codes = ({ warnings }: { warnings: { code: string }[] }) => warnings.map(({ code }) => code);

describe.skipIf(rigUnavailable())('setup --allow', () => {
  scene('containers, from the first run over later ones and a reboot to undo', async (scene) => {
    const { host, peer } = scene;
    const before = await prepared(host);
    const ruleset = await rules(host);
    const planned = await reported(host, ['--dry-run', '--allow', 'containers']);
    expect(planned.report.steps.find(({ id }) => id === 'write-filter')?.diff).toContain(
      '+\t\tiifname "docker0" accept',
    );
    await expectRestored(host, before);

    const { code, stdout, stderr } = await reported(host, CONTAINERS);
    expect(code, stderr).toBe(0);
    const report = JSON.parse(stdout);
    expect(report.steps.map(({ id, status }: { id: string; status: string }) => `${id} ${status}`)).toEqual(
      ['write-filter', 'write-filter-drop-in', 'write-drop-in', 'daemon-reload', 'restart'].map((id) => `${id} done`),
    );
    const names = report.exposure.addresses.map(({ interface: name }: { interface: string }) => name);
    expect([...new Set(names)]).toEqual(['docker0']);
    expect(report.exposure.firewall).toContain('lets only this host and its containers reach port 11434');
    expect(report.checks).toContainEqual(expect.objectContaining({ id: 'filter', status: 'pass' }));
    expect(await reached(scene)).toEqual(NARROW);

    const [etc, pid] = [host.snapshotEtc(), await mainPid(host)];
    for (const words of [CONTAINERS, ['--yes']]) {
      const again = await succeeds(host, words);
      expect(again).toMatchObject({ outcome: 'unchanged', changed: false, steps: [] });
      expect(again).toMatchObject({ exposure: { firewall: expect.stringContaining('--allow containers') } });
    }
    expect([host.snapshotEtc(), await mainPid(host)]).toEqual([etc, pid]);

    const later = await addContainer(host, 'br-fedcba987654', 3);
    expect([await later.reach('172.17.0.1'), await later.reach(later.gateway6)]).toEqual(['200', '200']);
    await host.must(['systemctl', 'restart', 'ollama']);
    await waitForListener(host);
    expect(await reached(scene)).toEqual(NARROW);
    await host.must(['systemctl', 'stop', 'ollama']);
    await host.reboot();
    await waitForListener(host);
    expect(await reach((argv) => peer.run(argv), peer.hostAddress)).toBe('curl 28');

    await succeeds(host, ['undo', '--yes']);
    await expectRestored(host, before);
    expect(await rules(host)).toEqual(ruleset);
  });

  scene('a port scan from another machine finds what it found before', async ({ host, peer }) => {
    await prepared(host);
    const before = await scanned(peer);
    await succeeds(host, ['--yes']);
    expect(await scanned(peer)).toEqual(before.map((ports) => `${ports} 11434`.trim()));
    await succeeds(host, CONTAINERS);
    expect(await scanned(peer)).toEqual(before);
    // A host takes what is sent to any of its addresses, also to those of its bridges.
    await must(['ip', '-n', `${host.name}.peer1`, 'route', 'add', '172.17.0.0/16', 'via', peer.hostAddress]);
    expect(await reach((argv) => peer.run(argv), '172.17.0.1')).toBe('curl 28');
  });

  scene('what is open already is narrowed, moved and opened again without a restart', async (scene) => {
    const { host } = scene;
    const before = await prepared(host);
    const ruleset = await rules(host);
    await succeeds(host, ['--yes']);
    expect(await reached(scene)).toEqual(WIDE);
    const pid = await mainPid(host);
    const report = await succeeds(host, CONTAINERS);
    expect(report.steps.map(({ id }) => id)).toEqual([
      'write-filter',
      'write-filter-drop-in',
      'daemon-reload',
      'load-filter',
    ]);
    expect(await reached(scene)).toEqual(NARROW);
    await succeeds(host, ['--yes', '--allow', 'lan']);
    expect(await reached(scene)).toEqual(WIDE);
    await succeeds(host, CONTAINERS);

    // Somebody's `flush ruleset` opens the port: root sees it, and the next run closes it.
    await host.must(['nft', 'flush', 'ruleset']);
    expect((await succeeds(host, ['--yes'])).steps.map(({ id }) => id)).toEqual(['load-filter']);
    expect(await reached(scene)).toEqual(NARROW);
    expect(await mainPid(host)).toBe(pid);

    // On another port the filter goes along.
    await succeeds(host, ['--yes', '--host', '0.0.0.0:12000']);
    const { peer, container } = scene;
    expect(await container.reach(container.gateway, 12000)).toBe('200');
    expect(await reach((argv) => peer.run(argv), peer.hostAddress, 12000)).toBe('curl 28');
    await succeeds(host, ['--yes']);
    expect(await reached(scene)).toEqual(NARROW);

    const back = await succeeds(host, ['--yes', '--allow', 'any']);
    expect(back.steps.map(({ id }) => id)).toEqual([
      'remove-filter-drop-in',
      'remove-filter-file',
      'daemon-reload',
      'remove-filter',
    ]);
    expect(await reached(scene)).toEqual(WIDE);
    expect([host.exists(FILTER), host.exists('/etc/stigmer-setup-ollama')]).toEqual([false, false]);
    expect(await rules(host)).toEqual(ruleset);
    await succeeds(host, CONTAINERS);
    await succeeds(host, ['undo', '--yes']);
    await expectRestored(host, before);
    expect(await rules(host)).toEqual(ruleset);
  });

  scene('killed anywhere, the next run completes it, and undo takes it back whole', async ({ host }) => {
    const before = await prepared(host);
    const ruleset = await rules(host);
    const failures: string[] = [];
    for (let ms = 60; ms <= 900; ms += 60) {
      try {
        const undoing = ms % 180 === 0;
        if (undoing) await succeeds(host, CONTAINERS);
        const run = spawnProduct(host, undoing ? ['undo', '--yes'] : CONTAINERS);
        const pid = await run.pid();
        await new Promise((resolve) => setTimeout(resolve, ms));
        try {
          process.kill(pid, 'SIGKILL');
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
        }
        await run.done;
        if (!undoing && ms % 120 === 0) {
          await succeeds(host, CONTAINERS);
          expect(host.exists(FILTER_DROP_IN)).toBe(true);
          expect((await host.run(['nft', 'list', 'table', 'inet', 'stigmer_ollama'])).code).toBe(0);
        }
        await succeeds(host, ['undo', '--yes']);
        await expectRestored(host, before);
        expect(await rules(host)).toEqual(ruleset);
      } catch (error) {
        failures.push(`killed after ${ms} ms: ${error instanceof Error ? error.message : error}`);
        break;
      }
    }
    expect(failures).toEqual([]);
  });

  scene('Ctrl-C while it is under way puts all of it back', async ({ host }) => {
    const before = await prepared(host, { extraUnitLines: ['Environment=STAND_IN_START_DELAY_MS=1200'] });
    const ruleset = await rules(host);
    for (const until of [
      () => host.exists(FILTER),
      () => host.exists(FILTER_DROP_IN),
      async () => (await host.run(['nft', 'list', 'table', 'inet', 'stigmer_ollama'])).code === 0,
    ]) {
      const run = spawnProduct(host, [...CONTAINERS, '--json']);
      await host.waitFor(until, 15_000, 'the step');
      await run.signal('SIGINT');
      const { code, stdout } = await run.done;
      expect(code, stdout).toBe(130);
      await expectRestored(host, before);
      expect(await rules(host)).toEqual(ruleset);
    }
  });

  scene('without nft nothing is changed; with one that refuses the file all is put back', async ({ host }) => {
    const before = await prepared(host);
    const ruleset = await rules(host);
    await host.must(['mv', '/usr/sbin/nft', '/usr/sbin/nft.real']);
    const none = await reported(host, CONTAINERS);
    expect(none.code).toBe(4);
    expect(none.report.error).toMatchObject({ code: 'no-nft', remedy: expect.stringContaining('nftables') });
    await expectRestored(host, before);

    for (const [refuses, exit] of [
      ['-c', 6],
      ['-f', 6],
    ] as const) {
      const text = `#!/bin/sh\n[ "$1" = ${refuses} ] && { echo "Error: no such thing" >&2; exit 1; }\nexec /usr/sbin/nft.real "$@"\n`;
      host.write('/usr/sbin/nft', text, { mode: 0o755 });
      const broken = await reported(host, CONTAINERS);
      expect(broken.code, broken.stderr).toBe(exit);
      expect(broken.report).toMatchObject({ outcome: 'rolled-back', changed: false });
      await expectRestored(host, before);
    }
    await host.must(['mv', '/usr/sbin/nft.real', '/usr/sbin/nft']);
    expect(await rules(host)).toEqual(ruleset);
    // A later drop-in that takes the line away would leave the port open: that is seen.
    host.write('/etc/systemd/system/ollama.service.d/zzz.conf', '[Service]\nExecStartPre=\n');
    const lost = await reported(host, CONTAINERS);
    expect(lost.report.error, lost.stderr).toMatchObject({ code: 'filter-not-loaded' });
    expect(lost.code).toBe(7);
    await host.must(['rm', '-r', '/etc/systemd/system/ollama.service.d']);
    await host.must(['systemctl', 'daemon-reload']);
    await expectRestored(host, before);
    expect(await rules(host)).toEqual(ruleset);
  });

  scene('undo --no-restart leaves a service that can be started, and tells of the table', async ({ host, peer }) => {
    const before = await prepared(host);
    const ruleset = await rules(host);
    await succeeds(host, CONTAINERS);
    const report = await succeeds(host, ['undo', '--yes', '--no-restart']);
    expect(codes(report)).toEqual(['filter-stays']);
    expect(await reach((argv) => peer.run(argv), peer.hostAddress)).toBe('curl 28');
    await host.must(['systemctl', 'restart', 'ollama']);
    await expectRestored(host, before);
    const command = /sudo (.+)$/.exec(report.warnings[0]?.message ?? '')?.[1]?.split(' ') ?? [];
    await host.must(command);
    expect(await rules(host)).toEqual(ruleset);
  });

  scene('as a user with sudo, and for a hand-run server not at all', async (scene) => {
    const { host } = scene;
    const before = await prepared(host);
    await host.addUser('ann');
    host.write('/etc/sudoers.d/ann', 'ann ALL=(ALL) NOPASSWD: ALL\n', { mode: 0o440 });
    const etc = host.snapshotEtc();
    const mine = { user: 'ann' };
    await succeeds(host, CONTAINERS, mine);
    expect(await reached(scene)).toEqual(NARROW);
    expect(await succeeds(host, CONTAINERS, mine)).toMatchObject({ outcome: 'unchanged' });
    await succeeds(host, ['undo', '--yes'], mine);
    expect(host.snapshotEtc()).toEqual(etc);
    expect(remains(host)).toEqual([]);

    await host.must(['systemctl', 'disable', '--now', 'ollama']);
    const server = host.spawn([before.installed.binary ?? '/usr/local/bin/ollama', 'serve']);
    await waitForListener(host);
    const refused = await reported(host, [...CONTAINERS, '--target', 'process']);
    expect(refused.report.error, refused.stderr).toMatchObject({ code: 'allow-not-possible' });
    expect(refused.code).toBe(4);
    await server.killAll();
  });
});
