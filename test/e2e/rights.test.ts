import { describe, expect, it } from 'vitest';
import {
  DROP_IN,
  DROP_IN_DIR,
  expectForPeople,
  expectRestored,
  expectSetUp,
  expectUntouched,
  prepared,
  RECEIPT,
  ROOT_STATE,
  remains,
  reported,
  scope,
  succeeds,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, PASSWORD, withHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { product, spawnProduct } from './rig/product.ts';

const STATE = '/home/ann/.local/state/stigmer-setup-ollama';
const ANN = { user: 'ann' };
const AT_TERMINAL = { ...ANN, tty: true, session: true };

describe.skipIf(rigUnavailable())('rights', () => {
  it('none at all: refuses with the command to run, and touches nothing', async () => {
    await withHost('no-rights', {}, async (host) => {
      await host.addUser('ann');
      const before = await prepared(host);
      const { code, report, stderr } = await reported(host, ['--yes'], ANN);
      expect(code).toBe(5);
      expect(report).toMatchObject({ outcome: 'failed', changed: false, error: { code: 'no-rights' } });
      expect(report.error?.remedy).toMatch(/^sudo npx stigmer-setup-ollama --yes$/);
      expect(stderr).toContain('sudo npx stigmer-setup-ollama --yes');
      expectForPeople(stderr);
      await expectUntouched(host, before, STATE);
    });
  });

  it('a machine without sudo: says to log in as root', async () => {
    await withHost('no-sudo', {}, async (host) => {
      await host.addUser('ann');
      for (const name of ['/usr/bin/sudo', '/usr/bin/run0', '/usr/bin/doas']) host.remove(name);
      const before = await prepared(host);
      const { code, report } = await reported(host, ['--yes'], ANN);
      expect(code).toBe(5);
      expect(report.error?.remedy).toMatch(/log in as root/);
      await expectUntouched(host, before, STATE);
    });
  });

  it('sudo without a password: sets up and undoes as the user, who keeps the receipt', async () => {
    await withHost('nopasswd', {}, async (host) => {
      const { uid, gid } = await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host);
      const home = host.snapshot('/home/ann');
      const report = await succeeds(host, ['--yes'], ANN);
      await expectSetUp(host, before, STATE);
      expect(report).toMatchObject({ outcome: 'changed', before: { scope: 'loopback' }, after: { scope: 'all' } });
      expect(report.receipt).toBe(`${STATE}/receipts/systemd%3Aollama.service.json`);
      for (const [path, mode] of [
        [STATE, 0o700],
        [`${STATE}/receipts`, 0o700],
        [report.receipt!, 0o600],
      ] as const) {
        expect(host.stat(path)).toMatchObject({ uid, gid });
        expect(host.stat(path)!.mode & 0o777, path).toBe(mode);
      }
      expect(host.exists(ROOT_STATE)).toBe(false);
      expect(report.steps.map(({ command }) => command)).toEqual([
        expect.stringMatching(/^sudo mkdir [^\n]*\n\s+sudo install [^\n]*\n\s+sudo dd [^\n]*\n\s+sudo mv /),
        expect.stringMatching(/^sudo systemctl .*daemon-reload$/),
        expect.stringMatching(/^sudo systemctl .*restart ollama\.service$/),
      ]);

      expect(await succeeds(host, ['--yes'], ANN)).toMatchObject({ outcome: 'unchanged', changed: false });
      const planned = await succeeds(host, ['undo', '--dry-run'], ANN);
      expect(planned).toMatchObject({ outcome: 'planned', changed: false });
      await expectSetUp(host, before, STATE);
      const asRoot = await host.run(['sudo', 'stigmer-setup-ollama', 'undo', '--yes'], ANN);
      expect([asRoot.code, asRoot.stderr]).toEqual([5, expect.stringContaining('Setup was run by ann')]);
      await expectSetUp(host, before, STATE);
      expect(await succeeds(host, ['undo', '--yes'], ANN)).toMatchObject({ outcome: 'changed' });
      await expectRestored(host, before, STATE);
      const left = diffSnapshots(home, host.snapshot('/home/ann'));
      for (const each of left) expect(each).toMatch(/^added \/home\/ann\/\.local(\/state)?: directory 0700 1000 1000/);
    });
  });

  it('a failing step on the way of sudo is rolled back too', async () => {
    await withHost('sudo-rollback', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host, { extraUnitLines: ['Environment=STAND_IN_IGNORE_HOST=1'] });
      const { code, report } = await reported(host, ['--yes', '--timeout', '2'], ANN);
      expect(code).toBe(7);
      expect(report).toMatchObject({ outcome: 'rolled-back', changed: false, after: { scope: 'loopback' } });
      await expectRestored(host, before, STATE);
    });
  });

  it('sudo that wants a password: --yes never waits for it', async () => {
    await withHost('password-yes', {}, async (host) => {
      await host.addUser('ann', { sudo: 'password' });
      const before = await prepared(host);
      for (const options of [ANN, AT_TERMINAL]) {
        const result = await product(host, ['--yes'], { ...options, timeout: 60_000 });
        expect(result.code).toBe(5);
        expect(result.stdout + result.stderr).toContain('sudo npx stigmer-setup-ollama --yes');
        expect(result.stdout + result.stderr).not.toMatch(/password for ann/i);
      }
      await expectUntouched(host, before, STATE);
    });
  });

  it('sudo that wants a password, at a terminal: shows the commands first, and sudo asks', async () => {
    await withHost('password-tty', {}, async (host) => {
      await host.addUser('ann', { sudo: 'password' });
      const before = await prepared(host);
      const setup = spawnProduct(host, [], AT_TERMINAL);
      await setup.waitForOutput(/Do this\?.*\(Y\/n\)/);
      expect(setup.stdout).toMatch(/sudo mv [\s\S]*sudo systemctl[\s\S]*restart ollama\.service/);
      expect(setup.stdout).not.toMatch(/password for/);
      setup.write('\r');
      await setup.waitForOutput(/password for ann: /);
      setup.write(`${PASSWORD}\r`);
      expect(await setup.done).toMatchObject({ code: 0 });
      expect(setup.stdout.match(/password for/g)).toHaveLength(1);
      expectForPeople(setup.stdout);
      await expectSetUp(host, before, STATE);

      const undo = spawnProduct(host, ['undo'], AT_TERMINAL);
      await undo.waitForOutput(/\(Y\/n\)/);
      undo.write('\r');
      await undo.waitForOutput(/password for ann: /);
      undo.write(`${PASSWORD}\r`);
      expect(await undo.done).toMatchObject({ code: 0 });
      await expectRestored(host, before, STATE);
    });
  });

  it('a wrong password three times, or Ctrl-C at the password: nothing is touched', async () => {
    await withHost('password-wrong', {}, async (host) => {
      await host.addUser('ann', { sudo: 'password' });
      const before = await prepared(host);
      const wrong = spawnProduct(host, [], AT_TERMINAL);
      await wrong.waitForOutput(/\(Y\/n\)/);
      wrong.write('\r');
      for (let turn = 1; turn <= 3; turn++) {
        await wrong.waitForOutput(new RegExp(`(password for ann: [\\s\\S]*){${turn}}`));
        wrong.write('wrong\r');
      }
      expect(await wrong.done).toMatchObject({ code: 5 });
      expect(wrong.stdout).toContain('sudo npx stigmer-setup-ollama');
      expectForPeople(wrong.stdout);
      await expectUntouched(host, before, STATE);

      const stopped = spawnProduct(host, [], AT_TERMINAL);
      await stopped.waitForOutput(/\(Y\/n\)/);
      stopped.write('\r');
      await stopped.waitForOutput(/password for ann: /);
      // Typed before sudo listens for it, a key is lost; people press it again.
      const again = setInterval(() => stopped.write('\x03'), 1000);
      stopped.write('\x03');
      expect((await stopped.done.finally(() => clearInterval(again))).code).toBe(130);
      await expectUntouched(host, before, STATE);
    });
  });

  it('`sudo stigmer-setup-ollama`: the state is root’s, and a user is told to undo with sudo', async () => {
    await withHost('through-sudo', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      await host.addUser('bob');
      const before = await prepared(host);
      const homes = host.snapshot('/home');
      const setup = await host.run(['sudo', 'stigmer-setup-ollama', '--yes'], ANN);
      expect(setup).toMatchObject({ code: 0, stderr: '' });
      await expectSetUp(host, before);
      expect(host.stat(RECEIPT)).toMatchObject({ uid: 0, gid: 0 });
      expect(host.stat(RECEIPT)!.mode & 0o777).toBe(0o600);
      expect(host.stat(ROOT_STATE)!.mode & 0o777).toBe(0o700);
      expect(diffSnapshots(homes, host.snapshot('/home'))).toEqual([]);
      for (const user of ['ann', 'bob']) {
        const { code, report } = await reported(host, ['undo', '--yes'], { user });
        expect(code).toBe(5);
        expect(report.error?.remedy).toBe('sudo npx stigmer-setup-ollama undo');
      }
      await expectSetUp(host, before);
      expect((await host.run(['sudo', 'stigmer-setup-ollama', 'undo', '--yes'], ANN)).code).toBe(0);
      await expectRestored(host, before);
      expect(diffSnapshots(homes, host.snapshot('/home'))).toEqual([]);
    });
  });

  it('root after a user, and a user after root: the second finds nothing to do', async () => {
    await withHost('both', {}, async (host) => {
      await host.addUser('ann', { sudo: 'nopasswd' });
      const before = await prepared(host);
      await succeeds(host, ['--yes'], ANN);
      expect(await succeeds(host, ['--yes'])).toMatchObject({ outcome: 'unchanged', changed: false });
      expect(await succeeds(host, ['undo', '--yes'])).toMatchObject({ outcome: 'unchanged', changed: false });
      await expectSetUp(host, before, STATE);
      await succeeds(host, ['undo', '--yes'], ANN);
      await expectRestored(host, before, STATE);
      expect(host.exists(ROOT_STATE)).toBe(false);
    });
  });

  it('doctor needs none: it tells a closed host from an open one', async () => {
    await withHost('doctor-user', {}, async (host) => {
      await host.addUser('ann');
      const before = await prepared(host);
      const closed = await reported(host, ['doctor'], ANN);
      expect(closed.code).toBe(10);
      expect(closed.report).toMatchObject({ outcome: 'unhealthy', before: { scope: 'loopback' } });
      expect(closed.report.checks).toContainEqual(
        expect.objectContaining({ status: 'fail', cause: 'default-loopback-bind' }),
      );
      await expectUntouched(host, before, STATE);
      await succeeds(host, ['--yes']);
      const open = await reported(host, ['doctor'], ANN);
      expect(open.report).toMatchObject({ outcome: 'healthy', exitCode: 0, before: { scope: 'all' } });
      expect(open.code).toBe(0);
      expect((await reported(host, ['--dry-run'], ANN)).report).toMatchObject({ outcome: 'unchanged' });
      expect(host.exists(STATE)).toBe(false);
    });
  });
});

describe.skipIf(rigUnavailable())('planted', () => {
  it('a drop-in folder that leads into a user’s: nothing is written through it', async () => {
    await withHost('planted-folder', {}, async (host) => {
      const { uid, gid } = await host.addUser('eve');
      await host.addUser('ann', { sudo: 'nopasswd' });
      host.makeDirectory('/home/eve/trap', { uid, gid });
      const ready = await prepared(host);
      host.symlink('/home/eve/trap', DROP_IN_DIR);
      const before = { ...ready, etc: host.snapshotEtc() };
      for (const [user, state] of [
        ['root', ROOT_STATE],
        ['ann', STATE],
      ] as const) {
        const { code, report, stderr } = await reported(host, ['--yes'], { user });
        expect(code).toBe(6);
        expect(report).toMatchObject({ outcome: 'rolled-back', changed: false, error: { code: 'file-eperm' } });
        expect(stderr).toContain('/home/eve');
        expectForPeople(stderr);
        expect([...host.snapshot('/home/eve/trap').keys()]).toEqual(['/home/eve/trap']);
        await expectUntouched(host, before, state);
      }
    });
  });

  it('a drop-in folder that others may write to, and a link in the place of the drop-in itself', async () => {
    await withHost('planted-file', {}, async (host) => {
      const { uid, gid } = await host.addUser('eve');
      const ready = await prepared(host);
      host.makeDirectory(DROP_IN_DIR, { mode: 0o777 });
      const open = { ...ready, etc: host.snapshotEtc() };
      expect((await reported(host, ['--yes'])).code).toBe(6);
      await expectUntouched(host, open);

      host.remove(DROP_IN_DIR);
      host.write('/home/eve/precious', 'mine\n', { uid, gid, mode: 0o600 });
      host.makeDirectory(DROP_IN_DIR);
      host.symlink('/home/eve/precious', DROP_IN);
      const linked = { ...ready, etc: host.snapshotEtc() };
      const { code, stderr } = await reported(host, ['--yes']);
      expect(code).toBe(6);
      expect(stderr).toContain(DROP_IN);
      expect(host.read('/home/eve/precious')).toBe('mine\n');
      await expectUntouched(host, linked);
    });
  });

  it('after setup, a drop-in folder swapped for a link: undo does not go through it', async () => {
    await withHost('planted-undo', {}, async (host) => {
      const { uid, gid } = await host.addUser('eve');
      await prepared(host);
      await succeeds(host, ['--yes']);
      host.makeDirectory('/home/eve/trap', { uid, gid });
      host.write('/home/eve/trap/zz-stigmer-ollama-host.conf', host.read(DROP_IN), { uid, gid });
      host.remove(DROP_IN_DIR);
      host.symlink('/home/eve/trap', DROP_IN_DIR);
      const { code, stderr } = await reported(host, ['undo', '--yes']);
      expect(code).not.toBe(0);
      expectForPeople(stderr);
      expect(host.exists('/home/eve/trap/zz-stigmer-ollama-host.conf')).toBe(true);
      expect(host.exists(DROP_IN_DIR)).toBe(true);
      expect(host.exists(RECEIPT)).toBe(true);
    });
  });

  it('a state folder that is a link, somebody else’s, or open to all: refused, and its receipts are not believed', async () => {
    await withHost('planted-state', {}, async (host) => {
      const { uid, gid } = await host.addUser('eve');
      const before = await prepared(host);
      await succeeds(host, ['--yes']);
      const receipt = host.read(RECEIPT);
      await succeeds(host, ['undo', '--yes']);
      await waitForListener(host);
      const now = { ...before, mainPid: (await host.show('ollama', 'MainPID')).MainPID! };
      const victim = '/etc/motd';
      const forged = receipt.replaceAll(DROP_IN, victim).replace(/"ours": \[[^\]]*\]/, '"ours": ["x"]');
      const plants: [string, () => void][] = [
        ['a link', () => host.symlink('/home/eve/state', ROOT_STATE)],
        ['somebody else’s', () => host.makeDirectory(ROOT_STATE, { uid, gid, mode: 0o700 })],
        ['open to all', () => host.makeDirectory(ROOT_STATE, { mode: 0o777 })],
      ];
      for (const [what, plant] of plants) {
        host.makeDirectory('/home/eve/state', { uid, gid });
        plant();
        for (const args of [['--yes'], ['undo', '--yes']]) {
          const { code, stderr } = await reported(host, args);
          expect(code, `${what}: ${args}`).toBe(6);
          expectForPeople(stderr);
          expect(stderr, what).toContain(ROOT_STATE);
        }
        host.write(`${ROOT_STATE}/receipts/systemd%3Aollama.service.json`, forged, { uid, gid });
        const { code, stderr } = await reported(host, ['undo', '--yes']);
        expect(code, `${what}: a forged receipt`).toBe(6);
        expect(stderr, what).toContain(ROOT_STATE);
        expect(diffSnapshots(before.etc, host.snapshotEtc()), what).toEqual([]);
        expect((await host.show('ollama', 'MainPID')).MainPID, what).toBe(now.mainPid);
        host.remove(ROOT_STATE);
        host.remove('/home/eve/state');
      }
      expect(scope(host)).toBe('loopback');
      expect(remains(host)).toEqual([]);
    });
  });
});
