import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import type { TestHost } from './rig/host.ts';
import { installOllama, startByHand } from './rig/ollama.ts';
import { must, signalProcess, waitFor } from './rig/outside.ts';
import { standInBinary } from './rig/stand-in.ts';
import { LOOPBACK, nothingToDo, STATE, type Stage, scenario, setUp, takenBack, told, UNIT } from './scenarios.ts';

/** A distribution of WSL 2 on a real host with systemd; Windows is the neighbour on the wire, and its default gateway. */

const KERNEL = '5.15.167.4-microsoft-standard-WSL2';
const PROGRAM = '/mnt/c/Users/ann/AppData/Local/Programs/Ollama/ollama.exe';

/** As microsoft/WSL's own answers, to the letter. */
const WSLINFO = `#!/bin/sh
[ "$*" = --networking-mode ] || { echo 'Invalid command line argument' >&2; exit 1; }
cat /etc/wsl-mode
`;

async function dress({ host, peer }: Stage, mode: 'nat' | 'mirrored'): Promise<void> {
  host.write('/usr/bin/wslinfo', WSLINFO, { mode: 0o755 });
  host.write('/etc/wsl-mode', `${mode}\n`);
  host.write('/etc/wsl.conf', '[boot]\nsystemd=true\n');
  host.makeDirectory('/mnt/c/Users/ann');
  await over(host, '/proc/sys/kernel/osrelease', `${KERNEL}\n`);
  await over(host, '/proc/version', `Linux version ${KERNEL} (root@build) (gcc 11.2.0) #1 SMP\n`);
  await must(['ip', '-n', host.name, 'route', 'add', 'default', 'via', peer.address]);
}

/** Has a file of the kernel say something else. */
async function over(host: TestHost, file: string, text: string): Promise<void> {
  const source = `/var/lib/rig${file}`;
  host.write(source, text);
  await host.must(['mount', '--bind', source, file]);
}

/** Runs an Ollama on the Windows side while `play` lasts. */
async function withWindowsOllama(stage: Stage, value: string, play: () => Promise<void>): Promise<void> {
  const { peer } = stage;
  const dir = mkdtempSync(path.join(tmpdir(), 'rig-windows-'));
  const script = 'echo $$ >"$1"; exec "$2" serve';
  const env = { PATH: process.env.PATH ?? '', HOME: dir, OLLAMA_HOST: value };
  const served = peer.run(['/bin/sh', '-c', script, 'sh', `${dir}/pid`, standInBinary()], { env, timeout: 150_000 });
  try {
    const port = async () =>
      'status' in (await peer.get(`http://${value.replace('0.0.0.0', '127.0.0.1')}/api/version`));
    await waitFor(port, 10_000, 'the Ollama on the Windows side');
    await play();
  } finally {
    signalProcess(Number(readFileSync(`${dir}/pid`, 'utf8')), 'SIGKILL');
    await served;
    rmSync(dir, { recursive: true });
  }
}

/** Has the host's loopback be the neighbour's at Ollama's port, as mirrored networking does. */
async function shareLoopback({ host, peer }: Stage): Promise<void> {
  const rules = `table ip mirrored {
  chain out { type nat hook output priority -100; ip daddr 127.0.0.1 tcp dport 11434 dnat to ${peer.address}:11434; }
  chain post { type nat hook postrouting priority 100; ip saddr 127.0.0.1 oifname "${peer.hostInterface}" masquerade; }
}
`;
  await host.must(['nft', '-f', '-'], { input: rules });
  const sysctl = `net.ipv4.conf.${peer.hostInterface}.route_localnet=1`;
  await must(['nsenter', `--net=${host.netns}`, 'sysctl', '-q', '-w', sysctl]);
}

const causes = (ran: { report: { checks: { status: string; cause?: string }[] } }) =>
  ran.report.checks.filter(({ status }) => /warn|fail/.test(status)).map(({ status, cause }) => `${status} ${cause}`);

describe.skipIf(rigUnavailable())('a distribution of WSL 2', () => {
  scenario('the whole job on the Ollama inside, behind the NAT', async (stage) => {
    await installOllama(stage.host);
    await dress(stage, 'nat');
    const mark = await stage.mark();
    const sick = await stage.product('doctor', '--json');
    expect(sick.code, told(sick)).toBe(10);
    expect(sick.report.host.wsl).toBe(true);
    expect(causes(sick)).toEqual(['fail default-loopback-bind']);
    const ran = await setUp(stage, mark, { warnings: ['wsl2-idle-shutdown', 'wsl2-lan-needs-portproxy'] });
    expect(ran.report.exposure.addresses).toContainEqual({
      interface: stage.peer.hostInterface,
      address: stage.peer.hostAddress,
      reach: 'windows',
    });
    await nothingToDo(stage);
    const well = await stage.product('doctor', '--json');
    expect(well.code, told(well)).toBe(0);
    expect(causes(well)).toEqual(['warn wsl2-lan-needs-portproxy']);
    await takenBack(stage, mark);
  });

  scenario('the whole job on the Ollama inside, beside one on Windows', async (stage) => {
    await installOllama(stage.host);
    await dress(stage, 'nat');
    stage.host.write(PROGRAM, 'MZ');
    await withWindowsOllama(stage, '0.0.0.0:11434', async () => {
      const mark = await stage.mark();
      const warnings = ['wsl2-two-ollamas', 'wsl2-idle-shutdown', 'wsl2-lan-needs-portproxy'];
      const ran = await setUp(stage, mark, { warnings });
      const [inside, windows] = ran.report.installations;
      expect(inside).toMatchObject({ kind: 'systemd', id: UNIT, selected: true });
      expect(windows).toMatchObject({ kind: 'windows-host', selected: false, running: true });
      await takenBack(stage, mark);
    });
  });

  scenario('mirrored: the one inside, whose loopback nobody takes for that of Windows', async (stage) => {
    await installOllama(stage.host);
    await dress(stage, 'mirrored');
    const mark = await stage.mark();
    const warnings = ['wsl2-idle-shutdown', 'wsl2-mirrored-hyperv-firewall', 'wsl2-dualstack-not-relayed'];
    const ran = await setUp(stage, mark, { warnings });
    expect(new Set(ran.report.exposure.addresses.map(({ reach }) => reach))).toEqual(new Set(['lan']));
    expect(ran.report.installations).toHaveLength(1);
    await takenBack(stage, mark);
  });

  scenario('without systemd: started anew by hand, and told what would make it last', async (stage) => {
    const { host } = stage;
    await dress(stage, 'nat');
    await startByHand(host);
    await host.must(['mv', '/run/systemd/system', '/run/systemd/system.away']);
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report.warnings.map(({ code }) => code)).toEqual([
      'not-durable',
      'wsl2-systemd-disabled',
      'wsl2-idle-shutdown',
      'wsl2-lan-needs-portproxy',
    ]);
    expect(stage.binding()).toEqual(['[::]:11434']);
    const back = await stage.undo();
    expect(back.code, told(back)).toBe(0);
    expect(stage.binding()).toEqual([LOOPBACK]);
  });
});

describe.skipIf(rigUnavailable())('a service that waits for systemd', () => {
  scenario('is left alone, and it is said what makes it run', async (stage) => {
    const { host } = stage;
    await installOllama(host, { start: false });
    await dress(stage, 'nat');
    await host.must(['mv', '/run/systemd/system', '/run/systemd/system.away']);
    const etc = host.snapshotEtc();
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(4);
    expect(ran.report.error).toMatchObject({
      code: 'wsl2-systemd-disabled',
      meaning: expect.stringContaining('takes effect when the distribution is started next'),
      remedy: expect.stringMatching(/^wsl --shutdown/),
    });
    expect(host.snapshotEtc()).toEqual(etc);
    expect(host.exists(STATE)).toBe(false);
  });
});

/** Runs setup where only Windows has an Ollama, and holds that nothing was touched on either side. */
async function explained(stage: Stage, code: string, meaning: string): Promise<void> {
  const { host } = stage;
  const [etc, drive] = [host.snapshotEtc(), host.snapshot('/mnt')];
  const ran = await stage.setup();
  expect(ran.code, told(ran)).toBe(4);
  expect(ran.report).toMatchObject({ changed: false, steps: [], error: { code } });
  expect(ran.report.installations).toMatchObject([{ kind: 'windows-host', id: 'windows', selected: true }]);
  expect(ran.report.error?.meaning).toContain(meaning);
  expect(ran.report.error?.remedy).toContain('PowerShell');
  expect([host.snapshotEtc(), host.snapshot('/mnt')]).toEqual([etc, drive]);
  expect(host.exists(STATE)).toBe(false);
  expect(stage.binding()).toEqual([]);
  const undo = await stage.undo();
  expect(undo.report, told(undo)).toMatchObject({ outcome: 'unchanged', changed: false });
}

describe.skipIf(rigUnavailable())('an Ollama on Windows alone', () => {
  scenario('behind the NAT, on the loopback of Windows: what to do there', async (stage) => {
    await dress(stage, 'nat');
    stage.host.write(PROGRAM, 'MZ');
    await withWindowsOllama(stage, '127.0.0.1:11434', async () => {
      await explained(stage, 'wsl2-windows-ollama-loopback', 'New-NetFirewallRule');
      const doctor = await stage.product('doctor', '--json');
      expect(doctor.code, told(doctor)).toBe(10);
      expect(causes(doctor)).toEqual(['fail wsl2-windows-ollama-loopback']);
    });
  });

  scenario('behind the NAT, on all its addresses: reached', async (stage) => {
    await dress(stage, 'nat');
    await withWindowsOllama(stage, '0.0.0.0:11434', async () => {
      const url = `http://${stage.peer.address}:11434`;
      await explained(stage, 'ollama-on-windows', `Programs in WSL reach it at ${url}`);
      expect(await stage.curl(`${url}/api/version`)).toBe(200);
      const doctor = await stage.product('doctor', '--json');
      expect(doctor.code, told(doctor)).toBe(0);
      expect(doctor.report.checks.find(({ id }) => id === 'windows-side')).toMatchObject({
        id: 'windows-side',
        status: 'pass',
      });
    });
  });

  scenario('mirrored: reached on the loopback that both share', async (stage) => {
    await dress(stage, 'mirrored');
    await shareLoopback(stage);
    await withWindowsOllama(stage, '0.0.0.0:11434', async () => {
      await stage.host.waitFor(
        async () => (await stage.curl(`http://${LOOPBACK}/api/version`)) === 200,
        5000,
        'Windows',
      );
      await explained(stage, 'ollama-on-windows', `Programs in WSL reach it at http://${LOOPBACK}`);
      const doctor = await stage.product('doctor', '--json');
      expect(doctor.code, told(doctor)).toBe(0);
      expect(causes(doctor)).toEqual(['warn wsl2-windows-ollama-loopback']);
    });
  });

  scenario('to people: what is where, and nothing about sockets that cannot be seen', async (stage) => {
    await dress(stage, 'nat');
    stage.host.write(PROGRAM, 'MZ');
    const ran = await stage.host.run(['stigmer-setup-ollama', '--yes']);
    expect(ran.code, told(ran)).toBe(4);
    expect(ran.stdout).toBe('Found: Ollama on Windows\n');
    expect(ran.stderr).toMatch(
      /^Error: Ollama is on Windows \(C:\\Users\\ann\\.*ollama\.exe\), not in this WSL distribution\./,
    );
    expect(ran.stderr).toContain('npx stigmer-setup-ollama   # in PowerShell on Windows, not in WSL');
  });
});
