import type { Host } from '../host/host.ts';
import { asker, domainExists, type JobPrint, job } from './launchctl.ts';

/** A job that launchd has, and the domain that it is in. */
export interface Loaded {
  domain: string;
  print: JobPrint;
}

/**
 * The job of a label as launchd has it. An agent may be in the session at the screen (gui/501) or, loaded over ssh or
 * through sudo, in the user's background one (user/501): where it is, is asked and not guessed.
 */
export async function findLoaded(host: Host, label: string, uid: number | undefined): Promise<Loaded | undefined> {
  const domains = uid === undefined ? ['system'] : [`gui/${uid}`, `user/${uid}`];
  const answers = await Promise.all(domains.map((domain) => job(asker(host), domain, label)));
  const found = answers.map((print, i) => ({ domain: domains[i] ?? '', print }));
  return found.find((one): one is Loaded => typeof one.print === 'object');
}

/** The same for all labels that a job can have, with every domain that has one of them: first the one that runs. */
export async function findAllLoaded(
  host: Host,
  labels: readonly string[],
  uid: number | undefined,
): Promise<(Loaded & { label: string })[]> {
  const domains = uid === undefined ? ['system'] : [`gui/${uid}`, `user/${uid}`];
  const places = domains.flatMap((domain) => labels.map((label) => ({ domain, label })));
  const answers = await Promise.all(
    places.map(async (place) => ({ ...place, print: await job(asker(host), place.domain, place.label) })),
  );
  const found = answers.filter((one): one is Loaded & { label: string } => typeof one.print === 'object');
  return found.sort((a, b) => restlessness(a) - restlessness(b));
}

/** Of two that want the same port, the one that has it was started once and runs; the other comes and goes. */
function restlessness({ print: { pid, runs = 0 } }: Loaded): number {
  return pid === undefined ? Number.MAX_SAFE_INTEGER : runs;
}

/** Where a job that is not loaded belongs: at the screen if its user is logged in there. */
export async function domainFor(host: Host, uid: number | undefined): Promise<string> {
  if (uid === undefined) return 'system';
  return (await domainExists(asker(host), `gui/${uid}`)) ? `gui/${uid}` : `user/${uid}`;
}
