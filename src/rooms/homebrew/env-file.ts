import { type FileChange, missingFolders, stateOf } from '../../actions/file.ts';
import { FileError } from '../../errors.ts';
import type { Host, Ownership } from '../../host/host.ts';
import { type Account, identityOf } from '../../launchd/accounts.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import { envFilePath } from './brew.ts';

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
}

/** Reads it. Throws FileError when it may not be read. */
export function readEnvFile(host: Host, account: Account): EnvFile {
  const named = envFilePath(host, account);
  const path = host.files.real(named) ?? named;
  const stat = host.files.stat(path);
  const text = host.files.text(path);
  const refused = stat !== undefined && (stat.mode & WRITABLE) !== 0;
  return { path, text, value: text === undefined ? undefined : valueIn(text), refused };
}

/** Name and value of a line: split at the first `=`, no quotes, no `export` (service.rb in Homebrew/brew). */
function assignmentIn(line: string): { name: string; value: string } | undefined {
  const words = line.trim();
  const at = words.indexOf('=');
  if (words.startsWith('#') || at <= 0) return undefined;
  return { name: words.slice(0, at).trim(), value: words.slice(at + 1).trim() };
}

/** The last line wins. */
function valueIn(text: string): string | undefined {
  const lines = text.split('\n').map(assignmentIn);
  return lines.findLast((one) => one?.name === VARIABLE)?.value;
}

/** Sets the variable on its line, or on one more; undefined when it is set and Homebrew reads it. */
export function envFileChange(host: Host, account: Account, wanted: string): FileChange | undefined {
  const { path, text, value, refused } = readEnvFile(host, account);
  const isSet = value !== undefined && sameBinding(value, wanted);
  if (isSet && !refused) return undefined;
  const stat = host.files.stat(path);
  if (stat && stat.kind !== 'file') throw new FileError('EINVAL', path, `${path} is a ${stat.kind}, not a file`);
  const { uid, gid } = account;
  const ownership: Ownership = stat ? { mode: stat.mode, uid: stat.uid, gid: stat.gid } : { mode: 0o600, uid, gid };
  const edit = isSet ? { text: text ?? '', was: null } : withLine(text ?? '', `${VARIABLE}=${wanted}`);
  return {
    type: 'file',
    id: 'write-env-file',
    title: `${stat ? 'Change' : 'Write'} ${path}, which Homebrew puts into the service at every start`,
    path,
    identity: stat && stat.uid !== uid && stat.uid === 0 ? 'root' : identityOf(host, account),
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
