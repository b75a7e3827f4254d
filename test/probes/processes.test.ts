import { describe, expect, it } from 'vitest';
import { findProcesses, processesOf, readEnvironment, readProcess } from '../../src/probes/processes.ts';
import { addProcess } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const SERVE = ['/usr/local/bin/ollama', 'serve'];
const serves = (argv: string[]) => argv[1] === 'serve';

const CGROUPS = {
  'v2 (Debian 12)': '0::/system.slice/ollama.service\n',
  'hybrid (Ubuntu 20.04)':
    '12:pids:/system.slice/ollama.service\n4:cpu,cpuacct:/\n1:name=systemd:/system.slice/ollama.service\n0::/system.slice/other\n',
  'v1 (CentOS 7)':
    '11:memory:/system.slice\n4:devices:/system.slice/ollama.service\n1:name=systemd:/system.slice/ollama.service\n',
  'v1 in another order': '1:name=systemd:/system.slice/ollama.service\n11:memory:/\n',
};

describe('one process', () => {
  it.each(Object.entries(CGROUPS))('with control groups %s', (_, cgroup) => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 782, argv: SERVE, ppid: 1, uid: 998, gid: 997, groups: [44, 997], cgroup });
    expect(readProcess(host, 782)).toEqual({
      pid: 782,
      ppid: 1,
      uid: 998,
      gid: 997,
      groups: [44, 997],
      argv: SERVE,
      comm: 'ollama',
      cgroup: '/system.slice/ollama.service',
      nested: false,
      zombie: false,
    });
  });

  it.each([
    ['none (not mounted)', '', ''],
    ['the root of v2', '0::/\n', '/'],
    ['with colons in the name', '0::/a:b/c\n', '/a:b/c'],
    ['of v1 without systemd', '4:cpu:/x\n', ''],
  ])('in the control group: %s', (_, cgroup, expected) => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE, cgroup });
    expect(readProcess(host, 5)?.cgroup).toBe(expected);
  });

  it('acts as its effective user, not as its real one', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE });
    const status = (host.files.text('/proc/5/status') ?? '').replace('Uid:\t0\t0\t0\t0', 'Uid:\t1000\t998\t998\t998');
    host.disk.file('/proc/5/status', status);
    expect(readProcess(host, 5)?.uid).toBe(998);
  });

  it('of a user without further groups has none', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE });
    expect(readProcess(host, 5)?.groups).toEqual([]);
  });

  it('of a container has a pid of its own in there', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 4000, argv: SERVE, nspid: '4000\t1' });
    expect(readProcess(host, 4000)?.nested).toBe(true);
  });

  it('that has ended and was not waited for is a zombie', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE, state: 'Z (zombie)' });
    expect(readProcess(host, 5)?.zombie).toBe(true);
  });

  it('keeps empty words and blanks in its words', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: ['/opt/my app', '', 'serve', '-x y'] });
    expect(readProcess(host, 5)?.argv).toEqual(['/opt/my app', '', 'serve', '-x y']);
  });

  it('that is gone, or a kernel thread, or hidden, is none', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 2, argv: [] });
    addProcess(host.disk, { pid: 6, argv: SERVE });
    host.disk.forbid('/proc/6/cmdline');
    expect([5, 2, 6].map((pid) => readProcess(host, pid))).toEqual([undefined, undefined, undefined]);
  });
});

describe('all processes', () => {
  it('that match, but this one and zombies', async () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 10, argv: SERVE });
    addProcess(host.disk, { pid: 9, argv: SERVE, state: 'Z (zombie)' });
    addProcess(host.disk, { pid: 11, argv: ['ollama', 'run'] });
    addProcess(host.disk, { pid: 12, argv: SERVE });
    addProcess(host.disk, { pid: host.pid, argv: SERVE });
    addProcess(host.disk, { pid: 2, argv: [] });
    host.disk.file('/proc/net/tcp', '').file('/proc/uptime', '1').folder('/proc/sys');
    expect((await findProcesses(host, serves)).map(({ pid }) => pid)).toEqual([10, 12]);
  });

  it('are none without /proc', async () => {
    expect(await findProcesses(new RecordedHost(), serves)).toEqual([]);
  });
});

describe('the environment of a process', () => {
  it('is read to the last variable, with what looks like one in a value', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE, environ: { OLLAMA_HOST: '0.0.0.0:11434', X: 'a=b\n', EMPTY: '' } });
    expect(readEnvironment(host, 5)).toEqual({ OLLAMA_HOST: '0.0.0.0:11434', X: 'a=b\n', EMPTY: '' });
  });

  it('is empty for a process without one', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE });
    expect(readEnvironment(host, 5)).toEqual({});
  });

  it('of another user is not known, which is not the same as empty', () => {
    const host = new RecordedHost();
    addProcess(host.disk, { pid: 5, argv: SERVE, environ: { A: '1' } });
    host.disk.forbid('/proc/5/environ');
    expect(readEnvironment(host, 5)).toBeUndefined();
    expect(readEnvironment(host, 6)).toBeUndefined();
  });
});

describe('the processes of a control group', () => {
  it.each(['/sys/fs/cgroup', '/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified'])('below %s', (mount) => {
    const host = new RecordedHost();
    host.disk.file(`${mount}/system.slice/x.service/cgroup.procs`, '782\n790\n');
    expect(processesOf(host, '/system.slice/x.service')).toEqual([782, 790]);
  });

  it('are none where it is empty, unknown, or the whole machine', () => {
    const host = new RecordedHost();
    host.disk.file('/sys/fs/cgroup/cgroup.procs', '1\n').file('/sys/fs/cgroup/x/cgroup.procs', '');
    for (const cgroup of ['/x', '/y', '/', '']) expect(processesOf(host, cgroup)).toEqual([]);
  });
});
