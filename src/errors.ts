/** The exit codes of the contract, by name. */
export const EXIT = {
  ok: 0,
  defect: 1,
  usage: 2,
  notFound: 3,
  cannotChange: 4,
  rights: 5,
  rolledBack: 6,
  notUp: 7,
  containerBlocked: 8,
  rollbackFailed: 9,
  wouldChange: 10,
  locked: 11,
  interrupted: 130,
  terminated: 143,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/**
 * An outcome that is not a defect of this program. `message` says in one sentence what happened, `meaning` in one
 * what that means for the user, `remedy` holds what mends it, a command or an edit that can be pasted.
 */
export class SetupError extends Error {
  readonly code: string;
  readonly exit: ExitCode;
  readonly meaning: string;
  readonly remedy: string;

  /** @param code a kebab-case name that programs can rely on */
  constructor(
    code: string,
    exit: ExitCode,
    message: string,
    more: { meaning?: string; remedy?: string; cause?: unknown } = {},
  ) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause });
    this.name = 'SetupError';
    this.code = code;
    this.exit = exit;
    this.meaning = more.meaning ?? '';
    this.remedy = more.remedy ?? '';
  }
}

/** A file or process that this process may not touch, or that failed for a reason of the system (ENOSPC, EROFS, …). */
export class FileError extends Error {
  readonly errno: string;
  readonly path: string;

  constructor(errno: string, path: string, message: string) {
    super(message);
    this.name = 'FileError';
    this.errno = errno;
    this.path = path;
  }
}
