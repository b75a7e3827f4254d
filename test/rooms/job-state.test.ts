import { describe, expect, it } from 'vitest';
import type { JobPrint } from '../../src/launchd/launchctl.ts';
import { stateOfJob } from '../../src/rooms/job-state.ts';

const print = (more: Partial<JobPrint>): JobPrint => ({
  state: 'not running',
  environment: {},
  inheritedEnvironment: {},
  properties: ['runatload'],
  ...more,
});
const KEPT = { properties: ['keepalive', 'runatload'] };
const AGAIN = { state: 'spawn scheduled' };

describe('the state of a job', () => {
  it.each<[string, JobPrint | undefined, string]>([
    ['that launchd does not have', undefined, 'stopped'],
    ['that runs', print({ state: 'running', pid: 7 }), 'running'],
    ['that runs again after it crashed', print({ state: 'running', pid: 7, lastExitCode: 1, runs: 3 }), 'running'],
    ['that was never started', print({ runs: 0 }), 'starting'],
    ['that is kept alive and crashed', print({ ...KEPT, ...AGAIN, lastExitCode: 1, runs: 2 }), 'restarting'],
    ['that is kept alive and was killed', print({ ...KEPT, lastSignal: 'Killed: 9', runs: 2 }), 'restarting'],
    ['that is kept alive and ended by itself', print({ ...KEPT, ...AGAIN, lastExitCode: 0, runs: 2 }), 'restarting'],
    ['that is kept alive and was asked to end', print({ ...KEPT, ...AGAIN, lastSignal: 'Terminated: 15' }), 'starting'],
    ['that is started again under conditions', print({ ...AGAIN, lastExitCode: 1, runs: 1 }), 'restarting'],
    ['that is not kept alive and crashed', print({ lastExitCode: 78, runs: 1 }), 'failed'],
    ['that is not kept alive and ended', print({ lastExitCode: 0, runs: 1 }), 'stopped'],
    [
      'that crashed, of a system that tells no properties',
      { ...print({ lastExitCode: 1 }), properties: undefined! },
      'restarting',
    ],
  ])('%s', (_, job, phase) => {
    expect(stateOfJob(job, 501)).toMatchObject({ phase, uid: 501, pids: job?.pid ? [7] : [] });
  });

  it('has the reason of its end in words', () => {
    expect(stateOfJob(print({ lastExitCode: 3, runs: 1 }), 501).reason).toBe('exit code 3');
    expect(stateOfJob(print({ lastExitCode: 3, runs: 4 }), 501).reason).toBe('exit code 3, started 4 times');
    expect(stateOfJob(print({ lastSignal: 'Killed: 9', runs: 1 }), 501).reason).toBe('Killed: 9');
    expect(stateOfJob(print({ pid: 7, lastExitCode: 3 }), 501).reason).toBeUndefined();
  });
});
