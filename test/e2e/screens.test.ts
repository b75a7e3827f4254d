import { describe, expect, it } from 'vitest';
import { expectRestored, expectSetUp, expectUntouched, scope } from './fault-helpers.ts';
import { atHome } from './home.ts';
import { installed, rigUnavailable } from './rig/available.ts';
import { type TestHost, withHost } from './rig/host.ts';
import { COMMAND } from './rig/product.ts';
import { Terminal } from './rig/terminal.ts';

/** What a person sees, at three widths. After a change that is meant: `--update`, and read the difference. */

const WIDTHS = [40, 80, 120];
const TIME = /\s+\((?:\d+\s+ms|[\d.]+\s+s)\)/g;

async function expectScreen(screen: string, name: string): Promise<void> {
  const steady = screen
    .replace(TIME, ' (time)')
    .replace(/stigmer-setup-ollama \d+\.\d+\.\d+/g, 'stigmer-setup-ollama x.y.z')
    .trimEnd();
  await expect(`${steady}\n`).toMatchFileSnapshot(`screens/${name}.txt`);
}

async function inTerminal<T>(
  host: TestHost,
  words: string[],
  columns: number,
  play: (terminal: Terminal) => Promise<T>,
  env: Record<string, string> = {},
): Promise<T> {
  const terminal = await Terminal.open(host, [COMMAND, ...words], columns, { env });
  try {
    return await play(terminal);
  } finally {
    await terminal.close();
  }
}

const unavailable = rigUnavailable() !== undefined || !installed('tmux');

describe.skipIf(unavailable)('the screen', () => {
  it.each(WIDTHS)('of the whole job at %i columns', async (columns) => {
    await withHost('screens', {}, async (host) => {
      const before = await atHome(host);
      await inTerminal(host, ['doctor'], columns, async (terminal) => {
        const { code, screen } = await terminal.ended();
        await expectScreen(screen, `doctor-broken-${columns}`);
        expect(code).toBe(10);
      });
      await inTerminal(host, [], columns, async (terminal) => {
        await expectScreen(await terminal.shows(/\(Y\/n\)/), `setup-question-${columns}`);
        await terminal.press('?', 'Enter');
        await expectScreen(await terminal.shows(/❯/), `setup-choices-${columns}`);
        await terminal.press('Enter');
        await terminal.shows(/What is shown above\n[\s\S]*\(Y\/n\)/);
        await expectUntouched(host, before);
        await terminal.press('Enter');
        const { code, screen } = await terminal.ended();
        await expectScreen(screen, `setup-${columns}`);
        expect(code).toBe(0);
      });
      await expectSetUp(host, before);
      await inTerminal(host, ['doctor'], columns, async (terminal) => {
        const { code, screen } = await terminal.ended();
        await expectScreen(screen, `doctor-${columns}`);
        expect(code).toBe(0);
      });
      await inTerminal(host, ['undo'], columns, async (terminal) => {
        await terminal.shows(/\(Y\/n\)/);
        await terminal.press('Enter');
        const { code, screen } = await terminal.ended();
        await expectScreen(screen, `undo-${columns}`);
        expect(code).toBe(0);
      });
      await expectRestored(host, before);
      await inTerminal(host, ['--help'], columns, async (terminal) => {
        await expectScreen((await terminal.ended()).screen, `help-${columns}`);
      });
    });
  });

  it('of other choices: narrower, everything, stop', async () => {
    await withHost('screen-choices', {}, async (host) => {
      const before = await atHome(host);
      await inTerminal(host, [], 80, async (terminal) => {
        await terminal.shows(/\(Y\/n\)/);
        await terminal.press('maybe', 'Enter');
        expect(await terminal.shows(/maybe\nEnter: yes, n: no, \?: other choices/)).not.toContain('exit code');
        await terminal.press('BSpace', 'BSpace', 'BSpace', 'BSpace', 'BSpace', '?', 'Enter');
        await terminal.shows(/❯ What is shown above/);
        await terminal.press('Down', 'Down', 'Down', 'Enter');
        await expectScreen(await terminal.shows(/The originals[\s\S]*\(Y\/n\)/), 'setup-everything-80');
        await terminal.press('?', 'Enter');
        await terminal.shows(/❯ What is shown above/);
        await terminal.press('Up', 'Down', 'Down', 'Down', 'Down', 'Enter');
        const { code, screen } = await terminal.ended();
        expect(screen).toMatch(/The answer was no\.\n\s+Nothing was changed\.$/);
        expect(code).toBe(5);
      });
      await expectUntouched(host, before);
      await inTerminal(host, [], 80, async (terminal) => {
        await terminal.shows(/\(Y\/n\)/);
        await terminal.press('?', 'Enter');
        await terminal.shows(/❯ What is shown above/);
        await terminal.press('Down', 'Down', 'Enter');
        const narrowed = await terminal.shows(/--allow containers\)\n[\s\S]*--allow containers[\s\S]*\(Y\/n\)/);
        const second = narrowed.slice(narrowed.lastIndexOf('This will be done:'));
        expect(second).toContain('172.17.0.1 (docker0)');
        expect(second).not.toContain('192.168.1.20');
        await expectUntouched(host, before);
        await terminal.press('Enter');
        const { code, screen } = await terminal.ended();
        expect(screen).toMatch(/The filter is in force/);
        expect(code).toBe(0);
      });
      expect(scope(host)).toBe('all');
      expect(await host.must(['nft', 'list', 'tables'])).toMatch(/stigmer|ollama/);
    });
  });

  it('after Ctrl-C: nothing was changed, or put back, and so it is', async () => {
    await withHost('screen-ctrl-c', {}, async (host) => {
      const before = await atHome(host);
      const interrupted = /Interrupted\.\s+Nothing was changed\.$/;
      await inTerminal(host, [], 80, async (terminal) => {
        await terminal.shows(/\(Y\/n\)/);
        await terminal.press('C-c');
        expect(await terminal.ended()).toEqual({ code: 130, screen: expect.stringMatching(interrupted) });
      });
      await inTerminal(host, [], 80, async (terminal) => {
        await terminal.shows(/\(Y\/n\)/);
        await terminal.press('?', 'Enter');
        await terminal.shows(/❯/);
        await terminal.press('C-c');
        expect(await terminal.ended()).toEqual({ code: 130, screen: expect.stringMatching(interrupted) });
      });
      await expectUntouched(host, before);
      host.write('/etc/systemd/system/ollama.service.d/50-slow.conf', '[Service]\nExecStop=/bin/sleep 4\n');
      await host.must(['systemctl', 'daemon-reload']);
      const slow = { ...before, etc: host.snapshotEtc() };
      await inTerminal(host, [], 80, async (terminal) => {
        await terminal.shows(/\(Y\/n\)/);
        await terminal.press('Enter');
        await terminal.shows(/… Restart ollama\.service \(1 s\)/);
        await terminal.press('C-c');
        const { code, screen } = await terminal.ended();
        await expectScreen(screen, 'setup-interrupted-80');
        expect(code).toBe(130);
      });
      await expectRestored(host, slow);
    });
  });

  it('of a terminal that can do nothing: lines, each of them once, and no escape sequence', async () => {
    await withHost('screen-dumb', {}, async (host) => {
      const before = await atHome(host);
      const run = host.spawn([COMMAND], { tty: true, env: { TERM: 'dumb' } });
      await run.waitForOutput(/\(Y\/n\) $/);
      run.write('what\n');
      await run.waitForOutput(/Enter: yes, n: no, \?: other choices\. Do this\? \(Y\/n\) $/);
      run.write('?\n');
      await run.waitForOutput(/1: What is shown above[\s\S]*Number \(1\): $/);
      run.write('\n');
      await run.waitForOutput(/Number \(1\): \r\n[\s\S]*\(Y\/n\) $/);
      run.write('\n');
      const { code, stdout } = await run.done;
      expect(code).toBe(0);
      expect(stdout).not.toContain('\x1b');
      expect(stdout).toMatch(/^Done: Restart ollama\.service/m);
      expect(stdout).toMatch(/^The way from container to /m);
      expect(stdout.match(/^Done: Restart/gm)).toHaveLength(1);
      await expectSetUp(host, before);
    });
  });

  it('of a log: sentences, nothing twice, whatever the width', async () => {
    await withHost('screen-log', {}, async (host) => {
      await atHome(host);
      const ran = await host.run([COMMAND, '--yes'], { env: { CI: 'true', COLUMNS: '40' } });
      expect(ran.code).toBe(0);
      expect(ran.stdout).not.toMatch(/\x1b|\r|[✓✗▸…]/);
      expect(ran.stdout).toMatch(
        /^Done: Write the drop-in \/etc\/systemd\/system\/ollama\.service\.d\/zz-stigmer-ollama-host\.conf \(/m,
      );
      const lines = ran.stdout.split('\n').filter((line) => /^\S/.test(line));
      expect(lines.filter((line, index) => lines.indexOf(line) !== index)).toEqual([]);
    });
  });
});
