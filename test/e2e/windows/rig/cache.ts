import { rmSync, statSync, utimesSync } from 'node:fs';
import { names } from '../../rig/places.ts';
import { WINE_HOME } from './places.ts';

const HOUR = 3_600_000;

/** Notes that something of the cache is in use now. */
export function markUsed(folder: string): void {
  utimesSync(folder, new Date(), new Date());
}

/** Removes what earlier sources were made into; machines that still run may need what was used within the last hour. */
export function removeUnused(prefix: string): void {
  for (const name of names(WINE_HOME).filter((each) => each.startsWith(prefix))) {
    const folder = `${WINE_HOME}/${name}`;
    if (statSync(folder).mtimeMs < Date.now() - HOUR) rmSync(folder, { recursive: true, force: true });
  }
}
