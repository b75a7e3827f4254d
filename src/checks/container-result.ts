import { type Answer, LIMIT } from '../containers/request.ts';
import type { Check } from './check.ts';
import { type Asked, modelsIn, networksOf, type Reason, reasonOf } from './container-cause.ts';
import { doubtOf } from './container-fault.ts';

/** What became of a question: `elsewhere` where the container means another Ollama, `unable` where it was not asked. */
export type Outcome = 'reached' | 'failed' | 'elsewhere' | 'unable';

/** The way that a question took, as far as it got. */
export interface Way {
  /** "agent-runner", or "a new container". */
  from: string;
  /** The name or address that was called. */
  host: string;
  /** The engine hands the name out as the address of its own bridge. */
  byBridge: boolean;
  /** The networks of who asked, by the engine's names. */
  networks?: string[];
  /** What came back: undefined for the models, else the socket's word or the status. */
  got?: string;
  /** Who did that, where it was seen. */
  by?: string;
  cause?: string;
  models?: number;
}

export interface Result {
  outcome: Outcome;
  way?: Way;
  /** Who was asked, by a name that is the same in every run. */
  key: string;
  checks: Check[];
}

/** Something that was not asked, and why. */
export function skip(summary: string, cause?: string): Check {
  return { id: 'container', status: 'skip', ...(cause === undefined ? {} : { cause }), summary };
}

/** The answer as a check, for people and programs. */
export async function resultOf(asked: Asked, who: string, key: string, answer: Answer): Promise<Result> {
  if (answer.kind === 'unable') {
    return {
      outcome: 'unable',
      key,
      checks: [skip(`${who} could not be asked: ${answer.reason}.`, 'container-not-asked')],
    };
  }
  if (answer.kind === 'failed' && answer.errno === 'no-answer') return silent(asked, who, key);
  const models = modelsIn(answer);
  if (models === undefined) return failure(asked, who, key, answer, await reasonOf(asked, answer));
  const count = models.count === 1 ? '1 model' : `${models.count} models`;
  const what = models.first === undefined ? 'it has no models yet' : `${count}, the first is ${models.first}`;
  const doubt = doubtOf(asked);
  const reached = `${who} reaches Ollama at ${baseOf(asked)}: ${what}`;
  const evidence = evidenceOf(asked, 'HTTP 200');
  const check: Check = doubt
    ? {
        id: 'container',
        status: 'warn',
        cause: doubt.cause,
        summary: `${reached}; its own program may not: ${doubt.why}.`,
        evidence,
        remedy: doubt.remedy,
      }
    : { id: 'container', status: 'pass', summary: `${reached}.`, evidence };
  return { outcome: 'reached', key, checks: [check], way: { ...wayOf(asked), models: models.count } };
}

/** The way is open then, and Ollama is slow: it looks for GPUs at its start, and loads models. */
function silent(asked: Asked, who: string, key: string): Result {
  const check: Check = {
    id: 'container',
    status: 'warn',
    cause: 'not-answering-yet',
    summary: `${who} is connected to Ollama at ${baseOf(asked)}, but got no answer within ${LIMIT} s.`,
    evidence: evidenceOf(asked, 'no answer'),
    remedy: 'npx stigmer-setup-ollama doctor',
  };
  return { outcome: 'unable', key, checks: [check] };
}

/** A question that did not get Ollama's answer. */
export function failure(asked: Asked, who: string, key: string, answer: Answer, reason: Reason): Result {
  const { cause, why, remedy } = reason;
  const got =
    answer.kind === 'failed' ? answer.errno : answer.kind === 'answered' ? `HTTP ${answer.status}` : answer.reason;
  const by = reason.brief === undefined ? {} : { by: reason.brief };
  const check: Check = {
    id: 'container',
    status: 'fail',
    cause,
    summary: `${who} does not reach Ollama at ${baseOf(asked)}: ${why}.`,
    evidence: [...(reason.evidence === undefined ? [] : [reason.evidence]), evidenceOf(asked, got)].join('; '),
    remedy,
    ...repeatOf(asked),
  };
  return { outcome: 'failed', key, checks: [check], way: { ...wayOf(asked), got, ...by, cause } };
}

function wayOf(asked: Asked): Way {
  const { client, target, engine } = asked;
  const byBridge = engine.addsHost && target.host === engine.hostName;
  return { from: client?.name ?? 'a new container', host: target.host, byBridge, networks: networksOf(asked) };
}

function baseOf({ target }: Asked): string {
  return target.url.replace(/\/api\/tags$/, '');
}

/** How a person asks the same in that container. */
function repeatOf({ engine, client, target }: Asked): { repeat: string } | undefined {
  return client && { repeat: `${engine.cli.name} exec ${client.name} curl -v ${target.url}` };
}

function evidenceOf({ engine, client, target }: Asked, got: string): string {
  const told = target.told === undefined ? [] : [`${client?.name}: ${target.told}`];
  return [...told, `GET ${target.url}: ${got}`, engine.title].join('; ');
}
