import type { Host } from '../../host/host.ts';
import { folderOf } from './changes.ts';
import type { Unit } from './unit.ts';

/** Beside the drop-in with the address, so that either comes and goes without the other; late, for the same reason. */
export const FILTER_DROP_IN = 'zz-stigmer-ollama-filter.conf';

/** Where the drop-in is that ties a filter to the unit. */
export function filterDropIn(unit: Unit): string {
  return `${folderOf(unit)}/${FILTER_DROP_IN}`;
}

/** Whom the filter lets in that an earlier run tied to the unit; undefined when there is none. */
export function filterNow(host: Host, unit: Unit): 'lan' | 'containers' | undefined {
  const [, scope] = /^#.*--allow (lan|containers)\b/m.exec(host.files.text(filterDropIn(unit)) ?? '') ?? [];
  return scope as 'lan' | 'containers' | undefined;
}
