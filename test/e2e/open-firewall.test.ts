import { beforeAll, describe, expect, it } from 'vitest';
import {
  BASE,
  containerChecks,
  doctor,
  GATEWAY,
  leavingNothing,
  tells,
  verdicts,
  withEngine,
} from './container-kit.ts';
import { rigUnavailable } from './rig/available.ts';
import { type Docker, needDocker, withDocker } from './rig/docker.ts';
import { ensureFirewalls, installFirewalls, rules } from './rig/firewalls.ts';
import { installOllama } from './rig/ollama.ts';
import { installProduct } from './rig/product.ts';
import { type Ran, Stage, told } from './scenarios.ts';

beforeAll(async () => {
  if (!rigUnavailable() && needDocker()) await ensureFirewalls();
}, 900_000);

/** Docker's own rules come and go with its networks: only what others have is compared. */
async function others(stage: Stage): Promise<unknown> {
  const { nftables } = (await rules(stage.host)) as { nftables: unknown[] };
  return nftables.filter((one) => !/DOCKER|docker|veth|br-/.test(JSON.stringify(one)));
}

/** As `withEngine`, with Debian's firewalls installed before the account of the service is made. */
function withFirewalls(name: string, play: (stage: Stage, docker: Docker) => Promise<void>): void {
  it.skipIf(!needDocker())(name, () =>
    withDocker(async (host, docker) => {
      await installFirewalls(host);
      installProduct(host);
      await installOllama(host);
      await play(new Stage(host, await host.addPeer()), docker);
    }),
  );
}

async function startUfw({ host }: Stage): Promise<void> {
  await host.must(['ufw', '--force', 'enable']);
  // A reload makes chains that enabling does not.
  await host.must(['ufw', 'reload']);
}

/** The causes of what fails. */
const failing = ({ report }: Ran) => [
  ...new Set(report.checks.flatMap(({ status, cause }) => (status === 'fail' ? [cause] : []))),
];

/** An agent on the default network and one on a network of its own. */
async function twoClients(docker: Docker): Promise<void> {
  await docker.must('network', 'create', 'app_default');
  await docker.client('one', ...GATEWAY, ...tells(BASE));
  await docker.client('two', '--network', 'app_default', ...GATEWAY, ...tells(BASE));
}

describe.skipIf(rigUnavailable())('a firewall between containers and Ollama', () => {
  withFirewalls(
    'ufw: named with its rule and its remedy; opened by --open-firewall, closed by undo',
    async (stage, docker) => {
      await startUfw(stage);
      await twoClients(docker);
      const [mark, before] = [await stage.mark(), await others(stage)];
      await leavingNothing(docker, async () => {
        const shut = await stage.setup();
        expect(shut.code, told(shut)).toBe(8);
        expect(shut.report, told(shut)).toMatchObject({
          outcome: 'changed',
          after: { scope: 'all' },
          error: { code: 'dk-ufw-drops-bridge' },
        });
        const [first] = containerChecks(shut);
        expect(first?.evidence).toContain('ufw drops it: ip filter INPUT: policy drop');
        expect(first?.remedy).toContain('npx stigmer-setup-ollama --open-firewall');
        expect(first?.remedy).toContain('ufw allow in on docker0 to any port 11434 proto tcp');
        expect(first?.remedy).toContain('ufw allow in on br-+ to any port 11434 proto tcp');

        const ill = await doctor(stage);
        expect(ill.code, told(ill)).toBe(10);
        expect(failing(ill), told(ill)).toEqual(['dk-ufw-drops-bridge']);
        expect(ill.report.checks.find(({ id }) => id === 'firewall')?.status).toBe('fail');
        expect(ill.report.exposure.firewall).toContain('ufw lets nobody in to port 11434 by');
        const drawn = await stage.host.run(['stigmer-setup-ollama', 'doctor', '--container', 'one']);
        expect(drawn.stdout).toContain('ufw drops docker0');

        const dry = await stage.product('setup', '--dry-run', '--json', '--open-firewall');
        expect(
          dry.report.steps.map(({ id }) => id),
          told(dry),
        ).toEqual(['ufw-allow-docker0', 'ufw-allow-br']);
        const open = await stage.setup('--open-firewall');
        expect(open.code, told(open)).toBe(0);
        expect(open.report.steps.map(({ id, status }) => `${id} ${status}`)).toEqual([
          'ufw-allow-docker0 done',
          'ufw-allow-br done',
        ]);
        const well = await doctor(stage);
        expect([well.code, failing(well)], told(well)).toEqual([0, []]);
        expect(well.report.checks.find(({ id }) => id === 'firewall')?.status).toBe('pass');
        const again = await stage.setup('--open-firewall');
        expect(again.report, told(again)).toMatchObject({ outcome: 'unchanged', steps: [] });
        await docker.must('network', 'create', 'later');
        await docker.client('three', '--network', 'later', ...GATEWAY, ...tells(BASE));
        const seen = await stage.product('setup', '--yes', '--json', '--container', 'three');
        expect(verdicts(seen), told(seen)).toEqual(['pass']);
        await docker.must('rm', '-f', 'three');
        await docker.must('network', 'rm', 'later');

        const back = await stage.undo();
        expect(back.code, told(back)).toBe(0);
      });
      stage.expectAsBefore(mark);
      expect(await others(stage)).toEqual(before);
    },
  );

  withFirewalls('ufw with a rule for docker0 alone: the other network is named', async (stage, docker) => {
    await startUfw(stage);
    await stage.host.must(['ufw', 'allow', 'in', 'on', 'docker0', 'to', 'any', 'port', '11434', 'proto', 'tcp']);
    await docker.must('network', 'create', 'app_default');
    await docker.client('two', '--network', 'app_default', ...GATEWAY, ...tells(BASE));
    const shut = await stage.setup();
    expect(shut.code, told(shut)).toBe(8);
    expect(verdicts(shut)[0], told(shut)).toBe('fail dk-ufw-rule-covers-docker0-only');
    const ill = await doctor(stage);
    expect([ill.code, failing(ill)], told(ill)).toEqual([10, ['dk-ufw-rule-covers-docker0-only']]);
    // While nobody is on that network it is a warning: who was asked got through.
    await docker.must('rm', '-f', 'two');
    const idle = await doctor(stage);
    expect([idle.code, verdicts(idle)], told(idle)).toEqual([0, ['pass']]);
    expect(
      idle.report.checks.find(({ id }) => id === 'firewall'),
      told(idle),
    ).toMatchObject({
      status: 'warn',
      cause: 'dk-ufw-rule-covers-docker0-only',
    });
    const open = await stage.setup('--open-firewall');
    expect(open.code, told(open)).toBe(0);
    expect(open.report.steps.map(({ id }) => id)).toEqual(['ufw-allow-br']);
  });

  withEngine('a rule that rejects: the answer and the rule have to agree', async (stage, docker) => {
    await stage.host.must(['nft', '-f', '-'], {
      input:
        'table inet guard {\nchain input {\ntype filter hook input priority 0;\niifname "docker0" tcp dport 11434 reject with icmpx admin-prohibited\n}\n}\n',
    });
    await docker.client('one', ...GATEWAY, ...tells(BASE));
    const shut = await stage.setup();
    expect(shut.code, told(shut)).toBe(8);
    expect(verdicts(shut)[0], told(shut)).toBe('fail firewall-rejects-containers');
    const open = await stage.setup('--open-firewall');
    expect(open.code, told(open)).toBe(0);
    // Nobody knows from where that chain is loaded, and that is said.
    expect(open.report.warnings.map(({ code }) => code)).toEqual(['firewall-opening']);
  });

  withEngine('--allow containers with real networks, of which one has a name of its own', async (stage, docker) => {
    await docker.must('network', 'create', '-o', 'com.docker.network.bridge.name=mynet0', 'named');
    await docker.client('one', '--network', 'named', ...GATEWAY, ...tells(BASE));
    const mark = await stage.mark();
    const ran = await stage.setup('--allow', 'containers');
    expect(ran.code, told(ran)).toBe(0);
    expect(verdicts(ran), told(ran)).toEqual(['pass']);
    const { host, peer } = stage;
    expect(await peer.get(`http://${peer.hostAddress}:11434/api/version`)).toMatchObject({ curl: 28 });

    await docker.must('network', 'create', '-o', 'com.docker.network.bridge.name=other0', 'other');
    await docker.client('two', '--network', 'other', ...GATEWAY, ...tells(BASE));
    const late = await stage.product('setup', '--yes', '--json', '--container', 'two', '--dry-run');
    expect(
      late.report.steps.map(({ id }) => id),
      told(late),
    ).toEqual(['write-filter', 'load-filter']);
    const { pid } = await stage.facts();
    const more = await stage.setup('--container', 'two');
    expect(more.code, told(more)).toBe(0);
    expect(verdicts(more), told(more)).toEqual(['pass']);
    expect((await stage.facts()).pid).toBe(pid);
    expect(host.read('/etc/stigmer-setup-ollama/stigmer_ollama.nft')).toContain('iifname "other0" accept');
    const back = await stage.undo();
    expect(back.code, told(back)).toBe(0);
    stage.expectAsBefore(mark);
    expect((await host.run(['nft', 'list', 'table', 'inet', 'stigmer_ollama'])).code).not.toBe(0);
  });
});
