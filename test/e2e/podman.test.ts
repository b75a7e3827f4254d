import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Check } from '../../src/checks/check.ts';
import type { Report } from '../../src/report.ts';
import { rigUnavailable } from './rig/available.ts';
import type { RunResult } from './rig/outside.ts';
import { needPodman, PodmanSpace } from './rig/podman.ts';

const CLIENT = ['-e', 'OLLAMA_BASE_URL=http://host.containers.internal:11434'];

describe.skipIf(rigUnavailable() || !needPodman())('a real Podman, and an Ollama that was started by hand', () => {
  let space: PodmanSpace;
  beforeAll(async () => {
    space = await PodmanSpace.open();
  }, 120_000);
  afterAll(() => space?.close());

  it('a loopback-only Ollama is what keeps containers out', async () => {
    const ran = reportOf(await space.product('doctor', '--json'));
    expect(ran.exitCode).toBe(10);
    expect(verdicts(ran)).toEqual(['fail default-loopback-bind']);
    expect(containers(ran)[0]?.evidence).toMatch(/host\.containers\.internal.*ECONNREFUSED; Podman \d/);
  });

  it('setup proves the way from a client, on the default network, one of its own and the host’s', async () => {
    await space.must('podman', 'network', 'create', 'lab');
    await space.client('agent', ...CLIENT);
    await space.client('lab-agent', '--network', 'lab', ...CLIENT);
    await space.client('host-agent', '--network', 'host', '-e', 'OLLAMA_BASE_URL=http://127.0.0.1:11434');
    const before = await space.traces();
    const ran = reportOf(await space.product('setup', '--yes', '--json'));
    expect(ran).toMatchObject({ outcome: 'changed', exitCode: 0 });
    expect(verdicts(ran)).toEqual(['pass', 'pass', 'pass']);
    const well = reportOf(await space.product('doctor', '--json'));
    expect([well.exitCode, ...verdicts(well)]).toEqual([0, 'pass', 'pass', 'pass']);
    expect(await space.traces()).toEqual(before);
    await space.must('podman', 'rm', '-f', '-a', '-t', '0');
  });

  it('without a client a container is made for the check, and nothing of it stays', async () => {
    const before = await space.traces();
    const ran = reportOf(await space.product('doctor', '--json'));
    expect([ran.exitCode, ...verdicts(ran)]).toEqual([0, 'pass']);
    expect(await space.traces()).toEqual(before);
  });

  it('Docker’s name for the host, which this Podman does not know', async () => {
    await space.must('podman', 'rm', '-f', '-a', '-t', '0');
    await space.client('dockerish', '-e', 'OLLAMA_HOST=http://host.docker.internal:11434');
    const ran = reportOf(await space.product('doctor', '--json'));
    expect([ran.exitCode, ...verdicts(ran)]).toEqual([10, 'fail dk-no-host-gateway', 'pass']);
    expect(containers(ran)[0]?.remedy).toContain('http://host.containers.internal');
  });
});

function reportOf({ stdout, stderr }: RunResult): Report {
  expect(stdout, stderr).not.toBe('');
  return JSON.parse(stdout) as Report;
}

function containers({ checks }: Report): Check[] {
  return checks.filter(({ id }) => id === 'container');
}

/** The same as "fail dk-no-host-gateway". */
function verdicts(report: Report): string[] {
  return containers(report).map(({ status, cause = '' }) => `${status} ${cause}`.trim());
}
