import { posix } from 'node:path';
import { type FileChange, missingFolders, stateOf } from '../../actions/file.ts';
import { FileError } from '../../errors.ts';
import type { Host, Ownership } from '../../host/host.ts';
import { type Account, identityOf } from '../../launchd/accounts.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import type { Refusal } from '../room.ts';
import { envFilePath } from './brew.ts';
import { notReadable, notTheirs, strangerAt } from './refusals.ts';

const VARIABLE = 'OLLAMA_HOST';
/** Homebrew passes over a file that its group or others can write, with a warning that nobody reads (service.rb). */
const WRITABLE = 0o022;

/** services/ollama.env as Homebrew reads it. */
export interface EnvFile {
  path: string;
  text: string | undefined;
  /** What it sets OLLAMA_HOST to. */
  value: string | undefined;
  /** True when Homebrew would pass it over. */
  refused: boolean;
  /** True when this user may not read it. */
  forbidden: boolean;
}

export function readEnvFile(host: Host, account: Account): EnvFile {
  const place = placeOf(host, envFilePath(host, account));
  const stat = host.files.stat(place);
  const refused = stat !== undefined && (stat.mode & WRITABLE) !== 0;
  try {
    const text = host.files.text(place);
    return { path: place, text, value: text === undefined ? undefined : valueIn(text), refused, forbidden: false };
  } catch (error) {
    if (!(error instanceof FileError)) throw error;
    return { path: place, text: undefined, value: undefined, refused, forbidden: true };
  }
}

/** Where a link leads, as of those who keep such files in a folder of their own; to a file that is yet to be made as well. */
function placeOf(host: Host, named: string): string {
  const link = host.files.link(named);
  if (link === undefined) return host.files.real(named) ?? named;
  const target = posix.resolve(posix.dirname(named), link);
  const dir = host.files.real(posix.dirname(target));
  return host.files.real(named) ?? (dir === undefined ? named : `${dir}/${posix.basename(target)}`);
}

/** Name and value of a line: split at the first `=`, no quotes, no `export` (service.rb in Homebrew/brew). */
function assignmentIn(line: string): { name: string; value: string } | undefined {
  const words = strip(line);
  const at = words.indexOf('=');
  if (words.startsWith('#') || at <= 0) return undefined;
  return { name: strip(words.slice(0, at)), value: strip(words.slice(at + 1)) };
}

/** What Ruby's `strip` takes away: unlike JavaScript's `trim` no byte order mark, which becomes part of a name. */
function strip(text: string): string {
  return text.replace(/^[\0\t-\r ]+|[\0\t-\r ]+$/g, '');
}

/** The last line wins. */
function valueIn(text: string): string | undefined {
  const lines = text.split('\n').map(assignmentIn);
  return lines.findLast((one) => one?.name === VARIABLE)?.value;
}

/** Sets the variable on its line, or on one more; undefined when it is set and Homebrew reads it. */
export function envFileChange(
  host: Host,
  account: Account,
  { path, text, value, refused, forbidden }: EnvFile,
  wanted: string,
): FileChange | Refusal | undefined {
  const isSet = value !== undefined && sameBinding(value, wanted);
  if (isSet && !refused) return undefined;
  const stat = host.files.stat(path);
  const strange = strangerAt(host, path, account);
  if (strange !== undefined) return notTheirs(strange, account);
  if (forbidden || (stat && stat.kind !== 'file')) return notReadable(path);
  const { uid, gid } = account;
  const ownership: Ownership = stat ? { mode: stat.mode, uid: stat.uid, gid: stat.gid } : { mode: 0o600, uid, gid };
  const edit = isSet ? { text: text ?? '', was: null } : withLine(text ?? '', `${VARIABLE}=${wanted}`);
  return {
    type: 'file',
    id: 'write-env-file',
    title: `${stat ? 'Change' : 'Write'} ${path}, which Homebrew puts into the service at every start`,
    path,
    identity: identityOf(host, account),
    from: text === undefined || !stat ? null : stateOf(text, ownership),
    to: stateOf(edit.text, { ...ownership, mode: ownership.mode & ~WRITABLE }),
    folders: missingFolders(host, path, { mode: 0o755, uid, gid }),
    lines: isSet ? [] : [{ ours: `${VARIABLE}=${wanted}`, was: edit.was }],
  };
}

function withLine(text: string, line: string): { text: string; was: string | null } {
  const lines = text.split('\n');
  const at = lines.findLastIndex((one) => assignmentIn(one)?.name === VARIABLE);
  const was = lines[at];
  if (was !== undefined) {
    const end = was.endsWith('\r') ? '\r' : '';
    lines[at] = `${line}${end}`;
    return { text: lines.join('\n'), was: was.replace(/\r$/, '') };
  }
  const separator = text === '' || text.endsWith('\n') ? '' : '\n';
  return { text: `${text}${separator}${line}\n`, was: null };
}
