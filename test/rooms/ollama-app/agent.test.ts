import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { agentChange, newAgent, readAgent } from '../../../src/rooms/ollama-app/agent.ts';
import { APP, LABEL, Mac } from './mac.ts';

interface Job {
  Label: string;
  ProgramArguments: string[];
  [key: string]: unknown;
}

/** By a parser that is not this program's. */
function parse(text: string): Job {
  const script = 'import plistlib, json, sys; print(json.dumps(plistlib.loads(sys.stdin.buffer.read())))';
  const { stdout, stderr } = spawnSync('python3', ['-c', script], { input: text, encoding: 'utf8' });
  if (!stdout) throw new Error(stderr);
  return JSON.parse(stdout) as Job;
}

describe('the file', () => {
  it('is a property list that runs at every login at the screen, and only then', () => {
    const job = parse(newAgent('0.0.0.0:8080', APP));
    expect(Object.keys(job).sort()).toEqual(['Label', 'LimitLoadToSessionType', 'ProgramArguments', 'RunAtLoad']);
    expect(job).toMatchObject({ Label: LABEL, LimitLoadToSessionType: 'Aqua', RunAtLoad: true });
    expect(job.ProgramArguments.slice(0, 2)).toEqual(['/bin/sh', '-c']);
    expect(job.ProgramArguments.slice(3)).toEqual(['ollama-host', '0.0.0.0:8080', APP]);
  });

  it.each([
    ['[fe80::1%en0]:8080', "/Users/a b/Tom & Jerry's <Apps>/Ollama.app"],
    ['$(touch /tmp/x)', '/Ap"ps$&/`id`/{{value}}/Ollama.app'],
  ])('keeps %s as a word', (value, bundle) => {
    const { ProgramArguments: words } = parse(newAgent(value, bundle));
    expect(words.slice(4)).toEqual([value, bundle]);
    expect(words[2]).toBe(parse(newAgent('x', 'y')).ProgramArguments[2]);
  });

  it('is read back, is written once, and removed', async () => {
    const mac = new Mac();
    const account = mac.user;
    const put = (mode: number) =>
      mac.disk.file(mac.agentPath, newAgent('0.0.0.0:8080', APP), { mode, uid: 501, gid: 20 });
    const none = await readAgent(mac, account);
    expect(none).toMatchObject({ path: mac.agentPath, state: null, value: undefined });
    expect(agentChange(mac, account, none, APP, undefined)).toBeUndefined();
    put(0o600);
    expect(agentChange(mac, account, await readAgent(mac, account), APP, '0.0.0.0:8080')).toMatchObject({
      to: { mode: 0o644 },
    });
    put(0o644);
    const there = await readAgent(mac, account);
    expect(there.value).toBe('0.0.0.0:8080');
    expect(agentChange(mac, account, there, APP, '0.0.0.0:8080')).toBeUndefined();
    expect(agentChange(mac, account, there, APP, '0.0.0.0:9')).toMatchObject({
      from: { mode: 0o644 },
      validate: { argv: ['plutil', '-lint', `{dir}/${LABEL}.plist`] },
    });
    expect(agentChange(mac, account, there, APP, undefined)).toMatchObject({ to: null });
    mac.disk.drop(mac.agentPath);
    mac.disk.folder(mac.agentPath);
    expect((await readAgent(mac, account)).state).toBeNull();
    mac.destroy();
  });
});

/** The script run by a real sh; launchctl, ps, open and sleep are small programs that tell and take note. */
describe('the script', () => {
  let dir: string;
  const started: ChildProcess[] = [];
  const bundle = '/Applications/My Apps/Ollama.app';
  const script = parse(newAgent('0.0.0.0:8080', bundle)).ProgramArguments;

  beforeEach(() => {
    dir = mkdtempSync(`${tmpdir()}/agent-`);
    mkdirSync(`${dir}/ps.d`);
    program(
      'launchctl',
      `case $1 in getenv) cat "${dir}/value" 2>/dev/null;; setenv) echo "setenv $2 $3" >> "${dir}/log"; echo "$3" > "${dir}/value";; esac`,
    );
    program(
      'ps',
      `for f in "${dir}"/ps.d/*; do [ -e "$f" ] && { p=$(basename "$f"); kill -0 $p 2>/dev/null && echo "  $p $(cat "$f")"; }; done; true`,
    );
    program('open', `echo "open $* OLLAMA_HOST=$OLLAMA_HOST" >> "${dir}/log"`);
    program(
      'sleep',
      `echo sleep >> "${dir}/sleeps"; [ -e "${dir}/on-sleep" ] && . "${dir}/on-sleep"; exec /bin/sleep 0.01`,
    );
  });
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL');
    rmSync(dir, { recursive: true });
  });

  function program(name: string, body: string): void {
    writeFileSync(`${dir}/${name}`, `#!/bin/sh\n${body}\n`);
    chmodSync(`${dir}/${name}`, 0o755);
  }

  /** A process that really runs, and that ps shows with these words. */
  function running(words: string, stubborn = false): number {
    const trap = stubborn ? "trap '' TERM; " : '';
    const child = spawn('/bin/sh', ['-c', `${trap}while :; do /bin/sleep 0.05; done`]);
    started.push(child);
    writeFileSync(`${dir}/ps.d/${child.pid}`, `${words}\n`);
    return child.pid!;
  }

  async function run(): Promise<number | null> {
    const [file = '', ...args] = script;
    const child = spawn(file, args, { env: { PATH: `${dir}:/usr/bin:/bin` }, stdio: ['ignore', 'ignore', 'inherit'] });
    return new Promise((resolve) => child.on('close', resolve));
  }

  const log = () => (existsSync(`${dir}/log`) ? readFileSync(`${dir}/log`, 'utf8').trim().split('\n') : []);
  const alive = (pid: number) =>
    started.some((child) => child.pid === pid && child.exitCode === null && child.signalCode === null);
  const SET = 'setenv OLLAMA_HOST 0.0.0.0:8080';
  const OPEN = `open -j -a ${bundle} --args hidden OLLAMA_HOST=0.0.0.0:8080`;

  it('before the app: sets the variable, and that is all', async () => {
    running('/Applications/Other.app/Contents/MacOS/Other');
    running(`grep ${bundle}/Contents/MacOS/Ollama`);
    running(`${bundle}/Contents/Resources/ollama run llama3`);
    expect(await run()).toBe(0);
    expect(log()).toEqual([SET]);
    expect(started).toHaveLength(3);
    expect(started.every(({ pid }) => alive(pid!))).toBe(true);
  });

  it('after the app: ends it politely, waits, and opens it', async () => {
    const main = running(`${bundle}/Contents/MacOS/Ollama hidden`);
    const server = running(`${bundle}/Contents/Resources/ollama serve`);
    const other = running('/Applications/Ollama.app/Contents/MacOS/Ollama');
    expect(await run()).toBe(0);
    expect(log()).toEqual([SET, OPEN]);
    expect([main, server, other].map(alive)).toEqual([false, true, true]);
  });

  it('while the app comes up: waits for it', async () => {
    running(`${bundle}/Contents/Frameworks/Squirrel.framework/Versions/A/Squirrel background`);
    const main = running(`${bundle}/Contents/MacOS/Ollama hidden`);
    const entry = `${dir}/ps.d/${main}`;
    const text = readFileSync(entry, 'utf8');
    rmSync(entry);
    writeFileSync(`${dir}/on-sleep`, `[ $(wc -l < "${dir}/sleeps") -ge 4 ] && echo '${text.trim()}' > "${entry}"`);
    expect(await run()).toBe(0);
    expect(log()).toEqual([SET, OPEN]);
    expect(alive(main)).toBe(false);
  });

  it('an app that never comes is not waited for without end, nor one that does not go', async () => {
    running(`${bundle}/Contents/Frameworks/Squirrel.framework/Versions/A/Squirrel background`);
    expect(await run()).toBe(0);
    expect(log()).toEqual([SET]);
    rmSync(`${dir}/value`);
    const main = running(`${bundle}/Contents/MacOS/Ollama`, true);
    expect(await run()).toBe(1);
    expect(log()).toEqual([SET, SET]);
    expect(alive(main)).toBe(true);
  });

  it('does nothing where the session has the value, as when setup loads it: so it never fights', async () => {
    const main = running(`${bundle}/Contents/MacOS/Ollama hidden`);
    writeFileSync(`${dir}/value`, '0.0.0.0:8080\n');
    for (let i = 0; i < 3; i++) expect(await run()).toBe(0);
    expect([log(), alive(main)]).toEqual([[], true]);
  });

  it('gives up when the variable cannot be set', async () => {
    program('launchctl', '[ "$1" = getenv ]');
    const main = running(`${bundle}/Contents/MacOS/Ollama hidden`);
    expect(await run()).toBe(1);
    expect([log(), alive(main)]).toEqual([[], true]);
  });
});
