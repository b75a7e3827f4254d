import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { adoptUnfinished } from '../../../src/commands/recovery.ts';
import { contextFor } from '../../rig/context.ts';
import { ALL, look, planned, setup, stateOf, undo } from '../../windows/journey.ts';
import { MACHINE, USER, Windows } from '../../windows/machine.ts';

const KIND = 'windows-app';
const RUNS = Number(process.env.RUNS ?? 40);
type Side = [kind: string, data: string] | undefined;

const START = fc.record({
  user: fc.constantFrom<Side[]>(
    undefined,
    ['REG_SZ', '127.0.0.1:11434'],
    ['REG_SZ', ''],
    ['REG_EXPAND_SZ', '%WHERE%:8080'],
    ['REG_SZ', '0.0.0.0'],
  ),
  machine: fc.constantFrom<Side[]>(undefined, ['REG_SZ', '127.0.0.1'], ['REG_SZ', ALL]),
  plain: fc.boolean(),
  runs: fc.boolean(),
  orphan: fc.boolean(),
  stubborn: fc.boolean(),
  setxFails: fc.boolean(),
  language: fc.constantFrom<('en' | 'de' | 'ja')[]>('en', 'de', 'ja'),
});

type Start = typeof START extends fc.Arbitrary<infer T> ? T : never;

function windowsOf({ user, machine, plain, runs, orphan, stubborn, setxFails, language }: Start): Windows {
  const windows = new Windows().install();
  windows.env.WHERE = '127.0.0.1';
  if (user) windows.registry.set(USER, 'OLLAMA_HOST', ...user);
  if (machine) windows.registry.set(MACHINE, 'OLLAMA_HOST', ...machine);
  if (plain) windows.registry.set(USER, 'EDITOR', 'REG_SZ', 'notepad');
  Object.assign(windows, { stubborn, setxFails, language });
  if (!runs) return windows;
  windows.login();
  // Killed by somebody: its server lives on.
  if (orphan && windows.app) windows.tasks.splice(windows.tasks.indexOf(windows.app), 1);
  return windows;
}

describe('setup and undo of the app', () => {
  it('give everything back, from wherever they begin', async () => {
    await fc.assert(
      fc.asyncProperty(
        START,
        fc.array(fc.constantFrom(ALL, '0.0.0.0:8080', '127.0.0.1:11434'), { minLength: 1, maxLength: 3 }),
        async (start, wanted) => {
          const windows = windowsOf(start);
          const before = stateOf(windows);
          for (const value of wanted) {
            expect((await setup(windows, KIND, value)).kind).toBe('committed');
            if (start.runs && wanted.length === 1 && !start.orphan) expect(windows.app).toBeDefined();
          }
          if (await undo(windows, KIND)) await windows.sleep(3000);
          const after = stateOf(windows);
          expect(after.registry).toEqual(before.registry);
          expect(after.files).toEqual(before.files);
          // What a login gives, though it may have been started with something else before.
          if (!start.orphan) expect(after.runs).toBe(before.runs);
        },
      ),
      { numRuns: RUNS },
    );
  });

  it('give everything back when the new state does not hold', async () => {
    await fc.assert(
      fc.asyncProperty(START, async (start) => {
        const windows = windowsOf(start);
        const before = stateOf(windows);
        const outcome = await setup(windows, KIND, '0.0.0.0:9999', () => Promise.reject(new Error('port held')));
        expect(outcome.kind).toBe('rolled-back');
        await windows.sleep(2000);
        const after = stateOf(windows);
        expect([after.registry, after.files]).toEqual([before.registry, before.files]);
        if (start.runs && !start.orphan) expect(after.bound).toEqual(before.bound);
      }),
      { numRuns: RUNS },
    );
  });

  it('is complete or not at all, whichever act fails', async () => {
    let failures = 0;
    for (let at = 1; at < 60; at++) {
      const windows = new Windows().install().login();
      const before = stateOf(windows);
      windows.faults.failAt(at);
      const outcome = await setup(windows, KIND).catch((error: Error) => ({ kind: error.name }));
      windows.revive();
      await windows.sleep(3000);
      if (outcome.kind === 'committed') continue;
      failures++;
      expect([at, stateOf(windows).registry]).toEqual([at, before.registry]);
      expect([at, windows.bound]).toEqual([at, before.bound]);
    }
    expect(failures).toBeGreaterThan(5);
  });

  it.each(['before', 'after'] as const)('can be taken back after a death %s any act', async (point) => {
    let deaths = 0;
    for (let at = 1; at < 60; at++) {
      const windows = new Windows().install().login();
      const before = stateOf(windows);
      windows.faults.dieAt(at, point);
      const outcome = await setup(windows, KIND).catch((error: Error) => ({ kind: error.name }));
      if (outcome.kind === 'committed' && !windows.faults.dead) break;
      deaths++;
      windows.revive();
      await windows.sleep(3000);
      const context = contextFor(windows, ['undo', '--yes']);
      await adoptUnfinished(context);
      await undo(windows, KIND, context.report);
      await windows.sleep(3000);
      expect([at, stateOf(windows).registry]).toEqual([at, before.registry]);
      expect([at, windows.bound]).toEqual([at, before.bound]);
    }
    expect(deaths).toBeGreaterThan(5);
  });
});

describe('the app’s binding', () => {
  it('lasts, and takes effect now', async () => {
    const windows = new Windows().install().login();
    expect(windows.bound).toEqual(['127.0.0.1:11434']);
    await setup(windows, KIND);
    expect(windows.bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
    expect(windows.registry.get(USER, 'OLLAMA_HOST')).toEqual({ name: 'OLLAMA_HOST', kind: 'REG_SZ', data: ALL });
    const { plan } = await planned(windows, KIND);
    expect(plan).toMatchObject({ changes: [], activate: [] });
    windows.tasks.splice(2);
    expect(windows.login().bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
  });

  it('the app is started hidden, with the registry’s variables and its own folder first on PATH', async () => {
    const windows = new Windows().install().login();
    windows.registry
      .set(USER, 'OLLAMA_MODELS', 'REG_EXPAND_SZ', '%USERPROFILE%\\Łódź')
      .set(MACHINE, 'HTTPS_PROXY', 'REG_SZ', 'http://p:1');
    windows.env.OLLAMA_HOST = '10.0.0.1';
    await setup(windows, KIND);
    const [{ file, argv, cwd, env, logFile }] = windows.detached as [(typeof windows.detached)[0]];
    expect([file, argv.slice(1), cwd]).toEqual([
      `${windows.folder}/ollama app.exe`,
      ['--hide', '--fast-startup'],
      windows.folder,
    ]);
    expect(logFile).toBe('\\\\.\\nul');
    expect(env).toMatchObject({
      OLLAMA_HOST: ALL,
      OLLAMA_MODELS: 'C:\\Users\\Jürgen 太郎\\Łódź',
      HTTPS_PROXY: 'http://p:1',
    });
    expect(env.PATH?.startsWith(`${windows.folder.replaceAll('/', '\\')};C:\\Windows`)).toBe(true);
    expect(Object.keys(env).filter((name) => /^(npm_|NODE_|INIT_CWD)/.test(name))).toEqual([]);
    // Never by a bare name, and politely before by force.
    const run = windows.done.filter(({ op }) => op === 'run').map(({ what }) => what);
    expect(run.every((what) => what.startsWith('C:\\Windows\\System32\\'))).toBe(true);
    expect(run.filter((what) => what.includes('taskkill'))).toHaveLength(1);
  });

  it('an app that hears nothing is ended by force, with its server', async () => {
    const windows = new Windows().install().login();
    windows.stubborn = true;
    expect((await setup(windows, KIND)).kind).toBe('committed');
    expect(windows.done.filter(({ what }) => what.includes('/F /T'))).not.toEqual([]);
    expect(windows.bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
  });

  it('is undone of what setup did, and not of what somebody set since', async () => {
    const windows = new Windows().install().login();
    await setup(windows, KIND);
    windows.registry.set(USER, 'OLLAMA_HOST', 'REG_SZ', '0.0.0.0:4711');
    await undo(windows, KIND);
    expect(windows.registry.get(USER, 'OLLAMA_HOST')?.data).toBe('0.0.0.0:4711');
  });

  it('that stands already is left as it is written', async () => {
    const windows = new Windows().install();
    windows.registry.set(MACHINE, 'OLLAMA_HOST', 'REG_SZ', '0.0.0.0');
    windows.login();
    expect((await planned(windows, KIND)).plan).toMatchObject({ changes: [], activate: [] });
    expect((await look(windows, KIND)).value).toBe('0.0.0.0');
  });
});
