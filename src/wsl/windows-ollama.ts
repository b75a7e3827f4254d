import { FileError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { version } from '../ollama/api.ts';
import { listeningSockets } from '../probes/listeners.ts';
import type { Surroundings } from './surroundings.ts';

/** What can be seen from WSL of an Ollama on Windows. Nothing of Windows is run or written for it. */
export interface WindowsOllama {
  /** Its program as Windows names it, where one is installed. */
  program?: string;
  /** Where it answered, and with what version. */
  answer?: { url: string; version: string };
}

/** Where Ollama listens unless told otherwise (envconfig/config.go in ollama/ollama). */
export const PORT = 11434;
/** Milliseconds: Windows is no network away, and its firewall says nothing at all to whom it keeps out. */
const PATIENCE = 700;
/** Where Ollama's installer puts it, below a user's profile (app/ollama.iss in ollama/ollama). */
const PROGRAM = ['AppData', 'Local', 'Programs', 'Ollama', 'ollama.exe'];

/** Looks for an Ollama on Windows. `servers` says whether one runs in this distribution. */
export async function findOnWindows(
  host: Host,
  around: Surroundings,
  servers: boolean,
): Promise<WindowsOllama | undefined> {
  const answer = await answerOf(host, around, servers);
  const program = installedProgram(host, around.conf.root);
  if (program === undefined && answer === undefined) return undefined;
  return { ...(program === undefined ? {} : { program }), ...(answer === undefined ? {} : { answer }) };
}

/** On a loopback that is shared, what has a listener in here is no answer of Windows'. */
async function answerOf(host: Host, { version: wsl, networking }: Surroundings, servers: boolean) {
  const { windows } = networking;
  if (windows === undefined) return undefined;
  // WSL 1 lists no sockets (WSL issue 2084).
  const own = wsl === 1 ? servers : listeningSockets(host).some(({ port }) => port === PORT);
  if (windows === '127.0.0.1' && own) return undefined;
  const url = `http://${windows}:${PORT}`;
  const found = await version(host, url, PATIENCE);
  return 'failure' in found ? undefined : { url, version: found.version };
}

function installedProgram(host: Host, root: string): string | undefined {
  const drive = systemDrive(host, root);
  for (const user of host.files.list(`${drive}/Users`)) {
    if (isFile(host, [drive, 'Users', user, ...PROGRAM].join('/'))) return ['C:', 'Users', user, ...PROGRAM].join('\\');
  }
  return undefined;
}

/** Another user's profile may not be looked into. */
function isFile({ files }: Host, path: string): boolean {
  try {
    return files.stat(path)?.kind === 'file';
  } catch (error) {
    if (error instanceof FileError) return false;
    throw error;
  }
}

/** Where drive C: is mounted: by /proc/mounts, in which a backslash is \134 (proc(5)), else where WSL would have put it. */
function systemDrive({ files }: Host, root: string): string {
  const mounts = (files.text('/proc/mounts') ?? '').split('\n').map((line) => line.split(' '));
  const drive = mounts.find(
    ([source = '', , type = '', options = '']) =>
      /^(9p|drvfs|virtiofs)$/.test(type) && (/^C:(\\134)?$/i.test(source) || /[;,]path=C:/i.test(options)),
  );
  return drive?.[1]?.replaceAll('\\040', ' ') ?? `${root}c`;
}
