import { accessSync, constants } from 'node:fs';
import { fetchNodes } from './node.ts';
import { WINE, WINESERVER } from './places.ts';

const TOOLS = ['unshare', 'nsenter', 'setpriv', 'mount', 'ip', 'curl', 'tar', 'npm', 'gcc'];
const PROGRAMS = [WINE, WINESERVER, '/usr/bin/x86_64-w64-mingw32-gcc', '/usr/bin/python3'];

/** Why no Windows can be played here, or undefined when it can. For `describe.skipIf(windowsUnavailable())`. */
export function windowsUnavailable(): string | undefined {
  const reason = missing();
  if (reason !== undefined && process.env.CI) throw new Error(`the Windows tests must run in CI, but ${reason}`);
  if (reason !== undefined) console.warn(`Windows tests are skipped: ${reason}`);
  return reason;
}

function missing(): string | undefined {
  if (process.platform !== 'linux') return `Wine in namespaces needs Linux, this is ${process.platform}`;
  if (process.arch !== 'x64') return `Wine needs x64 here, this is ${process.arch}`;
  if (process.getuid?.() !== 0) return 'namespaces need root';
  const folders = (process.env.PATH ?? '').split(':');
  const absent = [
    ...TOOLS.filter((tool) => !folders.some((folder) => executable(`${folder}/${tool}`))),
    ...PROGRAMS.filter((program) => !executable(program)),
  ];
  if (absent.length > 0) return `${absent.join(', ')}: not installed`;
  try {
    fetchNodes();
    return undefined;
  } catch (error) {
    return `Node for Windows cannot be had from npm: ${error instanceof Error ? error.message : error}`;
  }
}

function executable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
