import { FileError } from '../errors.ts';
import type { Host, Identity, Ownership } from '../host/host.ts';

const WRITABLE_BY_OTHERS = 0o022;
const STICKY = 0o1000;
/** The group `admin` of macOS: who is in it is root whenever he likes, and Homebrew's folders are open to it. */
const ADMIN = 80;

/**
 * Holds that nobody but root and the acting user can steer where a write below these folders ends: every folder on the
 * way, links included, belongs to one of them and is not writable by others.
 * @throws FileError EPERM naming the folder, before anything is written
 */
export function checkFolders(host: Host, path: string, identity: Identity): void {
  const owner = typeof identity === 'object' ? identity.uid : identity === 'root' ? 0 : host.user.uid;
  const names = path.split('/').slice(1, -1);
  let dir = '';
  for (const name of names) {
    dir = `${dir}/${name}`;
    const stat = host.files.stat(dir);
    if (!stat) return; // it and all below it are made by us
    if (stat.uid !== 0 && stat.uid !== owner) throw planted(dir, `belongs to user ${stat.uid}`);
    if (stat.kind === 'link') {
      const target = host.files.real(dir);
      if (!target) throw planted(dir, 'is a link that leads nowhere');
      checkFolders(host, `${target}/x`, identity);
      dir = target;
    } else if ((stat.mode & WRITABLE_BY_OTHERS) !== 0 && (stat.mode & STICKY) === 0 && !isOwnGroup(host, stat, owner)) {
      throw planted(dir, 'can be written by other users');
    }
  }
}

/** A home of mode 775 whose group is the user's own (the default of some distributions) is the user's alone. */
function isOwnGroup({ platform }: Host, { mode, uid, gid }: Ownership, owner: number): boolean {
  if ((mode & 0o002) !== 0) return false;
  return gid === 0 || (uid === owner && gid === owner) || (platform === 'darwin' && gid === ADMIN);
}

function planted(dir: string, why: string): FileError {
  return new FileError('EPERM', dir, `${dir} ${why}, so it is not safe to write below it`);
}
