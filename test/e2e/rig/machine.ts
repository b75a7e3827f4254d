import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { baseOf, type Init } from './base.ts';
import { children, Hopeless, must, outside, signalProcess, waitFor } from './outside.ts';
import { HOSTS, newHostName } from './places.ts';
import { cgroupRoots, removeHost } from './sweep.ts';

/** A folder or file of this machine that is seen inside a host. */
export interface Bind {
  source: string;
  target: string;
  /** True unless told. */
  readOnly?: boolean;
}

/** What `createMachine` needs to know. */
export interface MachineOptions {
  hostname: string;
  binds: readonly Bind[];
  /** Megabytes that the host may write in all, kept in memory. */
  diskMegabytes: number;
  init: Init;
}

/** One host, as this machine sees it. */
export interface Machine {
  readonly name: string;
  readonly options: MachineOptions;
  /** Where its root file system is mounted, without the mounts made inside. */
  readonly root: string;
  readonly bootLog: string;
  /** The namespace's file, for `nsenter --net=`. */
  readonly netns: string;
  /** Its control groups, one for each hierarchy that systemd uses. */
  readonly groups: readonly string[];
  /** PID 1 of the host by the numbers of this machine; 0 while the host is down. */
  leader: number;
}

/** Joins the control groups named before `--`, then becomes the command after it. */
const JOIN = 'while [ "$1" != -- ]; do echo $$ >"$1/cgroup.procs" || exit 125; shift; done; shift; exec "$@"';

/** Wraps a command so that it runs in the given control groups. */
export function inGroups(groups: readonly string[], argv: readonly string[]): string[] {
  return ['/bin/sh', '-c', JOIN, 'sh', ...groups, '--', ...argv];
}

/** Mounts a fresh root file system over the base and makes the host's network namespace. It does not boot yet. */
export async function createMachine(options: MachineOptions): Promise<Machine> {
  const name = newHostName();
  const dir = `${HOSTS}/${name}`;
  const root = `${dir}/root`;
  mkdirSync(dir, { recursive: true });
  // In memory: nothing waits for the disk, and nothing is left there.
  await must(['mount', '-t', 'tmpfs', '-o', `size=${options.diskMegabytes}m,mode=0755`, 'stigmer-e2e', dir]);
  for (const part of ['upper', 'work', 'root']) mkdirSync(`${dir}/${part}`);
  const layers = `lowerdir=${baseOf(options.init)},upperdir=${dir}/upper,workdir=${dir}/work`;
  await must(['mount', '-t', 'overlay', '-o', layers, 'stigmer-e2e', root]);
  writeFileSync(`${root}/etc/machine-id`, `${randomBytes(16).toString('hex')}\n`);
  writeFileSync(`${root}/etc/hostname`, `${options.hostname}\n`);
  const hosts = ['127.0.0.1 localhost', '::1 localhost ip6-localhost', `127.0.1.1 ${options.hostname}`];
  writeFileSync(`${root}/etc/hosts`, `${hosts.join('\n')}\n`);
  await must(['ip', 'netns', 'add', name]);
  await must(['ip', '-n', name, 'link', 'set', 'lo', 'up']);
  const groups = cgroupRoots().map((group) => `${group}/${name}`);
  for (const group of groups) mkdirSync(group);
  return { name, options, root, bootLog: `${dir}/boot.log`, netns: `/run/netns/${name}`, groups, leader: 0 };
}

/** Boots a created (or halted) host and waits until its service manager has started everything. */
export async function boot(machine: Machine): Promise<void> {
  const log = openSync(machine.bootLog, 'a');
  // A control group of its own: nspawn would otherwise put all hosts into one, and their units would share cgroups.
  const argv = inGroups(machine.groups, ['setpriv', '--pdeathsig', 'KILL', ...nspawn(machine)]);
  const child = spawn(argv[0]!, argv.slice(1), { stdio: ['ignore', log, log], detached: true });
  closeSync(log);
  let ended = false;
  child.on('exit', () => {
    ended = true;
    machine.leader = 0;
  });
  const dead = () => new Hopeless(`the host ended while it booted:\n${bootLogTail(machine)}`);
  machine.leader = await waitFor(
    () => {
      if (ended) throw dead();
      return children(child.pid!).find((pid) => isLeader(pid, machine.options.init));
    },
    20_000,
    () => `PID 1 of ${machine.name}\n${bootLogTail(machine)}`,
  );
  let state = '';
  const running = async () => {
    if (ended) throw dead();
    state = await stateOf(machine);
    return state === 'running' || state === 'degraded';
  };
  await waitFor(running, 60_000, () => `the services of ${machine.name} (${state})\n${bootLogTail(machine)}`);
}

/** How far the start of the services is, in systemd's words. */
async function stateOf(machine: Machine): Promise<string> {
  if (machine.options.init === 'systemd')
    return (await outside([...enter(machine), 'systemctl', 'is-system-running'])).stdout.trim();
  // OpenRC has this folder while it starts or stops a runlevel, and names the level in `softlevel`.
  const script = 'test ! -e /run/openrc/rc.starting && test "$(cat /run/openrc/softlevel)" = default';
  return (await outside([...enter(machine), '/bin/sh', '-c', script])).code === 0 ? 'running' : 'starting';
}

/** Ends a host: `clean` as `poweroff` does, otherwise as when the power fails. Its file system stays. */
export async function halt(machine: Machine, clean: boolean): Promise<void> {
  const leader = machine.leader;
  if (leader === 0) return;
  // systemd takes SIGRTMIN+4 for "power off"; Node knows no name for it. sysvinit is told by its own program.
  if (clean && machine.options.init === 'openrc') await outside([...enter(machine), '/sbin/init', '0']);
  else if (clean) await must(['kill', '-s', 'RTMIN+4', String(leader)]);
  else signalProcess(leader, 'SIGKILL');
  await waitFor(
    () => machine.leader === 0,
    60_000,
    () => `the end of ${machine.name}\n${bootLogTail(machine)}`,
  );
}

/** Ends a host and removes all that it left on this machine. */
export async function destroy(machine: Machine): Promise<void> {
  await halt(machine, false).catch(() => {});
  await removeHost(machine.name);
}

/** The words that run a command inside the host, in all its namespaces. */
export function enter(machine: Machine): string[] {
  if (machine.leader === 0) throw new Error(`host ${machine.name} is not running`);
  const scope = machine.options.init === 'systemd' ? '/init.scope' : '';
  const groups = machine.groups.map((group) => `${group}/payload${scope}`);
  return inGroups(groups, ['nsenter', '-t', String(machine.leader), '-m', '-u', '-i', '-n', '-p', '-C', '--']);
}

/** The last lines that the host printed on its console. */
export function bootLogTail(machine: Machine): string {
  try {
    const text = readFileSync(machine.bootLog, 'utf8').replace(/\x1b\[[0-9;]*m/g, '');
    return text.trim().split(/\r?\n/).slice(-15).join('\n');
  } catch {
    return '(no boot log)';
  }
}

function nspawn(machine: Machine): string[] {
  const { name, root, netns, options } = machine;
  const binds = options.binds.map(
    ({ source, target, readOnly = true }) => `--bind${readOnly ? '-ro' : ''}=${source}:${target}`,
  );
  return [
    ...['systemd-nspawn', '-q', '-D', root, '--boot', `--machine=${name}`, `--hostname=${options.hostname}`],
    ...['--register=no', '--keep-unit', '--settings=no', '--console=read-only', '--link-journal=no'],
    ...['--resolv-conf=off', '--timezone=off', `--network-namespace-path=${netns}`],
    // nspawn takes CAP_NET_ADMIN away from a host whose namespace it did not make; units there may run nft or ip.
    ...['--capability=CAP_NET_ADMIN', ...binds],
  ];
}

/** True for the process that is PID 1 of a namespace of its own and already runs the init. */
function isLeader(pid: number, init: Init): boolean {
  const name = init === 'systemd' ? 'systemd\n' : 'init\n';
  try {
    const own = readlinkSync('/proc/self/ns/pid');
    return readlinkSync(`/proc/${pid}/ns/pid`) !== own && readFileSync(`/proc/${pid}/comm`, 'utf8') === name;
  } catch {
    return false;
  }
}
