import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/engine/plan.ts';
import { detectAll } from '../../../src/rooms/index.ts';
import type { Refusal } from '../../../src/rooms/room.ts';
import { ALL, look, planned } from '../../windows/journey.ts';
import { MACHINE, sceneOf, USER, Windows } from '../../windows/machine.ts';

const KIND = 'windows-app';
const codes = async (windows: Windows) => (await look(windows, KIND)).warnings.map(({ code }) => code);
const planFor = async (windows: Windows, wanted = ALL, restart = true) =>
  (await planned(windows, KIND, wanted, restart)).plan as Plan & Refusal;

describe('the app is found', () => {
  it('where its setup program noted it, in any letters', async () => {
    const windows = new Windows().install();
    const app = await look(windows, KIND);
    expect([app.id, app.target, app.title]).toEqual([
      'Ollama',
      'windows-app:Ollama',
      `the app in ${windows.folder.replaceAll('/', '\\')}`,
    ]);
    expect(app.state).toEqual({ phase: 'stopped', pids: [], uid: -1 });
  });

  it('where it usually is, on PATH, and behind scoop’s stand-in', async () => {
    const usual = new Windows();
    usual.disk.file(`/${usual.folder}/ollama app.exe`, 'MZ');
    expect((await look(usual, KIND)).title).toContain('Programs\\Ollama');
    const onPath = new Windows();
    onPath.disk.file('/D:/o/ollama app.exe', 'MZ');
    onPath.env.PATH = 'C:\\Windows;D:\\o\\';
    expect((await look(onPath, KIND)).title).toBe('the app in D:\\o');
    const scoop = new Windows();
    scoop.disk.file('/C:/s/shims/ollama.shim', 'path = "C:\\s\\apps\\ollama-full\\current\\ollama.exe"\r\n');
    scoop.disk.file('/C:/s/apps/ollama-full/current/ollama app.exe', 'MZ');
    scoop.env.PATH = 'relative;C:\\s\\shims';
    expect((await look(scoop, KIND)).title).toBe('the app in C:\\s\\apps\\ollama-full\\current');
  });

  it('by its process, where nothing else tells', async () => {
    const windows = new Windows();
    windows.task('ollama app.exe');
    windows.command(['C:\\Windows\\System32\\WindowsPowerShell\\v1.0\\powershell.exe'], {
      stdout: 'E:\\Łódź\\ollama app.exe\r\n',
    });
    expect((await look(windows, KIND)).title).toBe('the app in E:\\Łódź');
  });

  it('or is not there', async () => {
    const windows = new Windows();
    windows.disk.file('/C:/Windows/ollama.exe', 'MZ');
    expect(await detectAll(await sceneOf(windows))).toEqual([]);
  });

  it('with its server alone, and nobody else’s', async () => {
    const windows = new Windows().install().login();
    const hand = windows.serve('0.0.0.0:11434');
    const scene = await sceneOf(windows);
    const found = await detectAll(scene);
    expect(found.map(({ kind, state }) => [kind, state.pids.includes(hand.pid)])).toEqual([
      [KIND, false],
      ['process', true],
    ]);
  });

  it('between two servers', async () => {
    const windows = new Windows().install();
    windows.task('ollama app.exe');
    expect((await look(windows, KIND)).state.phase).toBe('starting');
  });
});

describe('its settings', () => {
  it('are the user’s before the machine’s, expanded by type', async () => {
    const windows = new Windows().install();
    windows.env.WHERE = '127.0.0.1';
    windows.registry
      .set(MACHINE, 'OLLAMA_HOST', 'REG_SZ', '1.2.3.4')
      .set(USER, 'OLLAMA_HOST', 'REG_EXPAND_SZ', '%WHERE%:1');
    const { settings, value, warnings } = await look(windows, KIND);
    expect(settings.map((one) => [one.value, one.effective])).toEqual([
      ['1.2.3.4', false],
      ['127.0.0.1:1', true],
    ]);
    expect(value).toBe('127.0.0.1:1');
    expect(warnings.map(({ code }) => code)).toContain('win-user-vs-machine-scope');
  });

  it('are less than its own switch', async () => {
    const windows = new Windows().install().withDatabase('1');
    windows.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '127.0.0.1:4711');
    const { settings, value, warnings } = await look(windows, KIND);
    expect(settings.map((one) => [one.value, one.effective])).toEqual([
      ['127.0.0.1:4711', false],
      ['0.0.0.0', true],
    ]);
    expect([value, warnings.map(({ code }) => code)]).toEqual(['0.0.0.0', ['win-app-expose-drops-custom-port']]);
    expect((await planFor(windows)).changes).toEqual([]);
    expect((await planFor(windows, '0.0.0.0:8080')).code).toBe('win-app-expose-drops-custom-port');
  });

  it('are told to be unknown where this Node cannot read the switch', async () => {
    expect(await codes(new Windows().install().withDatabase('no-reader'))).toEqual(['win-app-switch-unknown']);
    expect(await codes(new Windows().install().withDatabase('0'))).toEqual([]);
  });
});

describe('what is said', () => {
  it('of clients that cannot call 0.0.0.0: before the change, and by doctor after it', async () => {
    const windows = new Windows().install().withDatabase('0');
    const app = await look(windows, KIND);
    const [before] = (await app.consequences?.(ALL)) ?? [];
    expect(before?.message).toMatch(/error 10049.*http:\/\/127\.0\.0\.1:11434.*Expose Ollama to the network/);
    expect(await app.consequences?.('127.0.0.1:11434')).toEqual([]);
    expect((await app.consequences?.('0.0.0.0:8080'))?.[0]?.message).not.toContain('Expose');
    windows.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', ALL);
    expect(await codes(windows)).toEqual(['client-uses-0.0.0.0-as-target']);
    expect(await (await look(windows, KIND)).consequences?.(ALL)).toEqual([]);
  });

  it('of versions whose window hangs', async () => {
    const said = async (version: string) =>
      ((await (await look(new Windows().install(version), KIND)).consequences?.(ALL)) ?? []).map(({ code }) => code);
    expect(await said('0.18.2')).toContain('win-gui-stuck-with-0.0.0.0');
    expect(await said('0.18.3')).not.toContain('win-gui-stuck-with-0.0.0.0');
    expect(await said('0.9.6')).toContain('win-gui-stuck-with-0.0.0.0');
    expect(await said('dev')).not.toContain('win-gui-stuck-with-0.0.0.0');
  });

  it('of a server’s log: what it was given, and a port that Windows keeps', async () => {
    const windows = new Windows().install().login();
    windows.disk.file(
      `/${windows.home}/AppData/Local/Ollama/server.log`,
      'time=1 msg="server config" env="map[A: OLLAMA_HOST:http://0.0.0.0:11434 B:]"\nError: bind\n',
    );
    windows.excluded = '     11396       11495\r\n';
    const app = await look(windows, KIND);
    expect((await app.given?.())?.value).toBe('0.0.0.0:11434');
    expect(await app.log()).toMatch(/Error: bind\nWindows keeps the ports 11396 to 11495/);
  });
});

describe('what is refused', () => {
  it('an elevated terminal, unless everything is elevated', async () => {
    const windows = new Windows().install().login();
    windows.elevated = true;
    expect(await planFor(windows)).toMatchObject({ code: 'win-elevated-shell', exit: 4 });
    windows.administrator = true;
    expect((await planFor(windows)).changes).toHaveLength(1);
  });

  it('while its setup program runs, and where the registry is closed', async () => {
    const windows = new Windows().install().login();
    windows.task('OllamaSetup.exe');
    expect((await planFor(windows)).code).toBe('win-upgrade-in-progress');
    windows.registry.closed = true;
    windows.disk.file(`/${windows.folder}/ollama app.exe`, 'MZ');
    expect((await planFor(windows)).code).toBe('win-registry-closed');
  });
});

describe('what is planned', () => {
  it('from ssh: the variable alone, and that the user has to restart it', async () => {
    const windows = new Windows().install().login();
    const own = windows.tasks.find(({ pid }) => pid === windows.pid);
    if (own) own.session = 0;
    windows.elevated = true;
    const { changes, activate, deactivate } = await planFor(windows);
    expect([changes.length, activate, deactivate]).toEqual([1, [], []]);
    const app = await look(windows, KIND);
    expect(app.state.phase).toBe('running');
    expect(app.warnings.map(({ code }) => code)).toContain('win-no-desktop-here');
  });

  it('without a restart, or for one that does not run: the variable alone', async () => {
    const windows = new Windows().install();
    expect((await planFor(windows)).activate).toEqual([]);
    expect((await look(windows, KIND)).startedByUser).toBe(true);
    windows.login();
    expect((await planFor(windows, ALL, false)).activate).toEqual([]);
  });

  it('for one that listens so by chance: the variable, and no restart', async () => {
    const windows = new Windows().install().login();
    const server = windows.tasks.find(({ image }) => image === 'ollama.exe');
    if (server)
      server.sockets = [
        ['0.0.0.0', 11434],
        ['[::]', 11434],
      ];
    expect(await planFor(windows)).toMatchObject({ changes: [{ to: { data: ALL } }], activate: [] });
  });

  it('is data: nothing was done', async () => {
    const windows = new Windows().install().login();
    await planFor(windows);
    expect(windows.done).toEqual([]);
  });
});
