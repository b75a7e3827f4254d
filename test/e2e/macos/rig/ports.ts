import { readFileSync } from 'node:fs';
import type { TestHost } from '../../rig/host.ts';
import { ask } from './control.ts';
import type { HandRunOptions, MacRunOptions } from './options.ts';

/** The process that listens on a port. */
export interface Holder {
  pid: number;
  uid: number;
}

interface Socket {
  state: string;
  port: string;
  pid: number | null;
  uid: number;
}

async function listeners(host: TestHost): Promise<Socket[]> {
  const { sockets } = await ask<{ sockets: Socket[] }>(host, { op: 'sockets' });
  return sockets.filter((each) => each.state === 'LISTEN' && each.pid !== null);
}

/** The holder of a port by the numbers of the Mac, whoever it is. */
export async function holder(host: TestHost, port: number): Promise<Holder | undefined> {
  const found = (await listeners(host)).find((each) => each.port === String(port));
  return found && { pid: found.pid!, uid: found.uid };
}

/** Waits until a process listens on any port. */
export async function listening(host: TestHost, pid: number): Promise<void> {
  const there = async () => (await listeners(host)).some((each) => each.pid === pid);
  await host.waitFor(there, 15_000, `a listener of process ${pid}`);
}

/** The environment of a process, as it was when it began. */
export function environment(host: TestHost, pid: number): Record<string, string> {
  const pairs = host.read(`/proc/${pid}/environ`).split('\0').filter(Boolean);
  return Object.fromEntries(pairs.map((pair) => [pair.slice(0, pair.indexOf('=')), pair.slice(pair.indexOf('=') + 1)]));
}

/** The words that start a server by hand and leave it, and as whom; the program is put where it is missing. */
export function byHand(host: TestHost, options: HandRunOptions): [string[], MacRunOptions] {
  const { binary = 'ollama', args = ['serve'], ...how } = options;
  if (!host.exists('/usr/local/bin/ollama')) {
    const server = readFileSync(host.outsidePath('/usr/local/libexec/ollama-server'));
    host.write('/usr/local/bin/ollama', server, { mode: 0o755 });
  }
  const script = 'log=$1; shift; nohup "$@" >>"$log" 2>&1 </dev/null & echo $!';
  const log = `/tmp/ollama-by-hand-${how.as ?? 'me'}.log`;
  return [['/bin/sh', '-c', script, 'sh', log, binary, ...args], how];
}
