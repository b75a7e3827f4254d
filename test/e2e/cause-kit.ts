import { expect } from 'vitest';
import type { Check } from '../../src/checks/check.ts';
import type { Docker } from './rig/docker.ts';
import type { TestHost } from './rig/host.ts';
import { waitForListener } from './rig/ollama.ts';
import { type Stage, told } from './scenarios.ts';

/**
 * One real host after the other is given a fault, and `doctor` has to give it its name and no other; where that is well, or
 * has another fault, it has to keep the name to itself.
 */
export interface Case {
  /** Exactly these are named, in the order of the alphabet; none where all is well. */
  causes: string[];
  by: string;
  make(stage: Stage, docker: Docker): Promise<unknown>;
  words?: string[];
  /** Who runs doctor; root unless told. */
  user?: string;
}

export const UNIT = '/etc/systemd/system/ollama.service';
export const OVERRIDE = `${UNIT}.d/override.conf`;
export const ALL = 'Environment="OLLAMA_HOST=0.0.0.0:11434"';

/** Writes a drop-in and starts the service with it, well or not. */
export async function service({ host }: Stage, ...lines: string[]): Promise<void> {
  await written(host, `[Service]\n${lines.join('\n')}\n`);
}

/** The same with a text of its own. */
export async function written(host: TestHost, text: string, path = OVERRIDE): Promise<void> {
  host.write(path, text);
  await restart(host);
}

/** Starts the service with its files as they are now, well or not. */
export async function restart(host: TestHost): Promise<void> {
  await host.run(['sh', '-c', 'systemctl daemon-reload; systemctl restart ollama']);
  await settled(host);
}

/** Until the server listens, or has failed so that systemd says so. */
async function settled(host: TestHost): Promise<void> {
  await host.waitFor(
    async () => {
      const state = await host.show('ollama.service', 'ActiveState', 'SubState', 'MainPID');
      if (state.ActiveState === 'failed' || state.SubState === 'auto-restart') return true;
      return (await host.must(['ss', '-Hltnp'])).includes(`pid=${state.MainPID},`);
    },
    15_000,
    'a listener, or a service that failed',
  );
}

/** Puts another program on a port. */
export async function holdPort(host: TestHost, port = 11434, words: string[] = ['-m', 'http.server', String(port)]) {
  await host.must(['systemd-run', '-q', '--unit=web', 'python3', ...words]);
  await waitForListener(host, port);
}

/** One program for all of it: there are many faults, and each is taken away. */
const HEAL = `
pkill -x ollama
systemctl stop web llm ollama
rm -rf ${UNIT}.d /run/systemd/system/ollama.service.d /etc/ollama.env /etc/default/ollama /root/.bashrc
rm -f /etc/systemd/system/llm.service
[ -e /root/unit ] && cp --remove-destination /root/unit ${UNIT} || cp ${UNIT} /root/unit
systemctl unset-environment OLLAMA_HOST
systemctl daemon-reload
systemctl reset-failed
systemctl is-enabled -q ollama || systemctl enable -q ollama
systemctl start ollama
`;

/** Takes every fault away. */
export async function heal(host: TestHost): Promise<void> {
  await host.must(['sh', '-c', HEAL]);
  await settled(host);
}

const sick = ({ status }: Check) => status === 'fail' || status === 'warn';

/** Makes the fault and holds that its names are told, no others, and what mends them. */
export async function play(stage: Stage, docker: Docker, { causes, by, make, words = [], user }: Case): Promise<void> {
  await make(stage, docker);
  stage.operator = user ? { user } : {};
  const ran = await stage.product('doctor', '--json', ...words);
  const checks = ran.report.checks.filter(sick);
  const note = `${by}\n${told(ran)}`;
  expect([...new Set(checks.map(({ cause }) => cause))].sort(), note).toEqual(causes);
  for (const check of checks) expect(check.remedy, note).toBeTruthy();
  for (const check of checks.filter(({ id }) => id !== 'configuration')) expect(check.evidence, note).toBeTruthy();
  expect(ran.code, note).toBe(checks.some(({ status }) => status === 'fail') ? 10 : 0);
}

/** Removes every container, and who was put on a port. */
export async function clean(host: TestHost, docker: Docker): Promise<void> {
  await host.run(['systemctl', 'stop', 'web']);
  const left = await docker.must('ps', '-aq');
  if (left) await docker.must('rm', '-f', ...left.split('\n'));
}
