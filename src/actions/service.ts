import { FileError } from '../errors.ts';
import type { Host } from '../host/host.ts';
import { statusOf } from '../windows/services.ts';
import { commandLineOf, program } from '../windows/system.ts';
import { CommandError } from './command.ts';

/** Has the service manager of Windows stop a service, start it, or do both, as data; and waits until that is done. */
export interface ServiceAct {
  type: 'service';
  id: string;
  title: string;
  verb: 'start' | 'stop' | 'restart';
  name: string;
  /** Milliseconds for each wait. */
  timeout: number;
}

const STOPPED = 1;
const RUNNING = 4;
/** ERROR_SERVICE_ALREADY_RUNNING, ERROR_SERVICE_NOT_ACTIVE: somebody else was quicker. */
const ALREADY = { start: 1056, stop: 1062 };
const DENIED = 5;
const PAUSE = 200;

/** Does it. Throws FileError EACCES without the rights, else CommandError. */
export async function applyService(host: Host, act: ServiceAct): Promise<void> {
  const now = await statusOf(host, act.name);
  if (act.verb !== 'start' && now?.state !== STOPPED) await control(host, act, 'stop', STOPPED);
  if (act.verb !== 'stop') await control(host, act, 'start', RUNNING);
}

/** sc.exe only hands the request on: a service that is still on its way down cannot be started. */
async function control(
  host: Host,
  { name, timeout }: ServiceAct,
  verb: 'start' | 'stop',
  wanted: number,
): Promise<void> {
  const argv = [program(host, 'sc'), verb, name];
  const { code, stdout, stderr, error } = await host.as('self').run(argv, { timeout });
  const said = stdout.trim() || stderr.trim() || error || `exit code ${code}`;
  if (code === DENIED) throw new FileError('EACCES', `HKLM, service ${name}`, said);
  if (code !== 0 && code !== ALREADY[verb]) throw new CommandError(argv, said);
  const deadline = host.now() + timeout;
  for (let last = await statusOf(host, name); last?.state !== wanted; last = await statusOf(host, name)) {
    const ended = verb === 'start' && last?.state === STOPPED;
    if (ended) throw new CommandError(argv, `the service ended at once (error ${last?.exit})`);
    if (host.now() >= deadline) throw new CommandError(argv, `the service is in state ${last?.state} afterwards`);
    await host.sleep(PAUSE);
  }
}

/** The same for people; `net` is what waits by itself. */
export function serviceCommandLine({ verb, name }: ServiceAct): string {
  const verbs = verb === 'restart' ? (['stop', 'start'] as const) : ([verb] as const);
  return verbs.map((each) => commandLineOf(['net', each, name])).join(' & ');
}
