import { mkdirSync } from 'node:fs';
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
  return async () => {
    const left = await sweep(ofRun((key) => key === run));
    if (left.length > 0) console.warn(`removed hosts that a test left running: ${left.join(', ')}`);
  };
}

/** The first `ip netns add` mounts /run/netns; two at once would mount it twice. */
async function makeNamespaceFolder(run: string): Promise<void> {
  const name = `${PREFIX}${run}-first`;
  await must(['ip', 'netns', 'add', name]);
  await must(['ip', 'netns', 'del', name]);
}
