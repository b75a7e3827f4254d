import type { Host, RunResult } from '../host/host.ts';
import { call } from './cli.ts';
import type { Engine } from './engine.ts';
import { BASH, NODE, PYTHON, WHICH } from './script.ts';

/** How asking for the models went, in the socket's own words; `no-answer` where it was connected and nothing came. */
export type Answer =
  | { kind: 'answered'; status: number; body: string }
  | { kind: 'failed'; errno: string }
  | { kind: 'unable'; reason: string };

/** Runs words inside of a container; `own` leaves the proxy variables of its environment as they are. */
export type Enter = (words: readonly string[], own?: boolean) => Promise<RunResult>;

export type Program = 'node' | 'python3' | 'curl' | 'gnu-wget' | 'wget' | 'bash';
const PROGRAMS: readonly string[] = ['node', 'python3', 'curl', 'gnu-wget', 'wget', 'bash'] satisfies Program[];

/** Seconds that an answer may take. Packets that are dropped are noticed by nothing else. */
export const LIMIT = 4;
/** Milliseconds for a container to start, ask and end; a busy host takes its time. */
export const PATIENCE = 30_000;

const PROXIES = ['http_proxy', 'HTTP_PROXY', 'https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'];

/** Words of `exec` and `run` that take the proxies away, for this one process only. */
export const WITHOUT_PROXY = PROXIES.flatMap((name) => ['-e', `${name}=`]);

/** Enters a running container, which `exec` leaves as it is. */
export function entering(host: Host, { cli }: Engine, id: string): Enter {
  return (words, own = false) =>
    call(host, cli, ['exec', ...(own ? [] : WITHOUT_PROXY), id, ...words], { timeout: PATIENCE });
}

/** The program in a container that asks best; undefined when there is none. */
export async function pickProgram(enter: Enter): Promise<Program | undefined> {
  const asked = await enter(['sh', '-c', WHICH]);
  const found = asked.stdout.split(/\s+/).find((word) => PROGRAMS.includes(word));
  if (found !== undefined || asked.code === 0) return found as Program | undefined;
  // Images without a shell have at least what their program needs.
  for (const [program, words] of [
    ['node', ['node', '-e', '0']],
    ['python3', ['python3', '-c', '0']],
  ] as const) {
    if ((await enter(words)).code === 0) return program;
  }
  return undefined;
}

/** Asks for the models at `url` from inside. */
export async function ask(enter: Enter, program: Program, url: string, own = false): Promise<Answer> {
  return readAnswer(program, await enter(wordsFor(program, url), own));
}

function wordsFor(program: Program, url: string): string[] {
  const limit = String(LIMIT);
  const { hostname, port, pathname } = new URL(url);
  const words: Record<Program, string[]> = {
    node: ['node', '-e', NODE, url, limit],
    python3: ['python3', '-c', PYTHON, url, limit],
    curl: ['curl', '-sSv', '-m', limit, '-w', '\nstigmer answered %{http_code}\n', url],
    'gnu-wget': ['wget', '-t', '1', '-T', limit, '-O', '-', url],
    wget: ['wget', '-T', limit, '-O', '-', url],
    bash: ['timeout', limit, 'bash', '-c', BASH, 'bash', hostname.replace(/^\[|\]$/g, ''), port || '80', pathname],
  };
  return words[program];
}

/** Words of strerror(3) in glibc and musl, and those of curl, wget and their resolvers. */
const WORDS: [RegExp, string][] = [
  [/Connection refused/i, 'ECONNREFUSED'],
  [/No route to host|Host is unreachable/i, 'EHOSTUNREACH'],
  [/Network( is)? unreachable/i, 'ENETUNREACH'],
  [/resolve host|bad address|not known|name resolution|No address associated|Try again/i, 'ENOTFOUND'],
  [/reset by peer|Empty reply|error getting response/i, 'ECONNRESET'],
  [/timed out/i, 'ETIMEDOUT'],
  [/wrong version number|record layer|(?:SSL|TLS).*handshake|unable to establish SSL/i, 'EPROTO'],
];

/** Reads what a program printed; its exit code says only whether it ran at all. Exported for tests. */
export function readAnswer(program: Program, result: RunResult): Answer {
  const { code, stdout, stderr } = result;
  const notRun = failureToRun(result);
  if (notRun !== undefined) return { kind: 'unable', reason: notRun };
  const failed = /^stigmer failed (\S+)/m.exec(stdout)?.[1];
  if (failed !== undefined && program !== 'curl') return { kind: 'failed', errno: failed };
  const told = readStatus(program, stdout, stderr, code);
  if (told !== undefined) return { kind: 'answered', ...told };
  // Programs that stop at their time limit: timeout(1) with 124 (or 143 in BusyBox), curl with 28.
  const late = (program === 'curl' && code === 28) || (program === 'bash' && (code === 124 || code === 143));
  if (late) return { kind: 'failed', errno: lateAt(program, stderr) };
  const errno = WORDS.find(([pattern]) => pattern.test(stderr))?.[1];
  if (errno !== undefined) return { kind: 'failed', errno };
  if (program === 'bash' && code === 0) return { kind: 'failed', errno: 'ECONNRESET' };
  return { kind: 'unable', reason: lastLine(stderr) || `${program} ended with exit code ${code}` };
}

/** At what point time was up: at the name, at the connection, or at the answer. */
function lateAt(program: Program, stderr: string): string {
  if (program === 'bash') {
    if (!stderr.includes('looked up')) return 'EAI_AGAIN';
    return stderr.includes('connected') ? 'no-answer' : 'ETIMEDOUT';
  }
  if (/Resolving timed out/i.test(stderr)) return 'EAI_AGAIN';
  return /bytes received/.test(stderr) ? 'no-answer' : 'ETIMEDOUT';
}

function readStatus(program: Program, stdout: string, stderr: string, code: number | null) {
  if (program === 'node' || program === 'python3') {
    const found = /^stigmer answered (\d{3})\n/m.exec(stdout);
    return found ? { status: Number(found[1]), body: stdout.slice(found.index + found[0].length) } : undefined;
  }
  if (program === 'curl') {
    const found = /\nstigmer answered (\d{3})\n$/.exec(stdout);
    return found && found[1] !== '000' ? { status: Number(found[1]), body: stdout.slice(0, found.index) } : undefined;
  }
  if (program === 'bash') {
    const found = /^HTTP\/\d\.\d (\d{3})/.exec(stdout);
    return found ? { status: Number(found[1]), body: stdout.split('\r\n\r\n').slice(1).join('\r\n\r\n') } : undefined;
  }
  if (code === 0) return { status: 200, body: stdout };
  const refused = /error:?\s+(?:HTTP\/\d\.\d\s+)?(\d{3})/i.exec(stderr)?.[1];
  return refused === undefined ? undefined : { status: Number(refused), body: '' };
}

/**
 * The engine's own failures: 125 for the engine, 126 and 127 for a program that cannot be run (docker-run(1), EXIT STATUS).
 */
function failureToRun({ code, error, stderr, stdout }: RunResult): string | undefined {
  if (error === 'ETIMEDOUT') return `it did not end within ${PATIENCE / 1000} s`;
  if (code === null) return `it could not be run (${error})`;
  if (code === 125 || code === 126 || code === 127) return lastLine(stderr) || lastLine(stdout) || `exit code ${code}`;
  // exec's own complaint comes with exit code 1, before anything ran.
  if (code === 1 && /^Error (response from daemon|: no such container)/im.test(stderr)) return lastLine(stderr);
  return undefined;
}

/** The last line that says something; docker adds a hint to look at its --help. */
export function lastLine(text: string): string {
  const lines = text.split('\n').map((line) => line.trim());
  const said = lines.filter((line) => line !== '' && !/--help/.test(line)).at(-1) ?? '';
  return said.replaceAll(/\p{C}/gu, '').slice(0, 300);
}
