import { describe, expect, it } from 'vitest';
import { commandLine, perform } from '../../src/actions/index.ts';
import type { RelaunchAct } from '../../src/actions/relaunch.ts';
import { USER, Windows } from '../windows/machine.ts';

function actOf(windows: Windows, more: Partial<RelaunchAct> = {}): RelaunchAct {
  return {
    type: 'relaunch',
    id: 'restart',
    title: 'again',
    app: 'ollama app.exe',
    servers: {
      image: 'ollama.exe',
      pidFile: `${windows.home}/AppData/Local/Ollama/ollama.pid`,
      ports: [11434],
      spare: null,
    },
    grace: 3000,
    start: {
      file: `${windows.folder}/ollama app.exe`,
      args: ['--hide'],
      cwd: windows.folder,
      environment: { without: [], fresh: ['OLLAMA_*'], path: [windows.folder.replaceAll('/', '\\')] },
      logFile: '\\\\.\\nul',
    },
    ...more,
  };
}

const kills = (windows: Windows) =>
  windows.done.filter(({ what }) => what.includes('taskkill')).map(({ what }) => what.replace(/^.*\.exe /, ''));

describe('a relaunch', () => {
  it('asks the window to close, waits for the server as well, and starts with the registry’s variables of then', async () => {
    const windows = new Windows().install().login();
    const { pid } = windows.app ?? { pid: 0 };
    windows.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '0.0.0.0');
    await perform(windows, actOf(windows));
    expect(kills(windows)).toEqual([`/PID ${pid}`]);
    await windows.sleep(1500);
    expect(windows.bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
    expect(windows.detached[0]?.env).not.toHaveProperty('npm_x');
  });

  it('ends by force what stays, the app before its server', async () => {
    const windows = new Windows().install().login();
    windows.stubborn = true;
    const { pid } = windows.app ?? { pid: 0 };
    await perform(windows, actOf(windows, { start: null }));
    expect(kills(windows)).toEqual([`/PID ${pid}`, `/F /T /PID ${pid}`]);
    await windows.sleep(3000);
    expect(windows.tasks.filter(({ image }) => image.startsWith('ollama'))).toEqual([]);
  });

  it('does not wait for a window that there is none of', async () => {
    const windows = new Windows().install().login();
    windows.command(['C:\\Windows\\System32\\taskkill.exe', '/PID'], {
      code: 1,
      stderr: 'can only be terminated forcefully (with /F option).',
    });
    const start = windows.now();
    await perform(windows, actOf(windows, { start: null }));
    expect(windows.now() - start).toBeLessThan(1000);
    expect(windows.app).toBeUndefined();
  });

  it('ends a server that its app has left behind, by the file that names it', async () => {
    const windows = new Windows().install().login();
    windows.tasks.splice(
      windows.tasks.findIndex(({ image }) => image === 'ollama app.exe'),
      1,
    );
    await perform(windows, actOf(windows));
    await windows.sleep(1500);
    expect(windows.bound).toEqual(['127.0.0.1:11434']);
    expect(windows.tasks.filter(({ image }) => image === 'ollama.exe')).toHaveLength(1);
  });

  it('leaves alone what is not the app’s: another port, another user’s, a command of somebody’s', async () => {
    const windows = new Windows().install().login();
    const others = [
      windows.serve('127.0.0.1:9999'),
      windows.task('ollama.exe'),
      windows.task('ollama app.exe', 2),
      windows.serve(undefined, 2),
    ];
    await perform(windows, actOf(windows));
    expect(others.every((task) => windows.tasks.includes(task))).toBe(true);
  });

  it('of a server without an app spares the one that is the app’s', async () => {
    const windows = new Windows().install().login();
    const hand = windows.serve('0.0.0.0:11434');
    const own = windows.tasks.find(({ parent }) => parent === windows.app?.pid);
    const pidFile = `${windows.home}/AppData/Local/Ollama/ollama.pid`;
    await perform(
      windows,
      actOf(windows, {
        app: null,
        grace: 0,
        start: null,
        servers: { image: 'ollama.exe', pidFile: null, ports: [11434], spare: pidFile },
      }),
    );
    expect([windows.tasks.includes(hand), own && windows.tasks.includes(own)]).toEqual([false, true]);
  });

  it('has patience as long as one after the other ends, on a PC that takes its time', async () => {
    const windows = new Windows().install().login();
    windows.stubborn = true;
    windows.command(['C:\\Windows\\System32\\taskkill.exe'], (argv) => {
      void windows.sleep(8000);
      return argv.includes('/T') ? { code: 1, stderr: 'no trees' } : windows.execute('taskkill', argv.slice(1));
    });
    await perform(windows, { ...actOf(windows), start: null });
    expect(windows.tasks.filter(({ image }) => image.startsWith('ollama'))).toEqual([]);
  });

  it('says who does not end, and why', async () => {
    const windows = new Windows().install().login();
    windows.command(['C:\\Windows\\System32\\taskkill.exe'], { code: 1, stderr: 'ERROR: Zugriff verweigert' });
    await expect(perform(windows, actOf(windows))).rejects.toThrow(
      /process \d+ \(ollama app\.exe\) does not end: ERROR: Zugriff verweigert/,
    );
    expect(windows.detached).toEqual([]);
  });

  it('is shown as it could be typed', () => {
    const windows = new Windows();
    expect(commandLine(actOf(windows))).toBe(
      'taskkill /IM "ollama app.exe" & start "" "C:\\Users\\Jürgen 太郎\\AppData\\Local\\Programs\\Ollama\\ollama app.exe" --hide',
    );
    expect(
      commandLine({
        type: 'command',
        id: 'x',
        title: 'x',
        identity: 'self',
        argv: ['C:\\W\\net.exe', 'stop', 'A b'],
        timeout: 1,
      }),
    ).toBe('C:\\W\\net.exe stop "A b"');
  });
});
