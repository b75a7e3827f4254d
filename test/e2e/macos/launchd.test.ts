import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { AGENTS, BINARY, job, LABEL, type Value, withJobs } from './launchd-stage.ts';
import type { MacOptions, MacRunOptions } from './rig/mac.ts';

/** A Mac with one job, and how the product is run on it. */
interface Scenario extends MacOptions {
  file?: string;
  keys?: Record<string, Value | undefined>;
  how?: MacRunOptions;
  id?: string;
  /** False for what a reboot has nothing to say about that it does not say elsewhere. */
  reboot?: boolean;
}

const MINE = `${AGENTS}/${LABEL}.plist`;
const DAEMON = `/Library/LaunchDaemons/${LABEL}.plist`;
const AS_ROOT = { EnvironmentVariables: { HOME: '/var/root' } };
const AS_ME = { UserName: 'me', EnvironmentVariables: undefined };

const JOBS: Record<string, Scenario> = {
  'an agent of mine': {},
  'an agent of mine without variables': { reboot: false, keys: { EnvironmentVariables: undefined } },
  'an agent of mine, over ssh': { reboot: false, how: { via: 'ssh' } },
  'an agent of mine, with PATH as cron has it': {
    reboot: false,
    how: { env: { PATH: '/usr/bin:/bin' }, via: 'daemon' },
  },
  'an agent for everybody': { file: `/Library/LaunchAgents/${LABEL}.plist` },
  'a daemon of mine by UserName': { file: DAEMON, keys: AS_ME },
  'a daemon of root': { file: DAEMON, keys: AS_ROOT },
  'a daemon, run as root': { reboot: false, file: DAEMON, keys: AS_ROOT, how: { as: 'root' } },
  'a daemon, run through sudo': { reboot: false, file: DAEMON, keys: AS_ME, how: { via: 'sudo' } },
  'an agent of mine, run through sudo': { reboot: false, how: { via: 'sudo' } },
  'an agent of mine, run as root from a daemon': { how: { as: 'root' } },
  'Program in place of ProgramArguments[0]': {
    reboot: false,
    keys: { Program: BINARY, ProgramArguments: ['ollama', 'serve'] },
  },
  'a shell line with exec': {
    reboot: false,
    keys: { ProgramArguments: ['/bin/sh', '-c', 'exec /usr/local/bin/ollama serve'] },
  },
  'a shell line without exec': {
    keys: { ProgramArguments: ['/bin/sh', '-c', '/usr/local/bin/ollama serve; echo done'] },
  },
  'KeepAlive as a dictionary': { reboot: false, keys: { KeepAlive: { SuccessfulExit: false } } },
  'not kept alive': { keys: { KeepAlive: undefined } },
  'another label than the name of the file': { keys: { Label: 'org.example.llm' }, id: 'org.example.llm' },
  'OLLAMA_HOST at loopback': {
    reboot: false,
    keys: { EnvironmentVariables: { OLLAMA_HOST: '127.0.0.1:11434', A: 'b' } },
  },
};

describe.skipIf(rigUnavailable())('a job of launchd is rebound, durably, and put back', () => {
  it.each(Object.entries(JOBS))(
    '%s',
    async (_, { file = MINE, keys = {}, how = {}, id = LABEL, reboot = true, ...mac }) => {
      await withJobs(
        'job',
        { without: ['plutil'], ...mac, plists: [{ path: file, content: job(keys) }] },
        async (stage) => {
          stage.how = how;
          const { report } = await stage.wholeJob({ id, reboot });
          expect(report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual(['edit-plist done', 'restart done']);
        },
      );
    },
  );
});
