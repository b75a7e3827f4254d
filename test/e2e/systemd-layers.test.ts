import { describe, expect } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import { installOllama, waitForListener } from './rig/ollama.ts';
import {
  DROP_IN,
  dropIn,
  FOLDER,
  LOOPBACK,
  nothingToDo,
  type Ran,
  refused,
  rolledBack,
  type Stage,
  scenario,
  setUp,
  takenBack,
  told,
  UNIT,
  WIDE,
  wholeJob,
} from './scenarios.ts';

const ENV_FILE = '/etc/default/ollama';
const RELOADED = ['daemon-reload', 'restart'];

/** Writes drop-ins by file name, then lets the service run with them. */
async function dropIns(stage: Stage, texts: Record<string, string>): Promise<void> {
  for (const [name, text] of Object.entries(texts)) stage.host.write(`${FOLDER}/${name}`, text);
  await restart(stage);
}

async function restart(stage: Stage, port = 11434): Promise<void> {
  await stage.host.must(['systemctl', 'daemon-reload']);
  await stage.host.must(['systemctl', 'restart', stage.unit]);
  await waitForListener(stage.host, port);
}

function effective({ report }: Ran): (string | null)[][] {
  return report.installations.flatMap(({ settings }) =>
    settings.filter((each) => each.effective).map(({ value, source }) => [value, source]),
  );
}

describe.skipIf(rigUnavailable())('where a unit is and what it is called', () => {
  scenario('the official unit', async (stage) => {
    await installOllama(stage.host);
    await wholeJob(stage);
    await stage.expectReach('this host');
  });

  scenario("a distribution's unit in /usr/lib", async (stage) => {
    await installOllama(stage.host, { layout: 'distribution' });
    await wholeJob(stage);
  });

  scenario('another unit name', async (stage) => {
    await installOllama(stage.host, { layout: 'custom', unitName: 'llm.service', user: 'llm' });
    stage.unit = 'llm.service';
    const file = '/etc/systemd/system/llm.service.d/zz-stigmer-ollama-host.conf';
    await wholeJob(stage, { files: { [file]: dropIn() } });
  });

  scenario('a wrapper script as the start command', async (stage) => {
    const { unitPath } = await installOllama(stage.host, { start: false });
    stage.host.write('/opt/start-llm.sh', '#!/bin/sh\nulimit -n 4096\n/usr/local/bin/ollama serve\n', { mode: 0o755 });
    const unit = stage.host.read(unitPath).replace(/^ExecStart=.*$/m, 'ExecStart=/opt/start-llm.sh');
    stage.host.remove(unitPath);
    stage.host.write('/etc/systemd/system/llm.service', unit);
    stage.unit = 'llm.service';
    await restart(stage);
    const file = '/etc/systemd/system/llm.service.d/zz-stigmer-ollama-host.conf';
    await wholeJob(stage, { files: { [file]: dropIn() }, main: false, warnings: ['not-enabled'] });
  });
});

describe.skipIf(rigUnavailable())('Environment= in several places', () => {
  scenario('override.conf with loopback and other variables, which stay in force', async (stage) => {
    await installOllama(stage.host);
    const text = `[Service]
# by systemctl edit
Environment="OLLAMA_HOST=${LOOPBACK}" OLLAMA_FLASH_ATTENTION=1
Environment=OLLAMA_KEEP_ALIVE=24h "OLLAMA_MODELS=/srv/my models"
`;
    await dropIns(stage, { 'override.conf': text });
    const environ = { OLLAMA_FLASH_ATTENTION: '1', OLLAMA_KEEP_ALIVE: '24h', OLLAMA_MODELS: '/srv/my models' };
    await wholeJob(stage, { environ });
  });

  scenario('a later drop-in that wins', async (stage) => {
    await installOllama(stage.host);
    await dropIns(stage, {
      'zzz-late.conf': `[Service]\nEnvironment=OLLAMA_HOST=127.0.0.1 OLLAMA_NUM_PARALLEL=2\n`,
      'override.conf': '[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n',
    });
    const file = `${FOLDER}/~zz-stigmer-ollama-host.conf`;
    await wholeJob(stage, { files: { [file]: dropIn() }, environ: { OLLAMA_NUM_PARALLEL: '2' } });
  });

  scenario('a later drop-in that forgets all variables', async (stage) => {
    await installOllama(stage.host);
    await dropIns(stage, {
      '10-wide.conf': '[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0 OLLAMA_DEBUG=1\n',
      'zzz-reset.conf': '[Service]\nEnvironment=\nEnvironment=OLLAMA_NUM_PARALLEL=2\n',
    });
    expect(stage.binding()).toEqual([LOOPBACK]);
    const file = `${FOLDER}/~zz-stigmer-ollama-host.conf`;
    await wholeJob(stage, { files: { [file]: dropIn() }, environ: { OLLAMA_NUM_PARALLEL: '2' } });
  });

  scenario('an earlier drop-in that forgets all variables', async (stage) => {
    await installOllama(stage.host, { extraUnitLines: ['Environment=OLLAMA_HOST=0.0.0.0'] });
    await dropIns(stage, { '20-reset.conf': '[Service]\nEnvironment=\nEnvironment=OLLAMA_DEBUG=1 HOME=/tmp\n' });
    await wholeJob(stage, { environ: { OLLAMA_DEBUG: '1', HOME: '/tmp' } });
  });

  scenario('the value in the unit itself', async (stage) => {
    const line = `Environment="OLLAMA_HOST=${LOOPBACK}"`;
    await installOllama(stage.host, { layout: 'distribution', extraUnitLines: [line] });
    await wholeJob(stage);
  });

  scenario("the right value in the official unit, which the installer's next run takes away", async (stage) => {
    const { host } = stage;
    const { unitPath } = await installOllama(host, { start: false });
    const official = host.read(unitPath);
    host.write(unitPath, official.replace('[Install]', 'Environment="OLLAMA_HOST=0.0.0.0"\n\n[Install]'));
    await host.must(['systemctl', 'enable', UNIT]);
    await restart(stage);
    const [mark, facts] = [await stage.mark(), await stage.facts()];
    await setUp(stage, mark, {
      steps: ['write-drop-in', 'daemon-reload'],
      wanted: WIDE,
      environ: { OLLAMA_HOST: '0.0.0.0' },
    });
    expect(await stage.facts()).toMatchObject({ pid: facts.pid, since: facts.since });
    await nothingToDo(stage);
    host.write(unitPath, official);
    await restart(stage);
    expect(stage.binding()).toEqual(['[::]:11434']);
    host.write(unitPath, official.replace('[Install]', 'Environment="OLLAMA_HOST=0.0.0.0"\n\n[Install]'));
    await takenBack(stage, mark);
  });

  scenario('http://0.0.0.0, which means port 80', async (stage) => {
    await installOllama(stage.host);
    stage.host.write(`${FOLDER}/override.conf`, '[Service]\nEnvironment=OLLAMA_HOST=http://0.0.0.0\n');
    await stage.host.must(['systemctl', 'daemon-reload']);
    await stage.host.must(['systemctl', 'restart', UNIT]);
    await stage.host.waitFor(async () => (await stage.facts()).active === 'activating', 5000, 'a crash loop');
    expect(await stage.host.journal(UNIT)).toContain('listen tcp 0.0.0.0:80: bind: permission denied');
    await wholeJob(stage, {
      before: 'activating',
      steps: ['write-drop-in', 'daemon-reload', 'reset-failed', 'restart'],
    });
  });

  scenario('systemctl set-environment', async (stage) => {
    await installOllama(stage.host);
    await stage.host.must(['systemctl', 'set-environment', 'OLLAMA_HOST=127.0.0.1:5000']);
    await restart(stage, 5000);
    const { report } = await stage.setup('--dry-run');
    expect(report.before).toMatchObject({ scope: 'loopback', listeners: [{ port: 5000 }] });
    expect(effective({ report } as Ran)).toEqual([['127.0.0.1:5000', 'systemctl set-environment']]);
    await wholeJob(stage);
  });

  scenario('the right value by systemctl set-environment, which a reboot takes away', async (stage) => {
    await installOllama(stage.host);
    await stage.host.must(['systemctl', 'set-environment', 'OLLAMA_HOST=0.0.0.0']);
    await restart(stage);
    const mark = await stage.mark();
    await setUp(stage, mark, { steps: ['write-drop-in', 'daemon-reload'], environ: { OLLAMA_HOST: '0.0.0.0' } });
    await stage.host.reboot();
    await waitForListener(stage.host);
    expect(stage.binding()).toEqual(['[::]:11434']);
  });

  scenario('lines that systemd passes over', async (stage) => {
    await installOllama(stage.host);
    await dropIns(stage, {
      '10-no-header.conf': 'Environment="OLLAMA_HOST=0.0.0.0"\n',
      '20-curly.conf': '[Service]\nEnvironment=“OLLAMA_HOST=0.0.0.0”\n',
      '30-blanks.conf': '[Service]\nEnvironment="OLLAMA_HOST = 0.0.0.0"\n',
      '40-unquoted.conf': '[Service]\nEnvironment=OLLAMA_HOST = 0.0.0.0\n',
    });
    expect(stage.binding()).toEqual([LOOPBACK]);
    const blanks = 'sd-malformed-environment-line';
    const warnings = ['sd-dropin-without-section-header', 'sd-curly-quotes', blanks];
    const mark = await stage.mark();
    const { report } = await stage.setup();
    expect([...new Set(report.warnings.map(({ code }) => code))].sort()).toEqual([...warnings].sort());
    for (const name of ['10-no-header.conf:1', '20-curly.conf:2', '30-blanks.conf:2', '40-unquoted.conf:2'])
      expect(report.warnings.map(({ message }) => message).join('\n')).toContain(`${FOLDER}/${name}`);
    expect(stage.host.read(DROP_IN)).toBe(dropIn());
    await stage.expectReach('everybody');
    await nothingToDo(stage);
    await takenBack(stage, mark);
  });
});

describe.skipIf(rigUnavailable())('stronger than Environment=', () => {
  scenario('an EnvironmentFile that sets it: its line is changed and no other byte', async (stage) => {
    const text = [
      '# kept by hand\r\n',
      'OLLAMA_DEBUG="1"\n',
      '\n',
      '; more\n',
      'OLLAMA_HOST=10.0.0.1\n',
      '  OLLAMA_HOST = "127.0.0.1:11434"  \n',
      'OLLAMA_ORIGINS=http://a.example,\\\n  http://b.example\n',
      'LAST=no newline after this',
    ];
    stage.host.write(ENV_FILE, text.join(''), { mode: 0o640, gid: 4 });
    await installOllama(stage.host, { extraUnitLines: [`EnvironmentFile=${ENV_FILE}`] });
    const edited = text.join('').replace('OLLAMA_HOST = "127.0.0.1:11434"  ', 'OLLAMA_HOST=0.0.0.0:11434');
    await wholeJob(stage, {
      files: { [ENV_FILE]: edited },
      steps: ['edit-environment-file', ...RELOADED],
      shown: false,
      environ: {
        OLLAMA_DEBUG: '1',
        OLLAMA_ORIGINS: 'http://a.example,  http://b.example',
        LAST: 'no newline after this',
      },
    });
    expect(stage.host.stat(ENV_FILE)).toMatchObject({ gid: 4, uid: 0 });
  });

  scenario('the last of two EnvironmentFiles, and a drop-in that means nothing', async (stage) => {
    stage.host.write('/etc/ollama/one.env', 'OLLAMA_HOST=0.0.0.0\nONE=1\n');
    stage.host.write('/etc/ollama/two.env', 'OLLAMA_HOST=127.0.0.1\nTWO=2\n', { mode: 0o600 });
    await installOllama(stage.host, { extraUnitLines: ['EnvironmentFile=/etc/ollama/one.env'] });
    await dropIns(stage, {
      '50-file.conf': '[Service]\nEnvironmentFile=-/etc/ollama/two.env\n',
      'override.conf': '[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n',
    });
    await wholeJob(stage, {
      files: { '/etc/ollama/two.env': 'OLLAMA_HOST=0.0.0.0:11434\nTWO=2\n' },
      steps: ['edit-environment-file', ...RELOADED],
      shown: false,
      environ: { ONE: '1', TWO: '2' },
    });
  });

  scenario('an EnvironmentFile that need not exist, and does not', async (stage) => {
    await installOllama(stage.host, { extraUnitLines: [`EnvironmentFile=-${ENV_FILE}`] });
    await wholeJob(stage);
  });

  scenario('an EnvironmentFile that says nothing of it', async (stage) => {
    stage.host.write(ENV_FILE, '#OLLAMA_HOST=0.0.0.0\nexport OLLAMA_HOST=0.0.0.0\nOLLAMA_DEBUG=1\n');
    await installOllama(stage.host, { extraUnitLines: [`EnvironmentFile=${ENV_FILE}`] });
    await wholeJob(stage, { environ: { OLLAMA_DEBUG: '1' }, warnings: ['sd-malformed-environment-line'] });
  });

  scenario('an EnvironmentFile that is a link', async (stage) => {
    stage.host.write('/etc/ollama/real.env', 'A=1\nOLLAMA_HOST=localhost\n');
    stage.host.symlink('../ollama/real.env', ENV_FILE);
    await installOllama(stage.host, { extraUnitLines: [`EnvironmentFile=${ENV_FILE}`] });
    await wholeJob(stage, {
      files: { '/etc/ollama/real.env': 'A=1\nOLLAMA_HOST=0.0.0.0:11434\n' },
      steps: ['edit-environment-file', ...RELOADED],
      shown: false,
      environ: { A: '1' },
    });
  });

  scenario('UnsetEnvironment=OLLAMA_HOST', async (stage) => {
    await installOllama(stage.host);
    await dropIns(stage, {
      '10-wide.conf': '[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0 NOISE=1\n',
      '20-unset.conf': '[Service]\nUnsetEnvironment=OLLAMA_HOST NOISE\n',
    });
    expect(stage.binding()).toEqual([LOOPBACK]);
    const text = dropIn(WIDE, 'UnsetEnvironment=', 'UnsetEnvironment=NOISE');
    const mark = await stage.mark();
    const { report } = await setUp(stage, mark, { files: { [DROP_IN]: text } });
    expect(stage.environ(report.after.listeners[0]?.pid ?? 0)).not.toHaveProperty('NOISE');
    await nothingToDo(stage);
    await takenBack(stage, mark);
  });

  scenario('env in the start command', async (stage) => {
    const { unitPath, binary } = await installOllama(stage.host, { start: false });
    const command = `ExecStart=/usr/bin/env OLLAMA_HOST=127.0.0.1 ${binary} serve`;
    stage.host.write(unitPath, stage.host.read(unitPath).replace(/^ExecStart=.*$/m, command));
    await restart(stage);
    const ran = await refused(stage, 4, 'set-in-exec-start');
    expect(ran.report.error?.message).toContain(`OLLAMA_HOST=127.0.0.1`);
    expect(ran.report.error?.message).toContain(unitPath);
    expect(ran.report.error?.remedy).toContain(`systemctl edit --full ${UNIT}`);
  });
});

describe.skipIf(rigUnavailable())('what is there already', () => {
  scenario("somebody's own override.conf with the right value", async (stage) => {
    await installOllama(stage.host);
    await dropIns(stage, { 'override.conf': '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n' });
    const mark = await stage.mark();
    const ran = await nothingToDo(stage);
    expect(ran.report.receipt).toBeNull();
    expect(ran.report.checks.map(({ status }) => status)).toEqual(['pass', 'pass', 'pass', 'pass', 'skip']);
    stage.expectAsBefore(mark);
    expect((await stage.product('setup', '--check', '--json')).code).toBe(0);
  });

  scenario('the right value in the files, but no restart since', async (stage) => {
    await installOllama(stage.host);
    stage.host.write(`${FOLDER}/override.conf`, '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0"\n');
    expect((await stage.product('setup', '--check', '--json')).code).toBe(10);
    const mark = await stage.mark();
    const job = { files: {}, steps: RELOADED, environ: { OLLAMA_HOST: '0.0.0.0' }, shown: 'OLLAMA_HOST=0.0.0.0' };
    await setUp(stage, mark, { ...job, receipt: false });
    await nothingToDo(stage);
    // There is no file to put back, and a restart with the same files would bring nothing back.
    const facts = await stage.facts();
    const ran = await stage.undo();
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report).toMatchObject({ outcome: 'unchanged', changed: false });
    expect(await stage.facts()).toEqual(facts);
    expect(stage.differences(mark)).toEqual([`listeners: ${LOOPBACK} -> [::]:11434`]);
  });

  scenario('undo after a setup that came upon an edit that was not in force yet', async (stage) => {
    await installOllama(stage.host);
    stage.host.write(`${FOLDER}/override.conf`, '[Service]\nEnvironment="OLLAMA_HOST=0.0.0.0:5000"\n');
    const mark = await stage.mark();
    await setUp(stage, mark);
    const ran = await stage.undo('--timeout', '5');
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report.after).toMatchObject({ scope: 'all', listeners: [{ port: 5000 }] });
    expect(stage.differences(mark)).toEqual([`listeners: ${LOOPBACK} -> [::]:5000`]);
  });

  scenario('back to loopback, another address, and then undo', async (stage) => {
    const { host, peer } = stage;
    await installOllama(host);
    const mark = await stage.mark();
    await setUp(stage, mark);

    const back = { words: ['--host', LOOPBACK], wanted: LOOPBACK, binding: LOOPBACK };
    await setUp(stage, mark, back);
    await stage.expectReach('this host');
    await nothingToDo(stage, back);

    const wanted = `${peer.hostAddress}:11434`;
    const one = { words: ['--host', peer.hostAddress], wanted, binding: wanted };
    const ran = await setUp(stage, mark, one);
    expect(ran.report.after.scope).toBe('address');
    expect(await peer.get('/api/version')).toMatchObject({ status: 200 });
    expect(await stage.curl(`http://${LOOPBACK}/`)).toBe(0);
    await nothingToDo(stage, one);

    const port = { words: ['--host', '0.0.0.0:8080'], wanted: '0.0.0.0:8080', binding: '[::]:8080' };
    await setUp(stage, mark, port);
    await stage.expectReach('everybody', 8080);
    await takenBack(stage, mark);
    await stage.expectReach('this host');
  });

  scenario('IPv6 and odd but good values', async (stage) => {
    await installOllama(stage.host);
    const mark = await stage.mark();
    await setUp(stage, mark, { words: ['--host', '[::]'], wanted: '[::]:11434' });
    const six = { words: ['--host', '::1'], wanted: '[::1]:11434', binding: '[::1]:11434' };
    await setUp(stage, mark, six);
    await nothingToDo(stage, six);
    await takenBack(stage, mark);
  });

  scenario('values that Ollama would misread', async (stage) => {
    await installOllama(stage.host);
    const bad = [
      'http://0.0.0.0',
      'https://0.0.0.0',
      '0.0.0.0:abc',
      '0.0.0.0:99999',
      '*',
      '',
      '0.0.0.0:0',
      '“0.0.0.0”',
    ];
    for (const value of bad) {
      const mark = await stage.mark();
      const ran = await stage.setup('--host', value);
      expect(ran.code, value + told(ran)).toBe(2);
      expect(ran.report.error?.message).toContain('--host');
      stage.expectAsBefore(mark);
    }
  });

  scenario("the installer's upgrade after setup keeps the binding", async (stage) => {
    const { host } = stage;
    const { unitPath } = await installOllama(host);
    const mark = await stage.mark();
    await setUp(stage, mark);
    const official = host.read(unitPath);
    host.write(unitPath, official.replace('RestartSec=3', 'RestartSec=5'));
    await restart(stage);
    expect(stage.binding()).toEqual(['[::]:11434']);
    await nothingToDo(stage);
    host.write(unitPath, official);
    await takenBack(stage, mark);
  });
});

describe.skipIf(rigUnavailable())('units out of the ordinary', () => {
  scenario('an instance of a template', async (stage) => {
    const { unitPath } = await installOllama(stage.host, { start: false });
    stage.host.write('/etc/systemd/system/ollama@.service', stage.host.read(unitPath));
    stage.host.remove(unitPath);
    stage.unit = 'ollama@gpu0.service';
    await restart(stage);
    const file = '/etc/systemd/system/ollama@gpu0.service.d/zz-stigmer-ollama-host.conf';
    await wholeJob(stage, { files: { [file]: dropIn() }, warnings: ['not-enabled'] });
  });

  scenario('an alias with drop-ins of its own', async (stage) => {
    await installOllama(stage.host);
    stage.host.symlink('/etc/systemd/system/ollama.service', '/etc/systemd/system/llm.service');
    stage.host.write(
      '/etc/systemd/system/llm.service.d/zzz.conf',
      `[Service]\nEnvironment=OLLAMA_HOST=${LOOPBACK} A=1\n`,
    );
    await restart(stage);
    const file = `${FOLDER}/~zz-stigmer-ollama-host.conf`;
    await wholeJob(stage, { files: { [file]: dropIn() }, environ: { A: '1' } });
  });

  scenario('a linked unit, from a folder of its own', async (stage) => {
    const { host } = stage;
    const { unitPath } = await installOllama(host, { start: false });
    host.write('/srv/ollama/ollama.service', host.read(unitPath));
    host.remove(unitPath);
    await host.must(['systemctl', 'link', '/srv/ollama/ollama.service']);
    await host.must(['systemctl', 'enable', '--now', UNIT]);
    await waitForListener(host);
    await wholeJob(stage);
  });

  scenario('a drop-in for all services', async (stage) => {
    await installOllama(stage.host);
    stage.host.write('/etc/systemd/system/service.d/zzz-all.conf', '[Service]\nEnvironment=OLLAMA_HOST=127.0.0.1\n');
    await restart(stage);
    await wholeJob(stage, { files: { [`${FOLDER}/~zz-stigmer-ollama-host.conf`]: dropIn() } });
  });

  scenario('a drop-in below /run with the right value', async (stage) => {
    await installOllama(stage.host);
    const text = '[Service]\nEnvironment=OLLAMA_HOST=0.0.0.0\n';
    stage.host.write('/run/systemd/system/ollama.service.d/zzz-now.conf', text);
    await restart(stage);
    const mark = await stage.mark();
    const facts = await stage.facts();
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(0);
    expect(ran.report).toMatchObject({ outcome: 'changed', changed: true });
    expect(await stage.facts()).toMatchObject({ pid: facts.pid, since: facts.since });
    await nothingToDo(stage);
    await stage.host.reboot();
    await waitForListener(stage.host);
    expect(stage.binding()).toEqual(['[::]:11434']);
    await takenBack(stage, { ...mark, binding: [LOOPBACK] });
  });

  scenario('a pattern as EnvironmentFile', async (stage) => {
    stage.host.write('/etc/ollama/env.d/10.env', 'OLLAMA_HOST=127.0.0.1\nA=1\n');
    stage.host.write('/etc/ollama/env.d/20.env', 'B=2\n');
    await installOllama(stage.host, { extraUnitLines: ['EnvironmentFile=-/etc/ollama/env.d/*.env'] });
    await wholeJob(stage, {
      files: { '/etc/ollama/env.d/10.env': 'OLLAMA_HOST=0.0.0.0:11434\nA=1\n' },
      steps: ['edit-environment-file', ...RELOADED],
      shown: false,
      environ: { A: '1', B: '2' },
    });
  });

  scenario('an EnvironmentFile that has to exist, and does not', async (stage) => {
    await installOllama(stage.host);
    stage.host.write(`${FOLDER}/file.conf`, `[Service]\nEnvironmentFile=${ENV_FILE}\n`);
    await stage.host.must(['systemctl', 'daemon-reload']);
    const ran = await refused(stage, 4, 'environment-file-missing');
    expect(ran.report.error?.message).toContain(ENV_FILE);
  });

  scenario('DefaultEnvironment= of the manager', async (stage) => {
    stage.host.write(
      '/etc/systemd/system.conf.d/ollama.conf',
      '[Manager]\nDefaultEnvironment=OLLAMA_HOST=127.0.0.1:5000\n',
    );
    await stage.host.must(['systemctl', 'daemon-reexec']);
    await installOllama(stage.host, { wait: false });
    await waitForListener(stage.host, 5000);
    await wholeJob(stage);
  });

  scenario('the right value in another spelling', async (stage) => {
    await installOllama(stage.host);
    await dropIns(stage, { 'override.conf': '[Service]\nEnvironment=\'OLLAMA_HOST="http://0.0.0.0:11434/"\'\n' });
    expect(stage.binding()).toEqual(['[::]:11434']);
    const mark = await stage.mark();
    await nothingToDo(stage);
    stage.expectAsBefore(mark);
  });

  scenario('a shell in the start command that sets the value', async (stage) => {
    const { unitPath, binary } = await installOllama(stage.host, { start: false });
    const command = `ExecStart=/bin/sh -c 'OLLAMA_HOST=127.0.0.1:11434 exec ${binary} serve'`;
    stage.host.write(unitPath, stage.host.read(unitPath).replace(/^ExecStart=.*$/m, command));
    await restart(stage);
    await refused(stage, 4, 'set-in-exec-start');
  });

  scenario('a wrapper script that sets the value: put back, and its last words shown', async (stage) => {
    const { unitPath, binary } = await installOllama(stage.host, { start: false });
    const script = `#!/bin/sh\nexport OLLAMA_HOST=127.0.0.1\nexec ${binary} serve\n`;
    stage.host.write('/opt/start-ollama.sh', script, { mode: 0o755 });
    stage.host.write(unitPath, stage.host.read(unitPath).replace(/^ExecStart=.*$/m, 'ExecStart=/opt/start-ollama.sh'));
    await restart(stage);
    const mark = await stage.mark();
    const ran = await stage.setup('--timeout', '2');
    await rolledBack(stage, mark, ran);
    expect(ran.report.error?.message).toContain(`it listens on ${LOOPBACK}`);
  });

  scenario('no IPv6 for the service', async (stage) => {
    await installOllama(stage.host, { extraUnitLines: ['RestrictAddressFamilies=AF_UNIX AF_INET'] });
    const mark = await stage.mark();
    const ran = await setUp(stage, mark, { binding: '0.0.0.0:11434' });
    expect(ran.report.after).toMatchObject({ scope: 'all', listeners: [{ address: '0.0.0.0' }] });
    await stage.expectReach('everybody');
    await nothingToDo(stage);
    await takenBack(stage, mark);
  });

  scenario("our drop-in's name masked by a link", async (stage) => {
    await installOllama(stage.host);
    stage.host.symlink('/dev/null', DROP_IN);
    await stage.host.must(['systemctl', 'daemon-reload']);
    const mark = await stage.mark();
    const ran = await stage.setup();
    expect([4, 6], told(ran)).toContain(ran.code);
    expect(ran.report.error?.message).toContain(DROP_IN);
    stage.expectAsBefore(mark);
  });

  scenario('a unit that may not be read by everybody, with odd owners of the folder', async (stage) => {
    const { unitPath } = await installOllama(stage.host);
    await stage.host.must(['chmod', '0640', unitPath]);
    stage.host.makeDirectory(FOLDER, { mode: 0o750, gid: 4 });
    stage.host.write(`${FOLDER}/override.conf`, '[Service]\nEnvironment=A=1\n', { mode: 0o600 });
    await restart(stage);
    await wholeJob(stage, { environ: { A: '1' } });
    expect(stage.host.stat(FOLDER)).toMatchObject({ mode: 0o40750, gid: 4 });
  });
});
