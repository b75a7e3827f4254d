import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, renameSync } from 'node:fs';
import type { WindowsFiles } from './files.ts';
import { WINE_HOME } from './places.ts';
import type { Wine } from './wine.ts';

/** Puts a link to a program into a folder, as an installer does. Made once for each program, then copied. */
export async function makeLink(wine: Wine, files: WindowsFiles, program: string, link: string): Promise<void> {
  const known = `${WINE_HOME}/links/${createHash('sha256').update(program).digest('hex').slice(0, 12)}`;
  files.makeDirectory(link.slice(0, link.lastIndexOf('\\')));
  if (existsSync(known)) return cpSync(known, files.outsidePath(link));
  const { code } = await wine.raw(['C:\\rig\\bin\\link.exe', program, link]);
  if (code !== 0) throw new Error(`no link: exit code ${code}`);
  mkdirSync(`${WINE_HOME}/links`, { recursive: true });
  cpSync(files.outsidePath(link), `${known}.${process.pid}`);
  renameSync(`${known}.${process.pid}`, known);
}
