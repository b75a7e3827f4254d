import type { Findings } from '../checks/container.ts';
import { type Verified, verify, type WaitingFor } from '../checks/verify.ts';
import type { StepEvent } from '../engine/transaction.ts';
import type { Installation } from '../rooms/room.ts';
import { sayStep } from '../ui/people.ts';
import type { Run } from './before.ts';

const TITLES: Record<WaitingFor, string> = {
  port: 'Wait for Ollama to open its port',
  http: 'Wait for Ollama to answer over HTTP',
};

/** A line for each step as it ends; while it goes on, how long it has done so. */
export function tellSteps({ host, people }: Pick<Run, 'host' | 'people'>): (event: StepEvent) => void {
  let over = new AbortController();
  const count = async (title: string, { signal }: AbortController) => {
    for (let seconds = 1; ; seconds++) {
      await host.sleep(1000, signal);
      if (signal.aborted) return;
      people.pending(`… ${title} (${seconds} s)`);
    }
  };
  return (event) => {
    over.abort();
    sayStep(people, event);
    if (event.status !== 'begun' || !people.live || people.quiet) return;
    over = new AbortController();
    void count(event.title, over);
  };
}

/** `verify`, told while it lasts: the wait for the port and the one for an answer are two steps. Throws as that does. */
export async function verifyLive(run: Run, installation: Installation): Promise<Verified> {
  const { host, options, wanted } = run;
  let waiting: WaitingFor = 'port';
  let since = host.now();
  const onWait = (what: WaitingFor, elapsed: number) => {
    if (what !== waiting) end('done');
    waiting = what;
    // What is over at once is not worth a line that comes and goes.
    if (elapsed > 300) run.people.pending(`… ${TITLES[what]} (${Math.round(elapsed / 1000)} s)`);
  };
  const end = (status: StepEvent['status']) => {
    sayStep(run.people, { id: waiting, title: TITLES[waiting], status, elapsed: host.now() - since });
    since = host.now();
  };
  try {
    const verified = await verify(host, installation, { wanted, timeout: options.timeout, onWait });
    if (verified.version !== undefined) end('done');
    return verified;
  } catch (error) {
    if (!host.interrupted.aborted) end('failed');
    throw error;
  }
}

/** The look from inside a container, as a step with its time where one was asked. */
export async function askLive(
  { host, people }: Run,
  ask: () => Promise<Findings | undefined>,
): Promise<Findings | undefined> {
  const since = host.now();
  const findings = await ask();
  const title = 'Ask Ollama from inside a container';
  if (findings && findings.ways.length > 0)
    sayStep(people, { id: 'container', title, status: 'done', elapsed: host.now() - since });
  return findings;
}
