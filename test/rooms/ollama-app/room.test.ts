import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/engine/plan.ts';
import { ollamaAppRoom } from '../../../src/rooms/ollama-app/room.ts';
import { type Installation, isRefusal, type PlanRequest, type Refusal } from '../../../src/rooms/room.ts';
import { APP, Mac, sceneOf } from './mac.ts';

const ALL = '0.0.0.0:11434';
const REQUEST: PlanRequest = { wanted: ALL, start: true, restart: true, bound: false };
let mac: Mac;

beforeEach(() => {
  mac = new Mac();
});
afterEach(() => mac.destroy());

async function found(host = mac): Promise<Installation> {
  const installations = await ollamaAppRoom.detect(await sceneOf(host));
  expect(installations).toHaveLength(1);
  return installations[0]!;
}

async function planned(request: Partial<PlanRequest> = {}, host = mac): Promise<Plan> {
  const plan = await (await found(host)).plan({ ...REQUEST, ...request });
  if (isRefusal(plan)) throw new Error(plan.message);
  return plan;
}

async function refused(request: Partial<PlanRequest> = {}, host = mac): Promise<Refusal> {
  const plan = await (await found(host)).plan({ ...REQUEST, ...request });
  if (!isRefusal(plan)) throw new Error('a plan was made');
  return plan;
}

const ids = (steps: { id: string }[]) => steps.map(({ id }) => id);
const codes = ({ warnings }: Installation) => warnings.map(({ code }) => code);

describe('finding the app', () => {
  it('is there for Macs alone', async () => {
    Object.defineProperty(mac, 'platform', { value: 'linux' });
    expect(await ollamaAppRoom.detect({ ...(await sceneOf(mac)), servers: [] })).toEqual([]);
  });

  it('takes its server out of what nobody supervises, and leaves others', async () => {
    mac.makeDatabase().start();
    mac.others = [
      '51 1 501 /opt/homebrew/opt/ollama/bin/ollama serve',
      `52 1 501 ${APP}/Contents/Resources/ollama serve`,
    ];
    const scene = await sceneOf(mac);
    expect(scene.servers).toHaveLength(3);
    const [installation] = await ollamaAppRoom.detect(scene);
    expect(scene.servers.map(({ pid }) => pid)).toEqual([51, 52]);
    expect(installation?.state).toEqual({ phase: 'running', pids: [mac.app?.child?.pid], uid: 501 });
    expect(installation).toMatchObject({ kind: 'ollama-app', id: 'Ollama.app', target: 'ollama-app:Ollama.app' });
  });

  it('is dormant until it was opened once', async () => {
    expect((await found()).dormant).toBe(true);
    mac.makeDatabase();
    expect((await found()).dormant).toBeUndefined();
  });

  it('finds one that was put elsewhere by its process, or by Spotlight, but not in the bin', async () => {
    mac.disk.drop(APP);
    expect(await ollamaAppRoom.detect(await sceneOf(mac))).toEqual([]);
    mac.install('/Users/me/.Trash/Ollama.app');
    mac.install('/Apps of mine/Ollama.app');
    mac.spotlight = ['/Users/me/.Trash/Ollama.app', '/Gone/Ollama.app', '/Apps of mine/Ollama.app'];
    expect((await found()).title).toBe('the app /Apps of mine/Ollama.app');
    mac.others = ['60 1 501 /Other place/Ollama.app/Contents/MacOS/Ollama hidden'];
    expect((await found()).title).toBe('the app /Other place/Ollama.app');
    expect((await found()).state.phase).toBe('starting');
  });

  it("only explains another user's", async () => {
    mac.others = [`60 1 502 ${APP}/Contents/MacOS/Ollama`, `61 60 502 ${APP}/Contents/Resources/ollama serve`];
    const scene = await sceneOf(mac);
    const installations = await ollamaAppRoom.detect(scene);
    expect(installations.map(({ id }) => id)).toEqual(['Ollama.app', '502/Ollama.app']);
    expect(installations[1]?.refusal).toMatchObject({ code: 'mac-app-of-another-user', exit: 5 });
    expect(scene.servers).toEqual([]);
  });
});

describe('what is set', () => {
  it('the switch is stronger than the session, and drops its port', async () => {
    mac.session = '0.0.0.0:8080';
    mac.makeDatabase(1).start();
    const installation = await found();
    expect(installation.value).toBe('0.0.0.0');
    expect(installation.settings.map(({ value, effective }) => [value, effective])).toEqual([
      ['0.0.0.0:8080', false],
      ['0.0.0.0', true],
    ]);
    expect(codes(installation)).toEqual(['mac-app-expose-drops-custom-port']);
  });

  it('a variable of the session counts while the switch is off, and is told to be short-lived', async () => {
    mac.session = ALL;
    mac.makeDatabase().start();
    const installation = await found();
    expect(installation.value).toBe(ALL);
    expect(codes(installation)).toEqual(['mac-launchctl-setenv-lost-on-reboot']);
  });

  it('a server on its port is told, and a plan is made all the same', async () => {
    mac.makeDatabase().start();
    mac.others = ['51 1 501 /opt/homebrew/opt/ollama/bin/ollama serve'];
    mac.command(['lsof'], { stdout: 'p51\ncollama\nu501\nf3\ntIPv4\nPTCP\nn127.0.0.1:11434\nTST=LISTEN\n' });
    mac.command(['/usr/sbin/lsof'], { stdout: 'p51\ncollama\nu501\nf3\ntIPv4\nPTCP\nn127.0.0.1:11434\nTST=LISTEN\n' });
    expect(codes(await found())).toEqual(['mac-app-and-brew-both-installed']);
    expect(ids((await planned()).changes)).toEqual(['expose-switch']);
  });

  it('looking changes nothing', async () => {
    mac.makeDatabase();
    const before = mac.files.list(`${mac.home}/Library/Application Support/Ollama`);
    await found();
    mac.tellOfDatabase();
    expect(mac.files.list(`${mac.home}/Library/Application Support/Ollama`)).toEqual(before);
    expect(mac.done).toEqual([]);
  });

  it('nobody at the screen', async () => {
    mac.gui = false;
    mac.makeDatabase();
    expect(codes(await found())).toEqual(['mac-no-login-no-server']);
    const { changes, activate } = await planned();
    expect([ids(changes), ids(activate)]).toEqual([['expose-switch'], []]);
  });

  it('reads the log of the server', async () => {
    mac.disk.file(`${mac.home}/.ollama/logs/server.log`, Array.from({ length: 20 }, (_, i) => `line ${i}`).join('\n'));
    expect(await (await found()).log()).toBe(Array.from({ length: 8 }, (_, i) => `line ${i + 12}`).join('\n'));
  });
});

describe('the plan by the switch', () => {
  it('turns it and ends the server alone', async () => {
    mac.makeDatabase().start();
    const { changes, activate, deactivate } = await planned();
    expect(changes).toMatchObject([{ type: 'value', from: '0', to: '1', identity: 'self' }]);
    expect(activate).toMatchObject([{ type: 'end', id: 'restart', words: `${APP}/Contents/Resources/ollama serve` }]);
    expect(ids(deactivate)).toEqual(['restart']);
  });

  it('is empty when all is as wanted, and ends the server alone when only that is not', async () => {
    mac.makeDatabase(1).start();
    expect(await planned({ bound: true })).toMatchObject({ changes: [], activate: [] });
    const { changes, activate } = await planned();
    expect([ids(changes), ids(activate)]).toEqual([[], ['restart']]);
  });

  it('makes durable what is bound so already, without ending anything', async () => {
    mac.session = ALL;
    mac.makeDatabase().start();
    const { changes, activate } = await planned({ bound: true });
    expect([ids(changes), ids(activate)]).toEqual([['expose-switch'], []]);
  });

  it('opens an app that does not run, if that is wanted, and keeps the variables of the terminal from it', async () => {
    mac.makeDatabase();
    Object.assign(mac.env, { OLLAMA_HOST: '1.2.3.4', OLLAMA_MODELS: '/x' });
    const { activate } = await planned();
    expect(activate).toMatchObject([
      { argv: ['env', '-u', 'OLLAMA_HOST', '-u', 'OLLAMA_MODELS', 'open', '-j', '-a', APP, '--args', 'hidden'] },
    ]);
    expect((await planned({ start: false })).activate).toEqual([]);
    expect((await planned({ restart: false, start: false })).activate).toEqual([]);
  });

  it('opens one that was never opened before its switch is there; never makes the database itself', async () => {
    const { changes, activate } = await planned();
    expect(changes).toMatchObject([{ from: '0', to: '1', awaken: expect.arrayContaining(['open']) }]);
    expect(activate).toMatchObject([{ type: 'end', id: 'start' }]);
    expect(await refused({ start: false, restart: false })).toMatchObject({ code: 'mac-app-never-opened', exit: 4 });
    mac.gui = false;
    expect(await refused()).toMatchObject({ code: 'mac-app-never-opened' });
  });

  it('takes away what an earlier run had set up for another port', async () => {
    mac.makeDatabase().start();
    const first = await planned({ wanted: '0.0.0.0:8080' });
    for (const change of first.changes)
      if (change.type === 'file')
        mac.disk.file(change.path, Buffer.from(change.to!.content, 'base64'), { uid: 501, gid: 20, mode: 0o644 });
    mac.session = '0.0.0.0:8080';
    const { changes, activate } = await planned();
    expect(ids(changes)).toEqual(['expose-switch', 'session-variable', 'write-agent']);
    expect(changes.slice(1)).toMatchObject([{ from: '0.0.0.0:8080', to: null }, { to: null }]);
    expect(ids(activate)).toEqual(['unload-agent', 'restart']);
  });

  it('acts for whoever called sudo', async () => {
    const root = new Mac('root');
    root.makeDatabase();
    const installation = await found(root);
    expect(installation).toMatchObject({ id: 'me/Ollama.app', needsRoot: false });
    const { changes, activate } = await planned({}, root);
    expect(changes).toMatchObject([{ identity: 'self', set: expect.arrayContaining(['sudo', '-u', 'me']) }]);
    expect(activate).toMatchObject([{ argv: expect.arrayContaining(['launchctl', 'asuser', '501', 'sudo', 'open']) }]);
    root.destroy();
  });
});

describe('the plan by a variable', () => {
  const OTHER = { wanted: '0.0.0.0:8080' };

  it('turns the switch off, sets the variable and writes the agent, and opens the app anew', async () => {
    mac.makeDatabase(1).start();
    const words = mac.app?.words;
    const { changes, activate, deactivate } = await planned(OTHER);
    expect(ids(changes)).toEqual(['expose-switch', 'session-variable', 'write-agent']);
    expect(changes[0]).toMatchObject({ from: '1', to: '0' });
    expect(changes[1]).toMatchObject({
      from: null,
      to: '0.0.0.0:8080',
      set: ['launchctl', 'setenv', 'OLLAMA_HOST', '0.0.0.0:8080'],
      unset: ['launchctl', 'unsetenv', 'OLLAMA_HOST'],
    });
    expect(changes[2]).toMatchObject({ from: null, to: { mode: 0o644, uid: 501, gid: 20 }, lines: [] });
    expect(activate).toMatchObject([
      { type: 'end', id: 'quit', words },
      { type: 'launchd', verb: 'reload', domain: 'gui/501' },
      { type: 'command', id: 'restart' },
    ]);
    expect(ids(deactivate)).toEqual(['unload-agent', 'quit', 'restart']);
  });

  it('puts back another variable that was there', async () => {
    mac.session = '1.2.3.4:5';
    mac.makeDatabase();
    const { changes } = await planned(OTHER);
    expect(changes[0]).toMatchObject({ from: '1.2.3.4:5', unset: ['launchctl', 'setenv', 'OLLAMA_HOST', '1.2.3.4:5'] });
  });

  it('is the way of versions without the switch', async () => {
    mac.install(APP, '0.9.6');
    expect(ids((await planned()).changes)).toEqual(['session-variable', 'write-agent']);
    mac.install(APP);
    mac.makeDatabase(0, '');
    expect(codes(await found())).toEqual(['mac-app-switch-unknown']);
    expect(ids((await planned()).changes)).toEqual(['session-variable', 'write-agent']);
  });

  it('cannot be gone from ssh without root, and with root reaches the session of the user', async () => {
    mac.makeDatabase().start();
    mac.manager = 'Background';
    mac.session = '9.9.9.9';
    expect((await found()).value).toBeUndefined();
    expect(await refused(OTHER)).toMatchObject({ code: 'mac-setenv-wrong-session-over-ssh', exit: 5 });
    expect(ids((await planned()).changes)).toEqual(['expose-switch']);
    const root = new Mac('root');
    root.makeDatabase();
    expect((await planned(OTHER, root)).changes[0]).toMatchObject({
      identity: 'self',
      set: ['launchctl', 'asuser', '501', 'launchctl', 'setenv', 'OLLAMA_HOST', '0.0.0.0:8080'],
    });
    root.destroy();
  });

  it('writes the agent for the next login when nobody is at the screen', async () => {
    mac.gui = false;
    mac.makeDatabase();
    const { changes, activate } = await planned(OTHER);
    expect([ids(changes), ids(activate)]).toEqual([['write-agent'], []]);
  });

  it('goes back by what runs then', async () => {
    mac.makeDatabase().start('--fast-startup');
    const installation = await found();
    const subjects = [mac.agentPath];
    const moved = await installation.moved?.({ wanted: '0.0.0.0:8080', running: true, subjects, values: {} });
    expect(moved?.activate).toMatchObject([
      { verb: 'unload' },
      { words: '/Applications/Ollama.app/Contents/MacOS/Ollama', further: true, pids: [mac.app?.pid] },
      { id: 'restart' },
    ]);
    expect(await installation.moved?.({ wanted: ALL, running: true, subjects: ['x'], values: {} })).toBeUndefined();
    mac.start('hidden');
    const done = { wanted: '', running: false, subjects, values: {} };
    expect(ids((await installation.moved?.({ ...done, started: true }))?.activate ?? [])).toEqual([
      'unload-agent',
      'stop',
    ]);
    expect(ids((await installation.moved?.(done))?.activate ?? [])).toEqual(['unload-agent', 'quit', 'restart']);
  });

  it('ends the server of now where setup had turned the switch', async () => {
    mac.makeDatabase(1).start();
    const { moved } = await found();
    const subjects = [`settings.expose in ${mac.home}/Library/Application Support/Ollama/db.sqlite`];
    const done = { wanted: ALL, running: true, subjects, values: {} };
    expect((await moved?.(done))?.activate).toMatchObject([{ id: 'restart', pids: [mac.app?.child?.pid] }]);
    mac.start('hidden');
    expect(ids((await moved?.({ ...done, running: false, started: true }))?.activate ?? [])).toEqual(['stop']);
    mac.app = undefined;
    expect(await moved?.(done)).toEqual({ changes: [], activate: [] });
  });

  it('takes out what a later login was given by the agent, and only from where it can', async () => {
    mac.gui = false;
    mac.makeDatabase();
    const { changes } = await planned(OTHER);
    const [agent] = changes;
    if (agent?.type !== 'file' || !agent.to) throw new Error('no agent');
    mac.disk.file(mac.agentPath, Buffer.from(agent.to.content, 'base64').toString());
    Object.assign(mac, { gui: true, session: OTHER.wanted });
    const done = { ...OTHER, running: false, subjects: [mac.agentPath], values: {} };
    expect((await (await found()).moved?.(done))?.changes).toMatchObject([{ id: 'session-variable', to: null }]);
    mac.manager = 'Background';
    await expect((await found()).moved?.(done)).rejects.toMatchObject({ exit: 5 });
  });
});

describe('observing', () => {
  it('running, between two servers, and stopped', async () => {
    mac.makeDatabase().start();
    const installation = await found();
    expect((await installation.observe()).phase).toBe('running');
    mac.kill(mac.app?.child?.pid ?? 0, 'SIGTERM');
    expect((await installation.observe()).phase).toBe('starting');
    mac.app = undefined;
    expect((await installation.observe()).phase).toBe('stopped');
  });

  it('waits for one that was just opened', async () => {
    mac.makeDatabase();
    const installation = await found();
    await installation.plan(REQUEST);
    mac.after(700, () => mac.start('hidden'));
    expect((await installation.observe()).phase).toBe('running');
  });
});
