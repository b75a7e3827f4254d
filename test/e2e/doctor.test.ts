import { describe, expect } from 'vitest';
import { BASE, GATEWAY, tells, withEngine } from './container-kit.ts';
import { rigUnavailable } from './rig/available.ts';
import { product } from './rig/product.ts';
import { told } from './scenarios.ts';

/** What was on the screen, without colours and movements of the cursor. */
function screen(text: string): string {
  return text.replace(/\x1b\[[0-9;?]*[A-Za-z]/g, '').replace(/\r/g, '');
}

describe.skipIf(rigUnavailable())('doctor', () => {
  withEngine('draws the way, names the cause, and makes a report without anything private', async (stage, docker) => {
    const { host } = stage;
    await docker.client('agent-runner', ...GATEWAY, ...tells(BASE));
    await host.addUser('wilhelmina');
    const mark = await stage.mark();

    const sick = await product(host, ['doctor'], { tty: true });
    expect(sick.code).toBe(10);
    const shown = screen(sick.stdout);
    const path = 'agent-runner ── host.docker.internal ── 172.17.0.1 ──╳ refused ── ? 127.0.0.1:11434 ollama 0.33.0';
    expect(shown.replace(/\s*\n\s*/g, ' ')).toContain(path);
    expect(shown).toContain('docs/troubleshooting.md#default-loopback-bind');
    expect(shown.indexOf('Container agent-runner')).toBeLessThan(shown.indexOf('OLLAMA_HOST is not set, so'));

    // Without a terminal a sentence says the same.
    const logged = await product(host, ['doctor']);
    expect(logged.stdout).toMatch(/^The way from agent-runner to .* is broken before .*: refused\.$/m);

    const report = await product(host, ['doctor', '--report'], { user: 'wilhelmina' });
    expect(report.code).toBe(10);
    expect(report.stdout).toMatch(/^### stigmer-setup-ollama doctor: unhealthy$/m);
    expect(report.stdout).toContain('default-loopback-bind');
    expect(report.stdout).not.toMatch(/wilhelmina/);

    const ran = await stage.setup();
    expect(ran.code, told(ran)).toBe(0);
    const well = screen((await product(host, ['doctor'], { tty: true })).stdout).replace(/\s*\n\s*/g, ' ');
    expect(well).toContain('agent-runner ── host.docker.internal ── 172.17.0.1 ── *:11434 ollama 0.33.0 ── 2 models');
    expect((await stage.undo()).code).toBe(0);
    stage.expectAsBefore(mark);
  });
});
