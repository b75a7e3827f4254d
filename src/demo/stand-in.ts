/**
 * A stand-in for `ollama serve`: it reads OLLAMA_HOST, listens, answers, refuses and ends as Ollama does, and has no
 * models to run. `demo` works on it, and tests use it as the far end.
 *
 * It is a server, not a way to the machine, so it imports node:http although only src/host may touch the rest.
 */

import { createServer, type Server } from 'node:http';
import { isLoopback, joinHostPort, parseIp, printIp } from '../ollama/go-net.ts';
import { type HostValue, parseHost, scopeOf } from '../ollama/host-value.ts';
import { answerer, type Content, type Machine } from './ollama-routes.ts';

export type Env = Readonly<Record<string, string | undefined>>;

export interface StandInOptions extends Content {
  /** OLLAMA_HOST is all that is read from it; port 0 is any free port. */
  env: Env;
  /** What the check of the Host header holds for this machine's own; by default only what every machine has. */
  machine?: Machine;
}

export interface StandIn {
  /** Where this machine reaches it: a wildcard is reached over 127.0.0.1. */
  url: string;
  /** The address of the socket as the system tells it, such as 127.0.0.1 or ::. */
  address: string;
  port: number;
  version: string;
  /** Ends it and every open connection. */
  close(): Promise<void>;
}

const DEFAULT_VERSION = '0.32.3';

/** Starts the stand-in in this process; rejects in Go's words (`listen tcp 127.0.0.1:11434: bind: address already in use`). */
export async function startStandIn({ env, machine, ...content }: StandInOptions): Promise<StandIn> {
  const value = parseHost(env.OLLAMA_HOST);
  const version = content.version ?? DEFAULT_VERSION;
  const server = createServer();
  const { address, port } = await listen(server, value);
  const ip = parseIp(address);
  const guarded = ip !== undefined && isLoopback(ip);
  server.on('request', answerer({ ...content, version }, guarded, machine ?? { hostname: '', addresses: [] }));
  const reach = address === '::' || address === '0.0.0.0' ? '127.0.0.1' : address;
  return {
    url: `http://${joinHostPort(reach, port)}`,
    address,
    port,
    version,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Listens as Go's `net.Listen("tcp", …)` does: a wildcard is one dual-stack socket, IPv4 only where there is no IPv6. */
async function listen(server: Server, value: HostValue): Promise<{ address: string; port: number }> {
  const host = bindHost(value);
  if (host === undefined) throw new Error(`listen tcp: lookup ${value.host}: no such host`);
  try {
    return await listenOn(server, host, value.port);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    if (host === '::' && (code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL')) {
      return await listenOn(server, '0.0.0.0', value.port).catch((again) => {
        throw listenError(value, again);
      });
    }
    throw listenError(value, error);
  }
}

/** Names are not looked up: the stand-in has no business outside this machine. */
function bindHost(value: HostValue): string | undefined {
  const scope = scopeOf(value);
  if (scope === 'all') return '::';
  const ip = parseIp(value.host);
  if (ip) return printIp(ip) + (ip.zone && `%${ip.zone}`);
  return scope === 'loopback' ? '127.0.0.1' : undefined;
}

function listenOn(server: Server, host: string, port: number): Promise<{ address: string; port: number }> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen({ host, port, ipv6Only: false, exclusive: true }, () => {
      server.off('error', reject);
      const bound = server.address();
      if (bound === null || typeof bound === 'string') reject(new Error('no address'));
      else resolve({ address: bound.address, port: bound.port });
    });
  });
}

/** The words of Go's syscall errors (src/syscall/zerrors_linux_amd64.go). */
const BIND_ERRORS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'address already in use',
  EADDRNOTAVAIL: 'cannot assign requested address',
  EACCES: 'permission denied',
};

function listenError(value: HostValue, error: unknown): Error {
  const { code = '', message } = error as NodeJS.ErrnoException;
  // Seen with Go 1.26: every wildcard is called 0.0.0.0, even "::", and no host at all stays empty.
  const host = scopeOf(value) === 'all' ? value.host && '0.0.0.0' : (bindHost(value) ?? value.host);
  return new Error(`listen tcp ${joinHostPort(host, value.port)}: bind: ${BIND_ERRORS[code] ?? message}`, {
    cause: error,
  });
}

export interface ProgramOptions extends Content {
  machine?: Machine;
  /** Where standard error goes. */
  stderr?: (text: string) => void;
  /** Ends the program as SIGTERM does. */
  signal?: AbortSignal;
}

/**
 * The program `ollama serve` (cmd/cmd.go and server/routes.go): logs to standard error, serves until SIGTERM or SIGINT,
 * and resolves with its exit code.
 * @param argv what follows the program's name
 */
export async function runStandIn(argv: readonly string[], env: Env, options: ProgramOptions = {}): Promise<number> {
  const { stderr = (text) => process.stderr.write(text), signal, ...rest } = options;
  const [command = ''] = argv;
  if (command !== 'serve' && command !== 'start') {
    stderr(`Error: unknown command "${command}" for "ollama"\n`);
    return 1;
  }
  const ended = untilEnded(signal);
  try {
    const standIn = await startStandIn({ env, ...rest });
    const where = joinHostPort(standIn.address, standIn.port);
    stderr(logLine(`Listening on ${where} (version ${standIn.version})`));
    await ended.promise;
    await standIn.close();
    return 0;
  } catch (error) {
    stderr(`Error: ${(error as Error).message}\n`);
    return 1;
  } finally {
    ended.forget();
  }
}

/** A line as Ollama's slog handler writes it (logutil/logutil.go). */
function logLine(message: string): string {
  return `time=${new Date().toISOString()} level=INFO source=routes.go:2008 msg=${JSON.stringify(message)}\n`;
}

function untilEnded(signal: AbortSignal | undefined): { promise: Promise<void>; forget(): void } {
  let end = (): void => {};
  const promise = new Promise<void>((resolve) => {
    end = resolve;
  });
  const listener = (): void => end();
  for (const name of ['SIGTERM', 'SIGINT'] as const) process.on(name, listener);
  if (signal?.aborted) end();
  signal?.addEventListener('abort', listener);
  return {
    promise,
    forget() {
      for (const name of ['SIGTERM', 'SIGINT'] as const) process.off(name, listener);
      signal?.removeEventListener('abort', listener);
    },
  };
}
