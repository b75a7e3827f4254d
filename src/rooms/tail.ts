import { FileError } from '../errors.ts';
import type { Host } from '../host/host.ts';

const LAST_LINES = 8;

/** The last lines of a server's log; empty where there is none, or none that this user may read. */
export function tail(host: Host, path: string | undefined): string {
  try {
    return (path === undefined ? '' : (host.files.text(path) ?? '')).trim().split('\n').slice(-LAST_LINES).join('\n');
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}
