import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bindingOf, matches } from '../../../src/checks/binding.ts';
import { bindingReport } from '../../../src/commands/report.ts';
import { planReturn } from '../../../src/commands/undo-plan.ts';
import type { Plan } from '../../../src/engine/plan.ts';
import { type Journal, Store } from '../../../src/engine/store.ts';
import { type Outcome, transact } from '../../../src/engine/transaction.ts';
import { parseHost } from '../../../src/ollama/host-value.ts';
import { ollamaAppRoom } from '../../../src/rooms/ollama-app/room.ts';
import { isRefusal } from '../../../src/rooms/room.ts';
import { contextFor } from '../../rig/context.ts';
import { LABEL, Mac, sceneOf } from './mac.ts';

/** There and back again: the engine carries the plans out on the model, and what was before is so again. */

const ALL = '0.0.0.0:11434';
const OTHER = '0.0.0.0:8080';

/** Each is some fifty runs of sqlite3; more of them by hand. */
const RUNS = Number(process.env.RUNS ?? 8);

const stateDir = (mac: Mac) => `${mac.home}/state`;

async function look(mac: Mac) {
  const [installation] = await ollamaAppRoom.detect(await sceneOf(mac));
  return installation!;
}

function execute(mac: Mac, plan: Plan, more: Partial<Journal>, verify: () => Promise<void>): Promise<Outcome> {
  const journal: Journal = {
    journalVersion: 1,
    run: 'run',
    operation: 'setup',
    startedAt: '2030-01-01T00:00:00.000Z',
    tool: '1.2.3',
    plan,
    before: {},
    wanted: ALL,
    ...more,
  };
  const keepOnFailure = journal.operation === 'undo';
  const store = new Store(mac, stateDir(mac));
  const settle = async () => mac.sleep(2000);
  return transact({
    host: mac,
    store,
    journal,
    activate: true,
    keepOnFailure,
    verify,
    verifyOld: settle,
    onStep: () => {},
  });
}

async function setup(mac: Mac, wanted: string, verify?: () => Promise<void>): Promise<Outcome> {
  const installation = await look(mac);
  const { state, kind, id } = installation;
  const binding = await bindingOf(mac, state, [parseHost(wanted).port]);
  const bound = matches(binding, parseHost(wanted));
  const plan = await installation.plan({ wanted, start: state.phase === 'stopped', restart: true, bound });
  if (isRefusal(plan)) throw new Error(plan.message);
  const before = { kind, id, running: state.pids.length > 0, ...bindingReport(binding) };
  const proof = async () => {
    await mac.sleep(2000);
    const now = await installation.observe();
    if (!matches(await bindingOf(mac, now, []), parseHost(wanted))) throw new Error(`it listens on ${mac.bound}`);
  };
  return execute(mac, plan, { before, wanted }, verify ?? proof);
}

async function undo(mac: Mac): Promise<void> {
  const context = { ...contextFor(mac, ['undo', '--yes']), store: new Store(mac, stateDir(mac)) };
  const [receipt] = context.store.receipts();
  if (!receipt) return;
  const { plan } = await planReturn(context, receipt, await look(mac));
  const outcome = await execute(mac, plan, { operation: 'undo', wanted: receipt.wanted }, async () => mac.sleep(2000));
  expect(outcome).toEqual({ kind: 'committed' });
}

/** What a person could tell apart. */
function stateOf(mac: Mac) {
  mac.tellOfDatabase();
  const files = mac.disk.snapshot();
  const { session, expose, bound, loaded } = mac;
  return {
    session,
    expose,
    bound,
    loaded: [...loaded],
    runs: mac.app !== undefined,
    files: Object.keys(files),
    agent: mac.agent,
  };
}

const START = fc.record({
  expose: fc.constantFrom(0 as const, 1 as const),
  session: fc.constantFrom(undefined, '0.0.0.0:9999', ALL),
  app: fc.constantFrom(undefined, '', 'hidden', '--fast-startup'),
  since: fc.constantFrom(undefined, 'opened by hand', 'a new login'),
});

function macOf({ expose, session, app }: { expose: 0 | 1; session: string | undefined; app: string | undefined }): Mac {
  const mac = new Mac();
  mac.makeDatabase(expose);
  mac.session = session;
  if (app !== undefined) mac.start(app);
  return mac;
}

/** What the session had is gone; our agent gives it its value, and the app's login item opens the app. */
function login(mac: Mac): void {
  const value = /<string>([^<]*)<\/string>\s*<string>\/Applications/.exec(mac.agent ?? '')?.[1];
  mac.session = value;
  mac.loaded = mac.agent ? [LABEL] : [];
  mac.start('hidden');
}

describe('setup and undo', () => {
  it('give every value back, from wherever they begin', async () => {
    const runs = fc.array(fc.constantFrom(ALL, OTHER, '127.0.0.1:11434'), { minLength: 1, maxLength: 3 });
    await fc.assert(
      fc.asyncProperty(START, runs, async (start, wanted) => {
        // What is in a session is gone with it, whoever has put it there.
        const mac = macOf(start.since === 'a new login' ? { ...start, session: undefined } : start);
        try {
          const before = stateOf(mac);
          for (const value of wanted) expect(await setup(mac, value)).toEqual({ kind: 'committed' });
          if (start.since === 'opened by hand' && start.app !== undefined) mac.start('');
          if (start.since === 'a new login') login(mac);
          await undo(mac);
          expect(stateOf(mac)).toEqual(before);
        } finally {
          mac.destroy();
        }
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  it('give every value back when the new state does not hold', async () => {
    await fc.assert(
      fc.asyncProperty(START, fc.constantFrom(ALL, OTHER), async (start, wanted) => {
        const mac = macOf(start);
        try {
          const before = stateOf(mac);
          const outcome = await setup(mac, wanted, () => Promise.reject(new Error('port held')));
          expect(outcome.kind).toBe('rolled-back');
          await mac.sleep(2000);
          expect(stateOf(mac)).toEqual(before);
        } finally {
          mac.destroy();
        }
      }),
      { numRuns: RUNS },
    );
  }, 120_000);

  it('an app that was never opened is closed again, with the switch as it was born', async () => {
    const mac = new Mac();
    expect(await setup(mac, ALL)).toEqual({ kind: 'committed' });
    expect([mac.expose, mac.bound]).toEqual(['1', '0.0.0.0']);
    await undo(mac);
    expect([mac.expose, mac.app]).toEqual(['0', undefined]);
    mac.destroy();
  });

  it('a second run finds nothing to do', async () => {
    for (const wanted of [ALL, OTHER]) {
      const mac = macOf({ expose: 0, session: undefined, app: '' });
      await setup(mac, wanted);
      const plan = await (await look(mac)).plan({ wanted, start: false, restart: true, bound: true });
      expect(plan).toMatchObject({ changes: [], activate: [] });
      mac.destroy();
    }
  });
});
