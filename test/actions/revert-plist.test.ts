import { describe, expect, it } from 'vitest';
import type { FileChange } from '../../src/actions/file.ts';
import { fingerprint, textOf } from '../../src/actions/file.ts';
import { reversalOf } from '../../src/actions/revert.ts';
import { setString } from '../../src/plist/edit.ts';
import { changeOf } from '../rig/plans.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const PATH = '/home/me/job.plist';
const KEYS = ['EnvironmentVariables', 'HOST'];
const plist = (variables: string) =>
  `<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n\t<key>EnvironmentVariables</key>\n\t<dict>\n${variables}\t</dict>\n\t<key>Label</key>\n\t<string>job</string>\n</dict>\n</plist>\n`;
const entry = (name: string, value: string) => `\t\t<key>${name}</key>\n\t\t<string>${value}</string>\n`;

/** A machine on which a run has set HOST in a job's file. */
async function machine(original: string, more: { was?: string; rewritten?: boolean } = {}) {
  const host = new RecordedHost();
  host.disk.file(PATH, original);
  const ours = (await setString(Buffer.from(original), KEYS, 'all')).toString();
  const assignment = { keys: KEYS, was: more.was ?? null, rewritten: more.rewritten ?? false };
  const change = changeOf(host, PATH, ours, { assignment });
  host.disk.file(PATH, ours);
  return { host, change, ours };
}

const ask = (host: RecordedHost, change: FileChange) => reversalOf(host, change, [fingerprint(change.to)]);
const restored = async (host: RecordedHost, change: FileChange) => {
  const reversal = await ask(host, change);
  return 'change' in reversal && reversal.change?.type === 'file' ? textOf(reversal.change.to) : undefined;
};

describe('the file of a job', () => {
  const ORIGINAL = plist(entry('A', '1') + entry('Z', '2'));

  it('untouched since: the original bytes', async () => {
    const { host, change } = await machine(ORIGINAL);
    expect(await restored(host, change)).toBe(ORIGINAL);
  });

  it('written anew by another program, and meaning the same: the original bytes', async () => {
    const { host, change, ours } = await machine(ORIGINAL);
    host.disk.file(PATH, ours.replaceAll('\t', '  '));
    expect(await ask(host, change)).toMatchObject({ kind: 'change' });
    expect(await restored(host, change)).toBe(ORIGINAL);
  });

  it('edited by somebody: our key alone is offered, and their edit stays', async () => {
    const { host, change, ours } = await machine(ORIGINAL);
    host.disk.file(PATH, ours.replace('<string>2<', '<string>3<'));
    expect(await ask(host, change)).toMatchObject({ kind: 'edited' });
    expect(await restored(host, change)).toBe(ORIGINAL.replace('<string>2<', '<string>3<'));
  });

  it('written anew with other things in it, by the program whose file it is: no edit, our key goes', async () => {
    const { host, change } = await machine(ORIGINAL, { rewritten: true });
    host.disk.file(PATH, plist(entry('A', '1') + entry('HOST', 'all') + entry('NEW', '4')));
    expect(await ask(host, change)).toMatchObject({ kind: 'change' });
    expect(await restored(host, change)).toBe(plist(entry('A', '1') + entry('NEW', '4')));
  });

  it('had another value before: that comes back', async () => {
    const { host, change, ours } = await machine(plist(entry('HOST', 'local')), { was: 'local' });
    host.disk.file(PATH, ours.replace('>job<', '>other<'));
    expect(await restored(host, change)).toBe(plist(entry('HOST', 'local')).replace('>job<', '>other<'));
  });

  it('no longer holds our key: nothing', async () => {
    const { host, change } = await machine(ORIGINAL);
    host.disk.file(PATH, plist(entry('A', '7')));
    expect(await ask(host, change)).toEqual({ kind: 'nothing' });
  });

  it('taken away by the program whose file it is: nothing, since it would be one job too many', async () => {
    const { host, change } = await machine(ORIGINAL, { rewritten: true });
    host.disk.drop(PATH);
    expect(await ask(host, change)).toEqual({ kind: 'nothing' });
  });

  it('deleted by somebody: it comes back', async () => {
    const { host, change } = await machine(ORIGINAL);
    host.disk.drop(PATH);
    expect(await restored(host, change)).toBe(ORIGINAL);
  });
});
