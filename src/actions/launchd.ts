import type { Host, Identity, RunResult } from '../host/host.ts';
import { asker, type JobPrint, job, LAUNCHCTL } from '../launchd/launchctl.ts';
import { CommandError } from './command.ts';
import { quote } from './quote.ts';

/**
 * Has launchd of macOS read a job's plist anew, or take the job out, as data. Several commands are one act here, since
 * launchd lets go of a job only when its process is gone, and until then answers whoever loads it again with an error.
 */
export interface LaunchdAct {
  type: 'launchd';
  id: string;
  title: string;
  /** Whose rights launchctl gets. */
  identity: Identity;
  /**
   * reload: take the job out if it is loaded, wait until it is really gone, enable it, load the plist again. unload: take
   * it out and wait.
   */
  verb: 'reload' | 'unload';
  /** gui/501, user/501 or system. */
  domain: string;
  label: string;
  plist: string;
  /** Milliseconds for each wait. A process may take launchd's 5 seconds to end, so 10 000 is a good measure. */
  timeout: number;
}

/** One act under way. */
interface Work {
  host: Host;
  act: LaunchdAct;
  signal: AbortSignal | undefined;
}

/** Taken out; was not there (ESRCH, or no such service); is being taken out (EINPROGRESS). */
const OUT = [0, 3, 36, 113];
/** Pass by themselves, as far as one can tell: EIO, EINPROGRESS, EALREADY, disabled (we enabled it), exists. */
const PASSING = [5, 36, 37, 119, 130];
/** What launchctl says instead of, or with, such a code when the job is there: nothing is wrong if it was us. */
const ALREADY = [37, 130];
/** Milliseconds before each further try to load; the last is repeated. A drain of 5 seconds was measured to need ten. */
const PAUSES = [100, 200, 300, 500];
const REISSUE = 1000;
const SETTLE = 2000;

/** Does it. Throws CommandError; a reload that is cut short leaves the job out, which the acts of a roll-back mend. */
export async function applyLaunchd(host: Host, act: LaunchdAct, signal?: AbortSignal): Promise<void> {
  const work = { host, act, signal };
  await takeOut(work);
  if (act.verb === 'unload') return;
  // Silent where nothing is disabled; a failure shows in what comes next.
  await launchctl(work, wordsOf(act, 'enable'));
  await load(work);
  await nudge(work);
}

/** The same for people, as they would type it. */
export function launchdCommandLine(act: LaunchdAct): string {
  const verbs = act.verb === 'unload' ? (['bootout'] as const) : (['bootout', 'enable', 'bootstrap'] as const);
  return verbs.map((verb) => ['launchctl', ...wordsOf(act, verb)].map(quote).join(' ')).join(' && ');
}

/** Takes the job out if it is there, and waits until launchd has let go of it: `bootout` ends long before that. */
async function takeOut(work: Work): Promise<void> {
  const { host, act } = work;
  const words = wordsOf(act, 'bootout');
  if (isGone(await look(work))) return;
  const first = await launchctl(work, words);
  if (!OUT.includes(first.code ?? -1)) {
    if (isGone(await look(work))) return;
    throw barred(first, act);
  }
  const deadline = host.now() + act.timeout;
  let asked = host.now();
  for (let pause = 20; !isGone(await look(work)); pause = Math.min(pause * 2, 250)) {
    if (host.now() >= deadline) {
      throw new CommandError(first.argv, `${act.label} is still loaded ${act.timeout / 1000} seconds later`);
    }
    await wait(work, words, pause);
    if (host.now() - asked < REISSUE) continue;
    await launchctl(work, words);
    asked = host.now();
  }
}

/** Loads the plist, again and again while launchd answers with what may pass by itself. */
async function load(work: Work): Promise<void> {
  const { host, act } = work;
  const words = wordsOf(act, 'bootstrap');
  const deadline = host.now() + act.timeout;
  for (let tries = 0; ; tries++) {
    const result = await launchctl(work, words);
    if (result.code === 0) return;
    const already = saysAlready(result);
    if (!already && !PASSING.includes(result.code ?? -1)) throw failed(result);
    if (host.now() >= deadline) throw failed(result);
    await wait(work, words, PAUSES[Math.min(tries, PAUSES.length - 1)]!);
    if (typeof (await look(work)) === 'string') continue;
    // It was seen gone before, so what is there now was loaded since. Unless by us, it is not known from which plist.
    if (already) return;
    await takeOut(work);
  }
}

/** launchd now and then loads a job that is to run at once, and never starts it. */
async function nudge(work: Work): Promise<void> {
  const { host, act } = work;
  const words = wordsOf(act, 'kickstart');
  const deadline = host.now() + SETTLE;
  let now = await look(work);
  for (let pause = 20; isIdle(now) && host.now() < deadline; pause = Math.min(pause * 2, 250)) {
    await wait(work, words, pause);
    now = await look(work);
  }
  if (!isIdle(now)) return;
  const result = await launchctl(work, words);
  // It may have come up by itself in this moment.
  if (result.code !== 0 && result.code !== 37 && isIdle(await look(work))) throw failed(result);
}

type Look = Awaited<ReturnType<typeof job>>;

/** Looking needs no rights, and sudo might ask for a password each time. */
function look({ host, act }: Work): Promise<Look> {
  return job(asker(host), act.domain, act.label);
}

/** Where there is no such domain, no job is loaded in it. */
function isGone(look: Look): boolean {
  return look === 'not-loaded' || look === 'no-domain';
}

/** Meant to run, and never started; a job that waits to be called upon is left alone. */
function isIdle(look: Look): boolean {
  if (typeof look === 'string') return false;
  const { state, runs, properties }: JobPrint = look;
  const runsAtOnce = properties?.some((name) => name === 'runatload' || name === 'keepalive') ?? true;
  return state === 'not running' && runs === 0 && runsAtOnce;
}

function wordsOf({ domain, label, plist }: LaunchdAct, verb: 'bootout' | 'enable' | 'bootstrap' | 'kickstart') {
  return verb === 'bootstrap' ? [verb, domain, plist] : [verb, `${domain}/${label}`];
}

async function launchctl({ host, act, signal }: Work, words: readonly string[]): Promise<RunResult> {
  const argv = [LAUNCHCTL, ...words];
  if (signal?.aborted) throw new CommandError(argv, 'interrupted');
  return host.as(act.identity).run(argv, { timeout: act.timeout, ...(signal ? { signal } : {}) });
}

/** Rejects as soon as the program is to end; `words` is what was waited for. */
async function wait({ host, signal }: Work, words: readonly string[], ms: number): Promise<void> {
  await host.sleep(ms, signal);
  if (signal?.aborted) throw new CommandError([LAUNCHCTL, ...words], 'interrupted');
}

function saysAlready({ code, stderr }: RunResult): boolean {
  return ALREADY.includes(code ?? -1) || /already (?:loaded|bootstrapped|exists)/i.test(stderr);
}

/** It does not let go of the job at all: commonly one of the session at the screen, and whoever asks came in over ssh. */
function barred({ argv, code, stdout, stderr, error }: RunResult, { domain }: LaunchdAct): CommandError {
  const said = stderr.trim() || stdout.trim() || error || `exit code ${code}`;
  const meaning = `launchd does not let this session act on ${domain}: run this in Terminal at the screen, or with sudo.`;
  const isSession = domain.startsWith('gui/') && (code === 5 || code === 125);
  // One that was cut short (Ctrl-C, the time limit) may have asked launchd already: only a refusal is certain.
  return new CommandError(argv, isSession ? `${said}\n${meaning}` : said, { untouched: code !== null });
}

/** launchctl has one code, 5, for everything that launchd holds against a job; only launchd's log has the reason. */
function failed({ argv, code, stdout, stderr, error }: RunResult): CommandError {
  const said = stderr.trim() || stdout.trim() || error || `exit code ${code}`;
  if (code !== 5) return new CommandError(argv, said);
  const meaning =
    'Commonly this means that the job is disabled, that its plist can be written by others or is not readable by all ' +
    '(mode 644 is right), or that its last process is still shutting down.';
  const remedy = `launchd's log has the true cause: log show --last 2m --predicate 'process == "launchd"'`;
  return new CommandError(argv, `${said}\n${meaning}\n${remedy}`);
}
