/**
 * The machine as a value. Everything this program reads from or does to a machine passes through a `Host`;
 * `real.ts` is the one that touches it, and tests pass recorded ones.
 */

/** What `lstat` tells of a path; `mode` holds the permission bits only (0 to 0o7777). */
export interface FileStat {
  kind: 'file' | 'directory' | 'link' | 'other';
  mode: number;
  uid: number;
  gid: number;
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
}

/** Reading, with the rights of this process, at once. A path that does not exist is never an error here. */
export interface Files {
  /** The bytes of a regular file (links are followed), or undefined when there is none. Throws FileError when it may not be read. */
  bytes(path: string): Buffer | undefined;
  /** The same, decoded as UTF-8 with a leading byte order mark kept. */
  text(path: string): string | undefined;
  /** The names in a folder in byte order; empty when there is no such folder or it may not be read. */
  list(dir: string): string[];
  /** What stands at the path itself (links are not followed). */
  stat(path: string): FileStat | undefined;
  /** Where a symbolic link points, as written in it; undefined when the path is no link. */
  link(path: string): string | undefined;
  /** The path with every link resolved, or undefined when it leads nowhere. */
  real(path: string): string | undefined;
}

/** Whose rights a change needs: this process's own, root's, or another user's (only root may act for others). */
export type Identity = 'self' | 'root' | { uid: number; gid: number; name: string; home: string };

export interface AskOptions {
  env?: Record<string, string>;
  /** Milliseconds; then the child is ended and the result says so. */
  timeout?: number;
  /** True ends it by SIGKILL: for a program that hands SIGTERM on, or waits for somebody who hangs. */
  kill?: boolean;
}

export interface RunOptions extends AskOptions {
  input?: Buffer | string;
  cwd?: string;
  signal?: AbortSignal;
}

/** How a command ended. `code` is null when it did not run or was ended by a signal or by the time limit. */
export interface RunResult {
  argv: readonly string[];
  code: number | null;
  stdout: string;
  stderr: string;
  /** Set when the program could not be started (ENOENT, EACCES) or ran out of time (ETIMEDOUT). */
  error?: string;
}

/** Owner and permission bits that a written file gets. */
export interface Ownership {
  mode: number;
  uid: number;
  gid: number;
}

/** Doing, with the rights of one identity. Every write is whole or not there at all. */
export interface Actor {
  readonly identity: Identity;
  /** Never rejects because of the exit code; the words of the command are not seen by a shell. */
  run(argv: readonly string[], options?: RunOptions): Promise<RunResult>;
  bytes(path: string): Promise<Buffer | undefined>;
  stat(path: string): Promise<FileStat | undefined>;
  /** Writes `bytes` to `temporary` (same folder as `path`), flushes it, gives it its owner and mode, and leaves it there. */
  stage(temporary: string, bytes: Buffer, ownership: Ownership): Promise<void>;
  /** Renames a staged file over `path`. A link at `path` is replaced, not followed. */
  commit(temporary: string, path: string): Promise<void>;
  /** Adds to the end of a file of this program's own. */
  append(path: string, text: string): Promise<void>;
  /** Removes a file or link; no error when it is not there. */
  remove(path: string): Promise<void>;
  makeDirectory(path: string, ownership: Ownership): Promise<void>;
  /** Removes a folder if it is there and empty; answers whether it is gone. */
  removeDirectory(path: string): Promise<boolean>;
}

export interface InterfaceAddress {
  name: string;
  address: string;
  family: 'IPv4' | 'IPv6';
  /** True for addresses that never leave the machine. */
  internal: boolean;
  /** The network in CIDR form, such as 192.168.1.20/24. */
  cidr: string | null;
}

export interface HttpAnswer {
  status: number;
  /** By names in lower case. */
  headers?: Readonly<Record<string, string>>;
  body: string;
}

/** What went wrong on the way to an answer, in the socket's own words (ECONNREFUSED, ETIMEDOUT, …). */
export interface HttpFailure {
  failure: string;
}

/** A process to start that outlives this one. */
export interface Detached {
  /** The program's file. */
  file: string;
  /** Its words, the first being the name that it is called by. */
  argv: readonly string[];
  cwd: string;
  env: Record<string, string>;
  uid: number;
  gid: number;
  /** Supplementary groups, for another user's process; one's own has one's own groups. */
  groups?: readonly number[];
  /** Receives standard output and standard error, appended. */
  logFile: string;
}

/** The lock of this host, held until released or until this process ends in whatever way. */
export interface Lock {
  release(): Promise<void>;
}

/** Who holds the lock, as far as it told us. */
export interface LockHolder {
  pid: number | null;
  command: string | null;
  since: string | null;
}

export interface Host {
  readonly platform: NodeJS.Platform;
  /** The folder that stands for `/` when an offline image is acted on; undefined on the running system. */
  readonly root: string | undefined;
  /** The kernel's release, such as 6.1.0-18-amd64. */
  readonly release: string;
  readonly hostname: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly pid: number;
  readonly user: { uid: number; gid: number; name: string; home: string };
  readonly terminal: { stdin: boolean; stdout: boolean; stderr: boolean; columns: number };
  readonly files: Files;
  /** The hands with the rights of `identity`. For `root` as a normal user, `elevate` must have said yes before. */
  as(identity: Identity): Actor;
  /** Runs a program that only answers, with this process's own rights. */
  ask(argv: readonly string[], options?: AskOptions): Promise<RunResult>;
  /** Loads, while something else is waited for, what the first change needs, if there is likely to be one. */
  warmUp(changes: boolean): void;
  interfaces(): InterfaceAddress[];
  /** One GET over HTTP/1.1; `timeout` in milliseconds covers the whole exchange. Never rejects. */
  get(url: string, options: { timeout: number; headers?: Record<string, string> }): Promise<HttpAnswer | HttpFailure>;
  /** Milliseconds since the epoch. */
  now(): number;
  /** Resolves after `ms`, or at once when the signal fires. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Signals a process; false when there is none. Throws FileError when it may not be signalled. */
  kill(pid: number, signal: NodeJS.Signals | 0): boolean;
  /** Starts a process that outlives this one; resolves with its pid. */
  detach(process: Detached): Promise<number>;
  lock(name: string, command: string): Promise<Lock | LockHolder>;
  /**
   * A new folder that only this process's user can read, below the system's temporary folder, with these files in it.
   * Its name begins with `label`, by which a later run finds what a crashed one left.
   */
  scratch(files: Record<string, Buffer>, label: string): Promise<string>;
  /** Removes a folder made by `scratch` with all that is in it. */
  discard(scratch: string): Promise<void>;
  /** Fires when this program is to end: its reason is the exit code of the contract, 130 or 143. */
  readonly interrupted: AbortSignal;
}
