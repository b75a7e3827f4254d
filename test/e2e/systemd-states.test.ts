import { describe, expect } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import { diffSnapshots } from './rig/host.ts';
import { installBinary, installOllama, startByHand, waitForListener } from './rig/ollama.ts';
import {
  DROP_IN,
  dropIn,
  FOLDER,
  LOOPBACK,
  nothingToDo,
  type Ran,
  refused,
  rolledBack,
  STATE,
  type Stage,
  scenario,
  setUp,
  takenBack,
  told,
  UNIT,
  WIDE,
  wholeJob,
} from './scenarios.ts';

const STARTED = ['write-drop-in', 'daemon-reload', 'reset-failed', 'start'];

/** Tells the stand-in how to behave, and lets the service run so unless `restart` is false. */
async function behave(stage: Stage, variables: string, options: { restart?: boolean } = {}): Promise<void> {
  stage.host.write(`${FOLDER}/behave.conf`, `[Service]\nEnvironment=${variables}\n`);
  await stage.host.must(['systemctl', 'daemon-reload']);
  if (options.restart === false) return;
  await stage.host.must(['systemctl', 'restart', UNIT]);
}

function waitForState(stage: Stage, state: string): Promise<unknown> {
  return stage.host.waitFor(async () => (await stage.facts()).active === state, 15_000, `${UNIT} to be ${state}`);
}

/** Everything that a run says to people and programs about what went wrong. */
function complaint({ report }: Ran): string {
  const { message = '', meaning = '', remedy = '' } = report.error ?? {};
  return [message, meaning, remedy].join('\n');
}

function seconds(since: number): number {
  return (performance.now() - since) / 1000;
}

describe.skipIf(rigUnavailable())('a service that does not run', () => {
  scenario('stopped: started with --yes, and stopped again by undo', async (stage) => {
    await installOllama(stage.host);
    await stage.host.must(['systemctl', 'stop', UNIT]);
    await wholeJob(stage, { before: 'inactive', steps: STARTED });
  });

  scenario('stopped: only written with --no-restart', async (stage) => {
    await installOllama(stage.host);
    await stage.host.must(['systemctl', 'stop', UNIT]);
    const mark = await stage.mark();
    const ran = await stage.setup('--no-restart');
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report).toMatchObject({ outcome: 'changed', changed: true, after: { scope: 'none' } });
    expect(ran.report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual(['write-drop-in done']);
    expect(stage.host.read(DROP_IN)).toBe(dropIn());
    expect((await stage.facts()).active).toBe('inactive');
    const again = await stage.setup('--no-restart');
    expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', changed: false, exitCode: 0 });
    const back = await stage.undo('--no-restart');
    expect(back.code, told(back)).toBe(0);
    stage.expectAsBefore(mark);
  });

  scenario('running: only written with --no-restart, in force after the next start', async (stage) => {
    await installOllama(stage.host);
    const [mark, facts] = [await stage.mark(), await stage.facts()];
    const ran = await stage.setup('--no-restart');
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report).toMatchObject({ outcome: 'changed', changed: true, after: { scope: 'loopback' } });
    expect(await stage.facts()).toMatchObject({ pid: facts.pid, since: facts.since });
    const again = await stage.setup('--no-restart');
    expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', changed: false, exitCode: 0 });
    await stage.host.reboot();
    await waitForListener(stage.host);
    await stage.host.waitFor(() => stage.binding().join() === '[::]:11434', 5000, 'the wide binding after a reboot');
    await nothingToDo(stage);
    await takenBack(stage, { ...mark, active: 'active' });
  });

  scenario('disabled', async (stage) => {
    await installOllama(stage.host);
    await stage.host.must(['systemctl', 'disable', UNIT]);
    const mark = await stage.mark();
    const { report } = await setUp(stage, mark, { warnings: ['not-enabled'] });
    expect(report.warnings[0]?.message).toContain(`systemctl enable ${UNIT}`);
    await nothingToDo(stage);
    await takenBack(stage, mark);
  });

  scenario('failed after too many starts', async (stage) => {
    await installOllama(stage.host, { extraUnitLines: ['RestartSec=0'] });
    await behave(stage, 'STAND_IN_EXIT=1');
    await waitForState(stage, 'failed');
    expect(await stage.host.journal(UNIT)).toContain('Start request repeated too quickly');
    stage.host.remove(`${FOLDER}/behave.conf`);
    await wholeJob(stage, { before: 'failed', steps: STARTED });
  });

  scenario('masked', async (stage) => {
    await installOllama(stage.host, { layout: 'distribution', start: false });
    await stage.host.must(['systemctl', 'mask', UNIT]);
    const ran = await refused(stage, 4, 'unit-masked');
    expect(ran.report.error?.remedy).toContain(`unmask ${UNIT}`);
  });

  scenario('masked while it runs', async (stage) => {
    await installOllama(stage.host, { layout: 'distribution' });
    await stage.host.must(['systemctl', 'mask', UNIT]);
    await refused(stage, 4, 'unit-masked');
  });

  scenario('masked for the sake of another', async (stage) => {
    await installOllama(stage.host, { layout: 'distribution', start: false });
    await stage.host.must(['systemctl', 'mask', UNIT]);
    await installOllama(stage.host, { layout: 'custom', unitName: 'llm.service', user: 'llm' });
    stage.unit = 'llm.service';
    const file = '/etc/systemd/system/llm.service.d/zz-stigmer-ollama-host.conf';
    await wholeJob(stage, { files: { [file]: dropIn() } });
    await refused(stage, 4, 'unit-masked', '--target', `systemd:${UNIT}`);
  });

  scenario('broken: two ExecStart lines', async (stage) => {
    await installOllama(stage.host, { start: false });
    stage.host.write(`${FOLDER}/two.conf`, '[Service]\nExecStart=/usr/local/bin/ollama serve\n');
    await stage.host.must(['systemctl', 'daemon-reload']);
    const ran = await refused(stage, 4, 'unit-broken');
    expect(complaint(ran)).toContain(UNIT);
  });
});

describe.skipIf(rigUnavailable())('a service that does not come up', () => {
  scenario('since a foreign process holds the port', async (stage) => {
    const { host } = stage;
    const server = host.spawn(['python3', '-m', 'http.server', '--bind', '127.0.0.1', '11434'], { cwd: '/srv' });
    await waitForListener(host);
    await installOllama(host, { wait: false });
    await waitForState(stage, 'activating');
    const mark = await stage.mark();
    const start = performance.now();
    const ran = await stage.setup();
    expect(seconds(start)).toBeLessThan(50);
    await rolledBack(stage, mark, ran);
    expect(ran.report.warnings.map(({ code }) => code)).toEqual(['port-held']);
    expect(ran.report.error?.code).toBe('port-held');
    const holder = (await host.must(['pgrep', '-f', 'http.server'])).trim().split('\n').at(-1);
    const who = `process ${holder} (python3) of user 0 on ${LOOPBACK}`;
    expect(ran.report.warnings[0]?.message).toContain(who);
    expect(complaint(ran)).toContain(who);
    expect(complaint(ran)).toContain(`stop process ${holder}`);
    expect(complaint(ran)).toContain('bind: address already in use');
    await server.killAll();
  });

  scenario('since a hand-run Ollama of somebody holds the port', async (stage) => {
    const { host } = stage;
    await host.addUser('ann');
    const { pid } = await startByHand(host, { user: 'ann' });
    await installOllama(host, { layout: 'custom', wait: false });
    await waitForState(stage, 'activating');
    const several = await refused(stage, 2, 'several-installations');
    expect(complaint(several)).toMatch(/--target systemd:ollama\.service/);
    expect(complaint(several)).toContain(`--target process:${pid}`);
    const mark = await stage.mark();
    const ran = await stage.setup('--target', 'systemd');
    await rolledBack(stage, mark, ran);
    expect(complaint(ran)).toContain(`process ${pid} (ollama) of user 1000 on ${LOOPBACK}`);
    expect((await host.run(['kill', '-0', String(pid)])).code).toBe(0);
  });

  scenario('since it dies at every start', async (stage) => {
    await installOllama(stage.host);
    await behave(stage, 'STAND_IN_EXIT=3');
    await waitForState(stage, 'activating');
    const mark = await stage.mark();
    const start = performance.now();
    const ran = await stage.setup('--timeout', '60');
    expect(seconds(start)).toBeLessThan(50);
    await rolledBack(stage, mark, ran);
    expect(ran.report.error?.code).toBe('not-up');
    expect(complaint(ran)).toContain('Error: told to exit with 3');
    expect(complaint(ran)).toMatch(/Result=exit-code, exit status 3/);
    expect(ran.stderr).toContain('Error: told to exit with 3');
  });

  scenario.each<[string, 'official' | 'distribution', string]>([
    ['and is started again and again', 'official', 'is restarting'],
    ['and is given up, as Arch has it', 'distribution', 'is failed (Result=exit-code, exit status 1'],
  ])('since it dies with the new value only, %s', async (stage, _, layout, state) => {
    const { host } = stage;
    const { binary } = await installOllama(host, { layout });
    const script = `#!/bin/sh
case "$OLLAMA_HOST" in *0.0.0.0*) echo "will not listen there" >&2; exit 1;; esac
exec ${binary} serve
`;
    host.write('/opt/careful.sh', script, { mode: 0o755 });
    host.write(`${FOLDER}/careful.conf`, '[Service]\nExecStart=\nExecStart=/opt/careful.sh\n');
    await host.must(['systemctl', 'daemon-reload']);
    await host.must(['systemctl', 'restart', UNIT]);
    await waitForListener(host);
    const mark = await stage.mark();
    const start = performance.now();
    const ran = await stage.setup();
    expect(seconds(start)).toBeLessThan(50);
    await rolledBack(stage, mark, ran);
    expect(complaint(ran)).toContain('will not listen there');
    expect(complaint(ran)).toContain(state);
    expect((await stage.facts()).active).toBe('active');
    await stage.expectReach('this host');
  });

  scenario('on the wanted address, since it does not look at OLLAMA_HOST', async (stage) => {
    await installOllama(stage.host);
    await behave(stage, 'STAND_IN_IGNORE_HOST=1');
    await waitForListener(stage.host);
    const mark = await stage.mark();
    const start = performance.now();
    const ran = await stage.setup('--timeout', '3');
    expect(seconds(start)).toBeGreaterThan(3);
    expect(seconds(start)).toBeLessThan(50);
    await rolledBack(stage, mark, ran);
    expect(ran.report.error?.message).toContain(`it listens on ${LOOPBACK}`);
    await stage.expectReach('this host');

    const kept = await stage.setup('--timeout', '1', '--keep-on-failure');
    expect(kept.code, told(kept)).toBe(7);
    expect(kept.report).toMatchObject({ outcome: 'failed', changed: true });
    expect(stage.host.read(DROP_IN)).toBe(dropIn());
    expect(complaint(kept)).toContain('left in place');
    await takenBack(stage, mark);
  });
});

describe.skipIf(rigUnavailable())('a service that is slow', () => {
  scenario('to answer: longer than the time limit is a warning', async (stage) => {
    await installOllama(stage.host);
    await behave(stage, 'STAND_IN_HTTP_DELAY_MS=6000', { restart: false });
    const mark = await stage.mark();
    const ran = await stage.setup('--timeout', '2');
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report).toMatchObject({ outcome: 'changed', changed: true, after: { scope: 'all' } });
    const statuses = ran.report.checks.map(({ id, status, cause = '' }) => `${id} ${status} ${cause}`.trim());
    expect(statuses).toContain('listener pass');
    expect(statuses).toContain('http warn not-answering-yet');
    expect(stage.host.read(DROP_IN)).toBe(dropIn());
    await stage.host.waitFor(async () => (await stage.curl(`http://${LOOPBACK}/`)) === 200, 10_000, 'an answer');
    await nothingToDo(stage);
    await takenBack(stage, mark);
  });

  scenario('to answer and to open its port, but not too slow', async (stage) => {
    await installOllama(stage.host);
    await behave(stage, 'STAND_IN_HTTP_DELAY_MS=1200 STAND_IN_START_DELAY_MS=800', { restart: false });
    const mark = await stage.mark();
    const start = performance.now();
    await setUp(stage, mark, { words: ['--timeout', '10'] });
    expect(seconds(start)).toBeGreaterThan(2);
    expect(seconds(start)).toBeLessThan(50);
  });

  scenario('to open its port: longer than the time limit is a failure', async (stage) => {
    await installOllama(stage.host);
    await behave(stage, 'STAND_IN_START_DELAY_MS=3000', { restart: false });
    const mark = await stage.mark();
    const ran = await stage.setup('--timeout', '1');
    await rolledBack(stage, mark, ran);
    expect(ran.report.error?.message).toContain('it listens nowhere');
    expect(ran.report.after).toMatchObject({ scope: 'loopback' });
  });
});

describe.skipIf(rigUnavailable())('runs that change nothing', () => {
  scenario('--check and --dry-run', async (stage) => {
    await installOllama(stage.host);
    const [mark, facts] = [await stage.mark(), await stage.facts()];
    for (const [flag, code] of [
      ['--check', 10],
      ['--dry-run', 0],
    ] as const) {
      const ran = await stage.product('setup', flag, '--json');
      expect(ran.code, told(ran)).toBe(code);
      expect(ran.report).toMatchObject({ outcome: 'planned', changed: false, receipt: null });
      expect(ran.report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
        'write-drop-in planned',
        'daemon-reload planned',
        'restart planned',
      ]);
      expect(ran.report.steps[0]?.path).toBe(DROP_IN);
      expect(ran.report.steps[0]?.diff).toContain(`+Environment="OLLAMA_HOST=${WIDE}"`);
      stage.expectAsBefore(mark);
      expect(await stage.facts()).toEqual(facts);
    }
    await setUp(stage, mark);
    for (const flag of ['--check', '--dry-run']) {
      const ran = await stage.product('setup', flag, '--json');
      expect(ran.code, told(ran)).toBe(0);
      expect(ran.report).toMatchObject({ outcome: 'unchanged', changed: false });
    }
    const dry = await stage.product('undo', '--dry-run', '--json');
    expect(dry.report, told(dry)).toMatchObject({ outcome: 'planned', changed: false, exitCode: 0 });
    expect(stage.host.exists(DROP_IN)).toBe(true);
    await takenBack(stage, mark);
    const nothing = await stage.undo();
    expect(nothing.report, told(nothing)).toMatchObject({ outcome: 'unchanged', changed: false, exitCode: 0 });
  });

  scenario('a model that is loaded is told', async (stage) => {
    await installOllama(stage.host);
    stage.host.write('/run/ollama-ps.json', '{"models":[{"name":"llama3.2:3b","model":"llama3.2:3b","size":1}]}');
    const ran = await stage.product('setup', '--dry-run', '--json');
    expect(ran.report.warnings).toMatchObject([
      { code: 'model-loaded', message: expect.stringContaining('llama3.2:3b') },
    ]);
    expect(ran.stderr).toContain('llama3.2:3b');
  });

  scenario('no Ollama at all', async (stage) => {
    const ran = await refused(stage, 3, 'no-ollama');
    expect(complaint(ran)).toContain('install.sh');
    installBinary(stage.host);
    await refused(stage, 3, 'no-ollama');
  });

  scenario('without a terminal and without --yes', async (stage) => {
    await installOllama(stage.host);
    const mark = await stage.mark();
    for (const command of ['setup', 'undo']) {
      if (command === 'undo') await setUp(stage, mark);
      const now = stage.host.snapshotEtc();
      const ran = await stage.product(command, '--json');
      expect(ran.code, told(ran)).toBe(2);
      expect(ran.report.error?.code).toBe('no-terminal');
      expect(diffSnapshots(now, stage.host.snapshotEtc())).toEqual([]);
    }
  });
});

describe.skipIf(rigUnavailable())('more than one Ollama', () => {
  scenario('two units', async (stage) => {
    const { host } = stage;
    await installOllama(host);
    const second = await installOllama(host, {
      layout: 'custom',
      unitName: 'llm.service',
      user: 'llm',
      extraUnitLines: ['Environment=OLLAMA_HOST=127.0.0.1:5000'],
    });
    await waitForListener(host, 5000);
    const ran = await refused(stage, 2, 'several-installations');
    for (const unit of [UNIT, second.unit]) {
      expect(complaint(ran)).toContain(`--target systemd:${unit}`);
      expect(ran.report.installations.map(({ id }) => id)).toContain(unit);
    }
    await refused(stage, 2, 'several-installations', '--target', 'systemd').catch(() => undefined);
    await refused(stage, 2, 'target', '--target', 'systemd:nothing.service');

    const mark = await stage.mark();
    const first = await stage.setup('--target', `systemd:${UNIT}`);
    expect(first.code, told(first)).toBe(0);
    expect(stage.binding()).toEqual(['127.0.0.1:5000', '[::]:11434']);
    const other = await stage.setup('--target', 'systemd:llm.service', '--host', '0.0.0.0:5000');
    expect(other.code, told(other)).toBe(0);
    expect(stage.binding()).toEqual(['[::]:11434', '[::]:5000']);
    const half = await stage.undo('--target', 'systemd:llm.service');
    expect(half.code, told(half)).toBe(0);
    expect(stage.binding()).toEqual(['127.0.0.1:5000', '[::]:11434']);
    await takenBack(stage, mark);
  });

  scenario('two units, undone at once', async (stage) => {
    const { host } = stage;
    await installOllama(host);
    const extraUnitLines = ['Environment=OLLAMA_HOST=127.0.0.1:5000'];
    await installOllama(host, { layout: 'custom', unitName: 'llm.service', user: 'llm', extraUnitLines });
    await waitForListener(host, 5000);
    const mark = await stage.mark();
    for (const words of [
      ['--target', `systemd:${UNIT}`],
      ['--target', 'systemd:llm.service', '--host', '0.0.0.0:5000'],
    ])
      expect((await stage.setup(...words)).code).toBe(0);
    const ran = await takenBack(stage, mark);
    expect(ran.report.installations.filter(({ selected }) => selected)).toHaveLength(2);
  });
});

describe.skipIf(rigUnavailable())('what is recognised and left alone', () => {
  scenario('NixOS', async (stage) => {
    await installOllama(stage.host);
    stage.host.write('/etc/NIXOS', '');
    const ran = await refused(stage, 4, 'nixos-module-host-option');
    expect(complaint(ran)).toContain('services.ollama.host = "0.0.0.0"');
  });

  scenario('a snap whose snapd is gone', async (stage) => {
    const { host } = stage;
    await installOllama(host, { layout: 'custom', unitName: 'snap.ollama.listener.service' });
    stage.unit = 'snap.ollama.listener.service';
    const ran = await refused(stage, 4, 'snap-host-setting');
    expect(ran.report.installations).toMatchObject([{ kind: 'snap', running: true, selected: true }]);
    await host.must(['systemctl', 'stop', stage.unit]);
    await refused(stage, 4, 'snap-host-setting');
  });

  scenario('runit', async (stage) => {
    const { host } = stage;
    host.write('/etc/sv/ollama/run', '#!/bin/sh\nexec chpst -u ollama ollama serve 2>&1\n', { mode: 0o755 });
    await startByHand(host);
    await host.must(['mv', '/run/systemd/system', '/run/systemd/system.away']);
    await expectLeftAlone(stage, 'runit-void-run-script', /\/etc\/sv\/ollama\/run && sudo sv restart ollama/);
  });

  scenario('a container run by a unit', async (stage) => {
    const { host } = stage;
    const command = '/usr/bin/docker run --rm --name ollama -p 127.0.0.1:11434:11434 ollama/ollama serve';
    host.write('/etc/systemd/system/ollama.service', `[Service]\nExecStart=${command}\n`);
    await host.must(['systemctl', 'daemon-reload']);
    const ran = await refused(stage, 4, 'ollama-in-container');
    expect(complaint(ran)).toContain('-p 11434:11434');
  });

  scenario('a process in a pid namespace of its own, as in a container', async (stage) => {
    const { host } = stage;
    installBinary(host);
    const inside = host.spawn(['unshare', '--pid', '--fork', '--kill-child', '/usr/local/bin/ollama', 'serve']);
    await waitForListener(host);
    await expectLeftAlone(stage, 'ollama-in-container', /docker run .*-p 11434:11434/);
    await inside.killAll();
  });
});

/** As `refused`, on a host whose systemd may not be asked. */
async function expectLeftAlone(stage: Stage, error: string, remedy: RegExp): Promise<void> {
  const [etc, binding] = [stage.host.snapshotEtc(), stage.binding()];
  const ran = await stage.setup();
  expect(ran.code, told(ran)).toBe(4);
  expect(ran.report.error?.code).toBe(error);
  expect(ran.report.error?.remedy).toMatch(remedy);
  expect(diffSnapshots(etc, stage.host.snapshotEtc())).toEqual([]);
  expect(stage.binding()).toEqual(binding);
  expect(stage.host.exists(STATE)).toBe(false);
}
