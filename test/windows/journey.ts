import { bindingOf, matches } from '../../src/checks/binding.ts';
import { bindingReport, type Report } from '../../src/commands/report.ts';
import { planReturn } from '../../src/commands/undo-plan.ts';
import type { Plan } from '../../src/engine/plan.ts';
import { type Journal, Store } from '../../src/engine/store.ts';
import { type Outcome, transact } from '../../src/engine/transaction.ts';
import { parseHost } from '../../src/ollama/host-value.ts';
import { detectAll } from '../../src/rooms/index.ts';
import { type Installation, isRefusal, type Refusal } from '../../src/rooms/room.ts';
import { contextFor } from '../rig/context.ts';
import { sceneOf, type Windows } from './machine.ts';

/** Plan, apply, verify and undo on the model, as the commands do it. */

export const ALL = '0.0.0.0:11434';

const stateDir = (windows: Windows) => `${windows.home}/AppData/Local/stigmer-setup-ollama`;

export async function look(windows: Windows, kind: string): Promise<Installation> {
  const found = (await detectAll(await sceneOf(windows))).find((one) => one.kind === kind);
  if (!found) throw new Error(`no ${kind}`);
  return found;
}

function execute(windows: Windows, plan: Plan, more: Partial<Journal>, verify: () => Promise<void>): Promise<Outcome> {
  const journal: Journal = {
    journalVersion: 1,
    run: 'stigmer-4242',
    operation: 'setup',
    startedAt: '2030-01-01T00:00:00.000Z',
    tool: '1.2.3',
    plan,
    before: {},
    wanted: ALL,
    ...more,
  };
  const keepOnFailure = journal.operation === 'undo';
  const store = new Store(windows, stateDir(windows));
  const settle = async () => windows.sleep(2000);
  return transact({
    host: windows,
    store,
    journal,
    activate: true,
    keepOnFailure,
    verify,
    verifyOld: settle,
    onStep: () => {},
  });
}

export async function planned(
  windows: Windows,
  kind: string,
  wanted = ALL,
  restart = true,
): Promise<{ installation: Installation; plan: Plan | Refusal; before: object }> {
  const installation = await look(windows, kind);
  const { state, id } = installation;
  const binding = await bindingOf(windows, state, [parseHost(wanted).port]);
  const bound = matches(binding, parseHost(wanted));
  const plan = await installation.plan({ wanted, start: false, restart, bound });
  return { installation, plan, before: { kind, id, running: state.pids.length > 0, ...bindingReport(binding) } };
}

/** Setup; `verify` in place of a look at what listens. */
export async function setup(
  windows: Windows,
  kind: string,
  wanted = ALL,
  verify?: () => Promise<void>,
): Promise<Outcome> {
  const { installation, plan, before } = await planned(windows, kind, wanted);
  if (isRefusal(plan)) throw new Error(`${plan.code}: ${plan.message}`);
  const proof = async () => {
    if (plan.activate.length === 0) return;
    await windows.sleep(2000);
    const now = await installation.observe();
    const binding = await bindingOf(windows, now, [parseHost(wanted).port]);
    if (!matches(binding, parseHost(wanted))) throw new Error(`it listens on ${windows.bound}`);
  };
  return execute(windows, plan, { before, wanted }, verify ?? proof);
}

/** Undo; false where nothing is on record. */
export async function undo(windows: Windows, kind: string, report?: Report): Promise<boolean> {
  const context = { ...contextFor(windows, ['undo', '--yes']), store: new Store(windows, stateDir(windows)) };
  if (report) context.report = report;
  const [receipt] = context.store.receipts();
  if (!receipt) return false;
  const { plan } = await planReturn(context, receipt, await look(windows, kind).catch(() => undefined));
  const outcome = await execute(
    windows,
    plan,
    { operation: 'undo', wanted: receipt.wanted, before: receipt.before },
    async () => windows.sleep(2000),
  );
  if (outcome.kind !== 'committed') throw new Error(JSON.stringify(outcome));
  return true;
}

/** What a person could tell apart. */
export function stateOf(windows: Windows) {
  const files = Object.keys(windows.disk.snapshot()).filter((path) => !path.endsWith('.pid') && !path.endsWith('.log'));
  const { bound } = windows;
  return { registry: windows.registry.snapshot(), bound, runs: windows.app !== undefined, files };
}
