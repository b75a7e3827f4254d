import { type FileChange, stateOfBytes } from '../actions/file.ts';
import type { Host, Identity } from '../host/host.ts';
import { differences } from '../plist/differences.ts';
import { removeKey, setString } from '../plist/edit.ts';
import { valueAt } from '../plist/read.ts';
import type { Account } from './accounts.ts';
import { identityOf } from './accounts.ts';
import type { JobFile } from './jobs.ts';

const ENVIRONMENT = 'EnvironmentVariables';
/** launchd loads no plist that others can write, and from macOS 26 on none that only its owner can read. */
const READABLE = 0o644;

export interface JobEdit {
  id: string;
  title: string;
  /** Variables to set; the first is the one that `undo` takes out of a file that was edited since. */
  variables: [string, string][];
  /** True where a program writes this file anew as it goes. */
  rewritten: boolean;
}

/** Sets variables in the file of a job, and leaves every other byte. Undefined when it has them already. */
export async function editJob(
  host: Host,
  job: JobFile,
  account: Account | undefined,
  { id, title, variables, rewritten }: JobEdit,
): Promise<FileChange | undefined> {
  const before = host.files.bytes(job.real) ?? Buffer.alloc(0);
  let after = before;
  for (const [name, value] of variables) after = await setString(after, [ENVIRONMENT, name], value);
  if (after.equals(before)) return undefined;
  await prove(before, after, variables);
  const first = variables[0]?.[0] ?? '';
  const was = valueAt(job.plist, [ENVIRONMENT, first]);
  const { mode, uid, gid } = job.stat;
  return {
    type: 'file',
    id,
    title,
    path: job.real,
    identity: ownerOf(host, uid, account),
    from: stateOfBytes(before, { mode, uid, gid }),
    to: stateOfBytes(after, { mode: (mode | READABLE) & ~0o022, uid, gid }),
    folders: [],
    lines: [],
    assignment: { keys: [ENVIRONMENT, first], was: typeof was === 'string' ? was : null, rewritten },
    validate: {
      files: { 'job.plist': after.toString('base64') },
      argv: ['plutil', '-lint', '{dir}/job.plist'],
      blame: null,
    },
  };
}

/** By whoever owns the file: what is root's in a user's home stays root's. */
function ownerOf(host: Host, uid: number, account: Account | undefined): Identity {
  if (uid === host.user.uid) return 'self';
  return account !== undefined && uid === account.uid ? identityOf(host, account) : 'root';
}

/** Reads both again with another reader: nothing but the variables may differ. */
async function prove(before: Buffer, after: Buffer, variables: JobEdit['variables']): Promise<void> {
  const allowed = variables.flatMap(([name]) => [ENVIRONMENT, `${ENVIRONMENT}.${name}`]);
  const others = (await differences(before, after)).filter((path) => !allowed.includes(path));
  if (others.length > 0) throw new Error(`the edit of a property list would have changed ${others.join(', ')}`);
}

/** Takes a variable out of the file of a job, and leaves every other byte. */
export async function withoutVariable(
  host: Host,
  job: JobFile,
  account: Account | undefined,
  { id, name }: { id: string; name: string },
): Promise<FileChange> {
  const before = host.files.bytes(job.real) ?? Buffer.alloc(0);
  const after = await removeKey(before, [ENVIRONMENT, name], { prune: true });
  const { mode, uid, gid } = job.stat;
  return {
    type: 'file',
    id,
    title: `Take ${name} out of ${job.real}`,
    path: job.real,
    identity: ownerOf(host, uid, account),
    from: stateOfBytes(before, { mode, uid, gid }),
    to: stateOfBytes(after, { mode, uid, gid }),
    folders: [],
    lines: [],
  };
}
