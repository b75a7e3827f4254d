import { createHash } from 'node:crypto';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { BASE } from './base.ts';
import type { RunOptions, TestHost } from './host.ts';
import { must } from './outside.ts';
import { HOME, names, REPO } from './places.ts';

/**
 * Debian's firewalls as a layer over the base: polkit comes with firewalld, and a base that has it would change what the
 * other tests see. Nothing of it is started or enabled.
 */
const PACKAGES = ['ufw', 'iptables', 'ipset', 'firewalld'];
const RECIPE = 2;
const KEY = createHash('sha256')
  .update(JSON.stringify([path.basename(BASE), PACKAGES, RECIPE]))
  .digest('hex')
  .slice(0, 12);
const LAYER = `${HOME}/firewalls-${KEY}.tar`;

/** Puts ufw, iptables, ipset and firewalld on a running host, as apt would, but started or enabled by nobody. */
export async function installFirewalls(host: TestHost): Promise<void> {
  await ensureFirewalls();
  await must(['tar', '-xf', LAYER, '-C', host.outsidePath('/'), '--numeric-owner', '--overwrite']);
  // systemd-sysusers and apt's own hooks have run already; what is up has to read the new units, names and policies.
  await host.must(['systemctl', 'daemon-reload']);
  await host.must(['systemctl', 'reload', 'dbus.service']);
}

/** Builds the layer when it is missing: a second file system with the packages, less what the base has as well. */
export async function ensureFirewalls(): Promise<void> {
  if (existsSync(LAYER)) return;
  const draft = `${LAYER}.${process.pid}`;
  const root = `${draft}.root`;
  for (const old of names(HOME)) if (/^firewalls-[0-9a-f]{12}\.tar$/.test(old)) rmSync(`${HOME}/${old}`);
  try {
    const include = [...installed(), ...PACKAGES].join(',');
    const words = ['--quiet', '--variant=minbase', `--include=${include}`, 'bookworm', `${draft}.full`];
    await must(['mmdebstrap', '--format=tar', ...words], { timeout: 900_000 });
    mkdirSync(root);
    await must(['tar', '-xf', `${draft}.full`, '-C', root, '--numeric-owner', '--exclude=./dev/*'], {
      timeout: 300_000,
    });
    const wants = `${root}/etc/systemd/system`;
    for (const dir of names(wants).filter((name) => name.endsWith('.wants')))
      for (const unit of ['ufw.service', 'firewalld.service', 'ipset.service'])
        rmSync(`${wants}/${dir}/${unit}`, { force: true });
    rmSync(`${wants}/dbus-org.fedoraproject.FirewallD1.service`, { force: true });
    writeFileSync(`${draft}.list`, difference(root, BASE, '.').join('\0'));
    const list = ['--numeric-owner', '--no-recursion', '--null', '-T', `${draft}.list`];
    await must(['tar', '-C', root, '-cf', draft, ...list], { timeout: 300_000 });
    renameSync(draft, LAYER);
  } finally {
    for (const left of [draft, `${draft}.full`, `${draft}.list`, root]) rmSync(left, { recursive: true, force: true });
  }
}

/** The packages of the base, from dpkg's own list. */
function installed(): string[] {
  const status = readFileSync(`${BASE}/var/lib/dpkg/status`, 'utf8');
  return [...status.matchAll(/^Package: (.+)$/gm)].map(([, name]) => name!);
}

/** What a host needs none of, what belongs to each host, and what the base has removed on purpose. */
const LEFT_OUT =
  /^\.\/(dev|proc|sys|run|tmp|var\/(lib\/apt|cache|log)|usr\/share\/(doc|locale|man)|etc\/(host|resolv|machine))/;

/** The paths below `dir` of one tree that the other has not, or has otherwise. */
function difference(one: string, other: string, dir: string): string[] {
  return readdirSync(`${one}/${dir}`).flatMap((name) => {
    const file = `${dir}/${name}`;
    if (LEFT_OUT.test(file)) return [];
    const [a, b] = [lstatSync(`${one}/${file}`), lstatSync(`${other}/${file}`, { throwIfNoEntry: false })];
    if (a.isDirectory()) return [...(b ? [] : [file]), ...difference(one, other, file)];
    if (a.isSymbolicLink())
      return b?.isSymbolicLink() && readlinkSync(`${one}/${file}`) === readlinkSync(`${other}/${file}`) ? [] : [file];
    return b && a.size === b.size && a.mode === b.mode && a.mtimeMs === b.mtimeMs ? [] : [file];
  });
}

const PROGRAM = '/opt/firewall.cjs';

/** Asks the product's own library for firewalls, as it runs on the host (`firewall-program.ts`). */
export async function library<T>(host: TestHost, verb: string, input: unknown, options: RunOptions = {}): Promise<T> {
  if (!host.exists(PROGRAM)) host.write(PROGRAM, await bundle());
  const { code, stdout, stderr } = await host.run(['node', PROGRAM, verb], {
    ...options,
    input: JSON.stringify(input),
  });
  if (code !== 0) throw new Error(`${verb}: exit code ${code}\n${stderr}`);
  return JSON.parse(stdout) as T;
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: REPO,
    entryPoints: ['test/e2e/rig/firewall-program.ts'],
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target: 'node20.17',
    loader: { '.nft': 'text', '.conf': 'text', '.tmpl': 'text' },
    logLevel: 'error',
  });
  return outputFiles[0]!.text;
}

/** The kernel's rules without what says nothing about them: handles and counts. */
export async function rules(host: TestHost): Promise<unknown> {
  return JSON.parse(await host.must(['nft', '-j', 'list', 'ruleset']), (key, value) =>
    ['handle', 'packets', 'bytes'].includes(key) ? undefined : value,
  );
}
