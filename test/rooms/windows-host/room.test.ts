import { describe, expect, it } from 'vitest';
import { type Ran, run } from '../../commands/runs.ts';
import type { RecordedHost } from '../../rig/recorded-host.ts';
import { DROP_IN, SystemdHost } from '../../rig/systemd-host.ts';
import { type Dress, dress, GATEWAY, HandRunHost, WINDOWS_PROGRAM } from '../../wsl/machine.ts';

const NAT = `http://${GATEWAY}:11434`;
const SHARED = 'http://127.0.0.1:11434';
const WIDE = '0.0.0.0:11434';

const codes = ({ report }: Ran) => report.warnings.map(({ code }) => code);
const kinds = ({ report }: Ran) => report.installations.map(({ kind }) => kind);
/** What doctor finds wrong; what was not asked is no finding. */
const causes = ({ report }: Ran) =>
  report.checks.filter(({ status }) => /warn|fail/.test(status)).map(({ status, cause }) => `${status} ${cause}`);

interface Case {
  side: 'inside' | 'Windows' | 'both' | 'neither';
  mode: 'nat' | 'mirrored' | undefined;
  systemd: boolean;
  dockerDesktop: boolean;
}

/** Ollama on this side, answering as it would where it has its default binding. */
function machine({ side, mode, systemd, dockerDesktop }: Case): RecordedHost {
  const inside = side === 'inside' || side === 'both';
  const host = systemd && inside ? new SystemdHost() : new HandRunHost({ running: inside });
  if (systemd) host.disk.folder('/run/systemd/system');
  const there = side === 'Windows' || side === 'both';
  return dress(host, {
    mode,
    dockerDesktop,
    installed: there,
    answersAt: there && mode === 'mirrored' ? [SHARED] : [],
  });
}

const CASES: Case[] = (['inside', 'Windows', 'both', 'neither'] as const).flatMap((side) =>
  (['nat', 'mirrored', undefined] as const).flatMap((mode) =>
    [true, false].flatMap((systemd) => [true, false].map((dockerDesktop) => ({ side, mode, systemd, dockerDesktop }))),
  ),
);

/** The codes that every change inside such a WSL is told with. */
function expected({ side, mode, systemd, dockerDesktop }: Case): string[] {
  const mirrored = mode === 'mirrored';
  return [
    ...(systemd ? [] : ['not-durable', 'wsl2-systemd-disabled']),
    ...(side === 'both' ? ['wsl2-two-ollamas'] : []),
    'wsl2-idle-shutdown',
    mirrored ? 'wsl2-mirrored-hyperv-firewall' : 'wsl2-lan-needs-portproxy',
    ...(mirrored || dockerDesktop ? ['wsl2-dualstack-not-relayed'] : []),
  ];
}

const NAME = 'side $side, networking $mode, systemd $systemd, Docker Desktop $dockerDesktop';
const on = (...sides: Case['side'][]) => CASES.filter(({ side }) => sides.includes(side));

describe.each(on('inside', 'both'))(`an Ollama inside: ${NAME}`, (one) => {
  it('setup changes the one inside, says what WSL means for it, and undo takes it back', async () => {
    const host = machine(one);
    const before = host.disk.snapshot();
    const ran = await run(host, ['--yes']);
    expect(ran.error).toBeUndefined();
    expect(ran.report).toMatchObject({ outcome: 'changed', after: { scope: 'all' }, host: { wsl: true } });
    expect(kinds(ran)).toEqual([one.systemd ? 'systemd' : 'process', ...(one.side === 'both' ? ['windows-host'] : [])]);
    expect(ran.report.installations.map(({ selected }) => selected)[0]).toBe(true);
    expect(codes(ran).sort()).toEqual(expected(one).sort());
    expect(ran.report.exposure.addresses[0]?.reach).toBe(one.mode === 'mirrored' ? 'lan' : 'windows');
    expect(host.files.stat(DROP_IN) !== undefined).toBe(one.systemd);
    host.revive();
    const again = await run(host, ['--yes']);
    expect(again.report.outcome).toBe('unchanged');
    // What is so by now is said again; what the change might have broken is not.
    expect(codes(again)).toContain('wsl2-idle-shutdown');
    expect(codes(again)).not.toContain('wsl2-dualstack-not-relayed');
    expect((await run(host, ['undo', '--yes'])).exit).toBe(0);
    expect(host.disk.snapshot()).toEqual(before);
  });

  it('doctor names what is wrong inside, and what WSL adds', async () => {
    const host = machine(one);
    const sick = await run(host, ['doctor']);
    expect(sick.exit).toBe(10);
    const now = expected(one).filter((code) => !/lan-needs|hyperv|dualstack|idle/.test(code));
    expect(causes(sick).sort()).toEqual([...now.map((code) => `warn ${code}`), 'fail default-loopback-bind'].sort());
    await run(host, ['--yes']);
    host.revive();
    const well = await run(host, ['doctor']);
    expect(well.exit).toBe(0);
    const wide = expected(one).filter((code) => !/dualstack|idle/.test(code));
    expect(causes(well).sort()).toEqual(wide.map((code) => `warn ${code}`).sort());
  });
});

describe.each(on('Windows'))(`an Ollama on Windows: ${NAME}`, (one) => {
  it('is explained, and nothing is touched', async () => {
    const host = machine(one);
    const before = host.disk.snapshot();
    const ran = await run(host, ['--yes']);
    expect(ran.exit).toBe(4);
    expect(kinds(ran)).toEqual(['windows-host']);
    expect(ran.error?.remedy).toMatch(/^npx stigmer-setup-ollama {3}# in PowerShell/);
    expect(ran.error?.message).toContain(WINDOWS_PROGRAM);
    const answers = one.mode === 'mirrored';
    expect(ran.error?.code).toBe(answers ? 'ollama-on-windows' : 'wsl2-windows-ollama-loopback');
    expect(ran.error?.meaning).toContain(answers ? SHARED : NAT);
    expect(ran.error?.meaning.includes('New-NetFirewallRule')).toBe(!answers);
    expect(ran.error?.meaning.includes('host.docker.internal')).toBe(one.dockerDesktop);
    expect(host.disk.snapshot()).toEqual(before);
    expect(host.done).toEqual([]);
    const doctor = await run(host, ['doctor']);
    const verdict = one.dockerDesktop ? (answers ? 'pass' : 'warn') : answers ? 'warn' : 'fail';
    expect(doctor.report.checks.find(({ id }) => id === 'windows-side')).toMatchObject({
      id: 'windows-side',
      status: verdict,
    });
    expect(doctor.exit).toBe(verdict === 'fail' ? 10 : 0);
    expect(host.done).toEqual([]);
  });
});

it.each(on('neither'))(`nothing is found: ${NAME}`, async (one) => {
  expect((await run(machine(one), ['--yes'])).exit).toBe(3);
});

describe('an Ollama on Windows that listens on all interfaces', () => {
  const options: Dress = { mode: 'nat', installed: true, answersAt: [NAT] };

  it('is reached over the NAT: there is nothing to mend', async () => {
    const host = dress(new HandRunHost({ running: false }), options);
    const doctor = await run(host, ['doctor']);
    expect(doctor.exit).toBe(0);
    expect(doctor.report.checks.find(({ id }) => id === 'windows-side')).toMatchObject({
      status: 'pass',
      evidence: `GET ${NAT}/api/version`,
    });
    expect(doctor.report.installations).toMatchObject([{ kind: 'windows-host', running: true, selected: true }]);
    expect(doctor.said.join('\n')).toContain('▸ Ollama on Windows\n✓');
    const ran = await run(host, ['--yes']);
    expect(ran.error).toMatchObject({ exit: 4, code: 'ollama-on-windows' });
  });

  it('may be the one inside by way of a rule of Windows, when no program is found there', async () => {
    const host = dress(new SystemdHost(), { ...options, installed: false });
    const ran = await run(host, ['--yes', '--dry-run']);
    const told = ran.report.warnings.find(({ code }) => code === 'wsl2-two-ollamas')?.message;
    expect(told).toContain('netsh interface portproxy show all');
  });

  it('is chosen by --target, also beside one inside', async () => {
    const ran = await run(dress(new SystemdHost(), options), ['--yes', '--target', 'windows-host']);
    expect(ran.error).toMatchObject({ exit: 4, code: 'ollama-on-windows' });
  });
});

describe('systemd that does not run', () => {
  it('with a service that waits for it: what to write, and what to run in Windows', async () => {
    const host = dress(new SystemdHost({}, { running: false }), { mode: 'nat' });
    host.disk.drop('/run/systemd');
    for (const verb of ['show', 'show-environment'])
      host.command(['systemctl', '--no-ask-password', verb], { code: 1 });
    const ran = await run(host, ['--yes']);
    expect(ran.error).toMatchObject({ exit: 4, code: 'wsl2-systemd-disabled' });
    expect(ran.error?.meaning).toContain('[boot]\nsystemd=true');
    expect(ran.error?.remedy).toMatch(/^wsl --shutdown/);
    host.disk.file('/etc/wsl.conf', '[boot]\nsystemd=true\n');
    const asked = await run(host, ['--yes']);
    expect(asked.error?.meaning).toContain('takes effect when the distribution is started next');
    expect(host.done).toEqual([]);
  });

  it('although wsl.conf asks for it: the restart is what is missing', async () => {
    const host = dress(new HandRunHost(), { mode: 'nat', conf: '[boot]\nsystemd=true\n' });
    const ran = await run(host, ['--yes', '--dry-run']);
    const told = ran.report.warnings.find(({ code }) => code === 'wsl2-systemd-disabled')?.message;
    expect(told).toMatch(/^\/etc\/wsl\.conf asks for systemd/);
  });
});

describe('WSL 1', () => {
  const options: Dress = { release: '4.4.0-19041-Microsoft' };

  it('shows no listeners: a server in it is not changed', async () => {
    const host = dress(new HandRunHost(), options);
    host.disk.file('/proc/net/tcp', '').file('/proc/net/tcp6', '');
    const before = host.disk.snapshot();
    const ran = await run(host, ['--yes']);
    expect(ran.error).toMatchObject({ exit: 4, code: 'wsl1' });
    expect(host.disk.snapshot()).toEqual(before);
    expect(host.done).toEqual([]);
  });

  it('shares the loopback of Windows', async () => {
    const host = dress(new HandRunHost({ running: false }), { ...options, answersAt: [SHARED] });
    const ran = await run(host, ['--yes']);
    expect(ran.error?.meaning).toContain(`Programs in WSL reach it at ${SHARED}`);
  });
});

describe('what a wanted value means', () => {
  it('a loopback one is nobody else’s business', async () => {
    const host = dress(new SystemdHost(), { mode: 'mirrored' });
    const ran = await run(host, ['--yes', '--host', '127.0.0.1:5000']);
    expect(ran.exit).toBe(0);
    expect(codes(ran)).toEqual(['wsl2-idle-shutdown']);
  });

  it('a rule names its port', async () => {
    const ran = await run(dress(new SystemdHost(), { mode: 'mirrored' }), ['--dry-run', '--host', '0.0.0.0:5000']);
    const told = ran.report.warnings.find(({ code }) => code === 'wsl2-mirrored-hyperv-firewall')?.message;
    expect(told).toContain('-LocalPorts 5000 ');
  });

  it('what only looks like NAT is told as such', async () => {
    const ran = await run(dress(new SystemdHost()), ['--dry-run']);
    expect(ran.report.warnings.map(({ message }) => message).join()).toContain('WSL seems to be behind');
  });

  it('nobody is told of the local network where none can reach it', async () => {
    const { said } = await run(dress(new SystemdHost(), { mode: 'nat' }), ['--dry-run']);
    expect(said).toContain('  this Windows PC  172.20.70.5 (eth0)');
    expect(said.join('\n')).not.toContain('local network ');
  });
});

it('elsewhere nothing of this is said or asked', async () => {
  const host = new SystemdHost();
  const ran = await run(host, ['--yes']);
  expect(ran.report.host.wsl).toBe(false);
  expect(codes(ran)).toEqual([]);
  expect(host.service.value).toBe(WIDE);
});
