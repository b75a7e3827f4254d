import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ansible, ansibleRole } from '../../src/export/ansible.ts';
import { cloudConfig } from '../../src/export/cloud-config.ts';
import { sh } from '../../src/export/sh.ts';
import { filterPath, filterText, tableOf } from '../../src/firewall/allow.ts';
import { DROP_IN, image, STATE_ENV, UNIT } from '../rig/image.ts';
import { cli, temporaryFolder, tree } from '../rig/spawn.ts';

/** The exports of --allow: the same two files as setup's, for any unit. */

const SCOPES = ['containers', 'lan'] as const;
const RULES = filterPath('ollama.service');
const TIE = DROP_IN.replace('-host', '-filter');
const request = (allow: (typeof SCOPES)[number]) => ({ wanted: '0.0.0.0:11434', version: '1.2.3', allow });
const withNft = () => image({ 'etc/systemd/system/ollama.service': UNIT, 'usr/sbin/nft': '#!/bin/sh\n' });

const runs = (argv: string[], input: string) => {
  const { status, stdout, stderr } = spawnSync(argv[0]!, argv.slice(1), { input, encoding: 'utf8' });
  return { status, said: `${stdout}${stderr}` };
};
const missing = (tool: string) => !(process.env.PATH ?? '').split(':').some((dir) => existsSync(join(dir, tool)));

/** What the script writes for a unit: sh itself prints it. */
function ofScript(text: string, unit = 'ollama.service'): { rules: string; tie: string } {
  const print = (name: string) =>
    runs(['/bin/sh'], text.replace(/^main "\$@"$/m, `UNIT=${unit}\nname_filter\n${name}`));
  return { rules: print('rules').said, tie: print('tie').said };
}

/** The block of lines below a key, without the indentation of its place. */
function block(text: string, key: RegExp): string {
  const lines = text.split('\n');
  const at = lines.findIndex((line) => key.test(line)) + 1;
  const indent = /^ */.exec(lines[at] ?? '')![0];
  const rest = lines.slice(at);
  const end = rest.findIndex((line) => line !== '' && !line.startsWith(indent));
  return rest
    .slice(0, end < 0 ? rest.length : end)
    .map((line) => line.slice(indent.length))
    .join('\n')
    .replace(/\n*$/, '\n');
}

/** Both files as Ansible's variables hold them, with the words for a unit put in. */
function ofAnsible(text: string): { rules: string; tie: string } {
  const words: Record<string, string> = { unit: 'ollama.service', table: 'stigmer_ollama' };
  const filled = (name: string) =>
    block(text.slice(text.search(new RegExp(`^ *- path: .*${name}"?$`, 'm'))), /^ *text: \|$/).replace(
      /\{\{ stigmer_ollama_(\w+) \}\}/g,
      (_, word) => words[word]!,
    );
  return { rules: filled('[.]nft'), tie: filled('filter[.]conf') };
}

/** Both files as cloud-init writes them: the keys of `write_files` stand in the order of this program's template. */
function ofCloud(text: string): { rules: string; tie: string } {
  const from = (path: string) => block(text.slice(text.indexOf(`path: ${path}\n`)), /^ *content: \|$/);
  return { rules: from(RULES), tie: from(TIE) };
}

describe.each(SCOPES)('export --allow %s', (allow) => {
  it('has, byte for byte, what setup --allow writes, and undo takes it back without a receipt', async () => {
    const root = withNft();
    const before = tree(root);
    const done = await cli(['--root', root, '--yes', '--allow', allow], { env: STATE_ENV });
    expect(done.exit, done.stderr).toBe(0);
    const written = { rules: readFileSync(root + RULES, 'utf8'), tie: readFileSync(root + TIE, 'utf8') };
    const print = async (format: string) => (await cli(['export', format, '--allow', allow])).stdout;
    expect(ofScript(await print('sh'))).toEqual(written);
    expect(ofCloud(await print('cloud-init'))).toEqual(written);
    expect(ofAnsible(await print('ansible'))).toEqual(written);

    const other = withNft();
    const all = { ...written, address: readFileSync(root + DROP_IN, 'utf8') };
    const write = () => {
      for (const [name, path] of Object.entries({ rules: RULES, tie: TIE, address: DROP_IN })) {
        mkdirSync(dirname(other + path), { recursive: true });
        writeFileSync(other + path, all[name as keyof typeof all]);
      }
    };
    write();
    const undo = () => cli(['--root', other, 'undo', '--yes', '--json'], { env: STATE_ENV });
    const undone = await undo();
    expect(undone.exit, undone.stderr).toBe(0);
    expect(JSON.parse(undone.stdout)).toMatchObject({ outcome: 'changed', warnings: [] });
    expect(tree(other)).toEqual(before);

    write();
    appendFileSync(other + TIE, 'Environment=OLLAMA_KEEP_ALIVE=24h\n');
    expect((await undo()).exit).toBe(0);
    expect(existsSync(other + RULES)).toBe(false);
    expect(existsSync(other + DROP_IN)).toBe(false);
    expect(readFileSync(other + TIE, 'utf8')).toContain('OLLAMA_KEEP_ALIVE');
    expect(readFileSync(other + TIE, 'utf8')).not.toMatch(/nft/);
  });

  it('is for any unit, and leaves no word open', () => {
    const unit = 'my-ollama@1.service';
    const { rules, tie } = ofScript(sh(request(allow)), unit);
    expect(rules).toBe(filterText({ unit, port: 11434, allow, version: '1.2.3' }, []));
    expect(tie).toContain(`-f ${filterPath(unit)}\n`);
    expect(tie).toContain(`inet ${tableOf(unit)}\n`);
    const texts = [sh(request(allow)), cloudConfig(request(allow)), ansible(request(allow))];
    for (const text of [...texts, ...Object.values(ansibleRole(request(allow)))]) {
      expect(text).not.toMatch(/@[a-z_]+@|^#\[|^#\]/m);
      expect(text).toMatch(/[^\n]\n$/);
    }
  });

  it('is read by sh, and shellcheck has no word against it', () => {
    const text = sh(request(allow));
    expect(runs(['/bin/sh', '-n'], text)).toEqual({ status: 0, said: '' });
    expect(runs(['/bin/sh', '-s', 'apply', '--scope', 'user'], text)).toEqual({
      status: 2,
      said: expect.stringContaining('--allow is for services of the system alone'),
    });
    if (!missing('shellcheck')) expect(runs(['shellcheck', '-s', 'sh', '-'], text)).toEqual({ status: 0, said: '' });
  });

  it.skipIf(missing('cloud-init'))('is valid by cloud-init itself', () => {
    const path = join(temporaryFolder(), 'user-data.yml');
    writeFileSync(path, cloudConfig(request(allow)));
    const { status, said } = runs(['cloud-init', 'schema', '--config-file', path], '');
    expect([status, said]).toEqual([0, expect.stringContaining('Valid cloud-config')]);
  });
});
