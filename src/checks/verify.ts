import { checkInterrupted } from '../engine/transaction.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { version } from '../ollama/api.ts';
import { type HostValue, listenAddress, scopeOf } from '../ollama/host-value.ts';
import { oneAddressEach } from '../probes/addresses.ts';
import { listenerEvidence } from '../probes/listeners.ts';
import { readEnvironment } from '../probes/processes.ts';
import type { Given, Installation, ServiceState } from '../rooms/room.ts';
import { type Binding, bindingOf, describeListener, matches, matching, rivals } from './binding.ts';
import type { Check } from './check.ts';
import { sharedCheck } from './shared-port.ts';

/** What the wait is for; told while it lasts, and at the beginning of the second. */
export type WaitingFor = 'port' | 'http';

export interface VerifyOptions {
  wanted: HostValue;
  /** Milliseconds for everything. */
  timeout: number;
  onWait(what: WaitingFor, elapsed: number): void;
  /** What loopback has just answered, where it was asked already. */
  answer?: Answer;
}

type Answer = { version: string } | { failure: string };

export interface Verified {
  state: ServiceState;
  binding: Binding;
  version: string | undefined;
  checks: Check[];
}

const FIRST_PAUSE = 2;
const LONGEST_PAUSE = 100;
/** How often the service manager is asked while the port is not open: each time costs a process. */
const ASK_EVERY = 250;
const HTTP_TRY = 2000;

/**
 * Proves that the installation listens as wanted and answers. The port opens before HTTP answers (Ollama looks for GPUs
 * in between, up to 30 s twice: server/routes.go in ollama/ollama), so these are two waits, and only the first can fail.
 * @throws SetupError exit 7 when the service ends, or does not open the port in time
 */
export async function verify(host: Host, installation: Installation, options: VerifyOptions): Promise<Verified> {
  const start = host.now();
  const { state, binding } = await waitForPort(host, installation, options, start);
  const timeout = Math.max(options.timeout - (host.now() - start), 1);
  return proveBound(host, { ...installation, state }, binding, { ...options, timeout });
}

/** The rest of `verify` for an installation that is bound as wanted: whose process it is, and who gets an answer. */
export async function proveBound(
  host: Host,
  installation: Installation,
  binding: Binding,
  options: VerifyOptions,
): Promise<Verified> {
  const { state } = installation;
  const { wanted } = options;
  const listener: Check = {
    id: 'listener',
    status: 'pass',
    summary: `Ollama listens on ${binding.listeners.map(({ address, port }) => printAddress(address, port)).join(', ')}.`,
    evidence: listenerEvidence(host),
  };
  const answers = await checkAnswers(host, installation, binding, options);
  const given = await givenCheck(host, installation, binding.listeners[0]?.pid ?? state.pids[0]);
  const shared = await sharedCheck(host, wanted.port, binding);
  return {
    state,
    binding,
    version: answers.version,
    checks: [listener, ...shared, ...(given ? [given] : []), ...answers.checks],
  };
}

async function waitForPort(host: Host, installation: Installation, options: VerifyOptions, start: number) {
  const { wanted, timeout, onWait } = options;
  // The first look needs no manager: after a restart its answer takes longer than Ollama takes to open the port.
  const members = installation.members?.() ?? [];
  let state: ServiceState =
    members.length > 0
      ? { phase: 'running', pids: members, uid: installation.state.uid }
      : await installation.observe();
  let asked = host.now();
  let pause = FIRST_PAUSE;
  for (;;) {
    const binding = await bindingOf(host, state, [wanted.port]);
    if (matches(binding, wanted)) return { state, binding };
    const elapsed = host.now() - start;
    if (isDown(state)) throw await notUp(host, installation, state, binding, wanted, 'ended');
    if (elapsed >= timeout) throw await notUp(host, installation, state, binding, wanted, 'timeout');
    onWait('port', elapsed);
    await host.sleep(pause, host.interrupted);
    checkInterrupted(host);
    pause = Math.min(pause * 1.4, LONGEST_PAUSE);
    if (host.now() - asked >= ASK_EVERY || state.pids.length === 0) {
      state = await installation.observe();
      asked = host.now();
    }
  }
}

function isDown({ phase }: ServiceState): boolean {
  return phase === 'failed' || phase === 'restarting' || phase === 'stopped';
}

async function notUp(
  host: Host,
  installation: Installation,
  state: ServiceState,
  binding: Binding,
  wanted: HostValue,
  why: 'ended' | 'timeout',
): Promise<SetupError> {
  const log = await installation.log();
  const holders = await rivals(host, wanted.port, binding.listeners);
  const where = binding.listeners.map(({ address, port }) => printAddress(address, port)).join(', ') || 'nowhere';
  const what =
    why === 'ended'
      ? `Ollama did not stay up on ${listenAddress(wanted)}: ${installation.title} is ${state.phase}${state.reason ? ` (${state.reason})` : ''}.`
      : `Ollama did not open ${listenAddress(wanted)} in time; it listens ${where === 'nowhere' ? where : `on ${where}`}.`;
  const rival =
    holders.length > 0 ? `Port ${wanted.port} is held by ${holders.map(describeListener).join(' and by ')}.` : '';
  return new SetupError(holders.length > 0 ? 'port-held' : 'not-up', EXIT.notUp, what, {
    meaning: [rival, log && `Its last words:\n${log}`].filter(Boolean).join('\n'),
    remedy: holders[0]?.pid
      ? `stop process ${holders[0].pid} (${holders[0].process}), then run this again`
      : logCommand(installation),
  });
}

function logCommand({ kind, id, logCommand: told }: Installation): string {
  if (told) return told;
  if (kind === 'systemd') return `journalctl -u ${id} -n 50`;
  return kind === 'systemd-user' ? `journalctl --user -u ${id} -n 50` : 'look at the output of `ollama serve`';
}

/** HTTP on loopback (or on the one address) first, then on one address of every other interface. */
async function checkAnswers(host: Host, installation: Installation, binding: Binding, options: VerifyOptions) {
  const { wanted, timeout, onWait } = options;
  const start = host.now();
  const own = scopeOf(wanted) === 'all' ? undefined : matching(binding, wanted);
  const base = `http://${urlHost(own?.address ?? '127.0.0.1')}:${wanted.port}`;
  onWait('http', 0);
  let answer = options.answer ?? (await version(host, base, HTTP_TRY));
  while ('failure' in answer && host.now() - start < timeout) {
    onWait('http', host.now() - start);
    await host.sleep(50, host.interrupted);
    checkInterrupted(host);
    answer = await version(host, base, HTTP_TRY);
    if ('failure' in answer) {
      const state = await installation.observe();
      if (isDown(state))
        throw await notUp(host, installation, state, await bindingOf(host, state, [wanted.port]), wanted, 'ended');
    }
  }
  const checks = [httpCheck(base, answer)];
  if (scopeOf(wanted) === 'all' && !('failure' in answer))
    checks.push(...(await checkOtherInterfaces(host, wanted.port)));
  return { version: 'failure' in answer ? undefined : answer.version, checks };
}

async function checkOtherInterfaces(host: Host, port: number): Promise<Check[]> {
  const bases = oneAddressEach(host).map((address) => `http://${urlHost(address)}:${port}`);
  return Promise.all(
    bases.map(async (base) => {
      const answer = await version(host, base, HTTP_TRY);
      return isPrivacy(host, answer) ? privacyCheck(base) : httpCheck(base, answer);
    }),
  );
}

/** From macOS 15 on, a program may not call addresses of the local network without leave, this machine's own among them (TN3179). */
function isPrivacy({ platform }: Host, answer: Answer): boolean {
  return platform === 'darwin' && 'failure' in answer && answer.failure === 'EHOSTUNREACH';
}

function privacyCheck(base: string): Check {
  return {
    id: 'http',
    status: 'skip',
    cause: 'mac-local-network-privacy',
    summary: `macOS does not let this terminal call ${base}, so it could not be asked there; the listener above is what counts.`,
    evidence: `GET ${base}/api/version: EHOSTUNREACH`,
    remedy: 'System Settings → Privacy & Security → Local Network: allow the terminal',
  };
}

function httpCheck(base: string, answer: Answer): Check {
  const evidence = `GET ${base}/api/version`;
  if (!('failure' in answer)) {
    return { id: 'http', status: 'pass', summary: `Ollama ${answer.version} answers at ${base}.`, evidence };
  }
  return {
    id: 'http',
    status: 'warn',
    cause: 'not-answering-yet',
    summary: `The port is open at ${base}, but nothing has answered there yet (${answer.failure}).`,
    evidence,
    remedy: `curl ${base}/api/version`,
  };
}

/**
 * The variable in the process that listens, where it can be seen: configuration text proves nothing. Not sooner than it
 * listens: what systemd has just started still has systemd's own environment.
 */
async function givenCheck(host: Host, { given }: Installation, pid: number | undefined): Promise<Check | undefined> {
  const told = given ? await given() : givenInProc(host, pid);
  if (told === undefined) return undefined;
  const { value, evidence } = told;
  return { id: 'environment', status: 'pass', summary: `The process was given OLLAMA_HOST=${value}.`, evidence };
}

function givenInProc(host: Host, pid: number | undefined): Given | undefined {
  const value = pid === undefined ? undefined : readEnvironment(host, pid)?.OLLAMA_HOST;
  return value === undefined ? undefined : { value, evidence: `/proc/${pid}/environ: OLLAMA_HOST=${value}` };
}

function urlHost(address: string): string {
  return address.includes(':') ? `[${address}]` : address;
}

function printAddress(address: string, port: number): string {
  return `${urlHost(address)}:${port}`;
}
