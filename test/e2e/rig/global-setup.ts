import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rigUnavailable } from './available.ts';
import { ensureBase } from './base.ts';
import { must } from './outside.ts';
import { beginRun, HOSTS, PREFIX, runIsAlive } from './places.ts';
import { ensureStandIn } from './stand-in.ts';
import { ofRun, sweep } from './sweep.ts';

export { rigUnavailable };

/** Vitest's global setup: makes ready what all hosts share. Resolves with the teardown. */
export default async function setup(): Promise<(() => Promise<void>) | undefined> {
  const reason = rigUnavailable();
  if (reason !== undefined) {
    if (process.env.CI) throw new Error(`the end-to-end tests must run in CI, but ${reason}`);
    console.warn(`end-to-end tests are skipped: ${reason}`);
    return undefined;
  }
  const run = beginRun();
  mkdirSync(HOSTS, { recursive: true });
  await sweep(ofRun((key) => !runIsAlive(key)));
  await Promise.all([ensureBase(), ensureStandIn()]);
  await makeNamespaceFolder(run);
  raiseInotifyLimit();
  return async () => {
    const left = await sweep(ofRun((key) => key === run));
    if (left.length > 0) console.warn(`removed hosts that a test left running: ${left.join(', ')}`);
  };
}

/** Every systemd of a host takes some of the 128 that root has for all hosts together (inotify(7)). */
function raiseInotifyLimit(): void {
  const path = '/proc/sys/fs/inotify/max_user_instances';
  try {
    if (Number(readFileSync(path, 'utf8')) < 1024) writeFileSync(path, '1024');
  } catch {
    // not ours to set, as in a container: then fewer hosts at once have to do
  }
}

/** The first `ip netns add` mounts /run/netns; two at once would mount it twice. */
async function makeNamespaceFolder(run: string): Promise<void> {
  const name = `${PREFIX}${run}-first`;
  await must(['ip', 'netns', 'add', name]);
  await must(['ip', 'netns', 'del', name]);
}
