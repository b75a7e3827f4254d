import { describe, expect, it } from 'vitest';
import { CommandError } from '../../src/actions/command.ts';
import { applyLaunchd, type LaunchdAct, launchdCommandLine } from '../../src/actions/launchd.ts';
import { LAUNCHCTL } from '../../src/launchd/launchctl.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const LABEL = 'org.example.server';
const PLIST = `/Users/me/Library/LaunchAgents/${LABEL}.plist`;
const EIO = { code: 5, stderr: 'Bootstrap failed: 5: Input/output error\nTry re-running the command as root.\n' };

const act: LaunchdAct = {
  type: 'launchd',
  id: 'restart',
  title: 'Start it anew',
  identity: 'self',
  verb: 'reload',
  domain: 'gui/501',
  label: LABEL,
  plist: PLIST,
  timeout: 10_000,
};

interface Answer {
  code: number | null;
  stderr?: string;
}

/** A small launchd with one job: it knows the plist as it was when the job was loaded, and lets go of it with delay. */
class Launchd extends RecordedHost {
  /** What it has loaded, and how the plist was by then. */
  job: { plist: string; runs: number } | undefined = { plist: 'old', runs: 1 };
  onDisk = 'new';
  domain = true;
  disabled = false;
  /** Milliseconds from bootout until the job is gone; null for a job that never goes. */
  drain: number | null = 0;
  /** Whether a job is there for `print` while it is being taken out. */
  showsDraining = true;
  /** Answers to the next bootouts and bootstraps, instead of the right ones. */
  bootouts: Answer[] = [];
  bootstraps: (Answer & { work?: () => void })[] = [];
  /** Milliseconds from bootstrap until the job runs; null for one that launchd never starts. */
  spawn: number | null = 0;
  properties = 'keepalive | runatload | inferred program';
  readonly log: { verb: string; at: number }[] = [];
  readonly #start = this.now();
  #until = 0;

  constructor() {
    super({ uid: 501, gid: 20, name: 'me', home: '/Users/me' });
    const verb = (name: string, answer: () => Answer) =>
      this.command([LAUNCHCTL, name], ([, ...words]) => {
        this.log.push({ verb: words.join(' '), at: this.now() - this.#start });
        return answer();
      });
    verb('bootout', () => this.bootouts.shift() ?? this.#bootout());
    verb('bootstrap', () => this.#bootstrap());
    verb('enable', () => {
      this.disabled = false;
      return { code: 0 };
    });
    verb('kickstart', () => {
      if (this.job) this.job.runs++;
      return { code: 0 };
    });
    this.command([LAUNCHCTL, 'print'], () => this.#print());
  }

  /** The verbs that were run, without their targets and without looking. */
  get verbs(): string[] {
    return this.log.map(({ verb }) => verb.split(' ')[0]!);
  }

  get #draining(): boolean {
    return this.now() < this.#until;
  }

  #print() {
    if (!this.domain) return { code: 112, stderr: 'Bad request.\nCould not find domain for user gui: 501\n' };
    if (!this.job && !(this.#draining && this.showsDraining)) {
      return { code: 113, stderr: `Bad request.\nCould not find service "${LABEL}" in domain for user gui: 501\n` };
    }
    const runs = this.job?.runs ?? 1;
    const state = runs > 0 ? 'running' : 'not running';
    const properties = this.properties === '' ? '' : `\tproperties = ${this.properties}\n`;
    return { code: 0, stdout: `gui/501/${LABEL} = {\n\tstate = ${state}\n\n\truns = ${runs}\n${properties}}\n` };
  }

  #bootout(): Answer {
    if (!this.domain) return { code: 125, stderr: 'Boot-out failed: 125: Domain does not support specified action\n' };
    if (!this.job && !this.#draining) return { code: 3, stderr: 'Boot-out failed: 3: No such process\n' };
    if (this.drain === null) return { code: 0 };
    if (this.job) this.#until = this.now() + this.drain;
    this.job = undefined;
    return { code: 0 };
  }

  #bootstrap(): Answer {
    const { work, ...planned } = this.bootstraps.shift() ?? { code: -1 };
    work?.();
    if (planned.code === null || planned.code >= 0) return planned;
    if (!this.domain) return { code: 125, stderr: 'Bootstrap failed: 125: Domain does not support specified action\n' };
    if (this.disabled) return { code: 119, stderr: `${PLIST}: Service is disabled\nBootstrap failed: 119\n` };
    if (this.job || this.#draining) return EIO;
    this.load();
    return { code: 0 };
  }

  /** Takes the job in, from what is on the disk now. */
  load(): void {
    const job = { plist: this.onDisk, runs: this.spawn === 0 ? 1 : 0 };
    this.job = job;
    if (this.spawn) this.after(this.spawn, () => job.runs++);
  }
}

/** One in this state. */
function launchd(state: Partial<Launchd>): Launchd {
  return Object.assign(new Launchd(), state);
}

const refusal = (host: Launchd, more: Partial<LaunchdAct> = {}): Promise<CommandError> =>
  applyLaunchd(host, { ...act, ...more }).then(
    () => expect.fail('it was done'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(CommandError);
      return error as CommandError;
    },
  );

describe('a reload', () => {
  it('takes the job out, enables it and loads its plist', async () => {
    const host = new Launchd();
    await applyLaunchd(host, act);
    expect(host.job).toEqual({ plist: 'new', runs: 1 });
    expect(host.log.map(({ verb }) => verb)).toEqual([
      `bootout gui/501/${LABEL}`,
      `enable gui/501/${LABEL}`,
      `bootstrap gui/501 ${PLIST}`,
    ]);
  });

  it('loads a job that was not loaded, also a disabled one', async () => {
    const host = launchd({ job: undefined, disabled: true });
    await applyLaunchd(host, act);
    expect(host.verbs).toEqual(['enable', 'bootstrap']);
    expect(host.job?.plist).toBe('new');
  });

  it.each([100, 3000, 5000, 9000])('waits for a job that takes %s ms to go', async (drain) => {
    const host = launchd({ drain });
    await applyLaunchd(host, act);
    expect(host.job?.plist).toBe('new');
    expect(host.log.at(-1)!.at).toBeLessThan(drain + 300);
    const bootouts = host.verbs.filter((verb) => verb === 'bootout').length;
    expect(Math.abs(bootouts - 1 - drain / 1000)).toBeLessThanOrEqual(2);
  });

  it.each([1000, 5000])('outlasts a launchd that hides for %s ms that it is not done', async (drain) => {
    const host = launchd({ drain, showsDraining: false });
    await applyLaunchd(host, act);
    expect(host.job?.plist).toBe('new');
    const { verb, at } = host.log.at(-1)!;
    expect(verb).toContain('bootstrap');
    expect(at).toBeLessThan(drain + 600);
  });

  it.each([3, 36, 113])('takes it for right when bootout ends with %s', async (code) => {
    const host = new Launchd();
    host.bootouts = [{ code }];
    host.after(1, () => {
      host.job = undefined;
    });
    await applyLaunchd(host, act);
    expect(host.job).toEqual({ plist: 'new', runs: 1 });
  });

  it('believes its eyes when bootout fails and the job is gone', async () => {
    const host = new Launchd();
    host.bootouts = [{ code: 5, stderr: 'Boot-out failed: 5: Input/output error\n' }];
    let looks = 0;
    host.command([LAUNCHCTL, 'print'], () => ({ code: looks++ === 0 ? 0 : 113 }));
    host.bootstraps = [{ code: 0 }];
    await applyLaunchd(host, act);
    expect(host.verbs).toEqual(['bootout', 'enable', 'bootstrap']);
  });

  it('ends when bootout may not', async () => {
    const host = new Launchd();
    host.bootouts = [{ code: 1, stderr: 'Boot-out failed: 1: Operation not permitted\n' }];
    const error = await refusal(host);
    expect(error.output).toBe('Boot-out failed: 1: Operation not permitted');
    expect(error.argv).toEqual([LAUNCHCTL, 'bootout', `gui/501/${LABEL}`]);
    expect(host.verbs).toEqual(['bootout']);
    expect(error.untouched).toBe(true);
  });

  it('does not take a bootout that was cut short for one that did nothing', async () => {
    const host = new Launchd();
    host.bootouts = [{ code: null }];
    expect(await refusal(host)).toMatchObject({ untouched: false });
  });

  it('ends when the job does not go', async () => {
    const host = launchd({ drain: null });
    expect((await refusal(host)).output).toBe(`${LABEL} is still loaded 10 seconds later`);
    expect(host.verbs).not.toContain('bootstrap');
    expect(host.job?.plist).toBe('old');
  });

  it.each([5, 36, 37, 119, 130])('tries ten times more when bootstrap ends with %s', async (code) => {
    const host = launchd({ job: undefined });
    host.bootstraps = Array.from({ length: 10 }, () => ({ code }));
    await applyLaunchd(host, act);
    expect(host.job?.plist).toBe('new');
    const at = host.log.filter(({ verb }) => verb.startsWith('bootstrap')).map((entry) => entry.at);
    expect(at.map((ms) => ms - at[0]!)).toEqual([0, 100, 300, 600, 1100, 1600, 2100, 2600, 3100, 3600, 4100]);
  });

  it('says what may be wrong when launchd refuses for good', async () => {
    const host = launchd({ job: undefined });
    host.bootstraps = Array.from({ length: 1000 }, () => EIO);
    const { argv, output } = await refusal(host);
    expect(argv).toEqual([LAUNCHCTL, 'bootstrap', 'gui/501', PLIST]);
    expect(output).toMatch(/^Bootstrap failed: 5: Input\/output error\n/);
    expect(output).toMatch(/disabled.*mode 644.*shutting down/);
    expect(output).toContain(`log show --last 2m --predicate 'process == "launchd"'`);
    expect(host.log.at(-1)!.at).toBeLessThan(11_000);
  });

  it('says the words of a disabled job without more', async () => {
    const host = launchd({ job: undefined });
    host.bootstraps = Array.from({ length: 1000 }, () => ({ code: 119, stderr: 'Service is disabled\n' }));
    expect((await refusal(host)).output).toBe('Service is disabled');
  });

  it.each([
    [1, 'Operation not permitted'],
    [64, 'Unrecognized target specifier.'],
    [112, 'Could not find domain for user gui: 501'],
    [133, ''],
  ])('ends at once when bootstrap ends with %s', async (code, stderr) => {
    const host = new Launchd();
    host.bootstraps = [{ code, stderr }];
    expect((await refusal(host)).output).toBe(stderr || `exit code ${code}`);
    expect(host.verbs).toEqual(['bootout', 'enable', 'bootstrap']);
  });

  it('ends at once where there is no such domain', async () => {
    const host = launchd({ job: undefined, domain: false });
    expect((await refusal(host)).output).toContain('Domain does not support specified action');
    expect(host.verbs).toEqual(['enable', 'bootstrap']);
  });

  it('ends at once without launchctl', async () => {
    expect((await applyLaunchd(new RecordedHost(), act).catch((error: CommandError) => error))?.output).toBe('ENOENT');
  });

  it.each([
    { code: 37, stderr: `${PLIST}: service already loaded\n` },
    { code: 130 },
    { code: 17, stderr: `${PLIST}: service already bootstrapped\nBootstrap failed: 17: File exists\n` },
  ])('is done when the job is there and launchd says so: %s', async (answer) => {
    const host = new Launchd();
    host.bootstraps = [{ ...answer, work: () => host.load() }];
    await applyLaunchd(host, act);
    expect(host.verbs).toEqual(['bootout', 'enable', 'bootstrap']);
    expect(host.job).toEqual({ plist: 'new', runs: 1 });
  });

  it('does not take somebody else’s job for its own', async () => {
    const host = new Launchd();
    const theirs = () => {
      host.job = { plist: 'theirs', runs: 1 };
    };
    host.bootstraps = [{ ...EIO, work: theirs }];
    await applyLaunchd(host, act);
    expect(host.verbs).toEqual(['bootout', 'enable', 'bootstrap', 'bootout', 'bootstrap']);
    expect(host.job?.plist).toBe('new');
  });

  it('has its rights for what it does, and looks without them', async () => {
    const host = new Launchd();
    await applyLaunchd(host, { ...act, identity: 'root', domain: 'system' });
    expect(host.done.map(({ identity, what }) => [identity, what.split(' ')[1]])).toEqual([
      ['root', 'bootout'],
      ['root', 'enable'],
      ['root', 'bootstrap'],
    ]);
  });
});

describe('a job that was loaded', () => {
  it.each([0, 50, 1500])('and comes up after %s ms is left alone', async (spawn) => {
    const host = launchd({ spawn });
    await applyLaunchd(host, act);
    expect(host.verbs).not.toContain('kickstart');
    expect(host.job?.runs).toBe(1);
  });

  it.each(['runatload | inferred program', 'keepalive', ''])(
    'and never started is started once: %s',
    async (properties) => {
      const host = launchd({ spawn: null, properties });
      await applyLaunchd(host, act);
      expect(host.verbs.filter((verb) => verb === 'kickstart')).toHaveLength(1);
      expect(host.log.at(-1)!.verb).toBe(`kickstart gui/501/${LABEL}`);
      expect(host.log.at(-1)!.at).toBeGreaterThanOrEqual(2000);
      expect(host.job?.runs).toBe(1);
    },
  );

  it('and waits to be called upon is left alone', async () => {
    const host = launchd({ spawn: null, properties: 'inferred program' });
    await applyLaunchd(host, act);
    expect(host.verbs).not.toContain('kickstart');
  });

  it('and cannot be started fails', async () => {
    const host = launchd({ spawn: null });
    host.command([LAUNCHCTL, 'kickstart'], { code: 1, stderr: 'Operation not permitted' });
    expect((await refusal(host)).output).toBe('Operation not permitted');
  });

  it.each([1, 37])('and has come up in this moment does not: %s', async (code) => {
    const host = launchd({ spawn: null });
    host.command([LAUNCHCTL, 'kickstart'], () => {
      host.load();
      host.job!.runs = 1;
      return { code };
    });
    await applyLaunchd(host, act);
    expect(host.job).toEqual({ plist: 'new', runs: 1 });
  });
});

describe('an unload', () => {
  const unload: LaunchdAct = { ...act, id: 'stop', verb: 'unload' };

  it('takes the job out and waits', async () => {
    const host = launchd({ drain: 3000 });
    await applyLaunchd(host, unload);
    expect(host.job).toBeUndefined();
    expect(new Set(host.verbs)).toEqual(new Set(['bootout']));
    expect(host.log.at(-1)!.at).toBeLessThan(3300);
  });

  it('has nothing to do where the job, or its domain, is not there', async () => {
    for (const domain of [true, false]) {
      const host = launchd({ job: undefined, domain });
      await applyLaunchd(host, unload);
      expect(host.verbs).toEqual([]);
    }
  });
});

describe('an interruption', () => {
  it('before anything is done leaves the job as it is', async () => {
    const host = new Launchd();
    host.interrupt(130);
    await expect(applyLaunchd(host, act, host.interrupted)).rejects.toThrow('interrupted');
    expect(host.verbs).toEqual([]);
  });

  it('ends the wait for a job to go', async () => {
    const host = launchd({ drain: 5000 });
    host.after(1200, () => host.interrupt(130));
    await expect(applyLaunchd(host, act, host.interrupted)).rejects.toThrow(CommandError);
    expect(host.verbs).not.toContain('bootstrap');
    expect(host.log.at(-1)!.at).toBeLessThan(1500);
  });

  it('ends the tries to load', async () => {
    const host = launchd({ job: undefined });
    host.bootstraps = Array.from({ length: 1000 }, () => EIO);
    host.after(1200, () => host.interrupt(143));
    await expect(applyLaunchd(host, act, host.interrupted)).rejects.toThrow('interrupted');
    expect(host.log.at(-1)!.at).toBeLessThan(1500);
  });

  it('ends the wait for it to come up; and the same once more, uninterrupted, mends all', async () => {
    const host = launchd({ spawn: null, drain: 1000 });
    host.after(1500, () => host.interrupt(130));
    await expect(applyLaunchd(host, act, host.interrupted)).rejects.toThrow('interrupted');
    expect(host.verbs).not.toContain('kickstart');
    host.onDisk = 'old again';
    await applyLaunchd(host, act);
    expect(host.job).toEqual({ plist: 'old again', runs: 1 });
  });
});

it('its command line can be pasted', () => {
  const target = `gui/501/${LABEL}`;
  expect(launchdCommandLine({ ...act, plist: '/Users/me/My Jobs/a.plist' })).toBe(
    `launchctl bootout ${target} && launchctl enable ${target} && launchctl bootstrap gui/501 '/Users/me/My Jobs/a.plist'`,
  );
  expect(launchdCommandLine({ ...act, verb: 'unload' })).toBe(`launchctl bootout ${target}`);
});
