import { inNetwork } from './space.ts';

/** What an HTTP client saw: an answer, or why there was none. */
export interface Fetched {
  status: number;
  body: string;
  /** The Windows process id of the stand-in that answered. */
  pid: number | undefined;
  /** curl's words when there was no answer; then `status` is 0. */
  error: string;
}

/** Asks a URL with the network of a process of this machine. */
export async function fetchFrom(pid: number, url: string): Promise<Fetched> {
  const curl = ['curl', '-sS', '-i', '--noproxy', '*', '--max-time', '5', url];
  const { code, stdout, stderr } = await inNetwork(pid, curl);
  if (code !== 0) return { status: 0, body: '', pid: undefined, error: stderr.trim() };
  const cut = stdout.indexOf('\r\n\r\n');
  const server = /^x-rig-pid: (\d+)/im.exec(stdout.slice(0, cut))?.[1];
  const status = Number(stdout.split(' ')[1]);
  return { status, body: stdout.slice(cut + 4), pid: server === undefined ? undefined : Number(server), error: '' };
}
