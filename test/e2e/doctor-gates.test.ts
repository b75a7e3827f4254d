import { expect, it } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import { addContainer } from './rig/containers.ts';
import { withHost } from './rig/host.ts';
import { installOllama } from './rig/ollama.ts';
import { must } from './rig/outside.ts';
import { installProduct } from './rig/product.ts';
import { type Ran, Stage, told } from './scenarios.ts';

/** A host with a bridge of containers, another machine on the wire, and Ollama on all interfaces. */
function scene(name: string, play: (stage: Stage) => Promise<void>): void {
  it.skipIf(rigUnavailable())(name, { timeout: 120_000 }, () =>
    withHost('gates', {}, async (host) => {
      installProduct(host);
      await installOllama(host);
      const stage = new Stage(host, await host.addPeer());
      await addContainer(host, 'docker0', 1);
      await stage.setup('--no-container');
      await play(stage);
    }),
  );
}

const doctor = (stage: Stage, ...words: string[]) => stage.product('doctor', '--json', ...words);
/** What is there of firewalls and of who is let in, as "fail firewall firewall-drops-containers". */
const gates = ({ report }: Ran) =>
  report.checks
    .filter(({ id }) => ['firewall', 'filter', 'exposure'].includes(id))
    .map(({ id, status, cause = '' }) => `${status} ${id} ${cause}`.trim());
const interfaces = ({ report }: Ran) => [...new Set(report.exposure.addresses.map((one) => one.interface))].sort();

async function rules(stage: Stage, text: string): Promise<void> {
  await stage.host.must(['nft', '-f', '-'], { input: `flush ruleset\n${text}` });
}

const input = (policy: string, ...lines: string[]) =>
  `table inet guard {\nchain input {\ntype filter hook input priority 0; policy ${policy};\n${lines.join('\n')}\n}\n}\n`;

scene('doctor as root judges the firewall for containers and for others', async (stage) => {
  const { peer, host } = stage;
  const open = await doctor(stage);
  expect(open.code, told(open)).toBe(0);
  expect(gates(open), told(open)).toEqual(['pass firewall']);
  expect(interfaces(open)).toEqual(['docker0', peer.hostInterface].sort());
  expect(open.report.exposure.firewall).toBe('No firewall here keeps others from port 11434.');

  await rules(stage, input('accept', 'iifname "docker0" tcp dport 11434 drop'));
  const shut = await doctor(stage);
  expect(shut.code, told(shut)).toBe(10);
  expect(gates(shut), told(shut)).toEqual(['fail firewall firewall-drops-containers']);
  const check = shut.report.checks.find(({ id }) => id === 'firewall');
  expect(check?.evidence).toBe('nftables drops it: inet guard input: iifname "docker0" tcp dport 11434 drop');
  expect(check?.remedy).toContain('npx stigmer-setup-ollama --open-firewall');
  expect(interfaces(shut)).toEqual([peer.hostInterface]);
  expect(shut.report.exposure.firewall).toBe('nftables lets nobody in to port 11434 by docker0.');
  const people = await host.run(['stigmer-setup-ollama', 'doctor', '--no-container']);
  expect(people.stdout).toContain('is broken before *:11434 ollama 0.33.0: nftables drops docker0.');
  expect(people.stdout).toContain(`local network    ${peer.hostAddress} (${peer.hostInterface})`);

  await rules(stage, input('accept', 'iifname "docker0" tcp dport 11434 reject with tcp reset'));
  expect(gates(await doctor(stage))).toEqual(['fail firewall firewall-rejects-containers']);
  // Another port, another interface, and a rule that comes too late keep nobody out.
  const lines = ['iifname "docker0" tcp dport 11435 drop', 'tcp dport 11434 accept', 'tcp dport 11434 drop'];
  await rules(stage, input('accept', ...lines));
  expect(gates(await doctor(stage))).toEqual(['pass firewall']);

  await rules(stage, input('drop', 'iifname { "lo", "docker0" } accept', 'tcp dport 22 accept'));
  const narrow = await doctor(stage);
  expect(gates(narrow), told(narrow)).toEqual(['pass firewall']);
  expect(interfaces(narrow)).toEqual(['docker0']);
  expect(narrow.report.exposure.firewall).toBe(`nftables lets nobody in to port 11434 by ${peer.hostInterface}.`);
  // Rules for some of the callers: those nearby are let in.
  await rules(stage, input('drop', 'iifname { "lo", "docker0" } accept', `ip saddr ${peer.address}/24 accept`));
  expect((await doctor(stage)).report.exposure.addresses.map(({ address }) => address)).toContain(peer.hostAddress);
});

scene(
  'an address of the internet: a warning unless a firewall is seen in front, or --allow keeps it out',
  async (stage) => {
    const { host, peer } = stage;
    await must(['ip', '-n', host.name, 'address', 'add', '203.0.113.7/24', 'dev', peer.hostInterface]);
    const codes = ({ report }: Ran) => report.warnings.map(({ code }) => code);
    const bare = await doctor(stage);
    expect(gates(bare), told(bare)).toEqual(['pass firewall', 'warn exposure exposed-to-the-world']);
    expect([codes(bare), bare.code]).toEqual([['public-address'], 0]);
    expect(bare.report.exposure.addresses).toContainEqual({
      interface: peer.hostInterface,
      address: '203.0.113.7',
      reach: 'public',
    });

    await rules(stage, input('drop', 'iifname { "lo", "docker0" } accept', 'ip saddr 10.0.0.0/8 accept'));
    const closed = await doctor(stage);
    expect([gates(closed), codes(closed)], told(closed)).toEqual([['pass firewall'], []]);
    await stage.undo();
    const planned = await stage.product('setup', '--dry-run', '--json');
    expect(codes(planned), told(planned)).toEqual([]);
    expect(planned.report.exposure.addresses.map(({ reach }) => reach)).not.toContain('public');
    // What listens on loopback is open to nobody, whatever there is.
    await host.must(['nft', 'flush', 'ruleset']);
    const inside = await doctor(stage);
    expect(inside.report.exposure).toMatchObject({ addresses: [], hostHeaderGuard: true });
    expect(codes(inside)).toEqual([]);
    expect(codes(await stage.product('setup', '--dry-run', '--json'))).toEqual(['public-address']);

    const narrowed = await stage.setup('--allow', 'containers', '--no-container');
    expect([narrowed.code, codes(narrowed)], told(narrowed)).toEqual([0, []]);
    const held = await doctor(stage);
    expect([gates(held), codes(held)], told(held)).toEqual([['pass firewall', 'pass filter'], []]);
    expect(interfaces(held)).toEqual(['docker0']);
    expect(held.report.exposure.firewall).toContain('--allow containers');
    await host.must(['nft', 'flush', 'ruleset']);
    const lost = await doctor(stage);
    expect(gates(lost), told(lost)).toEqual([
      'pass firewall',
      'fail filter filter-not-loaded',
      'warn exposure exposed-to-the-world',
    ]);
    expect(lost.code).toBe(10);
    expect((await stage.setup('--no-container')).code).toBe(0);
    expect(gates(await doctor(stage))).toEqual(['pass firewall', 'pass filter']);
  },
);

scene('OLLAMA_ORIGINS=* on top of it is a warning, before and after', async (stage) => {
  const { host } = stage;
  const codes = ({ report }: Ran) => report.warnings.map(({ code }) => code);
  expect(codes(await doctor(stage))).toEqual([]);
  host.write(
    '/etc/systemd/system/ollama.service.d/o.conf',
    '[Service]\nEnvironment=OLLAMA_ORIGINS=https://a.example,*\n',
  );
  await host.must(['systemctl', 'daemon-reload']);
  await host.must(['systemctl', 'restart', 'ollama']);
  const ran = await doctor(stage);
  expect([ran.code, codes(ran)], told(ran)).toEqual([0, ['origins-any']]);
  expect(gates(ran)).toEqual(['pass firewall', 'warn exposure origins-any']);
  expect((await host.run(['stigmer-setup-ollama', 'doctor', '--no-container'])).stdout).toContain(
    'OLLAMA_ORIGINS lets web pages from anywhere use this Ollama',
  );
  await stage.undo();
  expect(codes(await doctor(stage))).toEqual([]);
  expect(codes(await stage.product('setup', '--dry-run', '--json'))).toEqual(['origins-any']);
});

scene('without root nothing is run, and it is said what only root sees', async (stage) => {
  const { host, peer } = stage;
  await host.addUser('ann');
  await rules(stage, input('accept', 'iifname "docker0" tcp dport 11434 drop'));
  host.write('/etc/ufw/ufw.conf', 'ENABLED=yes\n');
  stage.operator = { user: 'ann' };
  const ran = await doctor(stage, '--verbose');
  expect(ran.code, told(ran)).toBe(0);
  expect(gates(ran)).toEqual(['skip firewall firewall-unseen']);
  expect(ran.report.checks.find(({ id }) => id === 'firewall')?.summary).toMatch(/^ufw is active; whether it/);
  expect(ran.stderr).toMatch(/^run {3}systemctl /m);
  expect(ran.stderr).not.toMatch(/^run .*(nft|iptables|ufw)/m);
  expect(ran.report.exposure.firewall).toBe('not examined');
  expect(interfaces(ran)).toEqual(['docker0', peer.hostInterface].sort());
});
