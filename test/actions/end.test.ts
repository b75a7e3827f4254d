import { describe, expect, it } from 'vitest';
import { applyEnd, type EndAct } from '../../src/actions/end.ts';
import { RecordedMac } from '../rig/mac-host.ts';

const WORDS = '/Applications/My Ollama.app/Contents/Resources/ollama serve';
const act: EndAct = { type: 'end', id: 'restart', title: 'End it', uid: 501, words: WORDS, pids: [], grace: 1000 };

/** A Mac with these processes; `stays` says which signals a process lives through. */
function mac(rows: [number, number, string][], stays: (signal: string, pid: number) => boolean): RecordedMac {
  const alive = new Map(rows.map((row) => [row[0], row]));
  const host = new RecordedMac();
  host.command(['ps'], () => ({
    stdout: [...alive.values()].map(([pid, uid, args]) => ` ${pid} 1 ${uid} ${args}`).join('\n'),
  }));
  host.onKill = (pid, signal) => (stays(String(signal), pid) ? true : alive.delete(pid));
  return host;
}

const killed = (host: RecordedMac) => host.done.filter(({ op }) => op === 'kill').map(({ what }) => what);

describe('a server that its supervisor starts anew', () => {
  it('is ended, and nobody else is', async () => {
    const others: [number, number, string][] = [
      [8, 502, WORDS],
      [9, 501, `${WORDS} --more`],
      [10, 501, '/usr/local/bin/ollama serve'],
    ];
    const host = mac([[7, 501, WORDS], ...others], () => false);
    await applyEnd(host, act);
    expect(killed(host)).toEqual(['SIGTERM 7']);
  });

  it('may have more words, when told so', async () => {
    const host = mac([[9, 501, `${WORDS} --more`]], () => false);
    await applyEnd(host, { ...act, further: true });
    expect(killed(host)).toEqual(['SIGTERM 9']);
  });

  it('is ended by force once its time is up', async () => {
    const host = mac([[7, 501, WORDS]], (signal) => signal === 'SIGTERM');
    await applyEnd(host, act);
    expect(killed(host)).toEqual(['SIGTERM 7', 'SIGKILL 7']);
  });

  it('that does not end is told', async () => {
    await expect(
      applyEnd(
        mac([[7, 501, WORDS]], () => true),
        act,
      ),
    ).rejects.toMatchObject({ errno: 'EBUSY' });
  });

  it('may be gone already', async () => {
    const host = mac([], () => false);
    await applyEnd(host, act);
    expect(killed(host)).toEqual([]);
  });
});
