import { describe, expect, it } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import { bootHost, diffSnapshots, PASSWORD, type TestHost, withHost } from './rig/host.ts';
import { installOllama, startByHand, waitForListener } from './rig/ollama.ts';
import { runIsAlive } from './rig/places.ts';
import { ofRun, sweep, traces } from './rig/sweep.ts';

const WILDCARD = '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0:11434"\n';
const DROP_IN = '/etc/systemd/system/ollama.service.d/override.conf';

/** What an HTTP client inside the host sees: status and body in one text. */
async function curl(host: TestHost, ...args: string[]): Promise<string> {
  const { stdout } = await host.run(['curl', '-sS', '-w', ' %{http_code}', '--max-time', '3', ...args]);
  return stdout;
}

describe.skipIf(rigUnavailable())('the rig', () => {
  it('boots two hosts at once that do not see each other, and leaves nothing of them', async () => {
    const began = performance.now();
    const [one, two] = await Promise.all([bootHost({ hostname: 'one' }), bootHost({ hostname: 'two' })]);
    console.log(`two hosts booted in ${Math.round(performance.now() - began)} ms`);
    try {
      expect((await one.must(['hostname'])).trim()).toBe('one');
      expect((await one.must(['ps', '-p', '1', '-o', 'comm='])).trim()).toBe('systemd');
      expect((await two.must(['node', '--version'])).trim()).toBe(process.version);
      await installOllama(one);
      expect(two.listeners(11434)).toEqual([]);
      await Promise.all([one.addPeer(), two.addPeer(), installOllama(two)]);
      await one.must(['systemctl', 'stop', 'ollama']);
      expect((await two.show('ollama', 'ActiveState')).ActiveState).toBe('active');
      expect(traces(one.name)).not.toEqual([]);
    } finally {
      await Promise.all([one.stop(), two.stop()]);
    }
    expect([...traces(one.name), ...traces(two.name)]).toEqual([]);
  });

  it('sweeps away what a crashed run left, and nothing of a run that lives', async () => {
    await withHost('alive', {}, async (host) => {
      const own = process.env.STIGMER_E2E_RUN;
      const crashed = `4194304x${process.pid}`;
      process.env.STIGMER_E2E_RUN = crashed;
      const left = await bootHost({ hostname: 'left' }).finally(() => {
        process.env.STIGMER_E2E_RUN = own;
      });
      await left.addPeer();
      expect(traces(left.name).length).toBeGreaterThan(4);
      expect(await sweep(ofRun((key) => [own, crashed].includes(key) && !runIsAlive(key)))).toEqual([left.name]);
      expect(traces(left.name)).toEqual([]);
      expect((await host.run(['true'])).code).toBe(0);
    });
  });

  it('has an Ollama that only a drop-in opens to the peer', async () => {
    await withHost('opened', {}, async (host) => {
      const peer = await host.addPeer();
      const { user } = await installOllama(host);
      const { uid } = host.user(user);
      expect(host.listeners(11434)).toMatchObject([{ family: 'tcp', address: '127.0.0.1', port: 11434, uid }]);
      expect(await curl(host, 'http://127.0.0.1:11434/')).toBe('Ollama is running 200');
      expect(await curl(host, '-H', 'Host: evil.example', 'http://127.0.0.1:11434/')).toBe(' 403');
      expect(await peer.get('/api/version')).toMatchObject({ curl: 7 });

      host.write(DROP_IN, WILDCARD);
      await host.must(['systemctl', 'daemon-reload']);
      await host.must(['systemctl', 'restart', 'ollama']);
      await waitForListener(host);
      expect(host.listeners(11434)).toMatchObject([{ family: 'tcp6', address: '::', port: 11434, uid }]);
      expect(await peer.get('/api/version')).toEqual({ status: 200, body: '{"version":"0.33.0"}' });
      expect(await peer.get('/', { Host: 'evil.example' })).toMatchObject({ status: 200 });
      expect(await host.journal('ollama')).toMatch(/Listening on \[::\]:11434/);

      await host.reboot();
      await waitForListener(host);
      expect(host.listeners(11434)).toMatchObject([{ family: 'tcp6', address: '::' }]);
    });
  });

  it('has the stand-in fail as Ollama does when the port is taken, and misbehave when told', async () => {
    await withHost('faults', {}, async (host) => {
      await startByHand(host);
      await installOllama(host, { layout: 'distribution', wait: false });
      await host.waitFor(
        async () => (await host.show('ollama', 'ActiveState')).ActiveState === 'failed',
        9000,
        'failed',
      );
      expect(await host.journal('ollama')).toContain('Error: listen tcp 127.0.0.1:11434: bind: address already in use');
      await host.must(['pkill', '-x', 'ollama']);
      host.write(DROP_IN, '[Service]\nEnvironment=STAND_IN_HTTP_DELAY_MS=1500 OLLAMA_HOST=[::1]:4000\n');
      await host.must(['systemctl', 'daemon-reload']);
      await host.must(['systemctl', 'restart', 'ollama']);
      await waitForListener(host, 4000);
      expect(host.listeners(4000)).toMatchObject([{ family: 'tcp6', address: '::1' }]);
      expect((await host.run(['curl', '-sS', '--max-time', '0.3', 'http://[::1]:4000/'])).code).toBe(28);
      expect(await curl(host, 'http://[::1]:4000/api/tags')).toBe('{"models":[]} 200');
    });
  });

  it('opens real login sessions, in which systemctl --user works and a hand-run server stays', async () => {
    await withHost('sessions', {}, async (host) => {
      const user = await host.addUser('ann');
      const state = await host.runAs('ann', ['systemctl', '--user', 'is-system-running', '--wait']);
      expect(state).toMatchObject({ code: 0, stdout: 'running\n' });
      const env = await host.runAs('ann', ['env'], { env: { EXTRA: 'a b' }, cwd: '/tmp' });
      expect(env.stdout).toMatch(/^XDG_RUNTIME_DIR=\/run\/user\/1000$/m);
      expect(env.stdout).toMatch(/^EXTRA=a b$/m);
      const { pid } = await startByHand(host, { user: 'ann', env: { OLLAMA_HOST: '0.0.0.0' } });
      expect(host.listeners(11434)).toMatchObject([{ family: 'tcp6', address: '::', uid: user.uid }]);
      expect((await host.must(['cat', `/proc/${pid}/comm`])).trim()).toBe('ollama');
      expect(await host.must(['cat', `/proc/${pid}/cgroup`])).toContain('/user.slice/user-1000.slice/session-');
      expect((await host.runAs('ann', ['sh', '-c', 'exit 7'])).code).toBe(7);
    });
  });

  it('runs commands with the words, input, environment and folder they are given, as the user they are given', async () => {
    await withHost('commands', {}, async (host) => {
      const user = await host.addUser('ann');
      const odd = ['a b', "it's", '$HOME $$', '%n', '*', ''];
      expect(await host.must(['printf', '%s\\n', ...odd])).toBe(`${odd.join('\n')}\n`);
      expect((await host.runAs('ann', ['printf', '%s\\n', ...odd])).stdout).toBe(`${odd.join('\n')}\n`);
      expect(await host.must(['cat'], { input: 'a\nb' })).toBe('a\nb');
      const seen = await host.must(['sh', '-c', 'pwd; id -u; id -G; echo $X; test -t 0 || echo plain'], {
        user: 'ann',
        env: { X: '1' },
      });
      expect(seen).toBe(`/home/ann\n${user.uid}\n${user.gid}\n1\nplain\n`);
      expect((await host.run(['sh', '-c', 'test -t 0 && test -t 1 && stty size'], { tty: true })).stdout).toBe(
        '40 120\r\n',
      );
      await expect(host.run(['sleep', '100'], { timeout: 300 })).rejects.toThrow(
        /not finished after 300 ms: sleep 100/,
      );
      await host.waitFor(async () => (await host.run(['pgrep', '-x', 'sleep'])).code === 1, 2000, 'the end of sleep');
      await expect(host.runAs('ann', ['sleep', '100'], { timeout: 900 })).rejects.toThrow(/not finished/);
      await host.waitFor(async () => (await host.run(['pgrep', '-x', 'sleep'])).code === 1, 2000, 'the end of sleep');
    });
  });

  it.each([
    { session: false, tty: false },
    { session: false, tty: true },
    { session: true, tty: false },
    { session: true, tty: true },
  ])('signals the program itself ($session, $tty)', async ({ session, tty }) => {
    await withHost('signals', {}, async (host) => {
      const program = `process.on('SIGINT', () => { console.log('got it'); process.exit(9); }); setInterval(() => {}, 1000);
        console.log(\`ready \${process.pid}\`)`;
      const first = host.spawn(['node', '-e', program], { session, tty });
      await first.waitForOutput(/ready \d+/);
      await first.signal('SIGINT');
      const ended = await first.done;
      expect(ended).toMatchObject({ code: 9 });
      expect(ended.stdout).toContain('got it');

      const second = host.spawn(['node', '-e', program], { session, tty });
      const [, pid] = await second.waitForOutput(/ready (\d+)/);
      await second.kill9();
      expect((await second.done).code).not.toBe(0);
      expect(host.exists(`/proc/${pid}`)).toBe(false);
    });
  });

  it('types into a terminal', async () => {
    await withHost('typing', {}, async (host) => {
      const shell = host.spawn(['sh', '-c', 'printf "name? "; read name; echo "hello $name"'], { tty: true });
      await shell.waitForOutput(/name\? /);
      shell.write('ann\r');
      await shell.waitForOutput(/hello ann/);
      expect((await shell.done).code).toBe(0);
    });
  });

  it('has sudo with a password, without one, and not at all', async () => {
    await withHost('sudo', {}, async (host) => {
      await host.addUser('free', { sudo: 'nopasswd' });
      await host.addUser('asked', { sudo: 'password' });
      await host.addUser('none');
      const id = ['id', '-u'];
      expect(await host.run(['sudo', '-n', ...id], { user: 'free' })).toMatchObject({
        code: 0,
        stdout: '0\n',
        stderr: '',
      });
      expect(await host.run(['sudo', '-n', ...id], { user: 'asked' })).toMatchObject({ code: 1 });
      const told = await host.run(['sudo', '-S', '-p', '', ...id], { user: 'asked', input: `${PASSWORD}\n` });
      expect(told).toMatchObject({ code: 0, stdout: '0\n' });
      expect((await host.run(['sudo', '-n', ...id], { user: 'none' })).code).toBe(1);
      const typed = host.spawn(['sudo', ...id], { user: 'asked', tty: true, session: true });
      await typed.waitForOutput(/password for asked: /);
      typed.write(`${PASSWORD}\r`);
      expect((await typed.done).stdout).toMatch(/\r\n0\r\n$/);
    });
  });

  it('sees every change in /etc and only changes', async () => {
    await withHost('snapshots', {}, async (host) => {
      const before = host.snapshotEtc();
      expect(before.get('/etc/hostname')).toMatch(/^file 0644 0 0 [0-9a-f]{64}$/);
      await host.runAs('root', ['systemctl', 'daemon-reload']);
      await host.reboot();
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
      host.write('/etc/planted', 'x', { mode: 0o600, uid: 1, gid: 2 });
      host.symlink('/etc/planted', '/etc/link');
      host.remove('/etc/motd');
      await host.must(['chmod', '0640', '/etc/hosts']);
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([
        expect.stringMatching(/^changed \/etc\/hosts: file 0644 0 0 .* -> file 0640 0 0 /),
        expect.stringMatching(/^added \/etc\/link: link 0777 0 0 \/etc\/planted$/),
        expect.stringMatching(/^removed \/etc\/motd: file /),
        expect.stringMatching(/^added \/etc\/planted: file 0600 1 2 /),
      ]);
      host.symlink('/etc', '/srv/out');
      host.write('/srv/out/../tmp/inside', 'y');
      expect(await host.must(['cat', '/tmp/inside'])).toBe('y');
    });
  });

  it('has small, full and read-only disks', async () => {
    await withHost('disks', { smallDisk: { path: '/etc/systemd/system', megabytes: 1 } }, async (host) => {
      const before = host.snapshotEtc();
      const free = await host.fillDisk('/etc/systemd/system');
      expect(diffSnapshots(before, host.snapshotEtc())).toEqual([]);
      const write = ['cp', '/etc/hostname', '/etc/systemd/system/x.conf'];
      expect((await host.run(write)).stderr).toMatch(/No space left on device/);
      free();
      expect((await host.run(write)).code).toBe(0);
      await host.remountReadOnly('/etc');
      expect((await host.run(['touch', '/etc/x'])).stderr).toMatch(/Read-only file system/);
      await host.unmount('/etc');
      expect((await host.run(['touch', '/etc/x'])).code).toBe(0);
    });
  });

  it('says what was going on when a test fails', async () => {
    const failing = withHost('failing', {}, async (host) => {
      await installOllama(host, { extraUnitLines: ['Environment=STAND_IN_EXIT=3'], wait: false });
      await host.waitFor(async () => (await host.journal('ollama')).includes('told to exit'), 5000, 'a message');
      expect(1).toBe(2);
    });
    await expect(failing).rejects.toThrow(/expected 1 to be 2[\s\S]*=== host [\s\S]*told to exit with 3/);
  });
});
