import type { Findings } from '../checks/container.ts';
import type { Host } from '../host/host.ts';
import type { Edge, Link } from '../ui/path.ts';
import type { Report } from './report.ts';

type Way = Findings['ways'][number];

/** What a question came back with, in a few words. */
const GOT: Record<string, string> = {
  ECONNREFUSED: 'refused',
  ETIMEDOUT: 'no answer in time',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'no network',
  ENOTFOUND: 'not known there',
  EAI_AGAIN: 'not known there',
  ECONNRESET: 'taken and dropped',
};

/** What is wrong with the address itself: it is broken before anything is called. */
const AT_THE_NAME = /^client-|host-gateway|names-missing|name-not-found/;

/**
 * The way from a container to the models, as far as the report knows it. Of several, the first that is broken; none where
 * Ollama is not on this side.
 */
export function pictureOf(host: Host, report: Report, { ways }: Pick<Findings, 'ways'>): Link[] {
  if (report.checks.some(({ id }) => id === 'windows-side')) return [];
  const way = ways.find(({ models }) => models === undefined) ?? ways[0];
  const atName = way?.cause !== undefined && AT_THE_NAME.test(way.cause);
  return [
    { label: way?.from ?? 'container', state: way ? 'ok' : 'unknown' },
    ...(way ? [nameOf(way, atName)] : []),
    ...bridgeOf(host, way, atName),
    serverOf(report, way, atName),
    ...modelsOf(way),
  ];
}

function nameOf(way: Way, atName: boolean): Link {
  return atName
    ? { label: way.host, state: 'broken', note: GOT[way.got ?? ''] ?? way.got ?? '' }
    : { label: way.host, state: 'ok' };
}

/** Docker's own bridge, to which host-gateway leads from every network (dockerd(8), --host-gateway-ip). */
function bridgeOf(host: Host, way: Way | undefined, atName: boolean): Link[] {
  const bridge = host.interfaces().find(({ name, family }) => name === 'docker0' && family === 'IPv4');
  return way?.byBridge && bridge && !atName ? [{ label: bridge.address, state: 'ok' }] : [];
}

function serverOf({ before, installations, checks }: Report, way: Way | undefined, atName: boolean): Link {
  const selected =
    installations.find((one) => one.selected && one.running) ?? installations.find((one) => one.selected);
  const [listener] = before.listeners;
  const name = `ollama${selected?.version ? ` ${selected.version}` : ''}`;
  const by = edgeTo(way, atName);
  if (listener === undefined) return { label: 'ollama', state: 'broken', note: 'nothing listens' };
  const { address, port } = listener;
  const where = before.scope === 'all' ? '*' : address.includes(':') ? `[${address}]` : address;
  const sick = checks.some(({ id, status }) => id === 'listener' && status === 'fail');
  return { label: `${where}:${port} ${name}`, state: sick ? 'suspect' : 'ok', ...(by && { by }) };
}

function edgeTo(way: Way | undefined, atName: boolean): Edge | undefined {
  if (way === undefined || atName) return { state: 'unknown' };
  if (way.models !== undefined) return undefined;
  return { state: 'broken', note: way.by ?? GOT[way.got ?? ''] ?? way.got ?? '' };
}

function modelsOf(way: Way | undefined): Link[] {
  if (way?.models === undefined) return [];
  return [{ label: way.models === 1 ? '1 model' : `${way.models} models`, state: 'ok' }];
}
