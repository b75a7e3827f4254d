/**
 * What Ollama answers over HTTP (server/routes.go of ollama/ollama, commit fb30760): the routes that matter here, and
 * its guard against DNS rebinding.
 */

import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { isLoopback, isPrivate, isUnspecified, parseIp, printIp, splitHostPort } from '../ollama/go-net.ts';

export interface Model {
  name: string;
  /** Bytes. */
  size?: number;
}

export interface Loaded extends Model {
  /** When it will be unloaded, as an ISO date. */
  expires?: string;
}

export interface Content {
  version?: string;
  models?: readonly Model[];
  loaded?: readonly Loaded[];
}

/** The machine's own name and addresses, which its own clients may call it by. */
export interface Machine {
  hostname: string;
  addresses: readonly string[];
}

/** @param guarded whether the socket is bound to loopback, the only case in which Ollama looks at the Host header */
export function answerer(content: Content, guarded: boolean, machine: Machine): RequestListener {
  return (request, response) => {
    if (guarded && !allowedHost(request.headers.host ?? '', machine)) send(response, 403);
    else answer(request, response, content);
  };
}

/** `allowedHostsMiddleware`: local names, and addresses that only something near this machine can have. */
export function allowedHost(header: string, { hostname, addresses }: Machine): boolean {
  const host = splitHostPort(header)?.host ?? header;
  const ip = parseIp(host);
  if (ip && (isLoopback(ip) || isPrivate(ip) || isUnspecified(ip) || addresses.includes(printIp(ip)))) return true;
  const name = host.toLowerCase();
  return ['', 'localhost', hostname.toLowerCase()].includes(name) || /\.(localhost|local|internal)$/.test(name);
}

/** As gin answers with `HandleMethodNotAllowed`: a path that is known but not for this method is 405. */
function answer({ method = '', url = '/' }: IncomingMessage, response: ServerResponse, content: Content): void {
  const path = url.split('?')[0]!;
  const body = bodyOf(path, content);
  // Only /api/ps has no HEAD route.
  const known = method === 'GET' || (method === 'HEAD' && path !== '/api/ps');
  if (body === undefined) send(response, 404, 'text/plain', '404 page not found');
  else if (!known) send(response, 405, 'text/plain', '405 method not allowed');
  else if (typeof body === 'string') send(response, 200, 'text/plain; charset=utf-8', body);
  else send(response, 200, 'application/json; charset=utf-8', JSON.stringify(body));
}

function bodyOf(path: string, { version = '', models = [], loaded = [] }: Content): string | object | undefined {
  if (path === '/') return 'Ollama is running';
  if (path === '/api/version') return { version };
  if (path === '/api/tags') return { models: models.map((model) => ({ ...described(model), modified_at: LONG_AGO })) };
  if (path !== '/api/ps') return undefined;
  return {
    models: loaded.map((model) => ({
      ...described(model),
      expires_at: model.expires ?? new Date(Date.now() + FIVE_MINUTES).toISOString(),
      size_vram: 0,
      context_length: 4096,
    })),
  };
}

const LONG_AGO = '2026-01-01T00:00:00Z';
/** How long Ollama keeps a model in memory unless told otherwise (envconfig/config.go, KeepAlive). */
const FIVE_MINUTES = 5 * 60 * 1000;

/** The fields that `ListModelResponse` and `ProcessModelResponse` share (api/types.go). */
function described({ name, size = 0 }: Model): object {
  const details = {
    parent_model: '',
    format: 'gguf',
    family: 'llama',
    families: ['llama'],
    parameter_size: '',
    quantization_level: '',
  };
  return { name, model: name, size, digest: '0'.repeat(64), details };
}

function send(response: ServerResponse, status: number, type?: string, body = ''): void {
  const length = { 'Content-Length': Buffer.byteLength(body) };
  response.writeHead(status, type === undefined ? length : { 'Content-Type': type, ...length });
  response.end(body);
}
