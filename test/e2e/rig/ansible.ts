import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { TestHost } from './host.ts';
import { outside, type RunResult } from './outside.ts';

/** How a playbook ended on one host: the numbers of Ansible's recap. */
export type Recap = Record<'ok' | 'changed' | 'unreachable' | 'failed' | 'skipped' | 'rescued' | 'ignored', number>;

/** How a run of Ansible ended. */
export interface AnsibleResult extends RunResult {
  recap: Record<string, Recap>;
}

/** Runs ansible-playbook against booted hosts, by the names they are given here. */
export async function ansiblePlaybook(
  hosts: Readonly<Record<string, TestHost>>,
  playbook: string,
  words: readonly string[] = [],
): Promise<AnsibleResult> {
  const dir = mkdtempSync(path.join(tmpdir(), 'stigmer-e2e-ansible-'));
  try {
    const lines = Object.entries(hosts).map(([name, { leader }]) => `${name} ansible_host=${leader}`);
    const vars = [
      'ansible_user=root',
      `ansible_ssh_executable=${path.join(import.meta.dirname, 'ansible-ssh.sh')}`,
      'ansible_ssh_transfer_method=piped',
      'ansible_ssh_args=""',
      'ansible_python_interpreter=/usr/bin/python3',
    ];
    writeFileSync(path.join(dir, 'inventory'), [...lines, '', '[all:vars]', ...vars, ''].join('\n'));
    writeFileSync(path.join(dir, 'ansible.cfg'), '[defaults]\n');
    writeFileSync(path.join(dir, 'playbook.yml'), playbook);
    const env = {
      PATH: process.env.PATH ?? '',
      HOME: dir,
      LANG: 'C.UTF-8',
      ANSIBLE_CONFIG: path.join(dir, 'ansible.cfg'),
      ANSIBLE_NOCOLOR: '1',
      ANSIBLE_PIPELINING: '1',
    };
    const argv = ['ansible-playbook', '-i', path.join(dir, 'inventory'), path.join(dir, 'playbook.yml'), ...words];
    const result = await outside(argv, { env, cwd: dir, timeout: 300_000 });
    return { ...result, recap: recapOf(result.stdout) };
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function recapOf(text: string): Record<string, Recap> {
  const lines = [...text.matchAll(/^(\S+)\s*:((?: +\w+=\d+)+)\s*$/gm)];
  return Object.fromEntries(
    lines.map(([, name = '', numbers = '']) => [
      name,
      Object.fromEntries([...numbers.matchAll(/(\w+)=(\d+)/g)].map(([, key, n]) => [key, Number(n)])) as Recap,
    ]),
  );
}
