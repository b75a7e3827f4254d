import type { Findings } from '../checks/container.ts';
import { proveBound } from '../checks/verify.ts';
import { EXIT } from '../errors.ts';
import type { Installation } from '../rooms/room.ts';
import { mark, printListeners, sayCheck, sayWarnings } from '../ui/people.ts';
import type { Run, Seen } from './before.ts';
import { checkUnchanged, isForContainers, unreached } from './container.ts';
import { pictureOf } from './picture.ts';

/** Nothing to do: the wanted state holds, or there is nothing that may be done about the rest. */
export async function unchanged(run: Run, installation: Installation, bound: Seen | undefined): Promise<void> {
  const { host, report, people, store, wanted } = run;
  report.outcome = 'unchanged';
  report.exitCode = EXIT.ok;
  report.receipt = store.receipt(installation.target) ? store.receiptPath(installation.target) : null;
  if (bound) {
    const answer = bound.answer && !('failure' in bound.answer) ? { answer: bound.answer } : {};
    const options = { wanted, timeout: 1, onWait: () => {}, ...answer };
    const { checks } = await proveBound(host, installation, bound.before, options);
    report.checks.push(...checks);
  }
  sayWarnings(people, report);
  const state = bound
    ? `listens on ${printListeners(report.after)} already`
    : 'is configured already, and is not running';
  people.say(`${mark(people, 'pass')}Nothing to do: Ollama ${state}.`);
  if (bound && run.options.restart) await checkUnchanged(run, installation, bound.before);
}

/** Shown, and nothing else. */
export function planned({ options, report, people }: Run): void {
  report.outcome = 'planned';
  report.exitCode = options.check ? EXIT.wouldChange : EXIT.ok;
  people.say();
  people.say('Nothing was changed.');
}

/** The last words of a run that has done it: what was proved, what it was and is, and how it is used and taken back. */
export async function succeed(
  run: Run,
  installation: Installation,
  restarts: boolean,
  findings: Findings | undefined,
): Promise<void> {
  const { people, report, store } = run;
  const selected = report.installations.find((one) => one.selected);
  const was = selected?.settings.find(({ effective }) => effective)?.value;
  if (selected) selected.settings = await installation.reread();
  report.outcome = 'changed';
  report.changed = true;
  report.exitCode = EXIT.ok;
  report.receipt = store.receipt(installation.target) ? store.receiptPath(installation.target) : null;
  for (const check of report.checks) if (check.cause !== 'not-asked') sayCheck(people, check);
  if (people.quiet) return;
  if (restarts) {
    await sayChange(run, was ?? 'not set', findings);
  } else {
    // Checks are made only of what runs: then it listens so already, and the file is for the next start.
    const when = report.checks.length > 0 ? 'Ollama listens so already, and will' : 'it takes effect';
    people.say();
    people.say(`The configuration is written; ${when} when it is started next.`);
  }
  if (report.receipt) people.labelled('Take it back with:', 'npx stigmer-setup-ollama undo');
}

/** The way as it is now, and before and after. */
async function sayChange(run: Run, was: string, findings: Findings | undefined): Promise<void> {
  const { host, people, report, wanted } = run;
  const [{ sayPath }, { table }] = await Promise.all([import('../ui/say-path.ts'), import('../ui/table.ts')]);
  const now = { ...report, before: report.after };
  if (isForContainers(wanted)) sayPath(people, host, pictureOf(host, now, findings ?? { ways: [] }));
  else people.say();
  const rows = [
    ['before', printListeners(report.before), was],
    ['after', printListeners(report.after), report.wanted.ollamaHost],
  ];
  for (const line of table(['listens on', 'OLLAMA_HOST'], rows, people.columns)) people.say(line);
  people.say();
  if (isForContainers(wanted) && !(findings && unreached(findings)))
    people.labelled('From a container:', `http://host.docker.internal:${wanted.port}`);
}
