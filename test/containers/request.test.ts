import { describe, expect, it } from 'vitest';
import { type Program, readAnswer } from '../../src/containers/request.ts';

type Ended = { code?: number | null; stdout?: string; stderr?: string; error?: string };

function read(program: Program, ended: Ended) {
  return readAnswer(program, { argv: [], code: 0, stdout: '', stderr: '', ...ended });
}

const failed = (errno: string) => ({ kind: 'failed', errno });
const answered = (status: number, body: string) => ({ kind: 'answered', status, body });

/** As the programs printed it in containers of a Docker Engine; BusyBox's and wget's words from their sources. */
const RECORDED: [Program, Ended, object][] = [
  ['node', { stdout: 'stigmer answered 200\n{"models":[]}' }, answered(200, '{"models":[]}')],
  ['node', { stdout: 'stigmer failed EHOSTUNREACH\n' }, failed('EHOSTUNREACH')],
  ['node', { stdout: 'stigmer failed no-answer\n' }, failed('no-answer')],
  ['python3', { stdout: 'stigmer answered 404\n404 page not found\n' }, answered(404, '404 page not found\n')],
  ['python3', { stdout: 'stigmer failed ENETUNREACH' }, failed('ENETUNREACH')],
  ['curl', { stdout: '{"models":[]}\nstigmer answered 200\n' }, answered(200, '{"models":[]}')],
  [
    'curl',
    {
      code: 7,
      stdout: '\nstigmer answered 000\n',
      stderr:
        '* connect to 172.17.0.1 port 1 failed: Connection refused\n* Failed to connect\ncurl: (7) Failed to connect to 172.17.0.1',
    },
    failed('ECONNREFUSED'),
  ],
  [
    'curl',
    { code: 7, stderr: '* connect to 172.17.0.1 port 11435 failed: No route to host\n' },
    failed('EHOSTUNREACH'),
  ],
  ['curl', { code: 28, stderr: 'curl: (28) Connection timed out after 4001 milliseconds' }, failed('ETIMEDOUT')],
  ['curl', { code: 28, stderr: 'curl: (28) Resolving timed out after 4000 milliseconds' }, failed('EAI_AGAIN')],
  [
    'curl',
    { code: 28, stderr: 'curl: (28) Operation timed out after 4001 milliseconds with 0 bytes received' },
    failed('no-answer'),
  ],
  ['curl', { code: 6, stderr: 'curl: (6) Could not resolve host: nope' }, failed('ENOTFOUND')],
  ['curl', { code: 52, stderr: 'curl: (52) Empty reply from server' }, failed('ECONNRESET')],
  ['wget', { stdout: '{"models":[]}' }, answered(200, '{"models":[]}')],
  [
    'wget',
    { code: 1, stderr: "wget: can't connect to remote host (172.17.0.1): Connection refused" },
    failed('ECONNREFUSED'),
  ],
  ['wget', { code: 1, stderr: "wget: can't connect to remote host: Host is unreachable" }, failed('EHOSTUNREACH')],
  ['wget', { code: 1, stderr: "wget: bad address 'host.docker.internal:11434'" }, failed('ENOTFOUND')],
  ['wget', { code: 1, stderr: 'wget: download timed out' }, failed('ETIMEDOUT')],
  ['wget', { code: 1, stderr: 'wget: server returned error: HTTP/1.1 403 Forbidden' }, answered(403, '')],
  ['gnu-wget', { code: 8, stderr: '2026-11-21 10:00:00 ERROR 404: Not Found.' }, answered(404, '')],
  ['gnu-wget', { code: 4, stderr: "wget: unable to resolve host address 'x'" }, failed('ENOTFOUND')],
  ['bash', { stdout: 'HTTP/1.0 200 OK\r\nA: b\r\n\r\n{"models":[]}' }, answered(200, '{"models":[]}')],
  ['bash', { code: 1, stderr: 'looked up\nbash: connect: Network is unreachable' }, failed('ENETUNREACH')],
  ['bash', { code: 124, stderr: 'looked up\n' }, failed('ETIMEDOUT')],
  ['bash', { code: 124, stderr: '' }, failed('EAI_AGAIN')],
  ['bash', { code: 143, stderr: 'looked up\nconnected\n' }, failed('no-answer')],
  ['bash', { code: 0, stderr: 'looked up\nconnected\n' }, failed('ECONNRESET')],
];

describe('what a program printed', () => {
  it.each(RECORDED)('%s %j', (program, ended, answer) => {
    expect(read(program, ended)).toEqual(answer);
  });

  it.each<[Ended, string]>([
    [
      {
        code: 125,
        stderr: "docker: Error response from daemon: invalid mount config\nRun 'docker run --help' for more",
      },
      'invalid mount config',
    ],
    [
      { code: 126, stderr: 'OCI runtime exec failed: exec: "node": executable file not found in $PATH' },
      'executable file not found',
    ],
    [{ code: 127, stderr: 'exec failed' }, 'exec failed'],
    [
      { code: 1, stderr: 'Error response from daemon: Container 12ab is paused, unpause the container before exec' },
      'is paused',
    ],
    [{ code: null, error: 'ETIMEDOUT' }, 'did not end within'],
    [{ code: null, error: 'ENOENT' }, 'ENOENT'],
    [{ code: 99, stderr: 'Segmentation fault\u001b[2J' }, 'Segmentation fault[2J'],
  ])('what could not be asked is no answer: %j', (ended, reason) => {
    for (const program of ['node', 'curl', 'bash'] as const) {
      expect(read(program, ended)).toEqual({ kind: 'unable', reason: expect.stringContaining(reason) });
    }
  });
});
