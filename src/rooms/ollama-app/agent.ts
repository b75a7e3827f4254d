import template from '../../../templates/io.github.stigmer.ollama-host.plist.tmpl';
import { type FileChange, type FileState, missingFolders, readState, stateOf, textOf } from '../../actions/file.ts';
import type { LaunchdAct } from '../../actions/launchd.ts';
import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';
import { type Account, identityOf } from '../../launchd/accounts.ts';
import { isJob, readJob } from '../../launchd/jobs.ts';
import { asker, job as loadedJob } from '../../launchd/launchctl.ts';

const LABEL = 'io.github.stigmer.ollama-host';
/** Where the value stands in the agent's words: /bin/sh -c SCRIPT NAME VALUE APP. */
const VALUE_AT = 4;

/**
 * The agent that gives the variable to every login anew. launchd promises no order between it and the app's login item
 * (ollama/ollama#12916), so its script restarts an app that came up first. It ends when that is done, and does nothing
 * where the session has the value already: so it can neither loop nor fight with whoever opens the app.
 */
export interface Agent {
  path: string;
  state: FileState | null;
  /** What it sets. */
  value: string | undefined;
}

export async function readAgent(host: Host, account: Account): Promise<Agent> {
  const path = pathOf(account);
  const [state, job] = await Promise.all([readState(host.as('self'), path).catch(notAFile), readJob(host, path)]);
  return { path, state, value: isJob(job) ? job.argv[VALUE_AT] : undefined };
}

function pathOf({ home }: Account): string {
  return `${home}/Library/LaunchAgents/${LABEL}.plist`;
}

/** True during the seconds after a login in which its script runs. */
export async function isAtWork(host: Host, account: Account): Promise<boolean> {
  if (host.files.stat(pathOf(account)) === undefined) return false;
  const job = await loadedJob(asker(host), `gui/${account.uid}`, LABEL);
  return typeof job === 'object' && job.pid !== undefined;
}

/** Something else is in its place. Only who is to write the agent must know, and meets the same error then. */
function notAFile(error: unknown): null {
  if (error instanceof FileError) return null;
  throw error;
}

/** The agent's property list. The value and the path are words of their own: no shell reads them as a command. */
export function newAgent(value: string, bundle: string): string {
  return template.replace('{{value}}', () => escapeXml(value)).replace('{{app}}', () => escapeXml(bundle));
}

/** Writes the agent, or removes it (undefined). Nothing when it is so already. */
export function agentChange(
  host: Host,
  account: Account,
  { path, state }: Agent,
  bundle: string,
  value: string | undefined,
): FileChange | undefined {
  const { uid, gid } = account;
  const text = value === undefined ? undefined : newAgent(value, bundle);
  // launchd refuses a plist that others may write, and newer ones refuse one that others may not read.
  const to = text === undefined ? null : stateOf(text, { mode: 0o644, uid, gid });
  if (to === null ? state === null : state !== null && textOf(state) === text && state.mode === to.mode)
    return undefined;
  return {
    type: 'file',
    id: 'write-agent',
    title: to === null ? `Remove ${path}` : `${state === null ? 'Write' : 'Change'} ${path}`,
    path,
    identity: identityOf(host, account),
    from: state,
    to,
    folders: missingFolders(host, path, { mode: 0o755, uid, gid }),
    lines: [],
    ...(to === null ? {} : { validate: lint(to) }),
  };
}

/** plutil(1) has no say in what launchd takes, but it knows a property list when it sees one. */
function lint({ content }: FileState) {
  const name = `${LABEL}.plist`;
  return { files: { [name]: content }, argv: ['plutil', '-lint', `{dir}/${name}`], blame: null };
}

/** Loads it into the session, or takes it out of it; the next login reads the folder by itself. */
export function agentAct(verb: LaunchdAct['verb'], domain: string, { path }: Pick<Agent, 'path'>): LaunchdAct {
  const title = verb === 'reload' ? `Load ${LABEL} into launchd` : `Take ${LABEL} out of launchd`;
  const id = `${verb}-agent`;
  // launchd gives a process 5 seconds to end (launchd.plist(5), ExitTimeOut).
  return { type: 'launchd', id, title, identity: 'self', verb, domain, label: LABEL, plist: path, timeout: 10_000 };
}

function escapeXml(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
