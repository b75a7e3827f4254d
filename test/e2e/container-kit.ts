import { expect, it } from 'vitest';
import type { Check } from '../../src/checks/check.ts';
import { type Docker, needDocker, withDocker } from './rig/docker.ts';
import { installOllama } from './rig/ollama.ts';
import { installProduct } from './rig/product.ts';
import { type Ran, Stage, told } from './scenarios.ts';

export const GATEWAY = ['--add-host', 'host.docker.internal:host-gateway'];
export const BASE = 'http://host.docker.internal:11434';

/** The words that make a client of a container. */
export function tells(url: string, variable = 'OLLAMA_BASE_URL'): string[] {
  return ['-e', `${variable}=${url}`];
}

/** A test with Ollama on loopback, a real Docker Engine, and two models. */
export function withEngine(name: string, play: (stage: Stage, docker: Docker) => Promise<void>): void {
  it.skipIf(!needDocker())(name, () =>
    withDocker(async (host, docker) => {
      installProduct(host);
      host.write('/usr/share/ollama/models.json', '{"models":[{"name":"llama3.2:3b"},{"name":"qwen3:8b"}]}');
      await installOllama(host);
      await play(new Stage(host, await host.addPeer()), docker);
    }),
  );
}

export function doctor(stage: Stage, ...words: string[]): Promise<Ran> {
  return stage.product('doctor', '--json', ...words);
}

/** What was found out from inside of containers. */
export function containerChecks({ report }: Ran): Check[] {
  return report.checks.filter(({ id }) => id === 'container');
}

/** The same as "fail client-port-typo". */
export function verdicts(ran: Ran): string[] {
  return containerChecks(ran).map(({ status, cause = '' }) => `${status} ${cause}`.trim());
}

/** Runs something that must leave the engine as it found it. */
export async function leavingNothing(docker: Docker, work: () => Promise<void>): Promise<void> {
  const before = await docker.traces();
  await work();
  expect(await docker.traces()).toEqual(before);
}

/** Lets Ollama listen everywhere, by this program itself, without asking any container. */
export async function widen(stage: Stage): Promise<void> {
  const ran = await stage.setup('--no-container');
  expect(ran.code, told(ran)).toBe(0);
  expect(verdicts(ran), told(ran)).toEqual(['skip not-asked']);
}
