import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { children } from './rig/outside.ts';
import { windowsUnavailable } from './windows/rig/available.ts';
import { bootWindows, prepareWindows, type Windows, withWindows } from './windows/rig/windows.ts';

const HOST = 'OLLAMA_HOST';
const VERSION = 'http://127.0.0.1:11434/api/version';
/** How long the tests wait for what comes at once on an idle machine. */
const SOON = { timeout: 60_000, interval: 30 };
const QUICK = { switches: { 'restart-delay': 100 } } as const;

/** Runs a program of system32; resolves with its code and both outputs in the machine's code page (Latin letters only). */
async function tool(win: Windows, name: string, ...args: string[]) {
  const { code, bytes } = await win.run(win.system(name), args);
  return { code, out: bytes.stdout.toString('latin1'), err: bytes.stderr.toString('latin1') };
}

/** The wineservers that this process's machines run, by their command lines. */
function ownWineservers(): string[] {
  const below = (pid: number): number[] => children(pid).flatMap((child) => [child, ...below(child)]);
  const commands = below(process.pid).map((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    } catch {
      return '';
    }
  });
  return commands.filter((command) => command.includes('wineserver'));
}

/** netstat's rows of Ollama's port, with single blanks. */
async function rows(win: Windows): Promise<string[]> {
  const { out } = await tool(win, 'netstat.exe', '-ano');
  const lines = out.split('\r\n').map((line) => line.trim().replace(/\s+/g, ' '));
  return lines.filter((line) => line.includes(':11434'));
}

describe.skipIf(windowsUnavailable())('the Windows rig', () => {
  beforeAll(prepareWindows, 600_000);

  it('plays two machines at once that share nothing, and leaves nothing of them', async () => {
    const began = performance.now();
    const [one, two] = await Promise.all([bootWindows({ ...QUICK, user: 'One' }), bootWindows({ user: 'Two' })]);
    try {
      await one.startApp();
      expect(one.listeners(11434)).toMatchObject([{ family: 'tcp', address: '127.0.0.1' }]);
      expect(two.listeners(11434)).toEqual([]);
      expect((await one.fetch(VERSION)).body).toBe('{"version":"0.33.0"}');
      expect((await one.fetchFromNeighbour()).error).toContain('connect');
      await two.reg.set('HKCU\\Environment', HOST, 'two');
      expect(await one.reg.user(HOST)).toBeUndefined();
    } finally {
      await Promise.all([one.end(), two.end()]);
    }
    console.log(`two machines, an app started: ${Math.round(performance.now() - began)} ms`);
    await expect.poll(ownWineservers, SOON).toEqual([]);
  });

  it('keeps the registry with its types, for reg.exe, a new terminal, and the next logon', async () => {
    const machineVariables = {
      [HOST]: '127.0.0.1:1',
      FROM_MACHINE: { type: 'REG_EXPAND_SZ', value: '%OS%!' },
    } as const;
    await withWindows('registry', { user: 'Zoë Ünal', machineVariables, install: 'none' }, async (win) => {
      const reg = (...args: string[]) => tool(win, 'reg.exe', ...args);
      const shown = async () => (await tool(win, 'cmd.exe', '/c', 'echo %OLLAMA_HOST% %FROM_MACHINE%')).out.trim();
      expect(await shown()).toBe('127.0.0.1:1 Windows_NT!');
      expect(await reg('query', 'HKCU\\Environment', '/v', HOST)).toMatchObject({ code: 1, out: '' });
      expect((await reg('add', 'HKCU\\Environment', '/v', HOST, '/t', 'REG_SZ', '/d', 'ours', '/f')).code).toBe(0);
      expect(await win.reg.user(HOST)).toEqual({ type: 'REG_SZ', value: 'ours' });
      expect((await reg('query', 'HKCU\\Environment', '/v', HOST)).out).toBe(
        '\r\nHKEY_CURRENT_USER\\Environment\r\n    OLLAMA_HOST    REG_SZ    ours\r\n\r\n',
      );
      expect(await shown()).toBe('ours Windows_NT!');
      const machine = 'HKLM\\System\\CurrentControlSet\\Control\\Session Manager\\Environment';
      expect(await reg('delete', machine, '/v', HOST, '/f')).toEqual({
        code: 1,
        out: '',
        err: 'ERROR: Access is denied.\r\n',
      });
      win.set('elevated');
      expect((await reg('delete', machine, '/v', HOST, '/f')).code).toBe(0);
      await win.reg.set('HKCU\\Environment', 'ŁÓDŹ', 'añil %USERPROFILE%', 'REG_EXPAND_SZ');
      await win.logon();
      expect(await win.reg.machine(HOST)).toBeUndefined();
      expect(await win.reg.user('ŁÓDŹ')).toEqual({ type: 'REG_EXPAND_SZ', value: 'añil %USERPROFILE%' });
      expect(win.calls('reg.exe')).toHaveLength(5);
    });
  });

  it('has an app that only a restart with the new environment opens, and that comes back at logon', async () => {
    await withWindows('app', { ...QUICK, user: 'Jürgen Müller' }, async (win) => {
      const first = await win.startApp();
      expect(win.appRunning()).toMatchObject({ pid: first, cwd: win.folders.install });
      expect(await tool(win, 'setx.exe', HOST, '0.0.0.0:11434')).toMatchObject({ code: 0 });
      expect(win.appLog()).toContain('WM_SETTINGCHANGE Environment');
      await win.startApp({ wait: false });
      await expect.poll(() => win.appLog(), SOON).toContain('existing instance found');
      expect(await rows(win)).toEqual([expect.stringMatching(/^TCP 127.0.0.1:11434 0.0.0.0:0 LISTENING \d+$/)]);
      const tree = await tool(win, 'taskkill.exe', '/T', '/PID', String(first));
      expect([tree.code, tree.err]).toEqual([
        1,
        expect.stringContaining('child processes of this process were still running'),
      ]);
      expect((await tool(win, 'taskkill.exe', '/PID', String(first))).code).toBe(0);
      await expect.poll(() => [win.appRunning(), win.servers(), win.listeners()], SOON).toEqual([undefined, [], []]);
      await win.startApp();
      expect(win.serverEnvironment()).toMatchObject({
        OLLAMA_HOST: '0.0.0.0:11434',
        USERPROFILE: 'C:\\users\\Jürgen Müller',
      });
      const [server] = win.servers();
      expect(await rows(win)).toEqual([
        `TCP 0.0.0.0:11434 0.0.0.0:0 LISTENING ${server!.pid}`,
        `TCP [::]:11434 [::]:0 LISTENING ${server!.pid}`,
      ]);
      expect(win.serverLog()).toContain('Listening on [::]:11434 (version 0.33.0)');
      expect((await win.fetchFromNeighbour()).status).toBe(200);
      await win.logon();
      await win.waitForServer();
      expect(win.serverEnvironment()).toMatchObject({ OLLAMA_HOST: '0.0.0.0:11434' });
      expect(win.appLog().split('starting').at(-1)).toContain('hidden');
    });
  });

  it('has an app that finds its server by PATH only, respawns it, and cleans up after a hard end', async () => {
    await withWindows('respawn', { ...QUICK, onPath: false }, async (win) => {
      const app = await win.startApp({ wait: false });
      await expect.poll(() => win.appLog(), SOON).toContain('executable file not found in %PATH%');
      expect((await tool(win, 'taskkill.exe', '/F', '/PID', String(app))).code).toBe(0);
      const path = `${win.folders.install};C:\\windows\\system32`;
      const env = { Path: path, OLLAMA_MODELS: 'D:\\models' };
      await win.startApp({ env });
      const [server] = win.servers();
      expect(server!.env).toMatchObject({ OLLAMA_MODELS: 'D:\\models' });
      expect((await tool(win, 'taskkill.exe', '/PID', String(server!.pid))).err).toContain('(with /F option)');
      expect((await tool(win, 'taskkill.exe', '/F', '/PID', String(server!.pid))).code).toBe(0);
      await expect.poll(() => win.servers().at(-1)?.pid, SOON).not.toBe(server!.pid);
      await win.waitForServer();
      const [respawned] = win.servers();
      expect((await tool(win, 'taskkill.exe', '/F', '/IM', 'OLLAMA APP.EXE')).code).toBe(0);
      await expect.poll(() => win.appRunning(), SOON).toBeUndefined();
      expect((await win.fetch(VERSION)).pid).toBe(respawned!.pid);
      await win.startApp({ env, wait: false });
      await expect.poll(() => win.servers().at(-1)?.pid ?? respawned!.pid, SOON).not.toBe(respawned!.pid);
      expect(win.listeners(11434)).toHaveLength(1);
      expect(win.appLog()).toContain(`cleaned up the previous server ${respawned!.pid}`);
    });
  });

  it('has an app that does not stop when asked, or has no server', async () => {
    await withWindows('stubborn', { switches: { 'ignore-close': true, 'no-server': true } }, async (win) => {
      const app = await win.startApp({ wait: false });
      await expect.poll(() => win.appRunning()?.pid, SOON).toBe(app);
      expect((await tool(win, 'taskkill.exe', '/IM', 'ollama app.exe')).code).toBe(0);
      await expect.poll(() => win.appLog(), SOON).toContain('WM_CLOSE');
      expect(win.appRunning()?.pid).toBe(app);
      expect((await tool(win, 'taskkill.exe', '/F', '/T', '/PID', String(app))).code).toBe(0);
      expect(win.appRunning()).toBeUndefined();
      expect(await tool(win, 'taskkill.exe', '/PID', '99999')).toMatchObject({
        code: 128,
        err: 'ERROR: The process "99999" not found.\r\n',
      });
      expect(win.starts('ollama.exe')).toEqual([]);
    });
  });

  it('lets two servers share the port as Windows does, the exact address first', async () => {
    await withWindows('shared', { ...QUICK, userVariables: { [HOST]: '0.0.0.0' } }, async (win) => {
      await win.startApp();
      const [wide] = win.servers();
      const exact = await win.startServer({ env: { [HOST]: '127.0.0.1' } });
      expect(await rows(win)).toEqual([
        `TCP 127.0.0.1:11434 0.0.0.0:0 LISTENING ${exact}`,
        `TCP 0.0.0.0:11434 0.0.0.0:0 LISTENING ${wide!.pid}`,
        `TCP [::]:11434 [::]:0 LISTENING ${wide!.pid}`,
      ]);
      expect((await win.fetch(VERSION)).pid).toBe(exact);
      expect((await win.fetch('http://127.0.0.2:11434/')).pid).toBe(wide!.pid);
      expect((await win.fetchFromNeighbour()).pid).toBe(wide!.pid);
      const third = await win.run(`${win.folders.install}\\ollama.exe`, ['serve'], { env: { [HOST]: '127.0.0.1' } });
      expect(third).toMatchObject({
        code: 1,
        stderr: expect.stringContaining('Only one usage of each socket address'),
      });
    });
  });

  it('reads OLLAMA_HOST as Ollama does', async () => {
    await withWindows('host', { install: 'cli', switches: { 'excluded-ports': '11500 11600' } }, async (win) => {
      const cases = {
        "' 127.0.0.1:11499 '": '127.0.0.1 11499',
        ':11498': ':: 11498',
        'http://127.0.0.1': '127.0.0.1 80',
        '[::1]:11497': '::1 11497',
        localhost: '127.0.0.1 11434',
      };
      for (const [value, expected] of Object.entries(cases)) {
        const before = win.listeners().length;
        await win.startServer({ env: { [HOST]: value } });
        expect(win.listeners()).toHaveLength(before + 1);
        expect(
          win.listeners().map(({ address, port }) => `${address} ${port}`),
          value,
        ).toContain(expected);
      }
      const serve = await win.run(`${win.folders.install}\\ollama.exe`, ['serve'], {
        env: { [HOST]: '127.0.0.1:11550' },
      });
      expect(serve.stderr).toContain('access a socket in a way forbidden by its access permissions');
      const ranges = await tool(win, 'netsh.exe', 'interface', 'ipv4', 'show', 'excludedportrange', 'protocol=tcp');
      expect(ranges.out).toContain('     11500       11600');
    });
  });

  it("reads the app's own switch from a real SQLite file, written back or not", async () => {
    await withWindows(
      'expose',
      { ...QUICK, expose: true, userVariables: { [HOST]: '127.0.0.1:5555' } },
      async (win) => {
        await win.startApp();
        expect(win.listeners(11434)).toMatchObject([{ address: '::' }]);
        expect(win.appRunning()?.env).toMatchObject({ OLLAMA_HOST: '127.0.0.1:5555' });
        expect(win.serverEnvironment()).toMatchObject({ OLLAMA_HOST: '0.0.0.0' });
        await win.setExpose(false, true);
        expect(win.files.list(`${win.folders.localAppData}\\Ollama`)).toContain('db.sqlite-wal');
        await tool(win, 'taskkill.exe', '/F', '/IM', 'ollama.exe');
        await expect.poll(() => win.listeners(), SOON).toMatchObject([{ address: '127.0.0.1', port: 5555 }]);
      },
    );
  });

  it('speaks German and Japanese in their code pages', async () => {
    await withWindows('german', { ...QUICK, language: 'de' }, async (win) => {
      await win.startApp();
      expect((await rows(win))[0]).toMatch(/^TCP 127.0.0.1:11434 0.0.0.0:0 ABH\x99REN \d+$/);
      expect((await tool(win, 'tasklist.exe', '/FI', 'PID eq 4711', '/FO', 'CSV', '/NH')).out).toContain(
        'ausgef\x81hrt.\r\n',
      );
      expect((await tool(win, 'chcp.com')).out).toBe('Aktive Codepage: 850.\r\n');
      expect((await win.reg.get('HKLM\\System\\CurrentControlSet\\Control\\Nls\\CodePage', 'OEMCP'))?.value).toBe(
        '850',
      );
    });
    await withWindows('japanese', { install: 'none', language: 'ja' }, async (win) => {
      const { bytes } = await win.run(win.system('netstat.exe'), ['-ano']);
      expect(new TextDecoder('shift_jis').decode(bytes.stdout)).toContain('アクティブな接続');
    });
  });

  it('tells of processes and rows that only a test knows of, and of rights', async () => {
    await withWindows('ghosts', { install: 'none' }, async (win) => {
      win.ghosts(
        { pid: 5120, image: 'wslrelay.exe' },
        { pid: 992, image: 'svchost.exe', session: 'Services', services: 'RpcSs' },
      );
      win.netstatRows('TCP 127.0.0.1:11434 0.0.0.0:0 LISTENING 5120', 'UDP 0.0.0.0:5353 *:* 992');
      const list = (...args: string[]) => tool(win, 'tasklist.exe', '/NH', '/FO', 'CSV', ...args);
      expect((await list('/FI', 'PID eq 5120')).out).toBe('"wslrelay.exe","5120","Console","1","12,345 K"\r\n');
      expect((await list('/SVC', '/FI', 'PID eq 992')).out).toBe('"svchost.exe","992","RpcSs"\r\n');
      expect((await tool(win, 'taskkill.exe', '/F', '/PID', '992')).err).toContain('Access is denied.');
      expect(await rows(win)).toEqual(['TCP 127.0.0.1:11434 0.0.0.0:0 LISTENING 5120']);
      expect((await tool(win, 'taskkill.exe', '/F', '/PID', '5120')).code).toBe(0);
      expect(await rows(win)).toEqual([]);
      expect((await tool(win, 'whoami.exe', '/groups', '/fo', 'csv', '/nh')).out).toContain('"S-1-16-8192"');
      win.set('elevated');
      expect((await tool(win, 'whoami.exe', '/groups')).out).toContain('S-1-16-12288');
      win.answer('netsh', ['advfirewall', 'show'], { stdout: 'No rules match.\r\n', code: 1 });
      const rule = await tool(win, 'netsh.exe', 'advfirewall', 'firewall', 'Show', 'rule', 'name=all');
      expect(rule).toEqual({ code: 1, out: 'No rules match.\r\n', err: '' });
      expect((await tool(win, 'net.exe', 'stop', 'winnat')).err).toContain('no answer was recorded');
    });
  });

  it.each(['nssm', 'winsw'] as const)('runs Ollama under %s, without the variables of the user', async (kind) => {
    const options = { install: 'cli', folder: 'C:\\ollama', userVariables: { [HOST]: '0.0.0.0' } } as const;
    await withWindows(kind, { ...options, ...QUICK }, async (win) => {
      const sc = (...args: string[]) => tool(win, 'sc.exe', ...args);
      expect((await sc('queryex', 'ollama')).code).toBe(1060);
      const service = await win.startService({ kind, env: { OLLAMA_MODELS: 'D:\\models' } });
      expect(win.listeners(11434)).toMatchObject([{ address: '127.0.0.1' }]);
      expect(win.serverEnvironment()).toMatchObject({ OLLAMA_MODELS: 'D:\\models' });
      const pid = /PID +: (\d+)/.exec((await sc('queryex', 'ollama')).out)?.[1];
      expect(win.servers()[0]!.parent).toBe(Number(pid));
      expect((await sc('qc', 'ollama')).out).toContain(`BINARY_PATH_NAME   : ${service.program}\r\n`);
      expect((await tool(win, 'tasklist.exe', '/FI', 'IMAGENAME eq ollama.exe', '/FO', 'CSV')).out).toContain(
        '"Services","0"',
      );
      expect((await sc('stop', 'ollama')).code).toBe(5);
      win.set('elevated');
      if (kind === 'winsw') {
        const env = `<env name="${HOST}" value="0.0.0.0"/></service>`;
        win.files.write(service.xml, win.files.read(service.xml).replace('</service>', env));
      } else {
        const set = ['set', 'ollama', 'AppEnvironmentExtra', `${HOST}=0.0.0.0`];
        expect((await win.run(service.program, set)).code).toBe(0);
        expect(await win.reg.get(service.parameters, 'AppEnvironmentExtra')).toEqual({
          type: 'REG_MULTI_SZ',
          value: `${HOST}=0.0.0.0`,
        });
      }
      expect((await sc('stop', 'ollama')).code).toBe(0);
      await expect.poll(() => win.listeners(), SOON).toEqual([]);
      expect((await sc('start', 'ollama')).out).toContain('RUNNING');
      await expect.poll(() => win.listeners(11434), SOON).toMatchObject([{ address: '::' }]);
      await win.logon();
      await win.waitForServer();
      expect(win.serverEnvironment()).toMatchObject({ [HOST]: '0.0.0.0' });
    });
  });

  it.each(['20', '22'] as const)('runs Windows Node %s and sees who was called', async (node) => {
    await withWindows(`node ${node}`, { install: 'none', user: 'Ana María' }, async (win) => {
      win.plant('C:\\evil\\reg.exe');
      const script = `
        const { spawnSync } = require('node:child_process');
        const own = spawnSync('C:\\\\windows\\\\system32\\\\reg.exe', ['query', 'HKCU\\\\Environment'], { encoding: 'latin1' });
        spawnSync('reg', ['query', 'HKCU']);
        console.log(process.platform, process.version, own.status, process.env.HOME, process.env.MINE, __filename);`;
      const began = performance.now();
      const { code, stdout } = await win.node(script, { node, cwd: 'C:\\evil', env: { MINE: 'a "b" ü' } });
      console.log(`Node ${node} with two calls: ${Math.round(performance.now() - began)} ms`);
      expect([code, stdout.trim()]).toEqual([
        0,
        expect.stringMatching(`^win32 v${node}\\.\\S+ 0 undefined a "b" ü C:`),
      ]);
      expect(win.calls().map(({ program, cwd }) => [program, cwd])).toEqual([
        ['C:\\windows\\system32\\reg.exe', 'C:\\evil'],
        ['C:\\evil\\reg.exe', 'C:\\evil'],
      ]);
      const product = await win.product(['--version'], { node });
      expect(product).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/), stderr: '' });
    });
  });
});
