import { describe, expect, it } from 'vitest';
import { applyCommand, CommandError } from '../../src/actions/command.ts';
import { commandLine, perform } from '../../src/actions/index.ts';
import type { RespawnAct } from '../../src/actions/respawn.ts';
import { commandOf } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

describe('a command', () => {
  it('gets its environment, its time limit and a way to end it', async () => {
    const seen: unknown[] = [];
    const host = new RecordedHost().command(['do'], (argv, { env, timeout, signal }) => {
      seen.push(argv, env, timeout, signal);
      return {};
    });
    await applyCommand(host, { ...commandOf('x', 'do', 'it'), env: { A: '1' } }, host.interrupted);
    expect(seen).toEqual([['do', 'it'], { A: '1' }, 1000, host.interrupted]);
  });

  it.each([
    ['its standard error', { code: 5, stdout: 'out', stderr: ' err \n' }, 'err'],
    ['else its standard output', { code: 5, stdout: 'out\n' }, 'out'],
    ['else why it did not run', { code: null, error: 'ETIMEDOUT' }, 'ETIMEDOUT'],
    ['else its exit code', { code: 5 }, 'exit code 5'],
  ])('that fails tells %s', async (_, answer, words) => {
    const host = new RecordedHost().command(['do'], answer);
    const failed = applyCommand(host, commandOf('x', 'do', 'it'));
    await expect(failed).rejects.toThrow(CommandError);
    await expect(applyCommand(host, commandOf('x', 'do', 'it'))).rejects.toMatchObject({
      argv: ['do', 'it'],
      output: words,
      message: `\`do it\` failed: ${words}`,
    });
  });

  it('that is missing fails, unless that does not matter', async () => {
    const host = new RecordedHost();
    await expect(applyCommand(host, commandOf('x', 'nothing'))).rejects.toThrow('ENOENT');
    await expect(applyCommand(host, { ...commandOf('x', 'nothing'), tolerate: true })).resolves.toBeUndefined();
  });
});

it('a command line can be pasted', () => {
  const odd = commandOf('x', 'do', 'plain-1.2_/=@:,+%', 'with blank', "it's", '', '$HOME', 'a;b');
  expect(commandLine(odd)).toBe(`do plain-1.2_/=@:,+% 'with blank' 'it'\\''s' '' '$HOME' 'a;b'`);
});

describe('a server that is started anew', () => {
  const WORDS = ['/opt/app', 'serve'];
  const act: RespawnAct = {
    type: 'respawn',
    id: 'restart',
    title: 'Start it anew',
    start: { file: '/opt/app', argv: WORDS, cwd: '/', env: { HOST: 'all' }, uid: 1000, gid: 1000, logFile: '/log' },
    grace: 1000,
  };

  /** A machine with processes that end at a signal of their own choice, or never. */
  function machine(processes: { pid: number; uid?: number; argv?: string[]; ends?: string; state?: string }[]) {
    const host = new RecordedHost();
    const started: unknown[] = [];
    for (const { pid, uid = 1000, argv = WORDS, state = 'S' } of processes) {
      host.disk
        .file(`/proc/${pid}/cmdline`, `${argv.join('\0')}\0`)
        .file(
          `/proc/${pid}/status`,
          `Name:\tapp\nState:\t${state} (x)\nPPid:\t1\nUid:\t${uid}\t${uid}\t${uid}\t${uid}\n`,
        );
    }
    host.onKill = (pid, signal) => {
      const ends = processes.find((process) => process.pid === pid)?.ends;
      if (ends === signal) host.after(50, () => host.disk.drop(`/proc/${pid}`));
      return true;
    };
    host.onDetach = (process) => {
      started.push(process);
      return 99;
    };
    return { host, started };
  }

  const kills = (host: RecordedHost) => host.done.filter(({ op }) => op === 'kill').map(({ what }) => what);

  it('is ended politely first', async () => {
    const { host, started } = machine([{ pid: 10, ends: 'SIGTERM' }]);
    await perform(host, act);
    expect(kills(host)).toEqual(['SIGTERM 10']);
    expect(started).toEqual([act.start]);
  });

  it('and by force when it does not listen', async () => {
    const { host, started } = machine([{ pid: 10, ends: 'SIGKILL' }]);
    await perform(host, act);
    expect(kills(host)).toEqual(['SIGTERM 10', 'SIGKILL 10']);
    expect(started).toHaveLength(1);
  });

  it('and not started beside one that does not end at all', async () => {
    const { host, started } = machine([{ pid: 10 }]);
    await expect(perform(host, act)).rejects.toMatchObject({ errno: 'EBUSY' });
    expect(started).toEqual([]);
  });

  it('with every twin that a crashed run may have left, and nobody else', async () => {
    const { host } = machine([
      { pid: 10, ends: 'SIGTERM' },
      { pid: 11, ends: 'SIGTERM' },
      { pid: 12, uid: 1001 },
      { pid: 13, argv: ['/opt/app', 'serve', '--other'] },
      { pid: 14, argv: ['/opt/app'] },
      { pid: 15, state: 'Z' },
    ]);
    await perform(host, act);
    expect(kills(host)).toEqual(['SIGTERM 10', 'SIGTERM 11']);
  });

  it('when it is not running any more', async () => {
    const { host, started } = machine([]);
    await perform(host, act);
    expect(kills(host)).toEqual([]);
    expect(started).toHaveLength(1);
  });
});
