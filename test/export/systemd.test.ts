import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ansible, ansibleRole } from '../../src/export/ansible.ts';
import { cloudConfig } from '../../src/export/cloud-config.ts';
import { sh } from '../../src/export/sh.ts';
import { fill, socketsOf, spellings } from '../../src/export/systemd.ts';
import { sameBinding } from '../../src/ollama/host-value.ts';
import { newDropIn } from '../../src/rooms/systemd/drop-in.ts';
import { DROP_IN, image, STATE_ENV } from '../rig/image.ts';
import { cli, temporaryFolder, tree } from '../rig/spawn.ts';

const ALL = '0.0.0.0:11434';
const VALUES = [ALL, '0.0.0.0:8080', '192.168.1.20:11434', '[::1]:11434', '[fe80::1%eth0]:11434'];
const FORMATS = { sh, 'cloud-init': cloudConfig, ansible };
const request = (wanted: string) => ({ wanted, version: '1.2.3' });

/** The drop-in in an export: from its first line to its last, without the indentation of the place. */
function dropInOf(text: string): string {
  const [, indent = '', body = ''] =
    /^( *)(# Tells Ollama[\s\S]*?\n *Environment="OLLAMA_HOST=.*"\n)/m.exec(text) ?? [];
  return body.replaceAll(`\n${indent}`, '\n');
}

const runs = (argv: string[], input?: string) => {
  const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};
const missing = (tool: string) =>
  !(process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, tool))) && `${tool} is not installed`;
const file = (name: string, text: string) => {
  const path = join(temporaryFolder(), name);
  writeFileSync(path, text);
  return path;
};

describe.each(Object.entries(FORMATS))('export %s', (format, make) => {
  it.each(VALUES)('has the drop-in of the room, says whose it is, and leaves no word open: %s', (wanted) => {
    const text = make(request(wanted));
    expect(dropInOf(text)).toBe(newDropIn(wanted, '1.2.3'));
    expect(text).toMatch(/^# ?Written by stigmer-setup-ollama 1\.2\.3\. OLLAMA_HOST=/m);
    expect(text).toContain(`OLLAMA_HOST=${wanted}`);
    expect(text).not.toMatch(/@[a-z_]+@/);
    expect(text).toMatch(/[^\n]\n$/);
  });

  it('has, byte for byte, what setup writes, and undo takes it back without a receipt', async () => {
    const root = image();
    const before = tree(root);
    await cli(['--root', root, '--yes'], { env: STATE_ENV });
    const written = readFileSync(root + DROP_IN, 'utf8');
    const { stdout } = await cli(['export', format]);
    expect(dropInOf(stdout)).toBe(written);
    await cli(['--root', root, 'undo', '--yes'], { env: STATE_ENV });
    expect(tree(root)).toEqual(before);
    const other = image();
    mkdirSync(join(other + DROP_IN, '..'));
    writeFileSync(other + DROP_IN, dropInOf(stdout));
    const undone = await cli(['--root', other, 'undo', '--yes', '--json'], { env: STATE_ENV });
    expect(undone.exit, undone.stderr).toBe(0);
    expect(JSON.parse(undone.stdout)).toMatchObject({ outcome: 'changed', changed: true });
    expect(tree(other)).toEqual(before);
  });
});

describe('the script', () => {
  it.each(VALUES)('is read by sh, and shellcheck has no word against it: %s', (wanted) => {
    const text = sh(request(wanted));
    expect(runs(['/bin/sh', '-n'], text)).toEqual({ status: 0, said: '' });
    if (!missing('shellcheck')) expect(runs(['shellcheck', '-s', 'sh', '-'], text)).toEqual({ status: 0, said: '' });
  });

  it('says which words it knows', () => {
    const { status, said } = runs(['/bin/sh', '-s', 'aply'], sh(request(ALL)));
    expect([status, said]).toEqual([2, expect.stringContaining('plan|check|apply|verify|undo')]);
  });
});

describe.skipIf(missing('cloud-init'))('the cloud-config', () => {
  it.each(VALUES)('is valid by cloud-init itself: %s', (wanted) => {
    const path = file('user-data.yml', cloudConfig(request(wanted)));
    const { status, said } = runs(['cloud-init', 'schema', '--config-file', path]);
    expect([status, said]).toEqual([0, expect.stringContaining('Valid cloud-config')]);
  });
});

describe.skipIf(missing('ansible-playbook'))('the playbook', () => {
  it('and the role are read by Ansible', async () => {
    const dir = temporaryFolder();
    const role = join(dir, 'roles/ollama_host');
    const { exit, stdout } = await cli(['export', 'ansible', '--role', role]);
    expect(exit).toBe(0);
    expect(stdout.trim().split('\n')).toEqual(Object.keys(ansibleRole(request(ALL))).map((name) => `${role}/${name}`));
    writeFileSync(join(dir, 'site.yml'), `- hosts: all\n  roles:\n    - role: ${role}\n`);
    for (const path of [file('playbook.yml', ansible(request(ALL))), join(dir, 'site.yml')]) {
      const { status, said } = runs(['ansible-playbook', '-i', 'localhost,', '--syntax-check', path]);
      expect(status, said).toBe(0);
    }
  });
});

describe('--role', () => {
  it('writes its own files anew, and none of somebody else', async () => {
    const role = join(temporaryFolder(), 'role');
    const write = () => cli(['export', 'ansible', '--role', role, '--host', '10.0.0.1']);
    expect((await write()).exit).toBe(0);
    const first = tree(role);
    expect((await write()).exit).toBe(0);
    expect(tree(role)).toEqual(first);
    expect(readdirSync(role).sort()).toEqual(['defaults', 'handlers', 'meta', 'tasks', 'vars']);
    writeFileSync(join(role, 'meta/main.yml'), 'galaxy_info: {}\n');
    const changed = tree(role);
    const refused = await write();
    expect([refused.exit, refused.stderr]).toEqual([2, expect.stringContaining('meta/main.yml is there')]);
    expect(tree(role)).toEqual(changed);
    expect((await cli(['export', 'sh', '--role', role])).exit).toBe(2);
    expect((await cli(['export', 'ansible', '--role', ''])).exit).toBe(2);
  });
});

describe('what the script knows of a value', () => {
  it('its other spellings mean the same to Ollama, and none has a blank in it', () => {
    for (const wanted of VALUES) {
      const all = spellings(wanted);
      expect(all[0]).toBe(wanted);
      for (const each of all) expect(sameBinding(each.replaceAll('%%', '%'), wanted), each).toBe(true);
      expect(all.join('')).not.toMatch(/\s/);
    }
    expect(spellings(ALL)).toEqual(expect.arrayContaining(['0.0.0.0', '::', ':11434', 'http://0.0.0.0:11434']));
    expect(spellings('0.0.0.0:8080')).not.toContain('0.0.0.0');
  });

  it('its sockets are as the kernel prints them, on either kind of machine', () => {
    expect(socketsOf(ALL)).toEqual(['00000000:2CAA', '00000000000000000000000000000000:2CAA']);
    expect(socketsOf('127.0.0.1:11434')).toEqual([
      '0000000000000000FFFF00000100007F:2CAA',
      '00000000000000000000FFFF7F000001:2CAA',
      '0100007F:2CAA',
      '7F000001:2CAA',
    ]);
    expect(socketsOf('[::1]:80')).toEqual([
      '00000000000000000000000001000000:0050',
      '00000000000000000000000000000001:0050',
    ]);
  });

  it('a text of several lines takes the indentation of its place, and empty lines stay empty', () => {
    expect(fill('a:\n  @text@\nb: @word@ @other@\n', { text: 'x\n\ny', word: '$1' })).toBe(
      'a:\n  x\n\n  y\nb: $1 @other@\n',
    );
  });
});
