import { describe, expect, it } from 'vitest';
import { expectForPeople, type Report, reported, scope, succeeds } from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, type Snapshot, type TestHost, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { installUnderOpenrc, type OpenrcOptions, putUnderOpenrc } from './rig/openrc.ts';
import { must } from './rig/outside.ts';
import { installProduct, onImage, product } from './rig/product.ts';

/** Ollama as a service of OpenRC, on hosts that OpenRC has booted. */

const CONFD = '/etc/conf.d/ollama';
const ALL = 'export OLLAMA_HOST="0.0.0.0:11434"';
const STATE = '/var/lib/stigmer-setup-ollama';

/** As Gentoo's package brings it: all commented out but the logs, and what somebody has added. */
const GENTOO = `# export OLLAMA_ORIGINS="<ip>"
# export OLLAMA_HOST="0.0.0.0"
error_log="/var/log/ollama.log"
export OLLAMA_KEEP_ALIVE='24h' # mine
`;

function hosted(name: string, options: OpenrcOptions, test: (host: TestHost) => Promise<void>): void {
  it(name, () =>
    withHost('rc', { init: 'openrc' }, async (host) => {
      await installUnderOpenrc(host, options);
      installProduct(host);
      await test(host);
    }),
  );
}

const serverPid = async (host: TestHost) => (await host.run(['pgrep', '-x', 'ollama'])).stdout.trim();

async function refused(host: TestHost, words: readonly string[], code: number, cause: string): Promise<Report> {
  const before = host.snapshotEtc();
  const ran = await reported(host, words);
  expect(ran.code, ran.stderr).toBe(code);
  expect(ran.report.error?.code).toBe(cause);
  expectForPeople(ran.stderr);
  expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
  return ran.report;
}

async function back(host: TestHost): Promise<void> {
  await host.waitFor(() => scope(host) === 'loopback', 30_000, 'the old binding');
}

describe.skipIf(rigUnavailable())('OpenRC', () => {
  hosted(
    'doctor names it, setup adds a line to conf.d, a reboot keeps it, undo takes it back',
    { confd: GENTOO },
    async (host) => {
      const before = host.snapshotEtc();
      const pid = await serverPid(host);
      const sick = await reported(host, ['doctor']);
      expect(sick.code).toBe(10);
      expect(sick.report.checks.map(({ cause }) => cause)).toContain('openrc-confd');
      expect((await reported(host, ['--check'])).code).toBe(10);
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);

      const report = await succeeds(host, ['--yes']);
      expect(report).toMatchObject({ outcome: 'changed', before: { scope: 'loopback' }, after: { scope: 'all' } });
      expect(report.checks).toContainEqual(expect.objectContaining({ id: 'environment', status: 'pass' }));
      expect(host.read(CONFD)).toBe(`${GENTOO}${ALL}\n`);
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([
        expect.stringMatching(/^changed \/etc\/conf\.d\/ollama: file 0644 0 0/),
      ]);
      const after = await serverPid(host);
      expect(after).not.toBe(pid);

      expect(await succeeds(host, ['--yes'])).toMatchObject({ outcome: 'unchanged', changed: false });
      expect((await reported(host, ['doctor'])).code).toBe(0);
      expect(await serverPid(host)).toBe(after);

      await host.reboot();
      await waitForListener(host);
      expect(scope(host)).toBe('all');
      expect(await succeeds(host, ['undo', '--yes'])).toMatchObject({
        outcome: 'changed',
        after: { scope: 'loopback' },
      });
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
      expect(host.exists(STATE)).toBe(false);
    },
  );

  hosted('a script of its own and no conf.d: the folder is made, and goes again', { script: 'own' }, async (host) => {
    const before = host.snapshotEtc();
    await succeeds(host, ['--yes']);
    expect(host.read(CONFD).split('\n').at(-2)).toBe(ALL);
    expect(scope(host)).toBe('all');
    // Somebody's line beside ours stays.
    host.write(CONFD, `${host.read(CONFD)}export OLLAMA_DEBUG=1\n`);
    expect((await product(host, ['undo'])).code).toBe(2);
    await succeeds(host, ['undo', '--yes']);
    expect(host.read(CONFD)).not.toContain('OLLAMA_HOST');
    expect(host.read(CONFD)).toContain('export OLLAMA_DEBUG=1');
    expect(scope(host)).toBe('loopback');
    host.remove(CONFD);
    await host.must(['rmdir', '/etc/conf.d']);
    await succeeds(host, ['--yes']);
    await succeeds(host, ['undo', '--yes']);
    expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
  });

  hosted(
    'an address that no interface has: rolled back, and the old service runs again',
    { confd: GENTOO },
    async (host) => {
      const before = host.snapshotEtc();
      const ran = await reported(host, ['--yes', '--host', '192.0.2.1:11434', '--timeout', '20']);
      expect(ran.code, ran.stderr).toBe(7);
      expect(ran.report.outcome).toBe('rolled-back');
      expectForPeople(ran.stderr);
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
      await back(host);
      expect(host.exists(STATE)).toBe(false);
      // A service that has crashed for good is brought up as well.
      host.write(CONFD, `${GENTOO}export OLLAMA_HOST=192.0.2.1\n`);
      await host.run(['rc-service', 'ollama', 'restart']);
      await host.waitFor(() => host.exists('/run/openrc/failed/ollama'), 30_000, 'the end of the respawns');
      await succeeds(host, ['--yes']);
      expect(host.read(CONFD)).toBe(`${GENTOO}${ALL}\n`);
      expect(scope(host)).toBe('all');
    },
  );

  hosted(
    'what the init script sets is changed there, or refused',
    { extra: ['export OLLAMA_HOST=127.0.0.1 # here'] },
    async (host) => {
      const before = host.snapshotEtc();
      const script = host.read('/etc/init.d/ollama');
      await succeeds(host, ['--yes']);
      expect(host.read('/etc/init.d/ollama')).toBe(script.replace('export OLLAMA_HOST=127.0.0.1', ALL));
      expect(scope(host)).toBe('all');
      await succeeds(host, ['undo', '--yes']);
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
      host.write('/etc/init.d/ollama', script.replace(/export.*/, 'start_pre() { export OLLAMA_HOST=127.0.0.1; }'), {
        mode: 0o755,
      });
      await refused(host, ['--yes'], 4, 'set-in-init-script');
      host.write(
        '/etc/init.d/ollama',
        script.replace(/export.*/, 'supervise_daemon_args="--env OLLAMA_HOST=127.0.0.1"'),
        { mode: 0o755 },
      );
      await refused(host, ['--yes'], 4, 'set-in-init-script');
    },
  );

  hosted('a user with sudo; the file of the runlevel goes before', { confd: GENTOO }, async (host) => {
    host.write(`${CONFD}.default`, 'OLLAMA_HOST="127.0.0.1:11434"\nexport OLLAMA_DEBUG=1\n');
    const before = host.snapshotEtc();
    const user = (await host.addUser('ann', { sudo: 'nopasswd' })).name;
    await host.addUser('bob');
    expect((await reported(host, ['--yes'], { user: 'bob' })).code).toBe(5);
    await succeeds(host, ['--yes', '--no-restart'], { user });
    expect(host.read(`${CONFD}.default`)).toBe(`${ALL}\nexport OLLAMA_DEBUG=1\n`);
    expect(scope(host)).toBe('loopback');
    await succeeds(host, ['--yes'], { user });
    expect(scope(host)).toBe('all');
    await succeeds(host, ['undo', '--yes'], { user });
    expect(diffSnapshots(before, host.snapshotEtc()).filter((line) => line.includes('conf.d'))).toEqual([]);
    expect(scope(host)).toBe('loopback');
  });

  hosted(
    'one that does not run: started, and stopped again; a server by hand beside it is another',
    { start: false },
    async (host) => {
      await succeeds(host, ['--yes']);
      expect(scope(host)).toBe('all');
      await succeeds(host, ['undo', '--yes']);
      expect(scope(host)).toBe('none');
      await host.must(['sh', '-c', 'setsid /usr/bin/ollama serve >/tmp/log 2>&1 </dev/null &']);
      await waitForListener(host);
      const ran = await reported(host, ['--dry-run']);
      expect(ran.report).toMatchObject({ outcome: 'planned' });
      expect(ran.stderr).toContain('Ollama 0.33.0, process ');
      await succeeds(host, ['--yes', '--target', 'openrc', '--no-restart']);
      expect(host.read(CONFD)).toContain(ALL);
      expect(scope(host)).toBe('loopback');
    },
  );

  it('an image: --root writes conf.d, it boots so, and --root undo takes it back', async () => {
    const words = ['--yes', '--root'];
    let before: Snapshot | undefined;
    const prepare = async (host: TestHost) => {
      const chroot = host.outsidePath('/');
      await must([
        'chroot',
        chroot,
        'useradd',
        '-r',
        '-s',
        '/bin/false',
        '-U',
        '-m',
        '-d',
        '/var/lib/ollama',
        'ollama',
      ]);
      putUnderOpenrc(host, { confd: GENTOO });
      host.symlink('/etc/init.d/ollama', '/etc/runlevels/default/ollama');
      // Gentoo's package brings the unit as well; it is not what this image boots.
      host.write('/usr/lib/systemd/system/ollama.service', '[Service]\nExecStart=/usr/bin/ollama serve\n');
      before = host.snapshotEtc();
      await onImage([...words, chroot]);
      expect(host.read(CONFD)).toBe(`${GENTOO}${ALL}\n`);
    };
    await withHost('rc-image', { init: 'openrc', prepare }, async (host) => {
      await waitForListener(host);
      expect(scope(host)).toBe('all');
      await host.reboot({ between: () => onImage(['undo', ...words, host.outsidePath('/')]) });
      await waitForListener(host);
      expect(scope(host)).toBe('loopback');
      const changed = diffSnapshots(before!, host.snapshotEtc());
      expect(changed.filter((line) => !/\/etc\/(?:mtab|motd|resolv)/.test(line))).toEqual([]);
    });
  });
});
