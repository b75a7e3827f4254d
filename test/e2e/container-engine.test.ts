import { describe, expect } from 'vitest';
import {
  containerChecks,
  doctor,
  GATEWAY,
  leavingNothing,
  tells,
  verdicts,
  widen,
  withEngine,
} from './container-kit.ts';
import { rigUnavailable } from './rig/available.ts';
import { IMAGE } from './rig/docker.ts';
import { waitFor } from './rig/host.ts';
import { spawnProduct } from './rig/product.ts';
import { told } from './scenarios.ts';

const OWN = 'stigmer-setup-ollama-check';

describe.skipIf(rigUnavailable())('the engine and the check from a container', () => {
  withEngine('an engine that cannot be asked is a reason, never a pass, and no failure', async (stage, docker) => {
    await stage.host.addUser('ann', { sudo: 'nopasswd' });
    const root = stage.operator;
    stage.operator = { user: 'ann', session: true };
    const denied = await doctor(stage);
    expect(verdicts(denied), told(denied)).toEqual(['skip engine-denied']);
    stage.operator = root;
    docker.hang();
    const hung = await doctor(stage);
    expect(verdicts(hung), told(hung)).toEqual(['skip engine-hung']);
    docker.goOn();
    await docker.stop();
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(0);
    expect(verdicts(ran), told(ran)).toEqual(['skip engine-down']);
    const named = await doctor(stage, '--container', 'web');
    expect(named.report.error, told(named)).toMatchObject({ code: 'no-engine' });
    expect(named.code).toBe(2);
    await docker.start();
    const well = await doctor(stage);
    expect(verdicts(well), told(well)).toEqual(['pass']);
  });

  withEngine('--container: the one that is named, or 2 with those that run', async (stage, docker) => {
    await docker.client('web', ...GATEWAY);
    await docker.client('idle', ...GATEWAY);
    await docker.must('stop', '-t', '0', 'idle');
    const mark = await stage.mark();
    for (const [name, words] of [
      ['nix', 'is not there'],
      ['idle', 'is not running (exited)'],
    ] as const) {
      const ran = await stage.setup('--container', name);
      expect(ran.code, told(ran)).toBe(2);
      expect(ran.report.error, told(ran)).toMatchObject({ code: 'no-container', remedy: '--container web' });
      expect(ran.report.error?.message).toContain(words);
      stage.expectAsBefore(mark);
    }
    await leavingNothing(docker, async () => {
      const ran = await stage.setup('--container', 'web');
      expect(ran.code, told(ran)).toBe(0);
      expect(containerChecks(ran)[0]?.summary).toContain('Container web reaches Ollama at http://host.docker.internal');
      const again = await stage.setup('--container', 'web');
      expect(verdicts(again), told(again)).toEqual(['pass']);
    });
  });

  withEngine('Ctrl-C while a container asks leaves nothing, and takes a change back', async (stage, docker) => {
    await stage.host.must(['nft', 'add', 'table', 'inet', 'guard']);
    await stage.host.must(['nft', 'add chain inet guard input { type filter hook input priority 0; }']);
    await stage.host.must(['nft', 'add rule inet guard input iifname "docker0" tcp dport 11434 drop']);
    const mark = await stage.mark();
    const before = await docker.traces();
    const cases: [string[], string][] = [
      [['doctor'], '127.0.0.1:11434'],
      [['setup', '--yes'], '127.0.0.1:11434'], // before the change
      [['setup', '--yes'], '[::]:11434'], // after it
    ];
    for (const [words, binding] of cases) {
      const handle = spawnProduct(stage.host, words);
      const asks = async () =>
        stage.binding().includes(binding) && (await docker.must('ps', '--filter', `name=${OWN}`, '-q')) !== '';
      await waitFor(asks, 30_000, 'a container that asks');
      await handle.signal('SIGINT');
      const ended = await handle.done;
      expect(ended.code, told(ended)).toBe(130);
      expect(await docker.traces(), told(ended)).toEqual(before);
      stage.expectAsBefore(mark);
    }
  });

  withEngine('what a killed run left is removed by the next, and what is younger is not', async (stage, docker) => {
    await widen(stage);
    const now = Math.floor(Date.now() / 1000);
    const names = { old: `${OWN}-${now - 4000}-77-0`, young: `${OWN}-${now}-78-0` };
    for (const name of Object.values(names)) await docker.client(name);
    for (const age of [4000, 0]) await docker.must('tag', IMAGE, `${OWN}:${now - age}-77`);
    const ran = await doctor(stage);
    expect(verdicts(ran), told(ran)).toEqual(['pass']);
    const left = await docker.must('ps', '-a', '--format', '{{.Names}}');
    expect(left.split('\n')).toEqual([names.young]);
    expect(await docker.must('images', OWN, '--format', '{{.Tag}}')).toBe(`${now}-77`);
  });

  withEngine(
    'where Node cannot be mounted, an image that is here asks; where none is, that is said',
    async (stage, docker) => {
      await widen(stage);
      // The engine looks files up on its own machine: this copy is on the host only.
      await stage.host.must(['cp', '/usr/local/bin/node', '/opt/node']);
      const run = async (...words: string[]) => {
        const ran = await stage.host.run(['/opt/node', '/opt/product/dist/cli.js', 'doctor', '--json', ...words]);
        return { ...ran, report: JSON.parse(ran.stdout) };
      };
      const none = await run();
      expect(verdicts(none), told(none)).toEqual(['skip no-way-in']);
      expect(none.code).toBe(0);
      await docker.must('tag', IMAGE, 'curl:local');
      await leavingNothing(docker, async () => {
        const ran = await run();
        expect(verdicts(ran), told(ran)).toEqual(['pass']);
        await docker.client('web', ...tells('http://localhost:11434'));
        await docker.must('rm', '-f', 'web');
      });
    },
  );
});
