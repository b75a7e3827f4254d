import { describe, expect, it } from 'vitest';
import {
  DROP_IN,
  expectForPeople,
  expectRestored,
  expectSetUp,
  expectUntouched,
  prepared,
  type Report,
  ROOT_STATE,
  reported,
  scope,
  succeeds,
} from './fault-helpers.ts';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots, type Handle, type TestHost, withHost } from './rig/host.ts';
import { installOllama, waitForListener } from './rig/ollama.ts';
import { product, spawnProduct } from './rig/product.ts';

const TTY = { tty: true };
const ENTER = '\r';
const DOWN = '\x1b[B';

/** What was on the screen, without colours and movements of the cursor. */
function screen({ stdout }: { stdout: string }): string {
  return stdout.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r/g, '');
}

/** A second service, on port 11500. */
async function addSecond(host: TestHost): Promise<void> {
  const lines = ['Environment=OLLAMA_HOST=127.0.0.1:11500'];
  await installOllama(host, { unitName: 'llm.service', layout: 'custom', extraUnitLines: lines });
  await waitForListener(host, 11500);
}

async function choices(run: Handle): Promise<string[]> {
  await run.waitForOutput(/❯/);
  return screen(run)
    .split('\n')
    .filter((line) => /^(❯|\s) \S/.test(line))
    .slice(-2)
    .map((line) => line.slice(2).trim());
}

describe.skipIf(rigUnavailable())('at a terminal', () => {
  it('setup shows what it will do, asks once, and does it on Enter', async () => {
    await withHost('tty-setup', {}, async (host) => {
      await host.addPeer();
      const before = await prepared(host);
      const run = spawnProduct(host, [], TTY);
      await run.waitForOutput(/\(Y\/n\)/);
      const shown = screen(run);
      expect(shown.indexOf('+Environment="OLLAMA_HOST=0.0.0.0:11434"')).toBeGreaterThan(0);
      expect(shown.indexOf('Who can reach it then')).toBeGreaterThan(shown.indexOf('+Environment'));
      expect(shown).toMatch(/local network\s+10\.77\.0\.1 \(lan1\)/);
      expect(shown.indexOf('(Y/n)')).toBeGreaterThan(shown.indexOf('Who can reach it then'));
      await expectUntouched(host, before);
      run.write(ENTER);
      expect((await run.done).code).toBe(0);
      expect(screen(run).match(/Do this\? \(Y\/n\)/g)).not.toBeNull();
      expect(screen(run)).toMatch(/after\s+\[::\]:11434 \(all interfaces\)/);
      expectForPeople(screen(run));
      await expectSetUp(host, before);

      const again = spawnProduct(host, [], TTY);
      expect((await again.done).code).toBe(0);
      expect(screen(again)).toContain('Nothing to do');

      const undo = spawnProduct(host, ['undo'], TTY);
      await undo.waitForOutput(/\(Y\/n\)/);
      expect(screen(undo)).toContain('-Environment="OLLAMA_HOST=0.0.0.0:11434"');
      undo.write(ENTER);
      expect((await undo.done).code).toBe(0);
      await expectRestored(host, before);
    });
  });

  it.each(['n', 'N', 'no'])('%s: exit 5, untouched', async (answer) => {
    await withHost('tty-no', {}, async (host) => {
      const before = await prepared(host);
      const run = spawnProduct(host, [], TTY);
      await run.waitForOutput(/\(Y\/n\)/);
      run.write(`${answer}${ENTER}`);
      expect((await run.done).code).toBe(5);
      expect(screen(run)).toMatch(/The answer was no\.\s+Nothing was changed\./);
      expectForPeople(screen(run));
      await expectUntouched(host, before);
    });
  });

  it('undo answered with n: nothing goes', async () => {
    await withHost('tty-undo-no', {}, async (host) => {
      const before = await prepared(host);
      await succeeds(host, ['--yes']);
      const run = spawnProduct(host, ['undo'], TTY);
      await run.waitForOutput(/\(Y\/n\)/);
      run.write(`n${ENTER}`);
      expect((await run.done).code).toBe(5);
      await expectSetUp(host, before);
    });
  });

  it('an address of the internet makes *no* the answer of Enter', async () => {
    await withHost('tty-public', {}, async (host) => {
      const peer = await host.addPeer();
      await host.must(['ip', 'address', 'add', '203.0.113.7/24', 'dev', peer.hostInterface]);
      await host.must(['ip', 'address', 'add', '8.8.8.8/24', 'dev', peer.hostInterface]);
      const before = await prepared(host);
      const run = spawnProduct(host, [], TTY);
      await run.waitForOutput(/\(y\/N\)/);
      expect(screen(run)).toMatch(/THE INTERNET\s+8\.8\.8\.8/);
      run.write(ENTER);
      expect((await run.done).code).toBe(5);
      await expectUntouched(host, before);
      const yes = spawnProduct(host, [], TTY);
      await yes.waitForOutput(/\(y\/N\)/);
      yes.write(`y${ENTER}`);
      expect((await yes.done).code).toBe(0);
      await expectSetUp(host, before);
    });
  });

  it('a stopped service: a list whose first entry starts it', async () => {
    await withHost('tty-stopped', {}, async (host) => {
      await prepared(host);
      await host.must(['systemctl', 'stop', 'ollama']);
      const run = spawnProduct(host, [], TTY);
      expect(await choices(run)).toEqual([
        expect.stringMatching(/^Start it/),
        expect.stringMatching(/^Only write the setting/),
      ]);
      run.write(ENTER);
      await run.waitForOutput(/\(Y\/n\)/);
      run.write(ENTER);
      expect((await run.done).code).toBe(0);
      expect(scope(host)).toBe('all');
      await succeeds(host, ['undo', '--yes']);
      expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('inactive');
      expect(host.exists(ROOT_STATE)).toBe(false);
    });
  });

  it('a stopped service: the second entry only writes', async () => {
    await withHost('tty-stays', {}, async (host) => {
      const before = await prepared(host);
      await host.must(['systemctl', 'stop', 'ollama']);
      const run = spawnProduct(host, [], TTY);
      await choices(run);
      run.write(DOWN);
      run.write(ENTER);
      await run.waitForOutput(/\(Y\/n\)/);
      run.write(ENTER);
      expect((await run.done).code).toBe(0);
      expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('inactive');
      expect(host.exists(DROP_IN)).toBe(true);
      await host.must(['systemctl', 'start', 'ollama']);
      await waitForListener(host);
      expect(scope(host)).toBe('all');
      await succeeds(host, ['undo', '--yes']);
      expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([]);
    });
  });

  it('several installations: a list, the chosen one is changed and no other', async () => {
    await withHost('tty-several', {}, async (host) => {
      await prepared(host);
      await addSecond(host);
      const run = spawnProduct(host, [], TTY);
      const list = await choices(run);
      expect(list.join('\n')).toMatch(/systemd:llm\.service[\s\S]*systemd:ollama\.service/);
      run.write(`${DOWN}${ENTER}`);
      await run.waitForOutput(/\(Y\/n\)/);
      expect(screen(run)).toContain('/etc/systemd/system/ollama.service.d/');
      run.write(ENTER);
      expect((await run.done).code).toBe(0);
      expect(scope(host)).toBe('all');
      expect(host.listeners(11500).map(({ address }) => address)).toEqual(['127.0.0.1']);
    });
  });

  it('--json: the questions are on standard error, standard output is one document', async () => {
    await withHost('tty-json', {}, async (host) => {
      const before = await prepared(host);
      const script = 'stigmer-setup-ollama --json >/tmp/out.json';
      const run = host.spawn(['bash', '-c', script], TTY);
      await run.waitForOutput(/\(Y\/n\)/);
      run.write(ENTER);
      expect((await run.done).code).toBe(0);
      const report = JSON.parse(host.read('/tmp/out.json')) as Report;
      expect(report).toMatchObject({ outcome: 'changed', exitCode: 0 });
      expect(host.read('/tmp/out.json')).not.toContain('\x1b');
      await expectSetUp(host, before);
      host.remove('/tmp/out.json');
    });
  });

  it('colours only where they are wanted', async () => {
    await withHost('tty-colours', {}, async (host) => {
      await prepared(host);
      const colours = async (args: string[], env: Record<string, string>, tty: boolean) =>
        (await product(host, ['--dry-run', ...args], { tty, env })).stdout.includes('\x1b[3');
      expect(await colours([], {}, true)).toBe(true);
      expect(await colours([], {}, false)).toBe(false);
      expect(await colours(['--no-color'], {}, true)).toBe(false);
      expect(await colours([], { NO_COLOR: '1' }, true)).toBe(false);
      expect(await colours([], { TERM: 'dumb' }, true)).toBe(false);
      expect(await colours([], { FORCE_COLOR: '1' }, false)).toBe(true);
      for (const [args, env] of [[['--no-color'], {}] as const, [[], { NO_COLOR: '1' }] as const]) {
        const asked = spawnProduct(host, args, { ...TTY, env });
        await asked.waitForOutput(/\(Y\/n\)/);
        expect(asked.stdout).not.toMatch(/\x1b\[[\d;]*m/);
        asked.write(`n${ENTER}`);
        expect((await asked.done).code).toBe(5);
      }
    });
  });
});

describe.skipIf(rigUnavailable())('without a terminal', () => {
  it('and without --yes: exit 2, untouched, with what to type', async () => {
    await withHost('no-tty', {}, async (host) => {
      const before = await prepared(host);
      const { code, report, stderr } = await reported(host, []);
      expect(code).toBe(2);
      expect(report).toMatchObject({ outcome: 'failed', changed: false, error: { code: 'no-terminal' } });
      expect(stderr).toMatch(/stigmer-setup-ollama --yes/);
      expectForPeople(stderr);
      const piped = await host.run(['sh', '-c', 'yes | stigmer-setup-ollama']);
      expect(piped.code).toBe(2);
      await expectUntouched(host, before);
    });
  });

  it('several installations: exit 2 with the words for each', async () => {
    await withHost('no-tty-several', {}, async (host) => {
      await prepared(host);
      await addSecond(host);
      const etc = host.snapshotEtc();
      for (const args of [[], ['--yes'], ['--dry-run']]) {
        const { code, stderr } = await reported(host, args);
        expect(code, args.join(' ')).toBe(2);
        expect(stderr).toContain('--target systemd:ollama.service');
        expect(stderr).toContain('--target systemd:llm.service');
        expectForPeople(stderr);
      }
      expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
      expect(scope(host)).toBe('loopback');
    });
  });

  it('a stopped service and no --yes: exit 2, it stays stopped', async () => {
    await withHost('no-tty-stopped', {}, async (host) => {
      const before = await prepared(host);
      await host.must(['systemctl', 'stop', 'ollama']);
      expect((await reported(host, [])).code).toBe(2);
      expect((await host.show('ollama', 'ActiveState')).ActiveState).toBe('inactive');
      expect(diffSnapshots(before.etc, host.snapshotEtc())).toEqual([]);
      expect(host.exists(ROOT_STATE)).toBe(false);
    });
  });
});
