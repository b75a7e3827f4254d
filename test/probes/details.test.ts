import { describe, expect, it } from 'vitest';
import { detailsOf } from '../../src/probes/details.ts';
import { parsePs } from '../../src/probes/ps.ts';
import { RecordedMac } from '../rig/mac-host.ts';

const ARGS = '/opt/My Tools/ollama serve';
const process = (args = ARGS, uid = 501) => parsePs(`  77     1   ${uid} ${args}\n`)[0]!;

function mac(environment: string, args = ARGS, user = {}): RecordedMac {
  const host = new RecordedMac(user);
  host.command(['lsof'], (argv) => ({
    stdout: `p77\nf${argv[5]}\nn${argv[5] === 'cwd' ? '/Users/me' : '/opt/real'}\n`,
  }));
  host.command(['ps', '-E'], { stdout: `${args}${environment}\n` });
  return host;
}

describe('a process of a Mac', () => {
  it('is told with its program, folder, group and environment', async () => {
    const host = mac(' HOME=/Users/me OLLAMA_MODELS=/Volumes/Big Disk/models and more EMPTY= OLLAMA_HOST=127.0.0.1');
    expect(await detailsOf(host, process())).toEqual({
      file: '/opt/My Tools/ollama',
      cwd: '/Users/me',
      gid: 20,
      environment: {
        HOME: '/Users/me',
        OLLAMA_MODELS: '/Volumes/Big Disk/models and more',
        EMPTY: '',
        OLLAMA_HOST: '127.0.0.1',
      },
    });
  });

  it('that was called by a bare name is the file that lsof tells', async () => {
    const details = await detailsOf(mac(' A=b', 'ollama serve'), process('ollama serve'));
    expect(details).toMatchObject({ file: '/opt/real', environment: { A: 'b' } });
  });

  it.each(['', ' '])('may hide its environment (%j)', async (environment) => {
    expect(await detailsOf(mac(environment), process())).toMatchObject({ environment: undefined });
  });

  it('of another user has the group that its user is in first', async () => {
    const host = mac(' A=b', ARGS, { uid: 0, gid: 0 });
    expect(await detailsOf(host, process(ARGS, 502))).toMatchObject({ gid: 20 });
    host.command(['id', '-g', '502'], { stdout: '600\n' });
    expect(await detailsOf(host, process(ARGS, 502))).toMatchObject({ gid: 600 });
  });

  it('that may not be looked into has none', async () => {
    const host = new RecordedMac().command(['lsof'], { code: 1 }).command(['ps'], { code: 1 });
    expect(await detailsOf(host, process())).toBeUndefined();
  });
});
