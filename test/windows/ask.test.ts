import { describe, expect, it } from 'vitest';
import { CommandError } from '../../src/actions/command.ts';
import type { RunResult } from '../../src/host/host.ts';
import { askNetstatAno } from '../../src/probes/netstat-ano.ts';
import { readValue } from '../../src/windows/registry.ts';
import { isElevated } from '../../src/windows/rights.ts';
import { askTasks } from '../../src/windows/tasks.ts';
import { planned, setup } from './journey.ts';
import { SYSTEM, USER, Windows } from './machine.ts';

const LATE: Partial<RunResult> = { code: null, error: 'ETIMEDOUT', stdout: '' };

/** A PC that is so busy that a program's first `times` answers do not come. */
function busy(name: string, times: number, answer = LATE): { windows: Windows; asked: () => number } {
  const windows = new Windows().install().withDatabase('0').login();
  let asked = 0;
  windows.command([`${SYSTEM}\\${name}.exe`], (argv) => {
    asked += 1;
    return asked <= times ? answer : windows.execute(name, argv.slice(1));
  });
  return { windows, asked: () => asked };
}

describe('a program that does not answer in time', () => {
  it.each([
    ['tasklist', askTasks],
    ['netstat', askNetstatAno],
    ['whoami', isElevated],
    ['reg', (windows: Windows) => readValue(windows, USER, 'TEMP')],
  ] as const)('is asked again: %s', async (name, ask) => {
    const { windows, asked } = busy(name, 1);
    const untroubled = await ask(busy(name, 0).windows);
    expect(await ask(windows)).toEqual(untroubled);
    expect(asked()).toBeGreaterThan(1);
    await expect(ask(busy(name, 99).windows)).rejects.toThrow(/did not answer in time/);
  });

  it('or cannot be started just now, is asked again', async () => {
    for (const error of ['UNKNOWN', 'EBUSY', 'EAGAIN']) {
      const { windows } = busy('tasklist', 1, { code: null, error });
      expect((await askTasks(windows)).length).toBeGreaterThan(1);
      await expect(askTasks(busy('tasklist', 99, { code: null, error }).windows)).rejects.toThrow(error);
    }
  });

  it('is not asked again where that is forbidden, or it is not there', async () => {
    const { windows, asked } = busy('whoami', 99, { code: null, error: 'EACCES' });
    expect([await isElevated(windows), asked()]).toEqual([false, 1]);
  });

  it.each(['tasklist', 'netstat', 'whoami', 'reg'])(
    'never makes setup think that nothing is there: %s',
    async (name) => {
      const { windows } = busy(name, 99);
      windows.elevated = name === 'whoami';
      const before = windows.registry.snapshot();
      const outcome = await planned(windows, 'windows-app').then(
        ({ plan }) => plan,
        (error: unknown) => error,
      );
      // What cannot be read of the registry has a refusal of its own.
      if (name === 'reg') expect(outcome).toMatchObject({ untouched: true });
      else expect(outcome).toBeInstanceOf(CommandError);
      expect(windows.registry.snapshot()).toEqual(before);
    },
  );

  it('once makes no difference to setup', async () => {
    const { windows } = busy('tasklist', 1);
    expect((await setup(windows, 'windows-app')).kind).toBe('committed');
    expect(windows.bound).toEqual(['0.0.0.0:11434', '[::]:11434']);
  });
});

describe('an answer that is cut short', () => {
  it('is not taken for the whole', async () => {
    const row = '"System","4","Services","0","8 K"\r\n';
    const { windows } = busy('tasklist', 1, { stdout: row });
    expect((await askTasks(windows)).some(({ pid }) => pid === windows.pid)).toBe(true);
    await expect(askTasks(busy('tasklist', 99, { stdout: row }).windows)).rejects.toThrow(CommandError);
    await expect(askNetstatAno(busy('netstat', 99, { stdout: '' }).windows)).rejects.toThrow(CommandError);
  });
});
