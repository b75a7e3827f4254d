import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../src/engine/plan.ts';
import { detectAll } from '../../../src/rooms/index.ts';
import type { Refusal } from '../../../src/rooms/room.ts';
import { ALL, look, planned, setup, stateOf, undo } from '../../windows/journey.ts';
import { sceneOf, Windows } from '../../windows/machine.ts';

const KIND = 'windows-service';
const KEY = 'HKLM\\SYSTEM\\CurrentControlSet\\Services';

/** A service whose server takes its OLLAMA_HOST from `read`. */
function withService(
  name: string,
  image: string,
  read: (windows: Windows) => string | undefined,
  account = 'LocalSystem',
) {
  const windows = new Windows();
  const key = `${KEY}\\${name}`;
  windows.registry.key(KEY).key(`${KEY}\\Dnscache`);
  windows.registry
    .set(key, 'Type', 'REG_DWORD', '0x10')
    .set(key, 'ImagePath', 'REG_EXPAND_SZ', image)
    .set(key, 'ObjectName', 'REG_SZ', account);
  const servers = () => windows.tasks.filter(({ image: of, session }) => of === 'ollama.exe' && session === 0);
  windows.services.set(name, {
    state: 1,
    pid: 300,
    start: () => void windows.serve(read(windows), 0),
    stop: () => {
      for (const task of servers()) windows.tasks.splice(windows.tasks.indexOf(task), 1);
    },
  });
  return {
    windows,
    key,
    start: () => {
      const service = windows.services.get(name)!;
      service.start();
      service.state = 4;
    },
  };
}

function withNssm(extra: string | undefined) {
  const parameters = `${KEY}\\Ollama\\Parameters`;
  const lines = (windows: Windows) => windows.registry.get(parameters, 'AppEnvironmentExtra')?.data.split('\\0') ?? [];
  const made = withService('Ollama', '"C:\\Program Files\\nssm\\nssm.exe"', (windows) =>
    lines(windows)
      .findLast((line) => line.startsWith('OLLAMA_HOST='))
      ?.slice(12),
  );
  made.windows.registry.set(parameters, 'Application', 'REG_EXPAND_SZ', 'C:\\ollama\\ollama.exe');
  if (extra !== undefined) made.windows.registry.set(parameters, 'AppEnvironmentExtra', 'REG_MULTI_SZ', extra);
  return { ...made, parameters };
}

const XML =
  '\ufeff<service>\r\n  <id>ollama</id>\r\n  <executable>%BASE%\\ollama.exe</executable>\r\n  <env name="OLLAMA_MODELS" value="D:\\m"/>\r\n</service>\r\n';

function withWinsw(xml = XML) {
  const made = withService(
    'ollama-srv',
    'C:\\svc\\ollama-srv.exe',
    (windows) => /OLLAMA_HOST" value="([^"]*)/.exec(windows.files.text('/C:/svc/ollama-srv.xml') ?? '')?.[1],
  );
  made.windows.disk
    .folder('/C:/svc', { uid: -1, gid: -1 })
    .file('/C:/svc/ollama-srv.xml', xml, { uid: -1, gid: -1, mode: 0o600 });
  return made;
}

const planFor = async (windows: Windows, wanted = ALL) => (await planned(windows, KIND, wanted)).plan as Plan & Refusal;

describe('a service of NSSM', () => {
  it('is found with its server, its value and its account', async () => {
    const { windows, start } = withNssm('OLLAMA_MODELS=D:\\Łódź\\0OLLAMA_HOST=127.0.0.1:11434');
    start();
    const { id, state, settings, warnings } = await look(windows, KIND);
    const [server] = windows.tasks.filter(({ image }) => image === 'ollama.exe');
    expect([id, state]).toEqual(['Ollama', { phase: 'running', pids: [server?.pid], uid: -1 }]);
    expect(settings).toEqual([
      { value: '127.0.0.1:11434', source: 'AppEnvironmentExtra of the service Ollama', effective: true },
    ]);
    expect(warnings.map(({ code }) => code)).toEqual(['win-service-nssm']);
    expect((await detectAll(await sceneOf(windows))).map(({ kind }) => kind)).toEqual([KIND]);
  });

  it.each([undefined, 'OLLAMA_MODELS=D:\\Łódź 太郎', 'ollama_host=127.0.0.1\\0A=b c'])(
    'is given the variable, and back again (%s)',
    async (extra) => {
      const { windows, start, parameters } = withNssm(extra);
      windows.elevated = true;
      start();
      const before = stateOf(windows);
      expect((await setup(windows, KIND)).kind).toBe('committed');
      expect(windows.bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
      const lines = windows.registry.get(parameters, 'AppEnvironmentExtra')?.data.split('\\0') ?? [];
      expect(lines.filter((line) => /^ollama_host=/i.test(line))).toEqual([`OLLAMA_HOST=${ALL}`]);
      expect((await planFor(windows)).activate).toEqual([]);
      expect(await undo(windows, KIND)).toBe(true);
      expect(stateOf(windows)).toEqual(before);
    },
  );

  it('is put back when the new state does not hold', async () => {
    const { windows, start } = withNssm('A=b');
    windows.elevated = true;
    start();
    const before = stateOf(windows);
    expect((await setup(windows, KIND, '0.0.0.0:1', () => Promise.reject(new Error('no')))).kind).toBe('rolled-back');
    expect(stateOf(windows)).toEqual(before);
  });

  it('needs an administrator, who gets the exact commands', async () => {
    const { windows, start } = withNssm(undefined);
    start();
    const refusal = await planFor(windows);
    expect([refusal.exit, refusal.code]).toEqual([5, 'win-service-needs-administrator']);
    expect(refusal.meaning).toContain(
      'nssm set Ollama AppEnvironmentExtra +OLLAMA_HOST=0.0.0.0:11434 & net stop Ollama & net start Ollama',
    );
    expect(windows.done).toEqual([]);
  });
});

describe('a service of WinSW', () => {
  it('gets a line in its file, byte for byte back again', async () => {
    const { windows, start } = withWinsw();
    windows.elevated = true;
    start();
    const before = windows.files.text('/C:/svc/ollama-srv.xml');
    expect((await setup(windows, KIND)).kind).toBe('committed');
    expect(windows.files.text('/C:/svc/ollama-srv.xml')).toContain(
      '  <env name="OLLAMA_HOST" value="0.0.0.0:11434"/>\r\n</service>',
    );
    expect(windows.bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
    expect(await undo(windows, KIND)).toBe(true);
    expect(windows.files.text('/C:/svc/ollama-srv.xml')).toBe(before);
    expect(windows.bound).toEqual(['127.0.0.1:11434']);
  });

  it('that is stopped is not started by the way', async () => {
    const { windows } = withWinsw();
    windows.elevated = true;
    expect((await look(windows, KIND)).state.phase).toBe('stopped');
    expect((await planFor(windows)).activate).toEqual([]);
  });
});

describe('services of other kinds', () => {
  it('are explained', async () => {
    const { windows, start } = withService('OllamaShawl', 'C:\\shawl.exe run -- ollama serve', () => undefined);
    start();
    expect(await planFor(windows)).toMatchObject({ code: 'win-service-unknown-wrapper', exit: 4 });
  });

  it('are looked for everywhere when a server runs that nothing explains', async () => {
    const { windows, start } = withService('LLM', 'C:\\nssm.exe', () => undefined);
    windows.registry.set(`${KEY}\\LLM\\Parameters`, 'Application', 'REG_SZ', 'C:\\o\\ollama.exe');
    expect(await detectAll(await sceneOf(windows))).toEqual([]);
    start();
    windows.command(['C:\\Windows\\System32\\reg.exe', 'query', KEY, '/s'], {
      stdout: `\r\nHKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Services\\LLM\\Parameters\r\n    Application    REG_SZ    C:\\o\\ollama.exe\r\n`,
    });
    expect((await detectAll(await sceneOf(windows))).map(({ id }) => id)).toEqual(['LLM']);
  });

  it('a driver or a key without a program is none', async () => {
    const windows = new Windows();
    windows.registry
      .key(KEY)
      .set(`${KEY}\\ollamadrv`, 'Type', 'REG_DWORD', '0x1')
      .set(`${KEY}\\ollamadrv`, 'ImagePath', 'REG_SZ', 'x.sys')
      .key(`${KEY}\\Ollama`);
    expect(await detectAll(await sceneOf(windows))).toEqual([]);
  });
});
