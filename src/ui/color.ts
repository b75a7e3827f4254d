import pc from 'picocolors';
import type { Host } from '../host/host.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/**
 * Colours for a stream, or none: the flag, then FORCE_COLOR, NO_COLOR (no-color.org), TERM=dumb, then whether it is a
 * terminal. picocolors would decide by itself, and differently (it colours pipes in CI), so it is told.
 */
export function colorsFor(host: Host, wanted: boolean, terminal: boolean): Colors {
  const { NO_COLOR, FORCE_COLOR, TERM } = host.env;
  const forced = FORCE_COLOR !== undefined && FORCE_COLOR !== '0' && FORCE_COLOR !== 'false';
  const forbidden = !wanted || (NO_COLOR !== undefined && NO_COLOR !== '') || FORCE_COLOR === '0' || TERM === 'dumb';
  return pc.createColors(!forbidden && (forced || terminal));
}
