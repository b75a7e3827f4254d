import { describe, expect } from 'vitest';
import {
  BASE,
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
import { rolledBack, told } from './scenarios.ts';

describe.skipIf(rigUnavailable())('from inside a container', () => {
  withEngine('refused on loopback, answered after setup: by a container of our own', async (stage, docker) => {
    const mark = await stage.mark();
    await leavingNothing(docker, async () => {
      const sick = await doctor(stage);
      expect(sick.code, told(sick)).toBe(10);
      expect(verdicts(sick), told(sick)).toEqual(['fail default-loopback-bind']);
      expect(containerChecks(sick)[0]?.evidence).toContain(`GET ${BASE}/api/tags: ECONNREFUSED`);
      expect(stage.differences(mark)).toEqual([]);

      const ran = await stage.setup();
      expect(ran.code, told(ran)).toBe(0);
      expect(verdicts(ran), told(ran)).toEqual(['pass']);
      expect(containerChecks(ran)[0]?.summary).toContain('2 models, the first is llama3.2:3b');
      expect(ran.report.warnings.map(({ code }) => code)).toEqual([]);

      const well = await doctor(stage);
      expect(well.report, told(well)).toMatchObject({ outcome: 'healthy', exitCode: 0 });
      const again = await stage.setup();
      expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', exitCode: 0 });
      expect(verdicts(again)).toEqual(['skip not-asked']);
      const back = await stage.undo();
      expect(back.code, told(back)).toBe(0);
    });
    stage.expectAsBefore(mark);
  });

  withEngine('a client on a network of its own, which is asked and not touched', async (stage, docker) => {
    await docker.must('network', 'create', 'app_default');
    const service = ['--label', 'com.docker.compose.service=web', '--network', 'app_default'];
    await docker.client('app-web-1', ...service, ...GATEWAY, ...tells(BASE));
    await leavingNothing(docker, async () => {
      const sick = await doctor(stage);
      // Its own question, and those of new containers on the default network and on its own.
      expect(verdicts(sick), told(sick)).toEqual(Array(3).fill('fail default-loopback-bind'));
      const ran = await stage.setup();
      expect(ran.code, told(ran)).toBe(0);
      expect(verdicts(ran), told(ran)).toEqual(['pass']);
      expect(containerChecks(ran)[0]?.summary).toContain('Container app-web-1 reaches Ollama');
    });
  });

  withEngine(
    'on the network of the host loopback is enough, which is said and enough for --if-needed',
    async (stage, docker) => {
      await docker.client(
        'stigmer-agent-runner',
        '--network',
        'host',
        ...tells('http://localhost:11434', 'STIGMER_LLM_BASE_URL'),
      );
      const mark = await stage.mark();
      await leavingNothing(docker, async () => {
        const needless = await stage.setup('--if-needed');
        expect(needless.report, told(needless)).toMatchObject({ outcome: 'unchanged', changed: false, exitCode: 0 });
        expect(verdicts(needless)).toEqual(['pass']);
        expect(stage.differences(mark)).toEqual([]);

        const well = await doctor(stage);
        expect(well.report, told(well)).toMatchObject({ outcome: 'healthy', exitCode: 0 });
        expect(well.report.checks.find(({ id }) => id === 'listener')?.status).toBe('warn');

        // To listen on one other address takes loopback away from it: worse than before, so it goes back.
        const worse = await stage.setup('--host', '172.17.0.1:11434');
        expect(worse.report.error?.code, told(worse)).toBe('container-lost-by-change');
        await rolledBack(stage, mark, worse, 7);

        const ran = await stage.setup();
        expect(ran.code, told(ran)).toBe(0);
        expect(ran.report.warnings.map(({ code }) => code)).toEqual(['already-reachable']);
        expect(verdicts(ran)).toEqual(['pass']);
      });
    },
  );

  withEngine('what is wrong with a client is named, while a new container gets its answer', async (stage, docker) => {
    await widen(stage);
    const clients: [string[], string][] = [
      [[...GATEWAY, ...tells(BASE)], 'pass'],
      [tells('http://localhost:11434'), 'fail client-localhost-in-container'],
      [[...GATEWAY, ...tells('http://host.docker.interal:11434')], 'fail client-typo-host-docker-internal'],
      [tells('0.0.0.0', 'OLLAMA_HOST'), 'fail client-uses-0.0.0.0-as-target'],
      [[...GATEWAY, ...tells('host.docker.internal:11434')], 'warn client-missing-scheme'],
      [[...GATEWAY, ...tells('http://host.docker.internal:11343')], 'fail client-port-typo'],
      [[...GATEWAY, ...tells('http://host.docker.internal')], 'fail client-host-without-port-means-80'],
      [[...GATEWAY, ...tells(`${BASE}/api`)], 'fail client-path-in-base-url'],
      [[...GATEWAY, ...tells(`${BASE}/v1`, 'OPENAI_API_BASE')], 'pass'],
      [tells(BASE), 'fail dk-no-host-gateway'],
      [[...GATEWAY, ...tells(BASE), '-e', 'http_proxy=http://127.0.0.1:9'], 'fail client-proxy-env-captures-local'],
      [[...GATEWAY, ...tells(BASE), '-e', 'http_proxy=http://127.0.0.1:9', '-e', 'NO_PROXY=.internal'], 'pass'],
      [['--network', 'none', ...tells('http://172.17.0.1:11434')], 'fail container-network-unreachable'],
    ];
    for (const [words, verdict] of clients) {
      await docker.client('client', ...words);
      await leavingNothing(docker, async () => {
        const ran = await doctor(stage);
        const failed = verdict.startsWith('fail');
        // Its own network is tried as well where it has one that others can be put on.
        expect(verdicts(ran), `${words.join(' ')}\n${told(ran)}`).toEqual(failed ? [verdict, 'pass'] : [verdict]);
        expect(ran.code, told(ran)).toBe(failed ? 10 : 0);
        if (failed) expect(containerChecks(ran)[0]?.remedy, verdict).toBeTruthy();
      });
      await docker.must('rm', '-f', '-t', '0', 'client').catch(() => docker.must('rm', '-f', 'client'));
    }
  });

  withEngine('setup ends with 8, and the change stays, where a client has the wrong address', async (stage, docker) => {
    await docker.client('agent', ...tells('http://localhost:11434'));
    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(8);
    expect(ran.report, told(ran)).toMatchObject({
      outcome: 'changed',
      changed: true,
      after: { scope: 'all' },
      error: { code: 'client-localhost-in-container', remedy: expect.stringContaining(`OLLAMA_BASE_URL=${BASE}`) },
    });
    expect(verdicts(ran)).toEqual(['fail client-localhost-in-container', 'pass']);
    await stage.expectReach('everybody');
  });

  withEngine(
    'a firewall is named by the rule that does what the socket told, and none is guessed',
    async (stage, docker) => {
      const nft = (...words: string[]) => stage.host.must(['nft', ...words]);
      await nft('add', 'table', 'inet', 'guard');
      await nft('add chain inet guard input { type filter hook input priority 0; }');
      await nft('add rule inet guard input iifname "docker0" tcp dport 11434 drop');
      await leavingNothing(docker, async () => {
        const ran = await stage.setup();
        expect(ran.code, told(ran)).toBe(8);
        expect(ran.report, told(ran)).toMatchObject({ outcome: 'changed', after: { scope: 'all' } });
        expect(ran.report.error, told(ran)).toMatchObject({ code: 'firewall-drops-containers' });
        const rule = 'iifname "docker0" tcp dport 11434 drop';
        expect(containerChecks(ran)[0]?.evidence).toContain(`nftables drops it: inet guard input: ${rule}`);
        // A rule that hangs on more than can be seen from here is not blamed.
        await nft('flush chain inet guard input');
        await nft('add rule inet guard input iifname "docker0" tcp dport 11434 meta mark 0 drop');
        const silent = await doctor(stage);
        expect(verdicts(silent)).toEqual(['fail container-timeout']);
        expect(containerChecks(silent)[0]?.summary).toContain('timed out');
        expect(containerChecks(silent)[0]?.summary).not.toMatch(/firewall/i);
        await nft('flush chain inet guard input');
        await nft('add rule inet guard input iifname "docker0" tcp dport 11434 reject with icmpx admin-prohibited');
        expect(verdicts(await doctor(stage))).toEqual(['fail firewall-rejects-containers']);
        await nft('flush chain inet guard input');
        await nft('add rule inet guard input iifname "docker0" tcp dport 11434 reject with tcp reset');
        expect(verdicts(await doctor(stage))).toEqual(['fail firewall-rejects-containers']);
        await nft('delete table inet guard');
        expect(verdicts(await doctor(stage))).toEqual(['pass']);
      });
    },
  );
});
