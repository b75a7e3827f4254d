import { CommandError } from '../actions/command.ts';
import { ValidationError } from '../actions/validate.ts';
import { Interrupted, type Outcome } from '../engine/transaction.ts';
import { EXIT, type ExitCode, FileError, SetupError } from '../errors.ts';
import type { Options } from '../flags.ts';
import { commandLineOf } from '../windows/system.ts';
import type { Report } from './report.ts';

/** The error to end with after a transaction that did not succeed; writes the outcome into the report. */
export function failureOf(outcome: Exclude<Outcome, { kind: 'committed' }>, report: Report, options: Options): Error {
  const reason = explain(outcome.reason);
  if (outcome.kind === 'rollback-failed') {
    report.outcome = 'failed';
    return new SetupError(
      'rollback-failed',
      EXIT.rollbackFailed,
      `${reason.message} Putting the old state back failed as well: ${wordsOf(outcome.rollback)}`,
      {
        meaning: `These are not as they were: ${outcome.stuck.join(', ')}. The originals are kept in the state folder.`,
        remedy: 'npx stigmer-setup-ollama undo',
        cause: outcome.rollback,
      },
    );
  }
  if (outcome.kind === 'kept') {
    report.outcome = 'failed';
    return withMeaning(reason, 'The change was left in place, as --keep-on-failure asks.');
  }
  report.outcome = 'rolled-back';
  const back = report.steps.some(({ status }) => status === 'reverted')
    ? 'Everything was put back as it was.'
    : 'Nothing was changed.';
  if (outcome.reason instanceof Interrupted)
    return new SetupError('interrupted', reason.exit, 'Interrupted.', { meaning: back });
  return withMeaning(reason, back + (options.command === 'undo' ? ' The change of setup is still in place.' : ''));
}

function withMeaning(error: SetupError, last: string): SetupError {
  const meaning = [error.meaning, last].filter(Boolean).join('\n');
  return new SetupError(error.code, error.exit, error.message, {
    meaning,
    remedy: error.remedy,
    cause: error.cause ?? error,
  });
}

/** Anything thrown, as an error for people. What is unknown is a defect of this program. */
export function explain(reason: unknown): SetupError {
  if (reason instanceof SetupError) return reason;
  if (reason instanceof Interrupted)
    return new SetupError('interrupted', reason.exit, 'Interrupted.', { meaning: 'Nothing was changed.' });
  if (reason instanceof FileError)
    return new SetupError(`file-${reason.errno.toLowerCase()}`, fileExit(reason), fileWords(reason), {
      remedy: fileRemedy(reason),
      cause: reason,
    });
  if (reason instanceof CommandError) {
    const remedy = remedyFor(reason.argv);
    return new SetupError('command-failed', EXIT.rolledBack, reason.message, { remedy, cause: reason });
  }
  if (reason instanceof ValidationError) {
    return new SetupError(
      'validation',
      EXIT.rolledBack,
      `${reason.judge} does not accept the new file: ${reason.message}`,
      {
        remedy: 'please report this with the output of the same command and --verbose',
        cause: reason,
      },
    );
  }
  if (reason instanceof Error && reason.name === 'ConflictError') {
    return new SetupError('changed-meanwhile', EXIT.rolledBack, `${reason.message}.`, {
      remedy: 'npx stigmer-setup-ollama',
      cause: reason,
    });
  }
  return new SetupError('defect', EXIT.defect, `stigmer-setup-ollama itself failed: ${wordsOf(reason)}`, {
    remedy: 'please report this with the output of the same command and --verbose',
    cause: reason,
  });
}

/** Where the service manager tells more of what it refused. */
function remedyFor(argv: readonly string[]): string {
  if (argv.includes('systemctl')) return 'systemctl --failed';
  if (/\\System32\\/i.test(argv[0] ?? '')) return `${commandLineOf(argv)}   # by hand: does it answer?`;
  return argv.includes('launchctl') ? `log show --last 5m --predicate 'process == "launchd"'` : '';
}

function wordsOf(reason: unknown): string {
  return reason instanceof Error ? reason.message : String(reason);
}

function fileExit({ errno }: FileError): ExitCode {
  return errno === 'EACCES' ? EXIT.rights : EXIT.rolledBack;
}

const FILE_WORDS: Record<string, string> = {
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  EROFS: 'the file system is mounted read-only',
  EACCES: 'this user may not do that',
  EPERM: 'the system does not allow it',
};

function fileWords({ errno, path, message }: FileError): string {
  if (message.startsWith(path)) return `${message}.`;
  return `${path} could not be read or written: ${FILE_WORDS[errno] ?? message}.`;
}

const ASK_AN_ADMINISTRATOR = 'run the same again in a terminal that was started with "Run as administrator"';

function fileRemedy({ errno, path }: FileError): string {
  if (errno === 'ENOSPC' || errno === 'EDQUOT') return `df -h ${path.slice(0, path.lastIndexOf('/')) || '/'}`;
  // A drive's letter or a key of the registry: this is Windows.
  if (/^(?:[A-Za-z]:[\\/]|HK)/.test(path)) return errno === 'EACCES' ? ASK_AN_ADMINISTRATOR : '';
  if (errno === 'EROFS') return `mount | grep ro,   # then remount, or make the change where this system is configured`;
  return errno === 'EACCES' ? 'sudo npx stigmer-setup-ollama' : `ls -ld ${path}`;
}
