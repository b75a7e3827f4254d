import { describe, expect } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots } from './rig/host.ts';
import { type HandRun, installBinary, installOllama, startByHand, waitForListener } from './rig/ollama.ts';
import { spawnProduct } from './rig/product.ts';
import { LOOPBACK, type Ran, STATE, type Stage, scenario, told, UNIT, WIDE } from './scenarios.ts';

const BINARY = '/usr/local/bin/ollama';

/** All that makes a process what it is, but for its number and OLLAMA_HOST. */
interface Self {
  uids: string;
  gids: string;
  groups: string;
  words: string;
  folder: string;
  program: string;
  environ: Record<string, string>;
}

async function self(stage: Stage, pid: number): Promise<Self> {
  const status = stage.host.read(`/proc/${pid}/status`);
  const get = (name: string) => new RegExp(`^${name}:[ \\t]*(.*?)[ \\t]*$`, 'm').exec(status)?.[1] ?? '';
  const link = async (name: string) => (await stage.host.must(['readlink', `/proc/${pid}/${name}`])).trim();
  const { OLLAMA_HOST: _, ...environ } = stage.environ(pid);
  return {
    uids: get('Uid'),
    gids: get('Gid'),
    groups: get('Groups'),
    words: stage.host.read(`/proc/${pid}/cmdline`),
    folder: await link('cwd'),
    program: await link('exe'),
    environ,
  };
}

/** The server's process; there has to be one and no more. */
async function server(stage: Stage): Promise<number> {
  const pids = (await stage.host.must(['pgrep', '-f', 'ollama serve$'])).trim().split('\n').map(Number);
  expect(pids).toHaveLength(1);
  return pids[0]!;
}

/** setup, setup again, undo: the server is another process each time it has to be, and the same in all else. */
async function wholeJob(stage: Stage, before: HandRun, words: string[] = []): Promise<void> {
  const { host } = stage;
  const [etc, was] = [host.snapshotEtc(), await self(stage, before.pid)];
  const old = stage.environ(before.pid).OLLAMA_HOST;

  const ran = await stage.setup(...words);
  expect(ran.code, told(ran)).toBe(0);
  expect(ran.report, told(ran)).toMatchObject({ outcome: 'changed', changed: true, after: { scope: 'all' } });
  expect(ran.report.installations).toMatchObject([{ kind: 'process', id: String(before.pid), selected: true }]);
  expect(ran.report.warnings.map(({ code }) => code)).toEqual(['not-durable']);
  expect(ran.report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual(['restart done']);
  expect(stage.binding()).toEqual(['[::]:11434']);
  const pid = await server(stage);
  expect(pid).not.toBe(before.pid);
  expect(ran.report.after.listeners[0]?.pid).toBe(pid);
  expect(stage.environ(pid).OLLAMA_HOST).toBe(WIDE);
  expect(await self(stage, pid)).toEqual(was);
  await stage.expectReach('everybody');
  expect(host.read(await logOf(stage, pid))).toContain('Listening on [::]:11434');

  const again = await stage.setup(...words);
  expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', changed: false, exitCode: 0 });
  expect(await server(stage)).toBe(pid);

  const back = await stage.undo();
  expect(back.code, told(back)).toBe(0);
  expect(back.report).toMatchObject({ outcome: 'changed', changed: true, after: { scope: 'loopback' } });
  const last = await server(stage);
  expect(stage.environ(last).OLLAMA_HOST).toBe(old);
  expect(await self(stage, last)).toEqual(was);
  expect(stage.binding()).toEqual([LOOPBACK]);
  await stage.expectReach('this host');
  expect(diffSnapshots(etc, host.snapshotEtc())).toEqual([]);
  // The log is still written to; nothing else is left.
  const left = [...host.snapshot(stage.state).keys()].map((name) => name.slice(stage.state.length + 1));
  expect(left.filter((name) => !/^(|folders|ollama-serve-\d+\.log)$/.test(name))).toEqual([]);
  const nothing = await stage.undo();
  expect(nothing.report, told(nothing)).toMatchObject({ outcome: 'unchanged', changed: false, exitCode: 0 });
}

async function logOf(stage: Stage, pid: number): Promise<string> {
  return (await stage.host.must(['readlink', `/proc/${pid}/fd/2`])).trim();
}

function asAnn(stage: Stage, session = true): void {
  stage.operator = { user: 'ann', session };
  stage.state = '/home/ann/.local/state/stigmer-setup-ollama';
}

const ODD = { OLLAMA_KEEP_ALIVE: '24h', OLLAMA_MODELS: '/home/ann/my "models"', EMPTY: '', LINES: 'one\ntwo=2' };

describe.skipIf(rigUnavailable())('a server that somebody started by hand', () => {
  scenario('by the user whose it is', async (stage) => {
    await stage.host.addUser('ann');
    await stage.host.must(['usermod', '-aG', 'video,users', 'ann']);
    asAnn(stage);
    await wholeJob(stage, await startByHand(stage.host, { user: 'ann', env: ODD }));
  });

  scenario('by root for that user', async (stage) => {
    await stage.host.addUser('ann');
    await stage.host.must(['usermod', '-aG', 'video,users', 'ann']);
    await wholeJob(stage, await startByHand(stage.host, { user: 'ann', env: { ...ODD, OLLAMA_HOST: '127.0.0.1' } }));
  });

  scenario("root's own, where systemd is not running", async (stage) => {
    await stage.host.must(['mv', '/run/systemd/system', '/run/systemd/system.away']);
    installBinary(stage.host, '/opt/my ollama/ollama');
    const words = [
      '/bin/sh',
      '-c',
      'cd /srv; umask 077; setsid "/opt/my ollama/ollama" serve >/dev/null 2>&1 & echo $!',
    ];
    const pid = Number(await stage.host.must(words));
    await waitForListener(stage.host);
    await wholeJob(stage, { pid, log: '' });
  });

  scenario('in an empty environment', async (stage) => {
    await stage.host.addUser('ann');
    installBinary(stage.host);
    const script = `setsid env -i ${BINARY} serve >/dev/null 2>&1 & sleep 0.3; pgrep -f 'ollama serve$'`;
    const started = await stage.host.runAs('ann', ['/bin/sh', '-c', script]);
    await waitForListener(stage.host);
    await wholeJob(stage, { pid: Number(started.stdout.trim()), log: '' });
  });

  scenario('whose program was replaced by an upgrade, in a folder that is gone', async (stage) => {
    const { host } = stage;
    await host.addUser('ann');
    installBinary(host);
    const script = `mkdir gone; cd gone; setsid ${BINARY} serve >/dev/null 2>&1 & sleep 0.3; rmdir "$PWD"; pgrep -f 'ollama serve$'`;
    const started = await host.runAs('ann', ['/bin/sh', '-c', script]);
    await waitForListener(host);
    host.remove(BINARY);
    installBinary(host);
    asAnn(stage);
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(0);
    const pid = await server(stage);
    expect(pid).not.toBe(Number(started.stdout.trim()));
    expect(await self(stage, pid)).toMatchObject({ program: BINARY, folder: '/' });
    expect(stage.binding()).toEqual(['[::]:11434']);
  });

  scenario('beside another of the same user, from which nobody could tell it after a restart', async (stage) => {
    const { host } = stage;
    await host.addUser('ann');
    const first = await startByHand(host, { user: 'ann' });
    const second = await startByHand(host, { user: 'ann', env: { OLLAMA_HOST: '127.0.0.1:5000' } });
    await waitForListener(host, 5000);
    asAnn(stage);
    for (const words of [[], ['--target', `process:${first.pid}`]]) {
      const ran = await stage.setup(...words);
      expect(ran.code, told(ran)).toBe(4);
      expect(ran.report.error?.code).toBe('processes-alike');
      expect(stage.binding()).toEqual([LOOPBACK, '127.0.0.1:5000']);
    }
    await host.must(['kill', String(second.pid)]);
    await host.waitFor(() => stage.binding().length === 1, 3000, 'its end');
    expect((await stage.setup()).code).toBe(0);
    const third = await startByHand(host, { user: 'ann', env: { OLLAMA_HOST: '127.0.0.1:5000' } });
    await waitForListener(host, 5000);
    const back = await stage.undo();
    expect(back.code, told(back)).toBe(4);
    expect(stage.binding()).toEqual(['127.0.0.1:5000', '[::]:11434']);
    await host.must(['kill', String(third.pid)]);
    await host.waitFor(() => stage.binding().length === 1, 3000, 'its end');
    expect((await stage.undo()).code).toBe(0);
    expect(stage.binding()).toEqual([LOOPBACK]);
  });

  scenario('two of different users: --target says which', async (stage) => {
    const { host } = stage;
    await host.addUser('ann');
    await host.addUser('bob');
    const anns = await startByHand(host, { user: 'ann' });
    const bobs = await startByHand(host, { user: 'bob', env: { OLLAMA_HOST: '127.0.0.1:5000' } });
    await waitForListener(host, 5000);
    const several = await stage.setup();
    expect(several.code, told(several)).toBe(2);
    expect(several.report.error?.meaning).toContain(`--target process:${anns.pid}`);
    expect(several.report.error?.meaning).toContain(`--target process:${bobs.pid}`);
    const ran = await stage.setup('--target', `process:${anns.pid}`);
    expect(ran.code, told(ran)).toBe(0);
    expect(stage.binding()).toEqual(['127.0.0.1:5000', '[::]:11434']);
    expect((await stage.undo()).code).toBe(0);
    expect(stage.binding()).toEqual([LOOPBACK, '127.0.0.1:5000']);
    expect(host.exists(`/proc/${bobs.pid}`)).toBe(true);
  });

  scenario('that cannot come up as wanted: the old one runs again', async (stage) => {
    const { host } = stage;
    await host.addUser('ann');
    const { pid } = await startByHand(host, { user: 'ann', env: ODD });
    const was = await self(stage, pid);
    const server80 = host.spawn(['python3', '-m', 'http.server', '8080']);
    await waitForListener(host, 8080);
    const ran = await stage.setup('--host', '0.0.0.0:8080', '--timeout', '20');
    expect(ran.code, told(ran)).toBe(7);
    expect(ran.report, told(ran)).toMatchObject({ outcome: 'rolled-back', changed: false });
    expect(ran.report.error?.meaning).toContain('address already in use');
    expect(ran.report.error?.meaning).toContain('(python3)');
    expect(stage.binding()).toEqual(['0.0.0.0:8080', LOOPBACK]);
    expect(await self(stage, await server(stage))).toEqual(was);
    expect(host.exists(`${STATE}/journal.json`)).toBe(false);
    await server80.killAll();
  });

  scenario("that is not this user's", async (stage) => {
    const { host } = stage;
    await host.addUser('ann');
    await host.addUser('bob');
    const { pid } = await startByHand(host, { user: 'bob' });
    asAnn(stage);
    const ran = await stage.setup();
    await expectUntouched(stage, ran, pid, 5, 'process-of-another-user');
  });

  scenario('with --no-restart', async (stage) => {
    const { pid } = await startByHand(stage.host);
    await expectUntouched(stage, await stage.setup('--no-restart'), pid, 4, 'nothing-to-write');
  });

  scenario('with --dry-run and --check', async (stage) => {
    const { pid } = await startByHand(stage.host);
    for (const [flag, code] of [
      ['--dry-run', 0],
      ['--check', 10],
    ] as const) {
      const ran = await stage.product('setup', flag, '--json');
      expect(ran.code, told(ran)).toBe(code);
      expect(ran.report).toMatchObject({ outcome: 'planned', changed: false });
      expect(await server(stage)).toBe(pid);
      expect(stage.host.exists(STATE)).toBe(false);
    }
  });

  for (const next of ['setup', 'undo'] as const) {
    scenario(`that a run ended and was killed before it started it anew: ${next} has it back`, async (stage) => {
      const { host } = stage;
      await host.addUser('ann');
      const { pid } = await startByHand(host, { user: 'ann', env: ODD });
      asAnn(stage);
      const was = await self(stage, pid);
      // One that is stopped does not end when it is asked to.
      await host.must(['kill', '-STOP', String(pid)]);
      const run = spawnProduct(host, ['--yes'], stage.operator);
      const begun = () => host.read(`${stage.state}/progress`).includes('restart begun');
      await host.waitFor(begun, 10_000, 'the end of the old server to begin');
      await run.kill9();
      await host.must(['kill', '-9', String(pid)]);
      await host.waitFor(() => stage.binding().length === 0, 5000, 'its end');
      const ran = next === 'setup' ? await stage.setup() : await stage.undo();
      expect(ran.code, told(ran)).toBe(0);
      expect(ran.report.warnings.map(({ code }) => code)).toContain('unfinished-run');
      expect(stage.binding()).toEqual([next === 'setup' ? '[::]:11434' : LOOPBACK]);
      if (next === 'setup') expect((await stage.undo()).code).toBe(0);
      expect(stage.binding()).toEqual([LOOPBACK]);
      expect(await self(stage, await server(stage))).toEqual(was);
      expect(host.exists(`${stage.state}/receipts`)).toBe(false);
    });
  }

  scenario('that was ended meanwhile: undo has nothing to restart', async (stage) => {
    const { host } = stage;
    await startByHand(host);
    expect((await stage.setup()).code).toBe(0);
    await host.must(['pkill', '-x', 'ollama']);
    const ran = await stage.undo('--timeout', '3');
    expect(ran.code, told(ran)).toBe(0);
    expect(host.exists(`${STATE}/receipts`)).toBe(false);
  });

  scenario('beside a service that is stopped: --target says which', async (stage) => {
    const { host } = stage;
    await installOllama(host, { layout: 'custom', start: false });
    await host.must(['systemctl', 'daemon-reload']);
    const { pid } = await startByHand(host);
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(2);
    expect(ran.report.error?.meaning).toContain(`--target systemd:${UNIT}`);
    expect(ran.report.error?.meaning).toContain(`--target process:${pid}`);
  });
});

async function expectUntouched(stage: Stage, ran: Ran, pid: number, code: number, error: string): Promise<void> {
  expect(ran.code, told(ran)).toBe(code);
  expect(ran.report).toMatchObject({ changed: false, error: { code: error } });
  expect(await server(stage)).toBe(pid);
  expect(stage.binding()).toEqual([LOOPBACK]);
  expect(stage.host.exists(stage.state)).toBe(false);
}
