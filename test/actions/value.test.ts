import { describe, expect, it } from 'vitest';
import { CommandError } from '../../src/actions/command.ts';
import { applyValue, inspectValue, invertValue, readValue, type ValueChange } from '../../src/actions/value.ts';
import { RecordedMac } from '../rig/mac-host.ts';

const change: ValueChange = {
  type: 'value',
  id: 'setenv',
  title: 'Set OLLAMA_HOST',
  subject: 'launchctl OLLAMA_HOST',
  identity: 'self',
  from: null,
  to: '0.0.0.0:11434',
  read: ['launchctl', 'getenv', 'OLLAMA_HOST'],
  set: ['launchctl', 'setenv', 'OLLAMA_HOST', '0.0.0.0:11434'],
  unset: ['launchctl', 'unsetenv', 'OLLAMA_HOST'],
};

/** A session that keeps one variable. */
function session(value: string | null, takes = true): RecordedMac & { value: string | null } {
  const host = Object.assign(new RecordedMac(), { value });
  return host
    .command(['launchctl', 'getenv'], () => ({ stdout: host.value === null ? '' : `${host.value}\n` }))
    .command(['launchctl', 'setenv'], ([, , , to]) => {
      if (takes) host.value = to ?? null;
      return {};
    })
    .command(['launchctl', 'unsetenv'], () => {
      host.value = null;
      return {};
    }) as typeof host;
}

describe('a value that another program keeps', () => {
  it.each([
    [null, 'todo'],
    ['0.0.0.0:11434', 'done'],
    ['127.0.0.1', 'conflict'],
  ])('%s is %s', async (value, state) => {
    expect(await readValue(session(value), change)).toBe(value);
    expect(await inspectValue(session(value), change)).toBe(state);
  });

  it('is set, and taken back', async () => {
    const host = session(null);
    await applyValue(host, change);
    expect(host.value).toBe('0.0.0.0:11434');
    await applyValue(host, invertValue(change));
    expect(host.value).toBeNull();
    expect(invertValue(invertValue(change))).toMatchObject({ from: null, to: '0.0.0.0:11434', set: change.set });
  });

  it('that does not take is told', async () => {
    await expect(applyValue(session(null, false), change)).rejects.toThrow(
      'launchctl OLLAMA_HOST is not set afterwards',
    );
  });

  it('that cannot be read or set is told in the words of the program', async () => {
    const words = { code: 1, stderr: 'Not privileged to set domain environment.\n' };
    await expect(applyValue(session(null).command(['launchctl', 'setenv'], words), change)).rejects.toThrow(
      'Not privileged',
    );
    const blind = session(null).command(['launchctl', 'getenv'], words);
    await expect(inspectValue(blind, change)).rejects.toThrow(CommandError);
  });
});
