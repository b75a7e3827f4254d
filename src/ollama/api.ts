/** The few answers of Ollama's HTTP API that this program asks for, each held against its shape. Nothing here throws. */

import type { Host } from '../host/host.ts';

/** What stood in the way: the socket's own word, `http-<status>`, or `not-ollama` for an answer of another shape. */
export interface Failure {
  failure: string;
}

export interface LoadedModel {
  name: string;
  /** Bytes, in main memory and on the GPU together; null when not told. */
  size: number | null;
  /** When Ollama will unload it, as an ISO date with its zone; null when not told. */
  expires: string | null;
}

/** GET /api/version: `{"version":"0.32.3"}` (server/routes.go, GenerateRoutes). */
export async function version(host: Host, base: string, timeout: number): Promise<{ version: string } | Failure> {
  const answer = await json(host, base, '/api/version', timeout);
  if ('failure' in answer) return answer;
  const found = field(answer.value, 'version');
  return isLabel(found) ? { version: found } : NOT_OLLAMA;
}

/** GET /api/tags: how many models are installed, and the name of the first (api/types.go, ListResponse). */
export async function models(
  host: Host,
  base: string,
  timeout: number,
): Promise<{ count: number; first?: string } | Failure> {
  return summed(await modelList(host, base, '/api/tags', timeout));
}

/** GET /api/ps: the models in memory (api/types.go, ProcessModelResponse); a restart of Ollama unloads them. */
export async function loaded(host: Host, base: string, timeout: number): Promise<{ models: LoadedModel[] } | Failure> {
  const list = await modelList(host, base, '/api/ps', timeout);
  if ('failure' in list) return list;
  return {
    models: list.models.map(({ name, value }) => {
      const [size, expires] = [field(value, 'size'), field(value, 'expires_at')];
      return {
        name,
        size: typeof size === 'number' && size >= 0 ? size : null,
        expires: typeof expires === 'string' && !Number.isNaN(Date.parse(expires)) ? expires : null,
      };
    }),
  };
}

/**
 * Whether a web page from anywhere may use it, as with `*` in OLLAMA_ORIGINS: its answer to a page of a name that nobody
 * can have (RFC 2606) then allows all (config.go of gin-contrib/cors, which server/routes.go hands the variable to).
 */
export async function takesAnyOrigin(host: Host, base: string, timeout: number): Promise<boolean> {
  const headers = { origin: 'http://nobody.invalid' };
  const answer = await host.get(`${base}/api/version`, { timeout, headers });
  if ('failure' in answer || answer.status !== 200) return false;
  return ['*', headers.origin].includes(answer.headers?.['access-control-allow-origin'] ?? '');
}

const NOT_OLLAMA: Failure = { failure: 'not-ollama' };

async function modelList(
  host: Host,
  base: string,
  path: string,
  timeout: number,
): Promise<{ models: Model[] } | Failure> {
  const answer = await json(host, base, path, timeout);
  return 'failure' in answer ? answer : readList(answer.value);
}

interface Model {
  name: string;
  value: unknown;
}

/** Both lists are `{"models":[{"name":…},…]}`; Go writes an empty list as `null` when it was never filled. */
function readList(value: unknown): { models: Model[] } | Failure {
  const list = field(value, 'models');
  if (list === null) return { models: [] };
  if (!Array.isArray(list)) return NOT_OLLAMA;
  const found: Model[] = [];
  for (const value of list) {
    const name = field(value, 'name');
    if (!isLabel(name)) return NOT_OLLAMA;
    found.push({ name, value });
  }
  return { models: found };
}

/** What `/api/tags` answered to somebody else: how many models there are, and the first. */
export function readModels(body: string): { count: number; first?: string } | Failure {
  try {
    return summed(readList(JSON.parse(body)));
  } catch {
    return NOT_OLLAMA;
  }
}

function summed(list: { models: Model[] } | Failure): { count: number; first?: string } | Failure {
  if ('failure' in list) return list;
  const first = list.models[0]?.name;
  return first === undefined ? { count: 0 } : { count: list.models.length, first };
}

async function json(host: Host, base: string, path: string, timeout: number): Promise<{ value: unknown } | Failure> {
  try {
    const answer = await host.get(base.replace(/\/+$/, '') + path, { timeout });
    if ('failure' in answer) return answer;
    if (answer.status !== 200) return { failure: `http-${answer.status}` };
    return { value: JSON.parse(answer.body) };
  } catch (error) {
    // A body that is no JSON; anything else is a base that is no URL.
    return error instanceof SyntaxError ? NOT_OLLAMA : { failure: (error as NodeJS.ErrnoException).code ?? 'bad-url' };
  }
}

function field(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>)[name] : undefined;
}

/** Versions and names end up on a terminal, and anything may answer on that port: one short line without control characters. */
function isLabel(value: unknown): value is string {
  return typeof value === 'string' && value.length <= 300 && /^[^\p{C}\p{Z}]+$/u.test(value);
}
