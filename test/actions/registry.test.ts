import { describe, expect, it } from 'vitest';
import { applyChange, fingerprintOf, inspectChange, invertChange, subjectOf } from '../../src/actions/change.ts';
import { CommandError } from '../../src/actions/command.ts';
import { type RegistryChange, type RegistryData, registryCommandLine } from '../../src/actions/registry.ts';
import { reversalOf } from '../../src/actions/revert.ts';
import { isJournal } from '../../src/engine/valid.ts';
import { stepsOf } from '../../src/ui/steps.ts';
import { MACHINE, USER, Windows } from '../windows/machine.ts';

const ALL: RegistryData = { kind: 'REG_SZ', data: '0.0.0.0:11434' };

function changeOf(from: RegistryData | null, to: RegistryData | null, key = USER): RegistryChange {
  const subject = `${key}\\NAME`;
  return { type: 'registry', id: 'set', title: 'Set NAME', subject, identity: 'self', key, name: 'NAME', from, to };
}

const runs = (windows: Windows) => windows.done.map(({ what }) => what.replace('C:\\Windows\\System32\\', ''));
const valueIn = (windows: Windows, key = USER) => windows.registry.get(key, 'NAME');

describe('a change of the registry', () => {
  it('is announced by the program that sets it, and read back', async () => {
    const windows = new Windows();
    const change = changeOf(null, ALL);
    expect(await inspectChange(windows, change)).toBe('todo');
    await applyChange(windows, change, 'run');
    expect(valueIn(windows)).toEqual({ name: 'NAME', ...ALL });
    expect(runs(windows)).toEqual(['setx.exe NAME 0.0.0.0:11434']);
    expect(await inspectChange(windows, change)).toBe('done');
    expect(await inspectChange(windows, changeOf(null, { ...ALL, data: 'x' }))).toBe('conflict');
    expect([subjectOf(change), fingerprintOf(change), fingerprintOf(invertChange(change))]).toEqual([
      `${USER}\\NAME`,
      'REG_SZ 0.0.0.0:11434',
      'absent',
    ]);
  });

  it('is made by reg.exe where setx.exe cannot, with its type', async () => {
    const windows = new Windows();
    windows.setxFails = true;
    await applyChange(windows, changeOf(null, ALL), 'run');
    expect(valueIn(windows)).toMatchObject(ALL);
    const typed: RegistryData = { kind: 'REG_EXPAND_SZ', data: '%A% b' };
    await applyChange(windows, changeOf(ALL, typed), 'run');
    expect(valueIn(windows)).toMatchObject(typed);
    expect(runs(windows)).toContain(`reg.exe add ${USER} /v NAME /t REG_EXPAND_SZ /d %A% b /f`);
  });

  it('is never entrusted to setx.exe when it would make something else of it', async () => {
    for (const data of ['%A%', '', 'a"b', 'x'.repeat(2000)]) {
      const windows = new Windows();
      await applyChange(windows, changeOf(null, { kind: 'REG_SZ', data }), 'run');
      expect(valueIn(windows)).toMatchObject({ kind: 'REG_SZ', data });
    }
  });

  it('that removes a value is announced by setting another to what it is', async () => {
    const windows = new Windows();
    windows.registry.set(USER, 'NAME', 'REG_SZ', ALL.data).set(USER, 'EDITOR', 'REG_SZ', 'notepad.exe');
    const before = windows.registry.snapshot();
    await applyChange(windows, changeOf(ALL, null), 'run');
    expect(runs(windows)).toEqual([`reg.exe delete ${USER} /v NAME /f`, 'setx.exe EDITOR notepad.exe']);
    expect(windows.registry.snapshot()).toEqual(before.filter((line) => !line.includes('NAME')));
    expect(windows.announced).toBe(1);
  });

  it('or one of ours for a moment, where there is none that is plain', async () => {
    const windows = new Windows();
    for (const [name, data] of [
      ['NAME', ALL.data],
      ['Path', 'C:\\x'],
      ['B', 'a"b'],
      ['C', '太郎'],
      ['D', '%x%'],
      ['E', '/M'],
    ] as const)
      windows.registry.set(USER, name, 'REG_SZ', data);
    const before = windows.registry.snapshot();
    await applyChange(windows, changeOf(ALL, null), 'run');
    expect(runs(windows).slice(1)).toEqual([
      'setx.exe STIGMER_ANNOUNCE 1',
      `reg.exe delete ${USER} /v STIGMER_ANNOUNCE /f`,
    ]);
    expect(windows.registry.snapshot()).toEqual(before.filter((line) => !line.includes('\\NAME')));
  });

  it('of the machine needs an administrator', async () => {
    const windows = new Windows();
    await expect(applyChange(windows, changeOf(null, ALL, MACHINE), 'run')).rejects.toMatchObject({ errno: 'EACCES' });
    windows.elevated = true;
    await applyChange(windows, changeOf(null, ALL, MACHINE), 'run');
    expect(valueIn(windows, MACHINE)).toMatchObject(ALL);
    expect(windows.announced).toBe(0);
  });

  it('says what a closed registry says', async () => {
    const windows = new Windows();
    windows.registry.closed = true;
    await expect(inspectChange(windows, changeOf(null, ALL))).rejects.toThrow(CommandError);
  });

  it('keeps a list exact, whatever the code page makes of it', async () => {
    const windows = new Windows();
    windows.elevated = true;
    const from: RegistryData = { kind: 'REG_MULTI_SZ', data: 'M=D:\\Łódź 太郎' };
    const to: RegistryData = { kind: 'REG_MULTI_SZ', data: `${from.data}\\0NAME=1` };
    windows.registry.set('HKLM\\S', 'NAME', from.kind, from.data);
    const change = changeOf(from, to, 'HKLM\\S');
    await applyChange(windows, change, 'run');
    expect(await inspectChange(windows, change)).toBe('done');
    await applyChange(windows, invertChange(change), 'run');
    expect(valueIn(windows, 'HKLM\\S')).toMatchObject(from);
  });

  it('is taken back where it is ours, and not where somebody has set it since', async () => {
    const windows = new Windows();
    const change = changeOf({ kind: 'REG_EXPAND_SZ', data: '%A%' }, ALL);
    windows.registry.set(USER, 'NAME', ALL.kind, ALL.data);
    expect(await reversalOf(windows, change, [])).toMatchObject({
      kind: 'change',
      change: { from: ALL, to: change.from },
    });
    windows.registry.set(USER, 'NAME', 'REG_SZ', 'older of ours');
    expect(await reversalOf(windows, change, ['REG_SZ older of ours'])).toMatchObject({
      kind: 'change',
      change: { to: change.from },
    });
    windows.registry.set(USER, 'NAME', 'REG_SZ', 'theirs');
    expect(await reversalOf(windows, change, ['REG_SZ x'])).toEqual({ kind: 'nothing' });
    windows.registry.remove(USER, 'NAME');
    expect(await reversalOf(windows, change, ['REG_SZ x'])).toEqual({ kind: 'nothing' });
  });

  it('is shown as a diff and as a command that can be pasted', async () => {
    const windows = new Windows();
    const change = changeOf(null, ALL);
    const [step] = await stepsOf(windows, { target: 't', changes: [change], activate: [], deactivate: [] });
    expect(step?.command).toBe('C:\\Windows\\System32\\setx.exe NAME 0.0.0.0:11434');
    expect(step?.diff).toBe(`-${USER}\\NAME = not set\n+${USER}\\NAME = 0.0.0.0:11434 (REG_SZ)\n`);
    expect(registryCommandLine(windows, invertChange(change) as RegistryChange)).toContain(
      'reg.exe delete HKCU\\Environment /v NAME /f',
    );
  });

  it('can be read from a journal', () => {
    const plan = { target: 't', changes: [changeOf(null, ALL)], activate: [], deactivate: [] };
    const journal = {
      journalVersion: 1,
      run: 'r',
      operation: 'setup',
      startedAt: '',
      tool: '1',
      plan,
      before: {},
      wanted: 'w',
    };
    expect(isJournal(journal)).toBe(true);
    expect(isJournal({ ...journal, plan: { ...plan, changes: [{ ...changeOf(null, ALL), key: undefined }] } })).toBe(
      false,
    );
    expect(
      isJournal({ ...journal, plan: { ...plan, changes: [changeOf(null, { kind: 'REG_SZ' } as RegistryData)] } }),
    ).toBe(false);
  });
});
