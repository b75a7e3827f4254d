import { describe, expect, it } from 'vitest';
import type { Way } from '../../src/checks/container-result.ts';
import { pictureOf } from '../../src/commands/picture.ts';
import { newReport, type Report } from '../../src/commands/report.ts';
import { renderPath, tellPath } from '../../src/ui/path.ts';
import { Machine } from '../containers/machine.ts';

const WAY: Way = { from: 'web', host: 'host.docker.internal', byBridge: true };

function drawn(ways: Way[], change: Partial<Report> = {}): string {
  const path = pathOf(ways, change);
  return renderPath(path, { columns: 200, unicode: true }).join('\n');
}

function pathOf(ways: Way[], change: Partial<Report>) {
  const machine = new Machine();
  machine.interfaces = () => [
    { name: 'docker0', address: '172.17.0.1', family: 'IPv4', internal: false, cidr: '172.17.0.1/16' },
  ];
  const report = { ...newReport(machine, 'doctor', '0.0.0.0:11434', '1.2.3'), ...change };
  return pictureOf(machine, report, { ways });
}

const wide: Partial<Report> = {
  before: { scope: 'all', listeners: [{ address: '::', port: 11434, pid: 7, process: 'ollama' }] },
  installations: [
    { kind: 'systemd', id: 'ollama.service', selected: true, version: '0.33.0', running: true, settings: [] },
  ],
};

describe('the picture of the way', () => {
  it('leads to the models', () => {
    expect(drawn([{ ...WAY, models: 2 }], wide)).toBe(
      'web ── host.docker.internal ── 172.17.0.1 ── *:11434 ollama 0.33.0 ── 2 models',
    );
  });

  it('breaks where the socket said so', () => {
    expect(drawn([{ ...WAY, got: 'ETIMEDOUT', cause: 'container-timeout' }], wide)).toBe(
      'web ── host.docker.internal ── 172.17.0.1 ──╳ no answer in time ── *:11434 ollama 0.33.0',
    );
  });

  it('breaks at a name that is wrong, and says nothing of what is behind it', () => {
    const path = drawn(
      [{ ...WAY, host: 'localhost', byBridge: false, got: 'ECONNREFUSED', cause: 'client-localhost-in-container' }],
      wide,
    );
    expect(path).toBe('web ──╳ refused ── localhost ┄┄ *:11434 ollama 0.33.0');
  });

  it('shows of several the one that is broken', () => {
    const broken = { ...WAY, from: 'cron', got: 'HTTP 403', cause: 'sandbox-policy-403' };
    expect(drawn([{ ...WAY, models: 1 }, broken], wide)).toContain(
      'cron ── host.docker.internal ── 172.17.0.1 ──╳ HTTP 403',
    );
  });

  it('has no way where no container was asked', () => {
    expect(drawn([], wide)).toBe('container (not known) ┄┄ *:11434 ollama 0.33.0');
  });

  it('says when nothing listens', () => {
    expect(tellPath(pathOf([], {}))).toBe('The way from container to ollama is broken before ollama: nothing listens.');
  });

  it('is not drawn for an Ollama on the other side', () => {
    expect(drawn([], { checks: [{ id: 'windows-side', status: 'pass', summary: '' }] })).toBe('');
  });
});
