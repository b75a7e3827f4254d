import { chmodSync, existsSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Bind, TestHost } from '../../rig/host.ts';
import { HOME, REPO } from '../../rig/places.ts';
import { COMMAND, installProduct } from '../../rig/product.ts';
import { standInBinary } from '../../rig/stand-in.ts';
import { installApp } from './app.ts';
import type { BrewOptions, MacOptions } from './options.ts';

export const ME = { uid: 501, gid: 20, home: '/Users/me' };

const PROGRAMS = path.join(import.meta.dirname, 'programs');
const CACHE = `${HOME}/mac-cache`;
const LIBEXEC = '/usr/local/libexec';

/** macOS's own sudoers, as far as it matters here: no secure_path, and HOME stays the caller's. */
const SUDOERS = `Defaults env_reset
Defaults env_keep += "BLOCKSIZE"
Defaults env_keep += "COLORFGBG COLORTERM"
Defaults env_keep += "__CF_USER_TEXT_ENCODING"
Defaults env_keep += "CHARSET LANG LANGUAGE LC_ALL LC_COLLATE LC_CTYPE LC_MESSAGES LC_MONETARY LC_NUMERIC LC_TIME"
Defaults env_keep += "LINES COLUMNS"
Defaults env_keep += "LSCOLORS"
Defaults env_keep += "SSH_AUTH_SOCK"
Defaults env_keep += "TZ"
Defaults env_keep += "DISPLAY XAUTHORIZATION XAUTHORITY"
Defaults env_keep += "EDITOR VISUAL"
Defaults env_keep += "HOME MAIL"
root ALL=(ALL) ALL
`;

/** What all Macs share with this machine. */
export function binds(): Bind[] {
  mkdirSync(CACHE, { recursive: true });
  chmodSync(CACHE, 0o777);
  return [
    { source: PROGRAMS, target: `${LIBEXEC}/mac` },
    // Python's compiled modules: what one Mac compiles, the next one need not.
    { source: CACHE, target: `${LIBEXEC}/mac-cache`, readOnly: false },
    { source: standInBinary(), target: `${LIBEXEC}/ollama-server` },
    { source: process.execPath, target: `${LIBEXEC}/node/node` },
  ];
}

/** Makes a Mac of a freshly booted host; launchd is not started yet. */
export async function prepare(host: TestHost, options: MacOptions): Promise<void> {
  const brews = ([] as BrewOptions[]).concat(options.brew ?? []);
  users(host, options);
  folders(host);
  host.write('/var/db/mac/config.json', JSON.stringify(configuration(options, brews)));
  host.write('/var/db/mac/calls.jsonl', '', { mode: 0o666 });
  host.write('/usr/share/ollama/needs-home', '');
  if (brews.length > 0) await homebrew(host, brews);
  if (options.app) await installApp(host, options.app);
  for (const { path: file, content, ...owner } of options.plists ?? []) {
    const mine = !file.startsWith('/') || file.startsWith(ME.home);
    if (mine) folderOf(host, `${ME.home}/Library/LaunchAgents`);
    const target = file.startsWith('/') ? file : `${ME.home}/Library/LaunchAgents/${file}`;
    host.write(target, content, { ...(mine && { uid: ME.uid, gid: ME.gid }), ...owner });
  }
  productCommand(host);
  host.write('/etc/systemd/system/mac-launchd.service', UNIT);
  host.symlink('../mac-launchd.service', '/etc/systemd/system/multi-user.target.wants/mac-launchd.service');
  if (options.sudo === 'password') await host.must(['chpasswd'], { input: 'me:correct horse\n' });
}

const UNIT = `[Service]
ExecStart=/usr/bin/unshare --mount --propagation slave /usr/bin/python3 -IS ${LIBEXEC}/mac/boot.py
RuntimeDirectory=mac
TimeoutStopSec=2
`;

function configuration(options: MacOptions, brews: readonly BrewOptions[]): Record<string, unknown> {
  const brew = Object.fromEntries(brews.map((each) => [each.prefix ?? '/opt/homebrew', each]));
  const { app } = options;
  const bundle = app?.path ?? '/Applications/Ollama.app';
  const item = app && app.launched !== false && app.expose !== null && (app.loginItem ?? true);
  return {
    scale: options.scale ?? 0.1,
    console: (options.console ?? true) ? 'me' : null,
    faults: options.faults ?? {},
    loginOrder: options.loginOrder ?? 'together',
    without: options.without ?? [],
    macos: options.macos ?? '26.5.2',
    arch: brews.some((each) => each.prefix === '/usr/local') && brews.length === 1 ? 'x86_64' : 'arm64',
    brew,
    app: { schema: 17, ...app, path: bundle },
    loginItems: item ? { me: bundle } : {},
  };
}

/** Who is on a Mac: me is number 501 in group 20 (staff), and an administrator by group 80. */
function users(host: TestHost, options: MacOptions): void {
  const others = options.users ?? [];
  const line = (name: string, uid: number) => `${name}:x:${uid}:20::/Users/${name}:/bin/zsh\n`;
  const passwd = host.read('/etc/passwd').replace(':/root:/bin/bash', ':/var/root:/bin/sh');
  host.write('/etc/passwd', passwd + line('me', ME.uid) + others.map((each) => line(each.name, each.uid)).join(''));
  const shadow = ['me', ...others.map((each) => each.name)].map((name) => `${name}:*:19000:0:99999:7:::\n`);
  host.write('/etc/shadow', host.read('/etc/shadow') + shadow.join(''), { mode: 0o640 });
  const groups = host.read('/etc/group').replace(/^(dialout|staff):.*\n/gm, '');
  host.write('/etc/group', `wheel:x:0:\n${groups}staff:x:20:root\nadmin:x:80:root,me\n`);
  const tag = { nopasswd: 'NOPASSWD: ', password: '' };
  const rights = options.sudo === false ? '' : `%admin ALL=(ALL) ${tag[options.sudo ?? 'nopasswd']}ALL\n`;
  host.write('/etc/sudoers', SUDOERS + rights, { mode: 0o440 });
  for (const { name, uid } of [{ name: 'me', uid: ME.uid }, ...others]) {
    host.makeDirectory(`/Users/${name}/Library`, { uid, gid: 20, mode: 0o700 });
    host.makeDirectory(`/Users/${name}`, { uid, gid: 20, mode: 0o750 });
    host.makeDirectory(`/var/folders/${String(uid % 100).padStart(2, '0')}/mac${uid}/T`, { uid, gid: 20, mode: 0o700 });
  }
}

function folders(host: TestHost): void {
  host.makeDirectory('/var/root', { mode: 0o750 });
  host.makeDirectory('/Users/Shared', { mode: 0o1777 });
  host.makeDirectory('/Applications', { gid: 80, mode: 0o775 });
  for (const folder of ['LaunchAgents', 'LaunchDaemons', 'Application Support'])
    host.makeDirectory(`/Library/${folder}`);
  for (const folder of ['/var/db/mac', '/System/Library/LaunchDaemons']) host.makeDirectory(folder);
}

/** Lays out the prefixes; what Homebrew itself writes is written by the emulated Homebrew. */
async function homebrew(host: TestHost, brews: readonly BrewOptions[]): Promise<void> {
  const told: Record<string, unknown> = {};
  for (const brew of brews) {
    const prefix = brew.prefix ?? '/opt/homebrew';
    host.makeDirectory(prefix, prefix === '/usr/local' ? {} : { uid: ME.uid, gid: 80 });
    for (const folder of ['bin', 'opt', 'Cellar', 'var', 'var/log']) {
      host.makeDirectory(`${prefix}/${folder}`, { uid: ME.uid, gid: 80, mode: 0o775 });
    }
    host.symlink(`${LIBEXEC}/mac/main.py`, `${prefix}/bin/brew`);
    if (brew.env !== undefined) {
      for (const folder of ['.homebrew', '.homebrew/services']) folderOf(host, `${ME.home}/${folder}`);
      host.write(`${ME.home}/.homebrew/services/ollama.env`, brew.env, { uid: ME.uid, gid: ME.gid });
    }
    const formula = brew.formula === undefined ? '0.32.3' : brew.formula;
    told[prefix] = { formula, service: brew.service ?? 'stopped', label: brew.label };
  }
  const input = JSON.stringify({ user: 'me', brews: told });
  await host.must(['/usr/bin/python3', '-IS', `${LIBEXEC}/mac/seed.py`], { input });
}

/** The product's command runs in a Node that takes itself for one on a Mac. */
function productCommand(host: TestHost): void {
  const node = `#!/bin/sh\nexec ${LIBEXEC}/node/node --import ${LIBEXEC}/mac/preload.mjs "$@"\n`;
  host.write('/usr/local/bin/node', node, { mode: 0o755 });
  host.write(`/usr/local/bin/${COMMAND}`, '#!/bin/sh\nexec /usr/local/bin/node /opt/product/dist/cli.js "$@"\n', {
    mode: 0o755,
  });
  if (existsSync(path.join(REPO, 'dist/cli.js'))) installProduct(host);
}

/** A folder of mine, if it is not there yet. */
export function folderOf(host: TestHost, folder: string): void {
  if (!host.exists(folder)) host.makeDirectory(folder, { uid: ME.uid, gid: ME.gid });
}

/** The stand-in for the server, at a path of the Mac. */
export function putServer(
  host: TestHost,
  target: string,
  owner: { uid: number; gid: number } = { uid: 0, gid: 0 },
): void {
  host.makeDirectory(path.posix.dirname(target));
  host.write(target, readFileSync(standInBinary()), { mode: 0o755, ...owner });
}
