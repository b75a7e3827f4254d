import { describe, expect, it } from 'vitest';
import { checkFolders } from '../../src/actions/safe-path.ts';
import { FileError } from '../../src/errors.ts';
import type { Identity } from '../../src/host/host.ts';
import { RecordedHost } from '../rig/recorded-host.ts';

const ANN = { uid: 1000, gid: 1000, name: 'ann', home: '/home/ann' };
const EVE = 1001;

function machine(user = {}): RecordedHost {
  const host = new RecordedHost(user);
  host.disk
    .folder('/etc/systemd/system/x.service.d')
    .folder('/tmp', { mode: 0o1777 })
    .folder('/home/ann', { mode: 0o750, uid: 1000, gid: 1000 })
    .folder('/home/ann/.config', { mode: 0o755, uid: 1000, gid: 1000 });
  return host;
}

const DROP_IN = '/etc/systemd/system/x.service.d/zz.conf';

describe('passes', () => {
  it.each<[string, string, Identity]>([
    ['folders of root', DROP_IN, 'root'],
    ['folders that are not there yet', '/etc/systemd/system/new.d/deeper/zz.conf', 'root'],
    ['a file at the top', '/zz.conf', 'root'],
    ['the own home of a user', '/home/ann/.config/x', ANN],
    ['a sticky folder for everybody', '/tmp/x', 'root'],
  ])('%s', (_, path, identity) => {
    expect(() => checkFolders(machine(), path, identity)).not.toThrow();
  });

  it('links of root to folders of root, such as /var/run', () => {
    const host = machine();
    host.disk.folder('/run/x').symlink('/var/run', '/run').symlink('/etc/y.d', 'systemd/system/x.service.d');
    expect(() => checkFolders(host, '/var/run/x/file', 'root')).not.toThrow();
    expect(() => checkFolders(host, '/etc/y.d/file', 'root')).not.toThrow();
  });

  it.each([
    ['the user’s own group', { mode: 0o775, uid: 1000, gid: 1000 }, ANN],
    ['root’s group', { mode: 0o775, uid: 0, gid: 0 }, 'root' as const],
  ])('a folder that %s may write', (_, ownership, identity) => {
    const host = machine();
    host.disk.folder('/home/ann/.config', ownership);
    expect(() => checkFolders(host, '/home/ann/.config/x', identity === 'root' ? ANN : identity)).not.toThrow();
  });
});

describe("Homebrew's folders, which the group admin may write", () => {
  it.each([
    ['darwin', true],
    ['linux', false],
  ])('on %s pass: %s', (platform, passes) => {
    const host = machine();
    Object.defineProperty(host, 'platform', { value: platform });
    host.disk.folder('/opt/homebrew/Cellar', { mode: 0o775, uid: 1000, gid: 80 });
    const check = expect(() => checkFolders(host, '/opt/homebrew/Cellar/x', ANN));
    if (passes) check.not.toThrow();
    else check.toThrow('can be written by other users');
  });
});

describe('refuses', () => {
  const refusal = (host: RecordedHost, path: string, identity: Identity) => {
    const check = () => checkFolders(host, path, identity);
    expect(check).toThrow(FileError);
    try {
      check();
    } catch (error) {
      return error as FileError;
    }
    throw new Error('unreachable');
  };

  it.each([
    ['the world', { mode: 0o757 }, 'can be written by other users'],
    ['another group', { mode: 0o775, gid: 50 }, 'can be written by other users'],
    ['another user', { uid: EVE }, 'belongs to user 1001'],
  ])('a folder that is writable by %s, anywhere on the way', (_, ownership, words) => {
    for (const folder of ['/etc', '/etc/systemd', '/etc/systemd/system', '/etc/systemd/system/x.service.d']) {
      const host = machine();
      host.disk.folder(folder, ownership);
      const error = refusal(host, DROP_IN, 'root');
      expect(error).toMatchObject({ errno: 'EPERM', path: folder });
      expect(error.message).toContain(words);
    }
  });

  it('the home of a user, for root', () => {
    expect(refusal(machine(), '/home/ann/.config/x', 'root').path).toBe('/home/ann');
  });

  it('a home that its group shares with others', () => {
    const host = machine();
    host.disk.folder('/home/ann', { mode: 0o775, uid: 1000, gid: 100 });
    expect(refusal(host, '/home/ann/.config/x', ANN).path).toBe('/home/ann');
  });

  it('a link that another user planted, even to a good place', () => {
    const host = machine();
    host.disk.symlink('/tmp/link', '/etc/systemd/system/x.service.d', { uid: EVE });
    expect(refusal(host, '/tmp/link/zz.conf', 'root').path).toBe('/tmp/link');
  });

  it('a link of root to a folder of somebody else', () => {
    const host = machine();
    host.disk.folder('/srv/eve', { uid: EVE }).symlink('/etc/z.d', '/srv/eve');
    expect(refusal(host, '/etc/z.d/zz.conf', 'root').path).toBe('/srv/eve');
  });

  it('a link to a good folder below a bad one', () => {
    const host = machine();
    host.disk.folder('/srv', { mode: 0o777 }).folder('/srv/good').symlink('/etc/z.d', '/srv/good');
    expect(refusal(host, '/etc/z.d/zz.conf', 'root').path).toBe('/srv');
  });

  it('a link that leads nowhere', () => {
    const host = machine();
    host.disk.symlink('/etc/z.d', '/nowhere');
    expect(refusal(host, '/etc/z.d/zz.conf', 'root').message).toContain('leads nowhere');
  });

  it('a folder of root’s that everybody may write, for a user', () => {
    const host = machine(ANN);
    host.disk.folder('/shared', { mode: 0o777 });
    expect(refusal(host, '/shared/x', 'self').path).toBe('/shared');
  });
});
