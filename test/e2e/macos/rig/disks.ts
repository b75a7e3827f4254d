import type { Mac } from './machine.ts';

const MOUNT = '/usr/local/libexec/debian/bin/mount';

/**
 * Makes a file or folder of the Mac read-only: writing fails with EROFS. The host's own `remountReadOnly` does not do it,
 * for that a mount is read-only holds in one mount namespace, and the Mac has one of its own. (Disks that the host mounts
 * are seen on the Mac.)
 */
export async function remountReadOnly(mac: Mac, target: string): Promise<void> {
  const inside = ['nsenter', '-t', mac.host.read('/run/mac/ready'), '-m', '--', MOUNT];
  await mac.host.must([...inside, '--bind', target, target]);
  await mac.host.must([...inside, '-o', 'remount,bind,ro', target]);
}
