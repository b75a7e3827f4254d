import { describe, expect, it } from 'vitest';
import { verify } from '../../src/checks/verify.ts';
import { Interrupted } from '../../src/engine/transaction.ts';
import { SetupError } from '../../src/errors.ts';
import { parseHost } from '../../src/ollama/host-value.ts';
import type { Installation, ServiceState } from '../../src/rooms/room.ts';
import { addProcess, HEX, type Row, table } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const PID = 782;
const INODE = 31114;
const RUNNING: ServiceState = { phase: 'running', pids: [PID], uid: 998 };
const EVERYWHERE = parseHost('0.0.0.0:11434');

/** A machine on which Ollama's process runs, and listens nowhere yet. */
function machine(): RecordedHost {
  const host = new RecordedHost();
  listen(host, []);
  addProcess(host.disk, {
    pid: PID,
    argv: ['/usr/local/bin/ollama', 'serve'],
    uid: 998,
    environ: { OLLAMA_HOST: '0.0.0.0:11434' },
    fds: { 3: `socket:[${INODE}]` },
  });
  host.addresses = [
    { name: 'lo', address: '127.0.0.1', family: 'IPv4', internal: true, cidr: null },
    { name: 'eth0', address: '192.168.1.20', family: 'IPv4', internal: false, cidr: null },
    { name: 'eth0', address: 'fe80::1', family: 'IPv6', internal: false, cidr: null },
    { name: 'docker0', address: '172.17.0.1', family: 'IPv4', internal: false, cidr: null },
    { name: 'wlan0', address: 'fd00::7', family: 'IPv6', internal: false, cidr: null },
  ];
  return host;
}

function listen(host: RecordedHost, rows: Partial<Row>[], rows4: Partial<Row>[] = []): void {
  const whole = (row: Partial<Row>): Row => ({ local: HEX['::'], port: 11434, inode: INODE, uid: 998, ...row });
  host.disk.file('/proc/net/tcp6', table(rows.map(whole))).file('/proc/net/tcp', table(rows4.map(whole)));
}

/** An installation in this state, or in what the function answers. */
function installed(state: ServiceState | (() => ServiceState) = RUNNING, more: Partial<Installation> = {}) {
  const observed: number[] = [];
  const installation: Installation = {
    kind: 'systemd',
    id: 'ollama.service',
    target: 'systemd:ollama.service',
    title: 'the systemd service ollama.service',
    state: RUNNING,
    settings: [],
    value: undefined,
    warnings: [],
    needsRoot: false,
    plan: () => ({ target: '', changes: [], activate: [], deactivate: [] }),
    reread: () => [],
    observe: async () => {
      observed.push(1);
      return typeof state === 'function' ? state() : state;
    },
    log: async () => 'Error: listen tcp: address already in use',
    ...more,
  };
  return { installation, observed };
}

const version = (host: RecordedHost, where: RegExp = /./) => {
  host.http = (url) => (where.test(url) ? { status: 200, body: '{"version":"0.32.3"}' } : { failure: 'EHOSTUNREACH' });
};

const check = (host: RecordedHost, installation: Installation, more = {}) =>
  verify(host, installation, { wanted: EVERYWHERE, timeout: 60_000, onWait: () => {}, ...more });

async function refusal(promise: Promise<unknown>): Promise<SetupError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(SetupError);
  return error as SetupError;
}

describe('bound and answering', () => {
  it('is proved by the socket, the process’s environment, and an answer on every interface', async () => {
    const host = machine();
    listen(host, [{}]);
    version(host);
    const { checks, binding, version: found } = await check(host, installed().installation);
    expect(found).toBe('0.32.3');
    expect(binding).toMatchObject({ scope: 'all', listeners: [{ address: '::', port: 11434, pid: PID }] });
    expect(checks.map(({ id, status }) => `${id} ${status}`)).toEqual([
      'listener pass',
      'environment pass',
      'http pass',
      'http pass',
      'http pass',
      'http pass',
    ]);
    expect(host.asked).toEqual([
      'http://127.0.0.1:11434/api/version',
      'http://192.168.1.20:11434/api/version',
      'http://172.17.0.1:11434/api/version',
      'http://[fd00::7]:11434/api/version',
    ]);
  });

  it('an interface that does not answer is a warning with a remedy', async () => {
    const host = machine();
    listen(host, [{}]);
    version(host, /127\.0\.0\.1|172\.17/);
    const { checks } = await check(host, installed().installation);
    expect(checks.filter(({ status }) => status === 'warn')).toEqual([
      expect.objectContaining({ id: 'http', remedy: 'curl http://192.168.1.20:11434/api/version' }),
      expect.objectContaining({ id: 'http', remedy: 'curl http://[fd00::7]:11434/api/version' }),
    ]);
  });

  it('on one address asks that address alone', async () => {
    const host = machine();
    listen(host, [], [{ local: '1401A8C0' }]);
    version(host);
    const wanted = parseHost('192.168.1.20:11434');
    const { checks } = await check(host, installed().installation, { wanted });
    expect(host.asked).toEqual(['http://192.168.1.20:11434/api/version']);
    expect(checks.at(-1)?.status).toBe('pass');
  });

  it('on IPv6 loopback asks there', async () => {
    const host = machine();
    listen(host, [{ local: HEX['::1'] }]);
    version(host, /\[::1\]/);
    const { checks } = await check(host, installed().installation, { wanted: parseHost('[::1]:11434') });
    expect(host.asked).toEqual(['http://[::1]:11434/api/version']);
    expect(checks.at(-1)?.status).toBe('pass');
  });

  it('does not ask loopback again when it has just answered', async () => {
    const host = machine();
    listen(host, [{}]);
    host.addresses = [];
    const { version: found } = await check(host, installed().installation, { answer: { version: '9.9.9' } });
    expect([found, host.asked]).toEqual(['9.9.9', []]);
  });

  it('without root, the owner of the socket and its port have to do', async () => {
    const host = machine();
    host.disk.forbid(`/proc/${PID}/fd`);
    host.disk.forbid(`/proc/${PID}/environ`);
    listen(host, [{}, { port: 9999 }, { uid: 0 }]);
    version(host);
    const { binding, checks } = await check(host, installed().installation);
    expect(binding.listeners).toEqual([expect.objectContaining({ port: 11434, uid: 998, pid: null })]);
    expect(checks.map(({ id }) => id)).not.toContain('environment');
  });

  it('waits while the port is closed and says so', async () => {
    const host = machine();
    version(host);
    host.after(700, () => listen(host, [{}]));
    const waited: [string, number][] = [];
    const onWait = (what: string, elapsed: number) => void waited.push([what, elapsed]);
    const { installation, observed } = installed();
    await check(host, installation, { onWait });
    // That the second wait begins is said even where it is over at once.
    expect(waited.pop()).toEqual(['http', 0]);
    expect(new Set(waited.map(([what]) => what))).toEqual(new Set(['port']));
    expect(waited[0]).toEqual(['port', 0]);
    expect(waited.map(([, elapsed]) => elapsed)).toEqual(
      [...waited.map(([, elapsed]) => elapsed)].sort((a, b) => a - b),
    );
    // Asking the service manager costs a process: far less often than the kernel is asked.
    expect(observed.length).toBeLessThan(waited.length / 2);
  });

  it('waits while nothing answers on the open port and says so', async () => {
    const host = machine();
    listen(host, [{}]);
    host.http = () => ({ failure: 'ECONNRESET' });
    host.after(30_000, () => version(host));
    const waited = new Set<string>();
    const { checks } = await check(host, installed().installation, { onWait: (what: string) => void waited.add(what) });
    expect(waited).toEqual(new Set(['http']));
    expect(checks.map(({ status }) => status)).not.toContain('warn');
  });
});

describe('bound and silent', () => {
  it('is a warning when the time is up, not a failure', async () => {
    const host = machine();
    listen(host, [{}]);
    const start = host.now();
    const { checks, version: found } = await check(host, installed().installation, { timeout: 5000 });
    expect(found).toBeUndefined();
    expect(checks.at(-1)).toMatchObject({ id: 'http', status: 'warn', cause: 'not-answering-yet' });
    expect(checks[0]).toMatchObject({ id: 'listener', status: 'pass' });
    expect(host.now() - start).toBeGreaterThanOrEqual(5000);
    expect(host.now() - start).toBeLessThan(10_000);
    expect(host.asked.every((url) => url.includes('127.0.0.1'))).toBe(true);
  });

  it('and then ended is a failure at once', async () => {
    const host = machine();
    listen(host, [{}]);
    let state = RUNNING;
    host.after(1000, () => {
      listen(host, []);
      state = { phase: 'failed', pids: [], uid: 998, reason: 'Result=signal' };
    });
    const start = host.now();
    const error = await refusal(check(host, installed(() => state).installation));
    expect(error).toMatchObject({ code: 'not-up', exit: 7 });
    expect(host.now() - start).toBeLessThan(5000);
  });

  it('another program’s answer does not count as Ollama’s', async () => {
    const host = machine();
    listen(host, [{}]);
    host.http = () => ({ status: 200, body: '<html>' });
    const { checks } = await check(host, installed().installation, { timeout: 500 });
    expect(checks.at(-1)).toMatchObject({ status: 'warn', summary: expect.stringContaining('not-ollama') });
  });
});

describe('not bound', () => {
  it.each(['failed', 'restarting', 'stopped'] as const)(
    'a service that is %s is told at once, with its last words',
    async (phase) => {
      const host = machine();
      const start = host.now();
      const state: ServiceState = { phase, pids: [], uid: 998, reason: 'Result=exit-code, exit status 1' };
      const error = await refusal(check(host, installed(state).installation));
      expect(error).toMatchObject({ code: 'not-up', exit: 7, remedy: 'journalctl -u ollama.service -n 50' });
      expect(error.message).toContain(`is ${phase} (Result=exit-code, exit status 1)`);
      expect(error.meaning).toContain('address already in use');
      expect(host.now()).toBe(start);
    },
  );

  it('in time: says where it listens instead', async () => {
    const host = machine();
    listen(host, [], [{ local: HEX['127.0.0.1'] }]);
    const start = host.now();
    const error = await refusal(check(host, installed().installation, { timeout: 3000 }));
    expect(error).toMatchObject({ code: 'not-up', exit: 7 });
    expect(error.message).toContain('did not open 0.0.0.0:11434 in time; it listens on 127.0.0.1:11434');
    expect(host.now() - start).toBeGreaterThanOrEqual(3000);
    expect(host.now() - start).toBeLessThan(4000);
  });

  it('on the other port only is not bound as wanted', async () => {
    const host = machine();
    listen(host, [{ port: 11435 }]);
    const error = await refusal(check(host, installed().installation, { timeout: 10 }));
    expect(error.message).toContain('[::]:11435');
  });

  it('because somebody else holds the port: names the process', async () => {
    const host = machine();
    addProcess(host.disk, { pid: 900, argv: ['python3', 'x.py'], fds: { 3: 'socket:[77]' } });
    listen(host, [], [{ local: HEX['127.0.0.1'], inode: 77, uid: 0 }]);
    const state: ServiceState = { phase: 'restarting', pids: [], uid: 998 };
    const error = await refusal(check(host, installed(state).installation));
    expect(error).toMatchObject({ code: 'port-held', exit: 7 });
    expect(error.meaning).toContain('Port 11434 is held by process 900 (python3) of user 0 on 127.0.0.1:11434.');
    expect(error.remedy).toContain('process 900');
  });

  it('by it, but by somebody else on every interface: the socket of another process proves nothing', async () => {
    const host = machine();
    addProcess(host.disk, { pid: 900, argv: ['ollama', 'serve'], fds: { 3: 'socket:[77]' } });
    listen(host, [{ inode: 77, uid: 0 }]);
    version(host);
    const error = await refusal(check(host, installed().installation, { timeout: 100 }));
    expect(error.code).toBe('port-held');
  });

  it('a holder that only root could name is told by its user', async () => {
    const host = machine();
    listen(host, [{ inode: 77, uid: 1234 }]);
    const error = await refusal(check(host, installed().installation, { timeout: 100 }));
    expect(error.meaning).toContain('a process of user 1234 on [::]:11434');
    expect(error.remedy).toBe('journalctl -u ollama.service -n 50');
  });

  it('the log of a user’s service is asked for as such', async () => {
    const host = machine();
    const state: ServiceState = { phase: 'failed', pids: [], uid: 998 };
    const error = await refusal(check(host, installed(state, { kind: 'systemd-user' }).installation));
    expect(error.remedy).toBe('journalctl --user -u ollama.service -n 50');
  });
});

describe('Ctrl-C', () => {
  it('ends the wait for the port', async () => {
    const host = machine();
    host.after(500, () => host.interrupt(130));
    await expect(check(host, installed().installation)).rejects.toThrow(Interrupted);
  });

  it('ends the wait for an answer', async () => {
    const host = machine();
    listen(host, [{}]);
    host.after(500, () => host.interrupt(143));
    await expect(check(host, installed().installation)).rejects.toMatchObject({ exit: 143 });
  });
});
