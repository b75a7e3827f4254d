import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { GuestFiles } from './guest-files.ts';
import { enter, type Machine } from './machine.ts';

/** How a command runs inside a host. */
export interface RunOptions {
  /** A user's name; root unless told. */
  user?: string;
  /** Added to the plain environment of a fresh login; nothing of this machine's own environment gets in. */
  env?: Record<string, string>;
  /** Standard input; empty unless told. */
  input?: string | Buffer;
  /** Milliseconds; then the command is killed and the promise rejects. 60 s unless told, 120 s for `spawn`. */
  timeout?: number;
  /** The user's home unless told. */
  cwd?: string;
  /** Gives the command a terminal of 120 columns; what it prints, errors too, is then all in `stdout`, with \r\n. */
  tty?: boolean;
  /** Opens a login session of its own, as sshd does: with XDG_RUNTIME_DIR, the user's own systemd, and its scope. */
  session?: boolean;
}

/** A user of a host, from its /etc/passwd. */
export interface GuestUser {
  name: string;
  uid: number;
  gid: number;
  home: string;
  shell: string;
}

/** The words to start on this machine, and what is needed to find the command's own process again. */
export interface GuestCommand {
  argv: string[];
  /** The command itself. */
  words: readonly string[];
  /** The name of the transient service, for a command in a login session. */
  unit: string | undefined;
  tty: boolean;
}

const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';
const PTY = readFileSync(path.join(import.meta.dirname, 'pty.py'), 'utf8');

/** How the process that runs `pty.py` begins its command line. */
const PTY_START = ['/usr/bin/python3', '-c', PTY];

let sessions = 0;

/** Puts together how a command is run inside a host. */
export function guestCommand(
  machine: Machine,
  files: GuestFiles,
  argv: readonly string[],
  options: RunOptions,
): GuestCommand {
  const user = findUser(files, options.user ?? 'root');
  const tty = options.tty ?? false;
  const program = tty ? [...PTY_START, ...argv] : [...argv];
  const extra = { ...(tty && { TERM: 'xterm-256color' }), ...options.env };
  const cwd = options.cwd ?? user.home;
  if (!options.session) {
    const full = [...enter(machine), ...plain(user, cwd, extra), ...program];
    return { argv: full, words: argv, unit: undefined, tty };
  }
  sessions += 1;
  const unit = `rig-session-${process.pid}-${sessions}.service`;
  return { argv: [...enter(machine), ...login(user, cwd, extra, unit), ...literal(program)], words: argv, unit, tty };
}

/** Whether a process still is one of the wrappers that are on the way to the command itself. */
export function isWrapper(commandLine: string): boolean {
  const words = commandLine.split('\0');
  const starts = [['nsenter', '-t'], ['/usr/bin/env', '-i', '-C'], ['/usr/bin/setpriv', '--reuid'], PTY_START];
  // A child of systemd's that has not begun its program yet is called after it in parentheses, or still systemd.
  if (/^\(|\/systemd$/.test(words[0] ?? '')) return true;
  return starts.some((start) => start.every((word, index) => words[index] === word));
}

/** Looks a user up in the host's /etc/passwd. */
export function findUser(files: GuestFiles, name: string): GuestUser {
  for (const line of files.read('/etc/passwd').split('\n')) {
    const [login, , uid, gid, , home, shell] = line.split(':');
    if (login === name) return { name, uid: Number(uid), gid: Number(gid), home: home!, shell: shell! };
  }
  throw new Error(`the host has no user ${name}`);
}

function plain(user: GuestUser, cwd: string, extra: Record<string, string>): string[] {
  const env = {
    HOME: user.home,
    USER: user.name,
    LOGNAME: user.name,
    SHELL: user.shell,
    PATH,
    LANG: 'C.UTF-8',
    ...extra,
  };
  const pairs = Object.entries(env).map(([key, value]) => `${key}=${value}`);
  const identity = ['--reuid', String(user.uid), '--regid', String(user.gid), '--init-groups'];
  return ['/usr/bin/env', '-i', '-C', cwd, ...pairs, '/usr/bin/setpriv', ...identity, '--'];
}

/** systemd puts the values of $NAME and ${NAME} into the words of a service's command; doubled, the sign stands for itself. */
function literal(argv: readonly string[]): string[] {
  return argv.map((word) => word.replace(/\$/g, '$$$$'));
}

function login(user: GuestUser, cwd: string, extra: Record<string, string>, unit: string): string[] {
  const pairs = Object.entries({ PATH, LANG: 'C.UTF-8', ...extra }).map(([key, value]) => `--setenv=${key}=${value}`);
  return [
    ...['/usr/bin/env', '-i', `PATH=${PATH}`, 'systemd-run', '--quiet', '--pipe', '--wait', '--collect'],
    ...[`--unit=${unit}`, `--uid=${user.name}`, '-p', 'PAMName=login', `--working-directory=${cwd}`, ...pairs, '--'],
  ];
}
