import { describe, expect, it } from 'vitest';
import {
  type Ask,
  asker,
  disabledLabels,
  domainExists,
  job,
  LAUNCHCTL,
  parseList,
  parsePrint,
  parsePrintDisabled,
} from '../../src/launchd/launchctl.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

/** As macOS 26 prints it. */
const PRINTED = `gui/501/sh.brew.ollama = {
	active count = 1
	path = /Users/me/Library/LaunchAgents/sh.brew.ollama.plist
	type = LaunchAgent
	state = running

	program = /opt/homebrew/opt/ollama/bin/ollama
	arguments = {
		/opt/homebrew/opt/ollama/bin/ollama
		serve
	}

	working directory = /opt/homebrew/var

	stdout path = /opt/homebrew/var/log/ollama.log
	stderr path = /opt/homebrew/var/log/ollama.log
	inherited environment = {
		SSH_AUTH_SOCK => /var/run/com.apple.launchd.XXXX/Listeners
	}

	default environment = {
		PATH => /usr/bin:/bin:/usr/sbin:/sbin
	}

	environment = {
		OSLogRateLimit => 64
		OLLAMA_FLASH_ATTENTION => 1
		OLLAMA_HOST => 0.0.0.0:11434
		OLLAMA_KV_CACHE_TYPE => q8_0
		XPC_SERVICE_NAME => sh.brew.ollama
	}

	domain = gui/501 [100057]
	asid = 100057
	minimum runtime = 10
	exit timeout = 5
	runs = 1
	pid = 17594
	immediate reason = speculative
	forks = 0
	execs = 1
	initialized = 1
	trampolined = 1
	started suspended = 0
	proxy started suspended = 0
	checked allocations = 0 (queried = 1)
	checked allocations reason = no host
	checked allocations flags = 0x0
	last exit code = (never exited)

	resource coalition = {
		ID = 9196
		type = resource
		state = active
		active count = 1
		name = sh.brew.ollama
	}

	jetsam coalition = {
		ID = 9197
		type = jetsam
		state = active
		active count = 1
		name = sh.brew.ollama
	}
	spawn type = daemon (3)
	jetsam priority = 40
	cpumon = default

	properties = keepalive | runatload | inferred program
}
`;

/** The same job with lines of the first level replaced, and without those that are replaced by nothing. */
function changed(replacements: Record<string, string>): string {
  return Object.entries(replacements).reduce((text, [from, to]) => {
    const line = `\n\t${from}`;
    expect(text).toContain(line);
    return text.replace(line, to === '' ? '' : `\n\t${to}`);
  }, PRINTED);
}

describe('print', () => {
  it('tells a running job', () => {
    expect(parsePrint(PRINTED)).toEqual({
      path: '/Users/me/Library/LaunchAgents/sh.brew.ollama.plist',
      state: 'running',
      pid: 17594,
      runs: 1,
      program: '/opt/homebrew/opt/ollama/bin/ollama',
      arguments: ['/opt/homebrew/opt/ollama/bin/ollama', 'serve'],
      inheritedEnvironment: { SSH_AUTH_SOCK: '/var/run/com.apple.launchd.XXXX/Listeners' },
      environment: {
        OSLogRateLimit: '64',
        OLLAMA_FLASH_ATTENTION: '1',
        OLLAMA_HOST: '0.0.0.0:11434',
        OLLAMA_KV_CACHE_TYPE: 'q8_0',
        XPC_SERVICE_NAME: 'sh.brew.ollama',
      },
      properties: ['keepalive', 'runatload', 'inferred program'],
    });
  });

  it('tells one that was never started', () => {
    const text = changed({ 'state = running': 'state = not running', 'pid = 17594': '', 'runs = 1': 'runs = 0' });
    const found = parsePrint(text);
    expect(found).toMatchObject({ state: 'not running', runs: 0 });
    expect(found).not.toHaveProperty('pid');
    expect(found).not.toHaveProperty('lastExitCode');
  });

  it.each([
    ['last exit code = 0', { lastExitCode: 0 }],
    ['last exit code = 1', { lastExitCode: 1 }],
    ['last exit code = 78: EX_CONFIG', { lastExitCode: 78 }],
    ['last terminating signal = Terminated: 15', { lastSignal: 'Terminated: 15' }],
  ])('tells how it ended: %s', (line, ended) => {
    expect(parsePrint(changed({ 'last exit code = (never exited)': line }))).toMatchObject(ended);
  });

  it('is not led astray by what a value looks like', () => {
    const text = changed({
      'path = /Users/me/Library/LaunchAgents/sh.brew.ollama.plist': 'path = (submitted by runningboardd.123)',
      'environment = {': 'environment = {\n\t\tA => x => y\n\t\tEMPTY => \n\t\tstate = stolen\n\t\tpid = 1',
    });
    const found = parsePrint(text);
    expect(found).not.toHaveProperty('path');
    expect(found).toMatchObject({ state: 'running', pid: 17594, environment: { A: 'x => y', EMPTY: '' } });
    expect(found.environment).not.toHaveProperty('state = stolen');
  });

  it('makes do with nothing', () => {
    expect(parsePrint('')).toEqual({ state: '', environment: {}, inheritedEnvironment: {} });
  });
});

describe('print-disabled', () => {
  const AFTER = '\n\tlogin item associations = {\n\t\t"b" => disabled\n\t\t"d" => <LSSharedFileListItemSR:0x6>\n\t}\n';

  it.each([
    ['macOS 13 and later', '\n\tdisabled services = {\n\t\t"a" => disabled\n\t\t"b" => enabled\n\t}\n'],
    ['earlier ones', '\n\tdisabled services = {\n\t\t"a" => true\n\t\t"b" => false\n\t}\n'],
    ['macOS 27', 'disabled services = {\n\t\t"a" => disabled\n\t\t"b" => enabled\n\t}\n'],
  ])('is read as %s prints it', (_, text) => {
    expect([...parsePrintDisabled(text + AFTER)]).toEqual([
      ['a', true],
      ['b', false],
    ]);
  });

  it('may tell nothing', () => {
    expect(parsePrintDisabled('').size).toBe(0);
    expect(parsePrintDisabled('\n\tdisabled services = {\n\t}\n').size).toBe(0);
    expect(parsePrintDisabled(AFTER).size).toBe(0);
  });
});

it('list is a table', () => {
  const text = `PID\tStatus\tLabel
-\t0\tcom.apple.SafariHistoryServiceAgent
51915\t0\tsh.brew.ollama
-\t-9\tcom.example.killed
-\t78\tcom.example.config
-\t???\tcom.example.stopped
620\t0\tapplication.com.electron.ollama.1152921.1152927
`;
  expect(parseList(text).map(({ pid, status, label }) => [pid, status, label])).toEqual([
    [null, 0, 'com.apple.SafariHistoryServiceAgent'],
    [51915, 0, 'sh.brew.ollama'],
    [null, -9, 'com.example.killed'],
    [null, 78, 'com.example.config'],
    [null, 0, 'com.example.stopped'],
    [620, 0, 'application.com.electron.ollama.1152921.1152927'],
  ]);
});

describe('asking', () => {
  const answering = (answer: { code?: number | null; stdout?: string }) => {
    const asked: string[] = [];
    const host = new RecordedHost().command([LAUNCHCTL], (argv) => {
      asked.push(argv.slice(1).join(' '));
      return answer;
    });
    return { ask: asker(host) as Ask, asked };
  };

  it('for a job', async () => {
    const { ask, asked } = answering({ stdout: PRINTED });
    expect(await job(ask, 'gui/501', 'sh.brew.ollama')).toMatchObject({ pid: 17594 });
    expect(asked).toEqual(['print gui/501/sh.brew.ollama']);
  });

  it.each([
    [113, 'not-loaded'],
    [3, 'not-loaded'],
    [112, 'no-domain'],
    [125, 'no-domain'],
    [64, 'unknown'],
    [1, 'unknown'],
    [null, 'unknown'],
  ])('for a job, to which the answer is %s', async (code, meaning) => {
    expect(await job(answering({ code }).ask, 'gui/501', 'x')).toBe(meaning);
  });

  it('for what is disabled', async () => {
    const { ask, asked } = answering({ stdout: '\tdisabled services = {\n\t\t"a" => disabled\n\t}\n' });
    expect([...(await disabledLabels(ask, 'gui/501'))]).toEqual([['a', true]]);
    expect(asked).toEqual(['print-disabled gui/501']);
    expect((await disabledLabels(answering({ code: 112 }).ask, 'gui/501')).size).toBe(0);
  });

  it('for a domain', async () => {
    const { ask, asked } = answering({});
    expect(await domainExists(ask, 'user/501')).toBe(true);
    expect(asked).toEqual(['print user/501']);
    expect(await domainExists(answering({ code: 112 }).ask, 'gui/501')).toBe(false);
    expect(await domainExists(asker(new RecordedHost()), 'gui/501')).toBe(false);
  });
});
