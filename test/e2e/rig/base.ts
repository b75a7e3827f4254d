import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import net from 'node:net';
import { must, sleep } from './outside.ts';
import { HOME, HOSTS, names } from './places.ts';

const SUITE = 'bookworm';

/** What a host has for PID 1. */
export type Init = 'systemd' | 'openrc';

/** The Debian packages of a host, apart from the minimal system. */
const PACKAGES = [
  ...['systemd', 'systemd-sysv', 'dbus', 'dbus-user-session', 'libpam-systemd', 'iproute2', 'procps', 'curl'],
  ...['sudo', 'nftables', 'python3', 'libstdc++6', 'sqlite3'],
];

/** Units that a host without a console, without a network to wait for and without upgrades has no use for. */
const MASKED = [
  ...['console-getty.service', 'getty.target', 'apt-daily.timer', 'apt-daily-upgrade.timer', 'dpkg-db-backup.timer'],
  ...['e2scrub_all.timer', 'e2scrub_reap.service', 'fstrim.timer', 'systemd-firstboot.service'],
];

/** Change this when `prepare` changes. */
const RECIPE = 1;

/** The packages of a host with OpenRC; sysvinit is its PID 1, as Debian has it. */
const OPENRC_PACKAGES = ['openrc', 'sysvinit-core', 'iproute2', 'procps', 'curl', 'sudo', 'python3', 'libstdc++6'];

/** Only OpenRC: no consoles, and no boot scripts of Debian's, which look after disks and clocks. */
const INITTAB = [
  'id:2:initdefault:',
  'si::sysinit:/sbin/openrc sysinit',
  'l2:2:wait:/sbin/openrc default',
  'l0:0:wait:/sbin/openrc shutdown',
  'h0:0:wait:/sbin/halt -f -p',
  '',
].join('\n');

function keyOf(recipe: readonly unknown[]): string {
  return createHash('sha256').update(JSON.stringify(recipe)).digest('hex').slice(0, 12);
}

/** The unpacked file systems that all hosts share and none writes to. */
const BASES: Record<Init, string> = {
  systemd: `${HOME}/base-${keyOf([SUITE, PACKAGES, MASKED, RECIPE])}`,
  openrc: `${HOME}/base-openrc-${keyOf([SUITE, OPENRC_PACKAGES, INITTAB, RECIPE])}`,
};

export const BASE = BASES.systemd;

export function baseOf(init: Init): string {
  return BASES[init];
}

/** Builds the base when it is missing. Of several builders at once, one works and the others wait. */
export async function ensureBase(init: Init = 'systemd'): Promise<void> {
  const base = BASES[init];
  if (existsSync(base)) return;
  await withLock('base', async () => {
    if (existsSync(base)) return;
    mkdirSync(HOME, { recursive: true });
    removeOldBases();
    const draft = `${base}.draft`;
    rmSync(draft, { recursive: true, force: true });
    const tar = `${draft}.tar`;
    const packages = init === 'systemd' ? PACKAGES : OPENRC_PACKAGES;
    await must(['mmdebstrap', '--quiet', '--variant=minbase', `--include=${packages.join(',')}`, SUITE, tar], {
      timeout: 900_000,
    });
    mkdirSync(draft);
    await must(['tar', '-xf', tar, '-C', draft, '--numeric-owner', '--exclude=./dev/*'], { timeout: 300_000 });
    if (init === 'openrc') prepareOpenrc(draft);
    prepare(draft, init);
    rmSync(tar);
    await must(['mv', '-T', draft, base]);
  });
}

/** Bases of earlier recipes and half-built ones; while a host is up, its base may be one of them. */
function removeOldBases(): void {
  if (names(HOSTS).length > 0) return;
  const current = Object.values(BASES);
  for (const old of names(HOME).map((name) => `${HOME}/${name}`)) {
    const kept = current.some((base) => old === base || old.startsWith(`${base}-`));
    if (old.startsWith(`${HOME}/base-`) && !kept) rmSync(old, { recursive: true, force: true });
  }
}

function prepareOpenrc(root: string): void {
  writeFileSync(`${root}/etc/inittab`, INITTAB);
  for (const level of names(`${root}/etc/runlevels`))
    for (const name of names(`${root}/etc/runlevels/${level}`)) rmSync(`${root}/etc/runlevels/${level}/${name}`);
}

function prepare(root: string, init: Init): void {
  if (init === 'systemd') for (const unit of MASKED) symlinkSync('/dev/null', `${root}/etc/systemd/system/${unit}`);
  for (const file of ['etc/hostname', 'etc/resolv.conf']) rmSync(`${root}/${file}`, { force: true });
  for (const dir of ['var/lib/apt/lists', 'var/cache/apt', 'usr/share/doc', 'usr/share/locale', 'usr/share/man']) {
    rmSync(`${root}/${dir}`, { recursive: true, force: true });
  }
  // Tells systemd that /etc and /var are newer than /usr: nothing is to be regenerated at the first boot.
  for (const dir of ['etc', 'var']) writeFileSync(`${root}/${dir}/.updated`, `TIMESTAMP_NSEC=${Date.now()}000000\n`);
  chmodSync(root, 0o755);
}

/** Holds a lock that the kernel frees with the process, whatever becomes of it: an abstract socket's name. */
async function withLock(name: string, work: () => Promise<void>): Promise<void> {
  let lock = await take(name);
  for (; lock === undefined; lock = await take(name)) await sleep(200);
  try {
    await work();
  } finally {
    lock.close();
  }
}

function take(name: string): Promise<net.Server | undefined> {
  const server = net.createServer();
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    );
    server.listen(`\0stigmer-e2e-${name}`, () => resolve(server));
  });
}
