import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { SetupError } from '../../src/errors.ts';
import type { Host } from '../../src/host/host.ts';
import { mark, People, sayCheck, sayDiff, sayError, sayStep } from '../../src/ui/people.ts';
import * as layout from '../../src/ui/wrap.ts';

const written: string[] = [];
const text = () => written.join('');

beforeEach(() => {
  written.length = 0;
  for (const stream of [process.stdout, process.stderr])
    vi.spyOn(stream, 'write').mockImplementation((chunk) => written.push(String(chunk)) > 0);
});
afterEach(() => void vi.restoreAllMocks());

interface Seen {
  terminal?: boolean;
  columns?: number;
  env?: Record<string, string>;
  color?: boolean;
  json?: boolean;
  platform?: NodeJS.Platform;
}

function people({
  terminal = true,
  columns = 80,
  env = {},
  color = true,
  json = false,
  platform = 'linux',
}: Seen = {}) {
  const host = { env, platform, terminal: { stdin: terminal, stdout: terminal, stderr: terminal, columns } };
  const made = new People(host as unknown as Host, { json, quiet: false, color });
  if (made.terminal) made.layout = layout;
  return made;
}

const RESTART = { id: 'restart', title: 'Restart ollama.service' };

describe('signs', () => {
  it('are signs on a terminal with colours, and words elsewhere', () => {
    expect(mark(people(), 'done')).toBe('\x1b[32m✓\x1b[39m ');
    expect(mark(people({ color: false }), 'done')).toBe('Done: ');
    expect(mark(people({ env: { NO_COLOR: '1' } }), 'fail')).toBe('Problem: ');
    expect(mark(people({ env: { TERM: 'dumb' } }), 'warn')).toBe('Warning: ');
    expect(mark(people({ terminal: false }), 'reverted')).toBe('To go back: ');
    expect(mark(people({ terminal: false, env: { FORCE_COLOR: '1' } }), 'done')).toContain('✓');
  });

  it('are words in colours where a terminal shows nothing beyond ASCII', () => {
    expect(mark(people({ env: { TERM: 'linux' } }), 'done')).toBe('\x1b[32mDone: \x1b[39m');
    expect(mark(people({ env: { LANG: 'C' } }), 'done')).toContain('Done: ');
    expect(mark(people({ platform: 'win32' }), 'done')).toContain('Done: ');
    expect(mark(people({ platform: 'win32', env: { WT_SESSION: 'x' } }), 'done')).toContain('✓');
  });

  it('are complete sentences without colours', () => {
    const plain = people({ color: false });
    sayStep(plain, { ...RESTART, status: 'done', elapsed: 1234 });
    sayStep(plain, { ...RESTART, status: 'reverted', elapsed: 0 });
    sayCheck(plain, { id: 'x', status: 'warn', summary: 'It is slow.', evidence: 'a file', remedy: 'wait' });
    sayError(
      plain,
      new SetupError('x', 5, 'It went wrong.', { meaning: 'Nothing was changed.', remedy: 'again' }),
      false,
    );
    expect(text()).toBe(
      'Done: Restart ollama.service (1.2 s)\nTo go back: Restart ollama.service\n' +
        'Warning: It is slow.\n    seen in: a file\n    wait\nError: It went wrong.\n  Nothing was changed.\n  again\n',
    );
  });
});

describe('a line that is pending', () => {
  it('goes when the next one comes, whichever stream that is on', () => {
    people().pending('… Restart');
    people({ json: true }).say('Interrupted.');
    expect(text()).toBe('… Restart\r\x1b[2KInterrupted.\n');
  });

  it.each<Seen>([
    { terminal: false },
    { env: { CI: 'true' } },
    { env: { TERM: 'dumb' } },
    { color: false },
    { env: { LANG: 'C' } },
  ])('is not shown: %j', (seen) => {
    people(seen).pending('… Restart');
    expect(text()).toBe('');
  });

  it('takes one line, however narrow the terminal is', () => {
    const narrow = people({ columns: 40 });
    narrow.pending(`… ${'データ'.repeat(20)}`);
    expect(layout.wrap(text(), 39)).toBe(text());
    narrow.clear();
  });
});

describe('lines', () => {
  it('are broken for a terminal, and for nothing else', () => {
    const long = 'word '.repeat(30).trim();
    people({ columns: 40 }).say(long);
    expect(text().split('\n').length).toBeGreaterThan(3);
    written.length = 0;
    people({ columns: 40, terminal: false }).say(long);
    expect(text()).toBe(`${long}\n`);
  });

  it('are left whole where they are to be copied', () => {
    const command = `sudo systemctl ${'x'.repeat(60)}`;
    people({ columns: 40 }).exactly(command);
    expect(text()).toBe(`${command}\n`);
    written.length = 0;
    people({ columns: 40 }).labelled('Take it back with:', 'npx stigmer-setup-ollama undo');
    expect(text()).toBe('Take it back with:\n  npx stigmer-setup-ollama undo\n');
    written.length = 0;
    people({ terminal: false }).labelled('Take it back with:', 'npx stigmer-setup-ollama undo');
    expect(text()).toBe('Take it back with: npx stigmer-setup-ollama undo\n');
  });

  it('of a diff keep their colour when they are broken, and cannot move the cursor', () => {
    sayDiff(people({ columns: 24 }), '--- a\n+++ b\n+0123456789012345678901234567\n-\x1b[2Jgone\x07\r\n');
    expect(text().split('\n').slice(2)).toEqual([
      '    \x1b[32m+0123456789012345678\x1b[39m',
      '    \x1b[32m 901234567\x1b[39m',
      '    \x1b[31m-\ufffd[2Jgone\ufffd\x1b[39m',
      '',
    ]);
  });
});
