import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { FileChange, FileState } from '../../src/actions/file.ts';
import { fingerprint, missingFolders } from '../../src/actions/file.ts';
import { Store } from '../../src/engine/store.ts';
import type { Point } from '../rig/faults.ts';
import { carryOut, planOf, recover, STATE, stateAt, TARGET, takeBack } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const PATHS = ['/etc/app/env', '/etc/new/a/b.conf', '/etc/new/c.conf'] as const;

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 60 }).map((array) => Buffer.from(array)),
  fc.string({ unit: 'binary', maxLength: 30 }).map((text) => Buffer.from(text)),
  fc.constantFrom('', 'A=1\r\nB=2', '[Service]\n', '\n').map((text) => Buffer.from(text)),
);
const mode = fc.integer({ min: 0, max: 0o7777 });
const id = fc.integer({ min: 0, max: 65534 });
const state = fc.record({ bytes, mode, uid: id, gid: id });
const original = fc.option(state, { freq: 3 });
/** A run: which files it gives which bytes (null: takes away), and whether and where it is cut short. */
const run = fc.record({
  texts: fc.array(fc.option(bytes, { freq: 5 }), { minLength: PATHS.length, maxLength: PATHS.length }),
  fate: fc.option(
    fc.record({
      how: fc.constantFrom('die', 'fail', 'interrupt'),
      at: fc.integer({ min: 1, max: 32 }),
      point: fc.constantFrom<Point[]>('before', 'torn', 'after'),
    }),
  ),
});

function machine(originals: readonly (FileState | null)[]): RecordedHost {
  const host = new RecordedHost();
  host.command(['start-new'], {}).command(['start-old'], {});
  host.disk.folder('/var/lib').folder('/etc');
  for (const [i, path] of PATHS.entries()) {
    const { content, ...ownership } = originals[i] ?? {};
    if (content !== undefined) host.disk.file(path, Buffer.from(content, 'base64'), ownership);
  }
  return host;
}

function changeTo(host: RecordedHost, path: string, wanted: Buffer | null): FileChange {
  const from = stateAt(host, path);
  const ownership = from ?? { mode: 0o644, uid: 0, gid: 0 };
  const to = wanted === null ? null : { ...ownership, content: wanted.toString('base64') };
  const folders = wanted === null ? [] : missingFolders(host, path, { mode: 0o755, uid: 0, gid: 0 });
  return { type: 'file', id: path, title: path, path, identity: 'root', from, to, folders, lines: [] };
}

type Run = typeof run extends fc.Arbitrary<infer T> ? T : never;

async function perform(host: RecordedHost, originals: ReadonlySet<string>, { texts, fate }: Run): Promise<void> {
  host.revive();
  await recover(host);
  if (fate?.how === 'die') host.faults.dieAt(fate.at, fate.point);
  if (fate?.how === 'fail') host.faults.failAt(fate.at, { point: fate.point });
  if (fate?.how === 'interrupt') host.faults.interruptAt(fate.at);
  // No plan takes away what this program itself has made: that is what undo is for.
  const wanted = PATHS.map((path, i) => ({ path, text: texts[i] ?? null })).filter(
    ({ path, text }) => text !== null || originals.has(path),
  );
  const changes = wanted.map(({ path, text }) => changeTo(host, path, text));
  await carryOut(host, planOf(changes)).catch((error) => expect(error).toMatchObject({ name: 'Death' }));
}

const wholeState = ({ bytes, ...ownership }: { bytes: Buffer; mode: number; uid: number; gid: number }): FileState => ({
  ...ownership,
  content: bytes.toString('base64'),
});

it('undo brings back what was there before the first run, whatever came after', async () => {
  let undone = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.tuple(original, original, original),
      fc.array(run, { minLength: 1, maxLength: 4 }),
      async (states, runs) => {
        const host = machine(states.map((one) => (one ? wholeState(one) : null)));
        const before = host.disk.snapshot();
        const originals = new Set(PATHS.filter((_, i) => states[i] !== null));
        for (const one of runs) await perform(host, originals, one);
        host.revive();
        await recover(host);
        if (await takeBack(host)) undone++;
        expect(host.disk.snapshot()).toEqual(before);
      },
    ),
    { numRuns: 300 },
  );
  expect(undone).toBeGreaterThan(200);
});

it('a run that was not disturbed leaves what was wanted, and a receipt that knows it', async () => {
  await fc.assert(
    fc.asyncProperty(original, fc.array(bytes, { minLength: 1, maxLength: 5 }), async (first, values) => {
      const host = machine([first ? wholeState(first) : null]);
      for (const value of values) {
        const change = changeTo(host, PATHS[0], value);
        expect(await carryOut(host, planOf([change]))).toEqual({ kind: 'committed' });
        expect(stateAt(host, PATHS[0])).toEqual(change.to);
      }
      const entry = new Store(host, STATE).receipt(TARGET)?.entries[0];
      expect(entry?.change.from).toEqual(first ? wholeState(first) : null);
      expect(entry?.ours).toContain(fingerprint(stateAt(host, PATHS[0])));
      expect(new Set(entry?.ours).size).toBe(entry?.ours.length);
    }),
    { numRuns: 100 },
  );
});
