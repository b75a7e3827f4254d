import { describe, expect } from 'vitest';
import { rigUnavailable } from './rig/available.ts';
import type { GuestUser, TestHost } from './rig/host.ts';
import { installBinary, installOllama, waitForListener } from './rig/ollama.ts';
import {
  dropIn,
  type Job,
  LOOPBACK,
  nothingToDo,
  type Ran,
  refused,
  type Stage,
  scenario,
  setUp,
  takenBack,
  told,
  UNIT,
  wholeJob,
} from './scenarios.ts';

const NAME = 'homebrew.ollama.service';
const BINARY = '/home/linuxbrew/.linuxbrew/opt/ollama/bin/ollama';
const UNITS = '/home/ann/.config/systemd/user';
const FOLDER = `${UNITS}/${NAME}.d`;
const DROP_IN = `${FOLDER}/zz-stigmer-ollama-host.conf`;
const SELECTED = 'systemd-user:ann/homebrew.ollama.service';
const JOB: Job = { files: { [DROP_IN]: dropIn() }, environ: { OLLAMA_FLASH_ATTENTION: '1' } };

/** As `brew services start ollama` leaves it on Linux. */
const BREW_UNIT = `[Unit]
Description=Homebrew generated unit for ollama

[Install]
WantedBy=default.target

[Service]
Type=simple
ExecStart="${BINARY}" "serve"
Restart=always
WorkingDirectory=/home/linuxbrew/.linuxbrew
Environment="OLLAMA_FLASH_ATTENTION=1"
Environment="OLLAMA_KV_CACHE_TYPE=q8_0"
`;

/** Writes a file of a user's, with folders that are that user's too. */
function writeAs(host: TestHost, { uid, gid, home }: GuestUser, file: string, text: string): void {
  const parts = file.slice(home.length + 1).split('/');
  for (let depth = 1; depth < parts.length; depth++) {
    const dir = `${home}/${parts.slice(0, depth).join('/')}`;
    if (!host.exists(dir)) host.makeDirectory(dir, { uid, gid });
  }
  host.write(file, text, { uid, gid });
}

/** Ann, without any right to act as root, with Homebrew's Ollama as a service of her own. */
async function brew(
  stage: Stage,
  options: { linger?: boolean; text?: string; start?: boolean } = {},
): Promise<GuestUser> {
  const { host } = stage;
  const ann = await host.addUser('ann');
  if (options.linger ?? true) await host.must(['loginctl', 'enable-linger', 'ann']);
  installBinary(host, BINARY);
  writeAs(host, ann, `${UNITS}/${NAME}`, options.text ?? BREW_UNIT);
  stage.unit = NAME;
  stage.owner = 'ann';
  await stage.systemctl('daemon-reload');
  if (options.start ?? true) {
    await stage.systemctl('enable', '--now', NAME);
    await waitForListener(host);
  }
  return ann;
}

/** The product is run by ann herself. */
function asAnn(stage: Stage, session = true): void {
  stage.operator = { user: 'ann', session };
  stage.state = '/home/ann/.local/state/stigmer-setup-ollama';
}

/** Owner and mode of our drop-in and of the folder that was made for it. */
function expectHers(stage: Stage, ann: GuestUser): void {
  const owner = { uid: ann.uid, gid: ann.gid };
  expect(stage.host.stat(DROP_IN)).toMatchObject({ ...owner, mode: 0o100644 });
  expect(stage.host.stat(FOLDER)).toMatchObject({ ...owner, mode: 0o40755 });
}

describe.skipIf(rigUnavailable())("a user's own service, by that user without any rights", () => {
  scenario('in a login session', async (stage) => {
    const ann = await brew(stage);
    asAnn(stage);
    const mark = await stage.mark();
    const ran = await setUp(stage, mark, JOB);
    expect(ran.report.installations).toMatchObject([{ kind: 'systemd-user', id: NAME, selected: true }]);
    expect(ran.report.receipt).toMatch(/^\/home\/ann\/\.local\/state\/stigmer-setup-ollama\//);
    expectHers(stage, ann);
    expect(stage.host.stat(stage.state)).toMatchObject({ uid: ann.uid, mode: 0o40700 });
    await nothingToDo(stage, JOB);
    await takenBack(stage, mark);
  });

  scenario('without the variables of a session, as in cron', async (stage) => {
    await brew(stage);
    asAnn(stage, false);
    await wholeJob(stage, JOB);
  });

  scenario('that ends with her last session', async (stage) => {
    const session = stage.host;
    await brew(stage, { linger: false, start: false });
    const held = session.spawn(['sleep', '600'], { user: 'ann', session: true, timeout: 170_000 });
    await stage.systemctl('enable', '--now', NAME);
    await waitForListener(stage.host);
    asAnn(stage);
    const mark = await stage.mark();
    const { report } = await setUp(stage, mark, { ...JOB, warnings: ['no-linger'] });
    expect(report.warnings[0]?.message).toContain('loginctl enable-linger ann');
    await takenBack(stage, mark);
    await held.killAll();
  });

  scenario('stopped and not enabled', async (stage) => {
    await brew(stage, { start: false });
    asAnn(stage);
    const steps = ['write-drop-in', 'daemon-reload', 'reset-failed', 'start'];
    await wholeJob(stage, { ...JOB, before: 'inactive', steps, warnings: ['not-enabled'] });
  });

  scenario('a state folder that is elsewhere, and homes with other folders', async (stage) => {
    const ann = await brew(stage);
    writeAs(stage.host, ann, '/home/ann/.local/state/other/file', 'kept');
    asAnn(stage);
    await wholeJob(stage, JOB);
    const { uid, gid } = ann;
    stage.host.makeDirectory('/home/ann/my state', { uid, gid });
    stage.operator = { ...stage.operator, env: { XDG_STATE_HOME: '/home/ann/my state' } };
    stage.state = '/home/ann/my state/stigmer-setup-ollama';
    const mark = await stage.mark();
    await setUp(stage, mark, JOB);
    expect(stage.host.exists(stage.state)).toBe(true);
    await takenBack(stage, mark);
  });
});

describe.skipIf(rigUnavailable())("a user's own service, by root", () => {
  scenario('is found, changed with her rights, and put back', async (stage) => {
    const ann = await brew(stage);
    const mark = await stage.mark();
    const ran = await setUp(stage, mark, JOB);
    expect(ran.report.installations).toMatchObject([{ kind: 'systemd-user', id: `ann/${NAME}`, selected: true }]);
    expectHers(stage, ann);
    await nothingToDo(stage, { ...JOB, words: ['--target', SELECTED] });
    const hers = await stage.host.runAs('ann', ['stigmer-setup-ollama', 'undo', '--yes', '--json']);
    expect(hers.code, told(hers)).toBe(5);
    expect(hers.stdout).toContain('receipt-of-root');
    await takenBack(stage, mark);
  });

  scenario('sudo npx: setup by root, and by her afterwards', async (stage) => {
    await brew(stage);
    const mark = await stage.mark();
    await setUp(stage, mark, JOB);
    asAnn(stage);
    const again = await nothingToDo(stage, JOB);
    expect(again.report.receipt).toBeNull();
  });

  scenario('beside a system service: --target says which', async (stage) => {
    await brew(stage);
    const mark = await stage.mark();
    await stage.systemctl('stop', NAME);
    await installOllama(stage.host);
    const ran = await refused(stage, 2, 'several-installations');
    expect(ran.report.error?.meaning).toContain('--target systemd:ollama.service');
    expect(ran.report.error?.meaning).toContain(`--target ${SELECTED}`);
    stage.unit = UNIT;
    stage.owner = undefined;
    const other = await stage.mark();
    await setUp(stage, other, { words: ['--target', 'systemd'] });
    await takenBack(stage, other);
    await stage.host.must(['systemctl', 'disable', '--now', UNIT]);
    stage.unit = NAME;
    stage.owner = 'ann';
    await stage.systemctl('start', NAME);
    await waitForListener(stage.host);
    const words = ['--target', 'systemd-user'];
    await setUp(stage, { ...mark, etc: stage.host.snapshotEtc() }, { ...JOB, words });
    await nothingToDo(stage, { ...JOB, words });
  });
});

describe.skipIf(rigUnavailable())("what a user plants in root's way", () => {
  scenario('a drop-in folder that is a link into /etc', async (stage) => {
    const ann = await brew(stage);
    stage.host.makeDirectory('/etc/systemd/system/victim.service.d');
    stage.host.symlink('/etc/systemd/system/victim.service.d', FOLDER);
    await stage.host.must(['chown', '-h', `${ann.uid}:${ann.gid}`, FOLDER]);
    await expectKeptOut(stage);
  });

  scenario('a drop-in that is a link into /etc', async (stage) => {
    const ann = await brew(stage);
    stage.host.makeDirectory(FOLDER, ann);
    stage.host.write('/etc/victim.conf', '[Service]\nEnvironment="OLLAMA_HOST=127.0.0.1"\n');
    stage.host.symlink('/etc/victim.conf', DROP_IN);
    await expectKeptOut(stage);
  });

  scenario('a unit folder that is a link into /etc', async (stage) => {
    const ann = await brew(stage);
    stage.host.makeDirectory('/etc/systemd/planted');
    stage.host.write(`/etc/systemd/planted/${NAME}`, BREW_UNIT);
    stage.host.remove(UNITS);
    stage.host.symlink('/etc/systemd/planted', UNITS);
    await stage.host.must(['chown', '-h', `${ann.uid}:${ann.gid}`, UNITS]);
    await stage.systemctl('daemon-reload');
    await expectKeptOut(stage);
  });

  scenario("an EnvironmentFile of root's", async (stage) => {
    stage.host.write('/etc/default/ollama', 'OLLAMA_HOST=127.0.0.1\n');
    await brew(stage, { text: `${BREW_UNIT}EnvironmentFile=/etc/default/ollama\n` });
    const ran = await expectKeptOut(stage);
    expect(ran.report.error?.code).toBe('environment-file-of-another');
  });

  scenario('a temporary file that is a link into /etc', async (stage) => {
    const ann = await brew(stage);
    stage.host.makeDirectory(FOLDER, ann);
    stage.host.write('/etc/victim.conf', 'mine\n');
    for (let pid = 1; pid < 400; pid++)
      stage.host.symlink('/etc/victim.conf', `${FOLDER}/.zz-stigmer-ollama-host.conf.stigmer-${pid}.tmp`);
    const etc = stage.host.snapshotEtc();
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(0);
    expect(stage.host.snapshotEtc()).toEqual(etc);
    expectHers(stage, ann);
  });

  scenario('pipes that are never written to', async (stage) => {
    await brew(stage);
    await stage.host.must(['mkfifo', `${UNITS}/ollama.service`], { user: 'ann' });
    const ran = await stage.product('setup', '--dry-run', '--json');
    expect(ran.code, told(ran)).toBe(0);
  });

  scenario('a manager that does not answer', async (stage) => {
    const { host } = stage;
    await brew(stage);
    const away = 'cd /run/user/1000 && mv bus bus.away && mv systemd/private systemd/private.away';
    await host.must(['sh', '-c', away]);
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(4);
    expect(ran.report.error?.code).toBe('manager-not-answering');
    expect(stage.binding()).toEqual([LOOPBACK]);
    expect(host.exists(FOLDER)).toBe(false);
  });
});

/** Root's setup must leave /etc and the service alone, and say why. */
async function expectKeptOut(stage: Stage): Promise<Ran> {
  const etc = stage.host.snapshotEtc();
  const ran = await stage.setup();
  expect([4, 5, 6], told(ran)).toContain(ran.code);
  expect(ran.report).toMatchObject({ changed: false });
  expect(stage.host.snapshotEtc()).toEqual(etc);
  expect(stage.binding()).toEqual([LOOPBACK]);
  stage.expectNoLitter();
  return ran;
}
