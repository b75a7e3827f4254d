import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { exported } from '../../src/commands/export.ts';
import { parseFlags } from '../../src/flags.ts';
import { DROP_IN, DROP_IN_DIR, mainPid, remains, scope } from './fault-helpers.ts';
import { ansiblePlaybook } from './rig/ansible.ts';
import { installed, rigUnavailable } from './rig/available.ts';
import { reach } from './rig/containers.ts';
import { rules } from './rig/firewalls.ts';
import { bootHost, diffSnapshots, type RunResult, type Snapshot, type TestHost, withHost } from './rig/host.ts';
import { installOllama, startByHand, waitForListener } from './rig/ollama.ts';
import { installProduct, product } from './rig/product.ts';

/** `export … --allow` on real hosts: the filter is in force, and nothing of it is left when it is taken back or fails. */

const FOLDER = '/etc/stigmer-setup-ollama';
const RULES = `${FOLDER}/stigmer_ollama.nft`;
const TIE = `${DROP_IN_DIR}/zz-stigmer-ollama-filter.conf`;
const NFT = '/usr/sbin/nft';
const BUSYBOX = '/usr/bin/busybox';
const SHELLS = [
  { shell: 'dash', argv: ['/bin/dash'], missing: undefined },
  { shell: 'busybox', argv: [BUSYBOX, 'ash'], missing: existsSync(BUSYBOX) ? undefined : 'busybox is not installed' },
];
const OPTIONS = { node: false as const, binds: existsSync(BUSYBOX) ? [{ source: BUSYBOX, target: BUSYBOX }] : [] };

const print = (...words: string[]) => exported(parseFlags(['export', ...words], {}));
const said = ({ code, stdout, stderr }: RunResult) => `${code}\n${stdout}${stderr}`;

interface Place {
  host: TestHost;
  etc: Snapshot;
  ruleset: unknown;
  run(...words: string[]): Promise<RunResult>;
}

async function withScript(argv: string[], test: (place: Place) => Promise<void>): Promise<void> {
  await withHost('expallow', OPTIONS, async (host) => {
    await installOllama(host);
    await write(host, 'containers');
    const run = (...words: string[]) => host.run([...argv, '/root/a.sh', ...words], { timeout: 150_000 });
    const place = { host, etc: host.snapshotEtc(), ruleset: await rules(host), run };
    await test(place);
    await expectBack(place);
  });
}

const write = async (host: TestHost, allow: string) => host.write('/root/a.sh', await print('sh', '--allow', allow));

/** Files, rules, service and scratch are as they were. */
async function expectBack({ host, etc, ruleset }: Omit<Place, 'run'>): Promise<void> {
  expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
  expect(await rules(host)).toEqual(ruleset);
  await host.waitFor(() => scope(host) === 'loopback', 30_000, 'the old binding');
  expect(remains(host)).toEqual([]);
  expect([...host.snapshot('/tmp').keys()].filter((path) => path.includes('/tmp.'))).toEqual([]);
}

async function isLoaded(host: TestHost): Promise<boolean> {
  return (await host.run([NFT, 'list', 'table', 'inet', 'stigmer_ollama'])).code === 0;
}

/** nft fails when its first word is this. */
async function breakNft(host: TestHost, word: string): Promise<void> {
  if (!host.exists(`${NFT}.real`)) await host.must(['mv', NFT, `${NFT}.real`]);
  host.write(NFT, `#!/bin/sh\n[ "$1" = ${word} ] && { echo no such thing >&2; exit 1; }\nexec ${NFT}.real "$@"\n`, {
    mode: 0o755,
  });
}

async function mendNft(host: TestHost): Promise<void> {
  await host.must(['mv', `${NFT}.real`, NFT]);
}

for (const { shell, argv, missing } of SHELLS) {
  describe.skipIf(rigUnavailable() ?? missing)(`export sh --allow, read by ${shell}`, () => {
    it('applies, has nothing to do the second time, loads what is gone, is narrowed anew, and undoes', async () => {
      await withScript(argv, async ({ host, etc, run }) => {
        const peer = await host.addPeer();
        const outside = () => reach((words) => peer.run(words), peer.hostAddress);
        const planned = await run('check');
        expect(planned.code, said(planned)).toBe(10);
        expect(planned.stdout).toContain(`${RULES} would be written:`);
        expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);

        const applied = await run('apply');
        expect(applied.code, said(applied)).toBe(0);
        expect(diffSnapshots(etc, host.snapshotEtc()).map((line) => line.replace(/:.*/, ''))).toEqual(
          [FOLDER, RULES, DROP_IN_DIR, TIE, DROP_IN].map((path) => `added ${path}`).sort(),
        );
        expect([host.stat(RULES)?.mode, host.stat(TIE)?.mode]).toEqual([0o100644, 0o100644]);
        expect([await isLoaded(host), scope(host), await outside()]).toEqual([true, 'all', 'curl 28']);
        expect(await reach((words) => host.run(words), '127.0.0.1')).toBe('200');

        const pid = await mainPid(host);
        const again = await run('apply');
        expect([again.code, again.stdout.split('\n')[0]]).toEqual([
          0,
          'Unchanged: ollama.service is set to 0.0.0.0:11434 already.',
        ]);
        expect((await run('verify')).code).toBe(0);
        await host.must([NFT, 'delete', 'table', 'inet', 'stigmer_ollama']);
        expect((await run('verify')).code).toBe(7);
        expect((await run('check')).stdout).toContain('The filter would be loaded.');
        expect((await run('apply')).code).toBe(0);
        expect([await isLoaded(host), await outside()]).toEqual([true, 'curl 28']);

        await write(host, 'lan');
        const wider = await run('apply');
        expect(wider.code, said(wider)).toBe(0);
        expect(host.read(TIE)).toContain('--allow lan.');
        expect([await outside(), await mainPid(host)]).toEqual(['200', pid]);

        const undone = await run('undo');
        expect(undone.code, said(undone)).toBe(0);
        expect((await run('undo')).stdout).toContain('Unchanged');
      });
    });

    it('puts everything back: no nft, one that refuses, a port that is held, a line that is taken away', async () => {
      await withScript(argv, async (place) => {
        const { host, run } = place;
        const refuses = async (code: number, words: RegExp) => {
          const result = await run('apply', '--timeout', '20');
          expect(result.code, said(result)).toBe(code);
          expect(result.stderr).toMatch(words);
        };
        await host.must(['mv', NFT, `${NFT}.real`]);
        await refuses(4, /needs the program nft/);
        await breakNft(host, '-c');
        await refuses(6, /nft refuses the filter/);
        await breakNft(host, '-f');
        await refuses(6, /Everything was put back/);
        await mendNft(host);
        await expectBack(place);

        host.write(`${DROP_IN_DIR}/zzz.conf`, '[Service]\nExecStartPre=\n');
        await host.must(['systemctl', 'daemon-reload']);
        await refuses(7, /without the filter/);
        await host.must(['rm', '-r', DROP_IN_DIR]);
        await host.must(['systemctl', 'daemon-reload']);
        await expectBack(place);

        await host.must(['systemctl', 'stop', 'ollama']);
        const { pid } = await startByHand(host);
        await refuses(7, /address already in use/);
        await host.must(['kill', String(pid)]);
        await host.waitFor(() => scope(host) === 'none', 30_000, 'the free port');
        await host.must(['systemctl', 'start', 'ollama']);
        await waitForListener(host);
      });
    });
  });
}

describe.skipIf(rigUnavailable())('export sh --allow', () => {
  it('narrows what is open without a restart, and touches no files that others have written or edited', async () => {
    await withScript(['/bin/sh'], async ({ host, run }) => {
      host.write('/root/any.sh', await print('sh'));
      await host.must(['sh', '/root/any.sh', 'apply']);
      const [pid, wide] = [await mainPid(host), host.snapshotEtc()];
      await breakNft(host, '-f');
      const failed = await run('apply');
      expect(failed.code, said(failed)).toBe(6);
      expect([await mainPid(host), diffSnapshots(wide, host.snapshotEtc())]).toEqual([pid, []]);
      await mendNft(host);
      expect((await run('apply')).code).toBe(0);
      expect([await mainPid(host), await isLoaded(host)]).toEqual([pid, true]);

      await write(host, 'lan');
      const edits = { [RULES]: '\t\tip saddr 192.0.2.1 accept\n', [TIE]: 'Environment=OLLAMA_KEEP_ALIVE=24h\n' };
      for (const [path, edit] of Object.entries(edits)) {
        const ours = host.read(path);
        host.write(path, `${ours}${edit}`);
        for (const word of ['apply', 'undo']) expect((await run(word)).stderr).toContain(`${path} was edited by hand`);
        host.write(path, ours);
      }
      const undone = await run('undo');
      expect(undone.code, said(undone)).toBe(0);
      host.write(TIE, '[Service]\n');
      expect((await run('apply')).code).toBe(4);
      await host.must(['rm', '-r', DROP_IN_DIR]);
      await host.must(['systemctl', 'daemon-reload']);
    });
  });

  it('refuses where a bridge that is called like one of containers leads to a network', async () => {
    await withScript(['/bin/sh'], async ({ host }) => {
      await host.must(['ip', 'link', 'add', 'br-lan', 'type', 'bridge']);
      await host.must(['ip', 'link', 'add', 'card0', 'type', 'veth', 'peer', 'name', 'card1']);
      await host.must(['ip', 'link', 'set', 'card0', 'master', 'br-lan']);
      // The /sys of these hosts is of another network namespace.
      const words = ['unshare', '-m', 'sh', '-c', 'mount -t sysfs sysfs /sys && exec sh /root/a.sh apply'];
      const refused = await host.run(words);
      expect([refused.code, refused.stderr]).toEqual([4, expect.stringContaining('br-lan is called like')]);
    });
  });

  it('is undone by the program too, without a receipt', async () => {
    await withHost('adopt', {}, async (host) => {
      await installOllama(host);
      installProduct(host);
      await write(host, 'containers');
      const place = { host, etc: host.snapshotEtc(), ruleset: await rules(host) };
      await host.must(['sh', '/root/a.sh', 'apply']);
      const undone = await product(host, ['undo', '--yes', '--json']);
      expect(undone.code, said(undone)).toBe(0);
      expect(undone.report).toMatchObject({ outcome: 'changed', after: { scope: 'loopback' } });
      await expectBack(place);
      await host.must(['sh', '/root/a.sh', 'apply']);
      const kept = await product(host, ['--yes', '--json']);
      expect(kept.report, said(kept)).toMatchObject({ outcome: 'unchanged' });
      expect(await isLoaded(host)).toBe(true);
    });
  });
});

const noAnsible = rigUnavailable() ?? (installed('ansible-playbook') ? undefined : 'ansible-core is not installed');

describe.skipIf(noAnsible)('export ansible --allow', () => {
  it('on a host that is open to all, one without nft, and one whose nft cannot load it', async () => {
    await withHost('ansible', { node: false }, async (good) => {
      const [bare, broken] = await Promise.all([bootHost({ node: false }), bootHost({ node: false })]);
      try {
        await fleet({ good, bare, broken });
      } finally {
        await Promise.all([bare.stop(), broken.stop()]);
      }
    });
  });
});

async function fleet(hosts: Record<'good' | 'bare' | 'broken', TestHost>): Promise<void> {
  const { good, bare, broken } = hosts;
  const all = Object.values(hosts);
  await Promise.all(all.map((host) => installOllama(host)));
  const ruleset = await rules(good);
  const before = all.map((host) => host.snapshotEtc());
  const unchanged = (index: number) => diffSnapshots(before[index]!, all[index]!.snapshotEtc());
  await bare.must(['rm', NFT]);
  await breakNft(broken, '-f');
  const playbook = await print('ansible', '--allow', 'containers');

  const checked = await ansiblePlaybook({ good }, playbook, ['--check', '--diff']);
  expect(checked.code, checked.stdout + checked.stderr).toBe(0);
  expect(checked.stdout).toContain('+\t\tiifname "docker0" accept');
  expect(unchanged(0)).toEqual([]);

  const ran = await ansiblePlaybook(hosts, playbook, ['-e', 'stigmer_ollama_timeout=30']);
  expect(ran.recap.good, ran.stdout).toMatchObject({ failed: 0, rescued: 0 });
  expect(ran.recap.bare, ran.stdout).toMatchObject({ failed: 1, changed: 0 });
  expect(ran.recap.broken, ran.stdout).toMatchObject({ failed: 1, rescued: 1 });
  expect(ran.stdout).toContain('needs the program nft');
  expect([unchanged(1), unchanged(2)]).toEqual([[], []]);
  await broken.waitFor(() => scope(broken) === 'loopback', 30_000, 'the old binding');
  expect([await isLoaded(good), scope(good)]).toEqual([true, 'all']);
  const files = [good.read(RULES), good.read(TIE)];

  const again = await ansiblePlaybook({ good }, playbook);
  expect(again.recap.good, again.stdout).toMatchObject({ changed: 0, failed: 0 });
  const wider = await ansiblePlaybook({ good }, await print('ansible', '--allow', 'lan'));
  expect(wider.recap.good, wider.stdout).toMatchObject({ failed: 0 });
  expect(good.read(TIE)).toBe(files[1]!.replace('--allow containers', '--allow lan'));
  expect(await good.must([NFT, 'list', 'table', 'inet', 'stigmer_ollama'])).toContain('192.168.0.0/16');
  // A filter that cannot be loaded any more: what was there is there again.
  await breakNft(good, '-f');
  const lan = good.snapshotEtc();
  const failed = await ansiblePlaybook({ good }, playbook, ['-e', 'stigmer_ollama_timeout=20']);
  expect(failed.recap.good, failed.stdout).toMatchObject({ failed: 1, rescued: 1 });
  expect(diffSnapshots(lan, good.snapshotEtc())).toEqual([]);
  await mendNft(good);
  expect((await ansiblePlaybook({ good }, playbook)).code).toBe(0);
  expect([good.read(RULES), good.read(TIE)]).toEqual(files);

  const refused = await ansiblePlaybook({ good }, playbook, ['-e', 'stigmer_ollama_user=root']);
  expect(refused.stdout).toContain("--allow is for services of the system's own systemd");
  const undone = await ansiblePlaybook({ good }, playbook, ['-e', 'stigmer_ollama_state=absent']);
  expect(undone.recap.good, undone.stdout).toMatchObject({ changed: 1, failed: 0 });
  expect(unchanged(0)).toEqual([]);
  expect(await rules(good)).toEqual(ruleset);
  expect(scope(good)).toBe('loopback');
}
