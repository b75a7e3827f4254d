import { describe, expect, it } from 'vitest';
import { commandLine, perform } from '../../src/actions/index.ts';
import type { ServiceAct } from '../../src/actions/service.ts';
import { Windows } from '../windows/machine.ts';

const actOf = (verb: ServiceAct['verb']): ServiceAct => ({
  type: 'service',
  id: verb,
  title: verb,
  verb,
  name: 'My Svc',
  timeout: 5000,
});

function withService(state: number): { windows: Windows; log: string[] } {
  const windows = new Windows();
  windows.elevated = true;
  const log: string[] = [];
  const note = (what: string) => () => void log.push(what);
  windows.services.set('My Svc', { state, pid: 9, start: note('start'), stop: note('stop') });
  return { windows, log };
}

describe('a service of Windows', () => {
  it('is started once it is really stopped', async () => {
    const { windows, log } = withService(4);
    await perform(windows, actOf('restart'));
    expect([log, windows.services.get('My Svc')?.state]).toEqual([['stop', 'start'], 4]);
  });

  it('that is stopped is only started, and one that runs only stopped', async () => {
    const stopped = withService(1);
    await perform(stopped.windows, actOf('restart'));
    expect(stopped.log).toEqual(['start']);
    await perform(stopped.windows, actOf('start'));
    expect(stopped.log).toEqual(['start']);
    await perform(stopped.windows, actOf('stop'));
    await perform(stopped.windows, actOf('stop'));
    expect(stopped.log).toEqual(['start', 'stop']);
  });

  it('needs the rights', async () => {
    const { windows } = withService(4);
    windows.elevated = false;
    await expect(perform(windows, actOf('restart'))).rejects.toMatchObject({ errno: 'EACCES' });
  });

  it('that ends at once, or does not end, is a failure', async () => {
    const { windows } = withService(4);
    windows.command(['C:\\Windows\\System32\\sc.exe', 'start'], {});
    await expect(perform(windows, actOf('restart'))).rejects.toThrow('ended at once');
    const other = withService(4);
    other.windows.command(['C:\\Windows\\System32\\sc.exe', 'stop'], {});
    await expect(perform(other.windows, actOf('stop'))).rejects.toThrow('state 4');
  });

  it('is shown as it could be typed', () => {
    expect(commandLine(actOf('restart'))).toBe('net stop "My Svc" & net start "My Svc"');
  });
});
