import { fingerprintOf } from '../actions/change.ts';
import type { Receipt } from '../engine/store.ts';
import { parseHost, scopeOf } from '../ollama/host-value.ts';
import type { Installation } from '../rooms/room.ts';
import type { Context } from './context.ts';
import type { Before } from './undo-plan.ts';

/** What an export has done here, as the receipt that `setup` would have left of it; none where there is nothing. */
export async function adopted(
  { host }: Context,
  { kind, id, target, state, exported }: Installation,
): Promise<Receipt[]> {
  const found = await exported?.();
  if (!found) return [];
  const { wanted, was, changes, deactivate } = found;
  const scope = scopeOf(parseHost(was));
  const before: Before = {
    kind,
    id,
    running: state.pids.length > 0,
    scope: scope === 'name' ? 'none' : scope,
    listeners: [],
  };
  const at = new Date(host.now()).toISOString();
  const entries = changes.map((change) => ({ change, ours: [fingerprintOf(change)] }));
  return [
    { receiptVersion: 1, target, createdAt: at, updatedAt: at, tool: __VERSION__, wanted, before, entries, deactivate },
  ];
}
