import { beforeAll, describe, expect, it } from 'vitest';
import type { Change } from '../../src/actions/change.ts';
import type { Judgement } from '../../src/firewall/judge.ts';
import type { Opening } from '../../src/firewall/opening.ts';
import type { Firewall } from '../../src/firewall/read.ts';
import { rigUnavailable } from './rig/available.ts';
import { addContainer, type Container } from './rig/containers.ts';
import { needDocker, withDocker } from './rig/docker.ts';
import { ensureFirewalls, installFirewalls, library, rules } from './rig/firewalls.ts';
import { type TestHost, withHost } from './rig/host.ts';
import { installOllama } from './rig/ollama.ts';

/** A host whose Ollama listens everywhere, with two of Docker's bridges and a container on each. */
interface Scene {
  host: TestHost;
  containers: Container[];
}

interface Judged {
  found: Firewall[];
  unseen: string[];
  verdicts: Judgement[];
}

const COMPOSE = 'br-0123456789ab';

function scene(name: string, test: (scene: Scene) => Promise<void>): () => Promise<void> {
  return () =>
    withHost(name, {}, async (host) => {
      await installFirewalls(host);
      const containers = [await addContainer(host, 'docker0', 1), await addContainer(host, COMPOSE, 2)];
      await installOllama(host, { extraUnitLines: ['Environment=OLLAMA_HOST=0.0.0.0:11434'] });
      for (const each of containers) expect(await each.reach()).toBe('200');
      await test({ host, containers });
    });
}

function ways(containers: readonly Container[], port = 11434) {
  // A container of a compose network calls the host by docker0's address (host-gateway).
  return containers.map(({ bridge, network }) => ({ iif: bridge, from: network, to: '172.17.0.1', port }));
}

/** Judged from inside the host; what is blocked has to be so in truth. */
async function judged({ host, containers }: Scene, user = 'root'): Promise<Judged> {
  return library<Judged>(host, 'judge', ways(containers), { user });
}

async function openings({ host, containers }: Scene): Promise<Opening[]> {
  const { verdicts } = await judged({ host, containers });
  const blocked = ways(containers).flatMap((way, i) => {
    const verdict = verdicts[i]!;
    return verdict.kind === 'blocked' ? [{ ...way, by: verdict.by }] : [];
  });
  return library<Opening[]>(host, 'plan', blocked);
}

/** Applies the openings, sees them work, sees that they are known as made, and takes them back without a trace. */
async function openAndBack(scene: Scene, plan: Opening[], back?: () => Promise<void>): Promise<void> {
  const { host, containers } = scene;
  const before = await rules(host);
  const changes: Change[] = plan.flatMap((each) => each.changes);
  await library(host, 'apply', changes);
  for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('200');
  expect((await judged(scene)).verdicts).toEqual(containers.map(() => ({ kind: 'passes' })));
  expect(await library(host, 'inspect', changes)).toEqual(changes.map(() => 'done'));
  await back?.();
  await library(host, 'invert', changes);
  expect(await rules(host)).toEqual(before);
  for (const each of containers) expect(await each.reach('172.17.0.1')).not.toBe('200');
}

/** systemd calls it started when it has its name on the bus; its rules come after that. */
async function startFirewalld(host: TestHost): Promise<void> {
  await host.must(['systemctl', 'start', 'firewalld']);
  const isLoaded = async () =>
    (await host.run(['nft', 'list', 'chain', 'inet', 'firewalld', 'filter_IN_public'])).code === 0;
  await host.waitFor(isLoaded, 20_000, "firewalld's rules");
}

beforeAll(async () => {
  if (!rigUnavailable()) await ensureFirewalls();
}, 900_000);

describe.skipIf(rigUnavailable())('a firewall that keeps containers out', () => {
  it(
    'none: nothing is blamed, and without root nothing is claimed',
    scene('none', async (scene) => {
      const { found, unseen, verdicts } = await judged(scene);
      expect(verdicts).toEqual([{ kind: 'passes' }, { kind: 'passes' }]);
      expect(unseen).toEqual([]);
      expect(found.filter(({ active }) => active)).toEqual([]);
      await scene.host.addUser('u');
      const blind = await judged(scene, 'u');
      expect(blind.verdicts).toMatchObject([{ kind: 'unknown', why: expect.stringContaining('only root') }, {}]);
    }),
  );

  it(
    'ufw: named with its policy, opened for every bridge, and as it was after',
    scene('ufw', async (scene) => {
      const { host, containers } = scene;
      await host.must(['ufw', '--force', 'enable']);
      // A reload makes chains that enabling does not.
      await host.must(['ufw', 'reload']);
      for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('curl 28');
      const { found, verdicts } = await judged(scene);
      expect(found).toContainEqual({ name: 'ufw', active: true, evidence: 'its chains are loaded' });
      const by = {
        firewall: 'ufw',
        family: 'ip',
        table: 'filter',
        chain: 'INPUT',
        rule: 'policy drop',
        action: 'drop',
      };
      expect(verdicts).toMatchObject([
        { kind: 'blocked', by },
        { kind: 'blocked', by },
      ]);
      await host.addUser('u');
      const blind = await judged(scene, 'u');
      expect(blind.found).toContainEqual({ name: 'ufw', active: true, evidence: 'ENABLED=yes in /etc/ufw/ufw.conf' });
      expect(blind.verdicts).toMatchObject([{ kind: 'unknown' }, { kind: 'unknown' }]);

      const [docker] = containers;
      const six = [{ iif: 'docker0', from: docker!.network6, to: docker!.gateway6, port: 11434 }];
      expect(await docker!.reach(docker!.gateway6)).toBe('curl 28');
      expect((await library<Judged>(host, 'judge', six)).verdicts).toMatchObject([
        { kind: 'blocked', by: { firewall: 'ufw', family: 'ip6', command: '/usr/sbin/ip6tables-nft' } },
      ]);

      const plan = await openings(scene);
      const etc = host.snapshot('/etc/ufw');
      expect(plan).toMatchObject([{ firewall: 'ufw', lasting: true }]);
      await openAndBack(scene, plan, async () => {
        expect(await host.must(['ufw', 'show', 'added'])).toContain(
          "ufw allow in on br-+ to any port 11434 proto tcp comment 'stigmer-setup-ollama'",
        );
        expect((await library<Judged>(host, 'judge', six)).verdicts).toEqual([{ kind: 'passes' }]);
        const later = await addContainer(host, 'br-fedcba987654', 3);
        expect(await later.reach('172.17.0.1')).toBe('200');
        expect(await later.reach(later.gateway6)).toBe('200');
        await host.must(['ufw', 'reload']);
        expect(await later.reach('172.17.0.1')).toBe('200');
      });
      expect(host.snapshot('/etc/ufw')).toEqual(etc);
    }),
  );

  it(
    'ufw with a rule against it: the rule is named, and ours goes before it',
    scene('ufw-deny', async (scene) => {
      const { host } = scene;
      await host.must(['ufw', 'default', 'allow', 'incoming']);
      await host.must(['ufw', 'reject', '11434/tcp']);
      await host.must(['ufw', '--force', 'enable']);
      const { verdicts } = await judged(scene);
      const by = { firewall: 'ufw', chain: 'ufw-user-input', action: 'reject', with: 'tcp-reset' };
      expect(verdicts).toMatchObject([
        { kind: 'blocked', by },
        { kind: 'blocked', by },
      ]);
      await openAndBack(scene, await openings(scene));
    }),
  );

  it(
    'firewalld: named with its zone, opened there for now and for good',
    scene('firewalld', async (scene) => {
      const { host, containers } = scene;
      await startFirewalld(host);
      for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('curl 7');
      const { found, verdicts } = await judged(scene);
      expect(found).toContainEqual({ name: 'firewalld', active: true, evidence: 'firewall-cmd --state says running' });
      const by = { firewall: 'firewalld', table: 'firewalld', chain: 'filter_IN_public', action: 'reject' };
      expect(verdicts).toMatchObject([
        { kind: 'blocked', by },
        { kind: 'blocked', by },
      ]);
      expect(verdicts[0]).toMatchObject({
        by: { rule: 'reject with icmpx admin-prohibited', with: 'icmpx admin-prohibited' },
      });
      const plan = await openings(scene);
      expect(plan).toMatchObject([{ firewall: 'firewalld', lasting: true }]);
      expect(plan[0]!.changes).toHaveLength(4);
      await openAndBack(scene, plan, async () => {
        await host.must(['firewall-cmd', '--reload']);
        for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('200');
      });
      expect(await host.must(['firewall-cmd', '--permanent', '--zone=public', '--list-rich-rules'])).toBe('\n');
      await host.must(['systemctl', 'stop', 'firewalld']);
      expect((await judged(scene)).verdicts).toEqual([{ kind: 'passes' }, { kind: 'passes' }]);
    }),
  );

  it(
    'firewalld with a zone for the bridges that lets all in: nothing is blamed',
    scene('zoned', async (scene) => {
      const { host, containers } = scene;
      await startFirewalld(host);
      await host.must(['firewall-cmd', '--zone=trusted', '--add-interface=docker0']);
      expect(await containers[0]!.reach()).toBe('200');
      expect((await judged(scene)).verdicts).toMatchObject([{ kind: 'passes' }, { kind: 'blocked' }]);
      // A zone by source wins over the interface's.
      await host.must(['firewall-cmd', '--zone=drop', '--add-source=172.17.0.0/16']);
      expect(await containers[0]!.reach()).toBe('curl 28');
      const by = { firewall: 'firewalld', chain: 'filter_IN_drop', action: 'drop' };
      expect((await judged(scene)).verdicts).toMatchObject([{ kind: 'blocked', by }, { kind: 'blocked' }]);
    }),
  );

  it(
    'nftables: the rule is named in its words, opened in its chain and in its file',
    scene('nft', async (scene) => {
      const { host, containers } = scene;
      host.write('/etc/nftables.conf', NFT, { mode: 0o755 });
      await host.must(['nft', '-f', '/etc/nftables.conf']);
      for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('curl 7');
      const { verdicts } = await judged(scene);
      const rule = 'tcp dport @closed counter reject with tcp reset';
      const by = {
        firewall: 'nftables',
        family: 'inet',
        table: 'main',
        chain: 'services',
        base: 'input',
        action: 'reject',
      };
      expect(verdicts).toMatchObject([
        { kind: 'blocked', by: { ...by, rule } },
        { kind: 'blocked', by },
      ]);
      const etc = host.snapshotEtc();
      const plan = await openings(scene);
      expect(plan).toMatchObject([{ firewall: 'nftables', lasting: true }]);
      await openAndBack(scene, plan, async () => {
        expect(host.read('/etc/nftables.conf')).toContain('\t\tiifname "br-*" tcp dport 11434 accept comment');
      });
      expect(host.snapshotEtc()).toEqual(etc);
      // From the file alone, as after a reboot.
      await library(host, 'apply', plan[0]!.changes);
      await host.must(['nft', '-f', '/etc/nftables.conf']);
      for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('200');
    }),
  );

  it(
    'iptables: the rule is named in its words, opened above it and in its file',
    scene('iptables', async (scene) => {
      const { host, containers } = scene;
      await host.must(['iptables-restore'], { input: IPTABLES });
      host.write('/etc/iptables/rules.v4', IPTABLES, { mode: 0o640 });
      for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('curl 7');
      const { found, verdicts } = await judged(scene);
      expect(found).toContainEqual({ name: 'iptables', active: true, evidence: 'ip filter INPUT' });
      const rule = '-A INPUT -j REJECT --reject-with icmp-host-prohibited';
      const by = { firewall: 'iptables', chain: 'INPUT', action: 'reject', rule };
      expect(verdicts).toMatchObject([
        { kind: 'blocked', by },
        { kind: 'blocked', by },
      ]);
      const etc = host.snapshotEtc();
      await openAndBack(scene, await openings(scene), async () => {
        await host.must(['iptables-restore', '/etc/iptables/rules.v4']);
        for (const each of containers) expect(await each.reach('172.17.0.1')).toBe('200');
      });
      expect(host.snapshotEtc()).toEqual(etc);
      host.remove('/etc/iptables/rules.v4');
      expect(await openings(scene)).toMatchObject([
        { lasting: false, note: expect.stringContaining('No file is known') },
      ]);
    }),
  );

  it(
    "iptables' old half is seen as well",
    scene('legacy', async (scene) => {
      const { host, containers } = scene;
      await host.must([
        'iptables-legacy',
        '-A',
        'INPUT',
        '-i',
        'br-+',
        '-p',
        'tcp',
        '--dport',
        '11000:12000',
        '-j',
        'DROP',
      ]);
      expect(await containers[1]!.reach('172.17.0.1')).toBe('curl 28');
      const { verdicts } = await judged(scene);
      const by = { firewall: 'iptables', command: '/usr/sbin/iptables-legacy', action: 'drop' };
      expect(verdicts).toMatchObject([{ kind: 'passes' }, { kind: 'blocked', by }]);
      await host.must([
        'iptables-legacy',
        '-A',
        'INPUT',
        '-i',
        'docker0',
        '-p',
        'tcp',
        '--dport',
        '11434',
        '-j',
        'DROP',
      ]);
      await openAndBack(scene, await openings(scene));
      await host.must(['iptables-legacy', '-F']);
    }),
  );

  it(
    'what nobody can tell is not told: a rule that depends on more',
    scene('unknown', async (scene) => {
      const { host } = scene;
      await host.must(['nft', '-f', '-'], {
        input: 'table ip t {\nchain c {\ntype filter hook input priority 0;\nmeta mark 7 drop\n}\n}\n',
      });
      expect((await judged(scene)).verdicts).toMatchObject([
        { kind: 'unknown', why: expect.stringContaining('meta mark 0x00000007 drop') },
        { kind: 'unknown' },
      ]);
    }),
  );
});

describe.skipIf(rigUnavailable() || !needDocker())("a real Docker Engine's own rules", () => {
  it('are understood, block nobody, and stay as they are beside an opening of ufw', () =>
    withDocker(async (host, docker) => {
      await installFirewalls(host);
      await installOllama(host, { extraUnitLines: ['Environment=OLLAMA_HOST=0.0.0.0:11434'] });
      await docker.must('network', 'create', 'compose');
      const id = await docker.must('network', 'inspect', '-f', '{{.Id}}', 'compose');
      const networks = await docker.must(
        'network',
        'inspect',
        '-f',
        '{{(index .IPAM.Config 0).Subnet}}',
        'bridge',
        'compose',
      );
      const [bridge = '', compose = ''] = networks.split('\n');
      // A published port makes rules that send packets elsewhere, though not these.
      const name = 'host.docker.internal:host-gateway';
      await docker.client('one', '--add-host', name, '-p', '8080:80');
      await docker.client('two', '--add-host', name, '--network', 'compose');
      const call = async (box: string) =>
        (await docker.cli('exec', box, 'curl', '-s', '-m', '2', 'http://host.docker.internal:11434/')).code;
      const asked = [
        { iif: 'docker0', from: bridge, to: '172.17.0.1', port: 11434 },
        { iif: `br-${id.slice(0, 12)}`, from: compose, to: '172.17.0.1', port: 11434 },
      ];
      const judgeAll = async () => (await library<Judged>(host, 'judge', asked)).verdicts;
      expect([await call('one'), await call('two')]).toEqual([0, 0]);
      expect(await judgeAll()).toEqual([{ kind: 'passes' }, { kind: 'passes' }]);

      await host.must(['ufw', '--force', 'enable']);
      await host.must(['ufw', 'reload']);
      expect([await call('one'), await call('two')]).toEqual([28, 28]);
      const verdicts = await judgeAll();
      expect(verdicts).toMatchObject([0, 1].map(() => ({ kind: 'blocked', by: { firewall: 'ufw' } })));
      const blocked = verdicts.flatMap((each, i) => (each.kind === 'blocked' ? [{ ...asked[i]!, by: each.by }] : []));
      const [opening] = await library<Opening[]>(host, 'plan', blocked);
      const before = await rules(host);
      await library(host, 'apply', opening!.changes);
      expect([await call('one'), await call('two')]).toEqual([0, 0]);
      expect(await judgeAll()).toEqual([{ kind: 'passes' }, { kind: 'passes' }]);
      await library(host, 'invert', opening!.changes);
      expect(await rules(host)).toEqual(before);
    }));
});

const NFT = `#!/usr/sbin/nft -f
flush ruleset

table inet main {
	set closed {
		type inet_service
		flags interval
		elements = { 8080, 11000-12000 }
	}

	chain input {
		type filter hook input priority filter; policy accept;
		ct state vmap { established : accept, related : accept, invalid : drop }
		iifname "lo" accept
		ip protocol icmp limit rate 5/second accept
		meta l4proto tcp jump services
		udp dport != 53 drop
	}

	chain services {
		tcp dport 22 accept
		tcp dport @closed counter reject with tcp reset
	}
}
`;

/** What images of a large cloud come with. */
const IPTABLES = `*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
-A INPUT -m state --state RELATED,ESTABLISHED -j ACCEPT
-A INPUT -p icmp -j ACCEPT
-A INPUT -i lo -j ACCEPT
-A INPUT -p tcp -m state --state NEW -m tcp --dport 22 -j ACCEPT
-A INPUT -j REJECT --reject-with icmp-host-prohibited
-A FORWARD -j REJECT --reject-with icmp-host-prohibited
COMMIT
`;
