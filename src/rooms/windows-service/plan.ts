import { stateOf as fileState, textOf } from '../../actions/file.ts';
import type { ServiceAct } from '../../actions/service.ts';
import type { Change, Plan } from '../../engine/plan.ts';
import type { Host } from '../../host/host.ts';
import { sameBinding } from '../../ollama/host-value.ts';
import { isElevated } from '../../windows/rights.ts';
import { backward, commandLineOf } from '../../windows/system.ts';
import { elementFor, withVariable } from '../../windows/winsw.ts';
import type { PlanRequest, Refusal } from '../room.ts';
import { EXTRA, isOurs, linesOf, type Managed, settingsOf, VARIABLE } from './service.ts';

/** The service manager gives a service half a minute to end, and as long to start. */
const TIMEOUT = 60_000;

/** The variable where the service keeps its own, and the service anew: of the machine's it would hear at the next start of Windows. */
export async function planFor(
  host: Host,
  managed: Managed,
  target: string,
  request: PlanRequest,
): Promise<Plan | Refusal> {
  const { wanted, bound, restart, start } = request;
  const value = settingsOf(managed).find(({ effective }) => effective)?.value ?? undefined;
  const isSet = value !== undefined && sameBinding(value, wanted);
  const change = isSet ? undefined : changeOf(managed, wanted);
  if (change === 'unknown') return unknownWrapper(managed, wanted);
  const runs = managed.status.state !== 1;
  const restarts = restart && !bound && (runs || start);
  if (!change && !restarts) return { target, changes: [], activate: [], deactivate: [] };
  if (!(await isElevated(host))) return notElevated(managed, wanted);
  const { name } = managed.service;
  const act = (verb: ServiceAct['verb'], title: string) => [serviceAct(verb, name, `${title} the service ${name}`)];
  const there = runs ? act('restart', 'Restart') : act('start', 'Start');
  return {
    target,
    changes: change ? [change] : [],
    activate: restarts ? there : [],
    deactivate: runs ? there : act('stop', 'Stop'),
  };
}

function serviceAct(verb: ServiceAct['verb'], name: string, title: string): ServiceAct {
  return { type: 'service', id: verb, title, verb, name, timeout: TIMEOUT };
}

function changeOf(managed: Managed, wanted: string): Change | 'unknown' {
  if (managed.service.nssm) return inRegistry(managed, wanted);
  return managed.xml ? inXml(managed.xml, wanted) : 'unknown';
}

function inRegistry({ service }: Managed, wanted: string): Change {
  const key = `${service.key}\\Parameters`;
  const was = service.nssm?.find(({ name }) => name === EXTRA);
  const lines = [...linesOf(service, EXTRA).filter((line) => !isOurs(line)), `${VARIABLE}=${wanted}`];
  return {
    type: 'registry',
    id: 'set-service-variable',
    title: `Set ${VARIABLE}=${wanted} for the service ${service.name}`,
    subject: `${key}\\${EXTRA}`,
    identity: 'self',
    key,
    name: EXTRA,
    from: was ? { kind: was.kind as 'REG_MULTI_SZ', data: was.data } : null,
    to: { kind: 'REG_MULTI_SZ', data: lines.join('\\0') },
  };
}

function inXml({ path, state }: NonNullable<Managed['xml']>, wanted: string): Change | 'unknown' {
  const before = textOf(state);
  const after = withVariable(before, VARIABLE, wanted);
  if (after === undefined) return 'unknown';
  return {
    type: 'file',
    id: 'edit-service-xml',
    title: `Set ${VARIABLE}=${wanted} in ${backward(path)}`,
    path,
    identity: 'self',
    from: state,
    to: fileState(after, state),
    folders: [],
    lines: [lineOf(before, after, wanted)],
  };
}

/** The line that holds the element now, and the one that held it before. */
function lineOf(before: string, after: string, wanted: string) {
  const [old, now] = [before, after].map((text) => text.split('\n').map((line) => line.replace(/\r$/, '')));
  const ours = now?.find((line) => !old?.includes(line)) ?? elementFor(VARIABLE, wanted);
  const at = now?.indexOf(ours) ?? -1;
  return { ours, was: now?.length === old?.length ? (old?.[at] ?? null) : null };
}

function commandFor({ service }: Managed, wanted: string): string {
  const set = service.nssm
    ? commandLineOf(['nssm', 'set', service.name, EXTRA, `+${VARIABLE}=${wanted}`])
    : `(add ${elementFor(VARIABLE, wanted)} to ${backward(service.file).replace(/\.exe$/i, '.xml')})`;
  const name = commandLineOf([service.name]);
  return `${set} & net stop ${name} & net start ${name}`;
}

function notElevated(managed: Managed, wanted: string): Refusal {
  const { name } = managed.service;
  return {
    code: 'win-service-needs-administrator',
    exit: 5,
    message: `Only an administrator can change the service ${name}.`,
    meaning: `Nothing was changed. By hand, in a terminal that was started with "Run as administrator": ${commandFor(managed, wanted)}`,
    remedy: `npx stigmer-setup-ollama --yes --target ${commandLineOf([`windows-service:${name}`])}   # in a terminal that was started with "Run as administrator"`,
  };
}

/** A service of another kind: where that keeps its environment, this program does not know. */
function unknownWrapper({ service }: Managed, wanted: string): Refusal {
  const { name, file } = service;
  return {
    code: 'win-service-unknown-wrapper',
    exit: 4,
    message: `The service ${name} is run by ${backward(file)}, which is neither NSSM nor WinSW with a file that can be read here.`,
    meaning: `Where it keeps the environment of what it runs is not known. Nothing was changed.`,
    remedy: `give ${VARIABLE}=${wanted} to it where it is configured, then: net stop ${commandLineOf([name])} & net start ${commandLineOf([name])}`,
  };
}
