import { describe, expect, it } from 'vitest';
import { FileError } from '../../src/errors.ts';
import { surroundingsOf } from '../../src/wsl/surroundings.ts';
import { findOnWindows } from '../../src/wsl/windows-ollama.ts';
import { HEX, table } from '../rig/proc.ts';
import { RecordedHost } from '../rig/recorded-host.ts';
import { type Dress, dress, GATEWAY, mounts, WINDOWS_PROGRAM } from './machine.ts';

const SHARED = 'http://127.0.0.1:11434';
const NAT = `http://${GATEWAY}:11434`;

async function look(options: Dress, change: (host: RecordedHost) => void = () => {}, servers = false) {
  const host = dress(new RecordedHost(), options);
  change(host);
  const version = options.release?.endsWith('-Microsoft') ? 1 : 2;
  return { host, found: await findOnWindows(host, await surroundingsOf(host, version), servers) };
}

const listening = ({ disk }: RecordedHost) =>
  void disk.file('/proc/net/tcp6', table([{ local: HEX['::'], port: 11434, inode: 9 }]));

describe('an Ollama on Windows', () => {
  it('answers at the gateway of the NAT', async () => {
    const { found } = await look({ mode: 'nat', answersAt: [NAT] });
    expect(found).toEqual({ answer: { url: NAT, version: '0.31.0' } });
    // What listens in here has nothing to do with that address.
    expect((await look({ mode: 'nat', answersAt: [NAT] }, listening)).found).toEqual(found);
  });

  it('answers on the shared loopback, if nothing in here listens there', async () => {
    const options = { mode: 'mirrored', answersAt: [SHARED] };
    expect((await look(options)).found).toEqual({ answer: { url: SHARED, version: '0.31.0' } });
    const { found, host } = await look(options, listening);
    expect(found).toBeUndefined();
    expect(host.asked).toEqual([]);
  });

  it('in WSL 1, which shows no listeners, if no server runs in here', async () => {
    const options = { release: '4.4.0-19041-Microsoft', answersAt: [SHARED] };
    expect((await look(options)).found).toEqual({ answer: { url: SHARED, version: '0.31.0' } });
    expect((await look(options, undefined, true)).found).toBeUndefined();
  });

  it('is not asked for at a router', async () => {
    for (const mode of ['bridged', 'virtioproxy', 'none']) {
      const { found, host } = await look({ mode, answersAt: [NAT, SHARED] });
      expect(found).toBeUndefined();
      expect(host.asked).toEqual([]);
    }
  });

  it('is not taken for one when something else answers', async () => {
    const { found } = await look({ mode: 'nat' }, (host) => {
      host.http = () => ({ status: 200, body: '<html>router</html>' });
    });
    expect(found).toBeUndefined();
  });
});

describe('its program', () => {
  it('on drive C:', async () => {
    expect((await look({ mode: 'nat', installed: true })).found).toEqual({ program: WINDOWS_PROGRAM });
  });

  it.each([
    ['where the drive is mounted', '/win\\040drives/c', '/win drives/c', ''],
    ['below the root of wsl.conf, if it is not in the table', undefined, '/drives/c', '[automount]\nroot=/drives\n'],
  ])('%s', async (_, at, dir, conf) => {
    const { found } = await look({ mode: 'nat', conf }, ({ disk }) => {
      disk.file('/proc/mounts', at === undefined ? '' : mounts(at));
      disk.file(`${dir}/Users/ann/AppData/Local/Programs/Ollama/ollama.exe`, 'MZ');
    });
    expect(found).toEqual({ program: WINDOWS_PROGRAM });
  });

  it('by virtiofs, whose source is no drive', async () => {
    const { found } = await look({ mode: 'nat' }, ({ disk }) => {
      disk.file('/proc/mounts', 'drvfsC0 /mnt/c virtiofs rw,noatime 0 0\n');
      disk.file('/mnt/c/Users/ann/AppData/Local/Programs/Ollama/ollama.exe', 'MZ');
    });
    expect(found).toEqual({ program: WINDOWS_PROGRAM });
  });

  it('beside profiles that may not be looked into, and a folder of that name', async () => {
    const program = (user: string) => `/mnt/c/Users/${user}/AppData/Local/Programs/Ollama/ollama.exe`;
    const { found } = await look({ mode: 'nat', installed: true }, ({ disk, files }) => {
      disk.folder(program('aaron')).file(program('alf'), 'MZ');
      const { stat } = files;
      files.stat = (path) => {
        if (path.startsWith('/mnt/c/Users/alf/')) throw new FileError('EACCES', path, `${path}: EACCES`);
        return stat(path);
      };
    });
    expect(found).toEqual({ program: WINDOWS_PROGRAM });
  });

  it('nowhere, without a drive', async () => {
    const { found } = await look({ mode: 'nat' }, ({ disk }) => disk.drop('/mnt'));
    expect(found).toBeUndefined();
  });
});
