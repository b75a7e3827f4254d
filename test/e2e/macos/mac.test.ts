import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, it } from 'vitest';
import { rigUnavailable } from '../rig/available.ts';
import { AGENTS, job, LABEL, type Ran, told, WIDE, withJobs } from './launchd-stage.ts';
import { PASSWORD } from './rig/mac.ts';

const MINE = `${AGENTS}/${LABEL}.plist`;
const DAEMON = `/Library/LaunchDaemons/${LABEL}.plist`;
const STATE = '/Users/me/Library/Application Support/stigmer-setup-ollama';
const AGENT = { plists: [{ path: MINE, content: job() }], without: ['plutil'] };
const schema = JSON.parse(readFileSync(new URL('../../../report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ strict: false, allErrors: true }).compile(schema);

function valid(ran: Ran): Ran {
  expect(validate(ran.report), JSON.stringify(validate.errors)).toBe(true);
  expect(ran.report.host).toMatchObject({ os: 'macos', wsl: false, release: '26.5.2' });
  return ran;
}

const FIREWALLS = [
  [{ firewall: 0 }, /: off$/],
  [{ firewall: 1 }, /: on, for each program/],
  [{ firewall: 2 }, /blocks all incoming/],
  [{ firewall: 1, blockAll: true, blockAllWords: 'old' }, /blocks all incoming/],
  [{ firewall: 1, blockAll: true, blockAllWords: 'new' }, /blocks all incoming/],
] as const;

describe.skipIf(rigUnavailable())('a Mac', () => {
  it('is told in a report that is valid, with its firewall and its listeners by lsof or netstat', async () => {
    await withJobs('report', AGENT, async (stage) => {
      const { mac } = stage;
      const look = () => stage.setup('--dry-run');
      for (const [faults, words] of FIREWALLS) {
        await mac.faults(faults);
        expect(valid(await look()).report.exposure.firewall).toMatch(words);
      }
      for (const faults of [
        { lsofFails: true, netstat: 'old' },
        { lsofFails: true, netstat: 'new' },
      ] as const) {
        await mac.faults(faults);
        const { report } = valid(await look());
        expect(report.before).toMatchObject({ scope: 'loopback', listeners: [{ pid: await stage.pid() }] });
      }
      await mac.faults({});
      const doctor = await stage.mac.product(['doctor', '--json']).then((ran) => valid(ran as Ran));
      expect(doctor.code, told(doctor)).toBe(10);
      const root = await stage.run('--root', '/tmp');
      expect(root.code).toBe(2);
      const demo = await mac.product(['demo']);
      expect(demo.code, told(demo)).toBe(2);
      expect(demo.stderr).toContain('Linux only');
      for (const host of ['127.0.0.1:11500', '0.0.0.0:12345', '[::]:11434', 'http://0.0.0.0', '0.0.0.0:x']) {
        const ran = await stage.setup('--dry-run', '--host', host);
        expect(ran.code, `${host} ${told(ran)}`).toBe(host.startsWith('http') || host.endsWith('x') ? 2 : 0);
      }
    });
  });

  it('has the state in its own folder, which goes with undo, and asks at a terminal', async () => {
    await withJobs('terminal', AGENT, async (stage) => {
      const { mac } = stage;
      const before = await stage.image();
      const silent = await mac.product([]);
      expect(silent.code, told(silent)).toBe(2);
      const dialogue = mac.spawnProduct([], { tty: true });
      await dialogue.waitForOutput(/Do this\?/);
      dialogue.write('n\r');
      expect((await dialogue.done).code).toBe(5);
      await stage.isAsBefore(before);
      const yes = mac.spawnProduct([], { tty: true });
      await yes.waitForOutput(/Do this\?/);
      yes.write('y\r');
      expect((await yes.done).code).toBe(0);
      expect(stage.binding()).toEqual(['::']);
      expect((mac.host.stat(STATE)?.mode ?? 0) & 0o777).toBe(0o700);
      const port = await stage.setup('--host', '0.0.0.0:12345');
      expect(port.code, told(port)).toBe(0);
      expect(stage.binding(12345)).toEqual(['::']);
      const back = await stage.undo();
      expect(back.code, told(back)).toBe(0);
      await stage.isAsBefore(before);
    });
  });

  it('is set up by root with one password, asked for by sudo', async () => {
    const keys = { UserName: 'me', EnvironmentVariables: undefined };
    const mac = { plists: [{ path: DAEMON, content: job(keys) }], sudo: 'password' as const, without: ['plutil'] };
    await withJobs('password', mac, async (stage) => {
      const before = await stage.image();
      const without = await stage.refuses(5);
      expect(without.report.error?.code).toBe('no-rights');
      for (const words of [[], ['undo']]) {
        const run = stage.mac.spawnProduct(words, { tty: true });
        await run.waitForOutput(/Do this\?|Put this back\?/);
        run.write('y\r');
        await run.waitForOutput(/[Pp]assword[^\n]*:/);
        run.write(`${PASSWORD}\r`);
        const done = await run.done;
        expect(done.code, told(done)).toBe(0);
        expect(stage.binding()).toEqual([words.length === 0 ? '::' : '127.0.0.1']);
        await stage.mac.run(['sudo', '-K']);
      }
      await stage.isAsBefore(before);
    });
  });

  it('has one lock for all its users, which no dead or planted file holds', async () => {
    const users = [{ name: 'other', uid: 502 }];
    await withJobs('lock', { ...AGENT, users }, async (stage) => {
      const { mac } = stage;
      await mac.faults({ drainSeconds: 3 });
      const first = mac.spawnProduct(['--yes', '--json']);
      await first.waitForOutput(/This will be done/);
      const [second, third] = await Promise.all([
        mac.product(['--yes', '--json']),
        mac.product(['--yes', '--json'], { as: 'other', via: 'daemon' }),
      ]);
      expect([second.code, third.code], told(second) + told(third)).toEqual([11, 11]);
      expect((await first.done).code).toBe(0);
      const cut = mac.spawnProduct(['undo', '--yes']);
      await cut.waitForOutput(/Restart/);
      await cut.kill9();
      const back = await stage.undo();
      expect(back.code, told(back)).toBe(0);
      expect(stage.binding()).toEqual(['127.0.0.1']);
      mac.host.write('/tmp/stigmer-setup-ollama-501.sock', 'planted', { uid: 502, gid: 20 });
      mac.host.symlink('/run/mac/launchd.sock', '/tmp/stigmer-setup-ollama-502.sock');
      const planted = mac.spawnProduct(['--yes', '--json']);
      await planted.waitForOutput(/This will be done/);
      const fourth = await mac.product(['--yes', '--json']);
      expect(fourth.code, told(fourth)).toBe(11);
      expect((await planted.done).code, planted.stderr).toBe(0);
    });
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('is as before when %s comes in any phase', async (signal, code) => {
    await withJobs('signals', { ...AGENT, faults: { drainSeconds: 0.5, bootstrapFails: 2 } }, async (stage) => {
      const before = await stage.image();
      for (const phase of [/./, /Done: Set/, /This will be done/]) {
        await stage.mac.faults({ drainSeconds: 0.5, bootstrapFails: 2 });
        const run = stage.mac.spawnProduct(['--yes']);
        await run.waitForOutput(phase);
        await run.signal(signal);
        const done = await run.done;
        if (done.code === 0) expect((await stage.undo()).code).toBe(0);
        else expect(done.code, told(done)).toBe(code);
        await stage.mac.waitForListener('127.0.0.1');
        await stage.isAsBefore(before);
      }
    });
  });

  it.each([false, true])('is mended after kill -9 at any moment, by undo or (%s) by setup first', async (again) => {
    await withJobs('kill', AGENT, async (stage) => {
      const before = await stage.image();
      for (const [phase, after] of KILLS) {
        const run = stage.mac.spawnProduct(['--yes']);
        await run.waitForOutput(phase);
        await new Promise((resolve) => setTimeout(resolve, after));
        await run.kill9();
        await run.done;
        if (again) {
          const ran = await stage.setup();
          expect(ran.code, `${phase} ${after} ${told(ran)}`).toBe(0);
          expect(stage.binding()).toEqual(['::']);
          expect((await stage.mac.serverEnvironment()).OLLAMA_HOST).toBe(WIDE);
        }
        const back = await stage.undo();
        expect(back.code, `${phase} ${after} ${told(back)}`).toBe(0);
        await stage.mac.waitForListener('127.0.0.1');
        await stage.isAsBefore(before);
      }
    });
  });
});

/** After which words, and how many milliseconds later, it is killed. */
const KILLS: [RegExp, number][] = [
  [/This will be done/, 0],
  [/This will be done/, 60],
  [/Done: Set/, 0],
  [/Done: Set/, 150],
  [/Done: Set/, 400],
  [/Done: Restart/, 0],
];
