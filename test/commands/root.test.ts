import { chownSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { DROP_IN, image, STATE_ENV, UNIT } from '../rig/image.ts';
import { build, cli, copyOfProgram, temporaryFolder, tree } from '../rig/spawn.ts';

const VERSION: string = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
const WRITTEN = `# Tells Ollama where to listen. Written by stigmer-setup-ollama ${VERSION}.
# Take it back with: npx stigmer-setup-ollama undo
[Service]
Environment="OLLAMA_HOST=0.0.0.0:11434"
`;

const on = (root: string, ...words: string[]) => cli(['--root', root, ...words], { env: STATE_ENV });
const json = (stdout: string) => JSON.parse(stdout);

describe('an image with a service', () => {
  it('is set up, found set up, and put back byte for byte', async () => {
    const root = image();
    const before = tree(root);

    expect((await on(root, '--check')).exit).toBe(10);
    expect((await on(root, '--dry-run')).exit).toBe(0);
    expect(tree(root)).toEqual(before);

    const first = await on(root, '--yes', '--json');
    expect(first.exit).toBe(0);
    expect(json(first.stdout)).toMatchObject({ outcome: 'changed', changed: true, exitCode: 0 });
    expect(readFileSync(root + DROP_IN, 'utf8')).toBe(WRITTEN);
    expect(statSync(root + DROP_IN).mode & 0o7777).toBe(0o644);
    expect(statSync(join(root + DROP_IN, '..')).mode & 0o7777).toBe(0o755);
    expect(statSync(`${root}/var/lib/stigmer-setup-ollama`).mode & 0o7777).toBe(0o700);
    expect(readdirSync(join(root + DROP_IN, '..'))).toEqual(['zz-stigmer-ollama-host.conf']);
    const after = tree(root);

    const second = await on(root, '--yes', '--json');
    expect(second.exit).toBe(0);
    expect(json(second.stdout)).toMatchObject({ outcome: 'unchanged', changed: false, steps: [] });
    expect((await on(root, '--check')).exit).toBe(0);
    expect(tree(root)).toEqual(after);

    expect((await on(root, 'undo', '--dry-run')).exit).toBe(0);
    expect(tree(root)).toEqual(after);
    const undo = await on(root, 'undo', '--yes', '--json');
    expect(undo.exit).toBe(0);
    expect(json(undo.stdout)).toMatchObject({ command: 'undo', outcome: 'changed', changed: true });
    expect(tree(root)).toEqual(before);

    const again = await on(root, 'undo', '--yes', '--json');
    expect(again.exit).toBe(0);
    expect(json(again.stdout)).toMatchObject({ outcome: 'unchanged', changed: false });
    expect(tree(root)).toEqual(before);
  });

  it('keeps the drop-ins of others, and ours wins over them', async () => {
    const other = '[Service]\nEnvironment="OLLAMA_HOST=127.0.0.1:9999"\n';
    const folder = 'etc/systemd/system/ollama.service.d';
    const root = image({ 'etc/systemd/system/ollama.service': UNIT, [`${folder}/override.conf`]: other });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(0);
    expect(readdirSync(join(root, folder))).toEqual(['override.conf', 'zz-stigmer-ollama-host.conf']);
    expect((await on(root, '--check')).exit).toBe(0);
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    expect(tree(root)).toEqual(before);
  });

  it('takes another value over the first, and undo goes back to before the first', async () => {
    const root = image();
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(0);
    expect((await on(root, '--yes', '--host', '127.0.0.1:11500')).exit).toBe(0);
    expect(readFileSync(root + DROP_IN, 'utf8')).toBe(WRITTEN.replace('0.0.0.0:11434', '127.0.0.1:11500'));
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    expect(tree(root)).toEqual(before);
  });

  it('an edit by hand survives undo', async () => {
    const root = image();
    await on(root, '--yes');
    writeFileSync(root + DROP_IN, `${WRITTEN}Environment=OLLAMA_DEBUG=1\n`);
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    const [comment = '', second = ''] = WRITTEN.split('\n');
    const left = [comment, second, '[Service]', 'Environment=OLLAMA_DEBUG=1', ''].join('\n');
    expect(readFileSync(root + DROP_IN, 'utf8')).toBe(left);
  });

  it('is acted on by the folder it is, however that is written', async () => {
    const root = image();
    const dir = temporaryFolder();
    build(dir, { link: { to: root } });
    const { exit } = await cli(['--root', 'link/.', '--yes'], { env: STATE_ENV, cwd: dir });
    expect(exit).toBe(0);
    expect(readFileSync(root + DROP_IN, 'utf8')).toBe(WRITTEN);
  });

  it('of a unit in the distribution’s folder gets its drop-in below /etc', async () => {
    const root = image({ 'usr/lib/systemd/system/ollama.service': UNIT, lib: { to: 'usr/lib' } });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(0);
    expect(readFileSync(root + DROP_IN, 'utf8')).toBe(WRITTEN);
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    expect(tree(root)).toEqual(before);
  });

  it.runIf(process.getuid?.() === 0)('that a user without rights builds is his own', async () => {
    const root = image();
    const chown = (dir: string): void => {
      chownSync(dir, 65534, 65534);
      for (const entry of readdirSync(dir, { withFileTypes: true })) {
        const path = join(dir, entry.name);
        if (entry.isDirectory()) chown(path);
        else chownSync(path, 65534, 65534);
      }
    };
    chown(root);
    const before = tree(root);
    const program = copyOfProgram(temporaryFolder());
    const asNobody = (...words: string[]) =>
      cli(['--root', root, ...words], { env: STATE_ENV, cli: program, uid: 65534 });
    expect(await asNobody('--yes')).toMatchObject({ exit: 0 });
    expect(statSync(root + DROP_IN).uid).toBe(65534);
    expect(await asNobody('undo', '--yes')).toMatchObject({ exit: 0 });
    expect(tree(root)).toEqual(before);
  });
});

describe('links in an image stay inside it', () => {
  /** A folder outside of the image that the image's links would reach if they were followed on this machine. */
  function canary(): string {
    const dir = temporaryFolder();
    build(dir, { 'keep.conf': '[Service]\nEnvironment="OLLAMA_HOST=outside"\n', 'ollama.service': UNIT });
    return dir;
  }

  it('an absolute one to the unit', async () => {
    const root = image({
      'usr/lib/systemd/system/ollama.service': UNIT,
      'etc/systemd/system/ollama.service': { to: '/usr/lib/systemd/system/ollama.service' },
    });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(0);
    expect(readFileSync(root + DROP_IN, 'utf8')).toBe(WRITTEN);
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    expect(tree(root)).toEqual(before);
  });

  it('an absolute one to the folder of drop-ins', async () => {
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      'etc/other.d': null,
      'etc/systemd/system/ollama.service.d': { to: '/etc/other.d' },
    });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(0);
    expect(readFileSync(`${root}/etc/other.d/zz-stigmer-ollama-host.conf`, 'utf8')).toBe(WRITTEN);
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    expect(tree(root)).toEqual(before);
  });

  it('one to a path that is there on this machine as well', async () => {
    const outside = canary();
    const untouched = tree(outside);
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      [outside.slice(1)]: null,
      'etc/systemd/system/ollama.service.d': { to: outside },
    });
    const before = tree(root);
    const first = await on(root, '--yes', '--json');
    expect(first.exit).toBe(0);
    expect(JSON.stringify(json(first.stdout).installations)).not.toContain('outside');
    expect(readdirSync(root + outside)).toEqual(['zz-stigmer-ollama-host.conf']);
    expect(tree(outside)).toEqual(untouched);
    expect((await on(root, 'undo', '--yes')).exit).toBe(0);
    expect(tree(root)).toEqual(before);
    expect(tree(outside)).toEqual(untouched);
  });

  it('one to a path that is only there on this machine leads nowhere', async () => {
    const outside = canary();
    const untouched = tree(outside);
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      'etc/systemd/system/ollama.service.d': { to: outside },
    });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(6);
    expect(tree(outside)).toEqual(untouched);
    expect(tree(root)).toEqual(before);
  });

  it('one that climbs above the root', async () => {
    const outside = canary();
    const untouched = tree(outside);
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      'etc/other.d': null,
      'etc/systemd/system/ollama.service.d': { to: `${'../'.repeat(30)}etc/other.d` },
      'usr/lib/systemd/system/ollama-two.service': { to: `${'../'.repeat(30)}${outside.slice(1)}/ollama.service` },
    });
    const { exit, stdout } = await on(root, '--yes', '--json');
    expect(exit).toBe(0);
    expect(json(stdout).installations).toHaveLength(1);
    expect(readdirSync(`${root}/etc/other.d`)).toEqual(['zz-stigmer-ollama-host.conf']);
    expect(tree(outside)).toEqual(untouched);
  });

  it('a link in the place of the file itself is refused', async () => {
    const outside = canary();
    const untouched = tree(outside);
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      [DROP_IN.slice(1)]: { to: `${outside}/keep.conf` },
    });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(6);
    expect(tree(outside)).toEqual(untouched);
    expect(tree(root)).toEqual(before);
  });

  it('links in a circle end', async () => {
    const folder = 'etc/systemd/system/ollama.service.d';
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      [folder]: { to: '/etc/a' },
      'etc/a': { to: `/${folder}` },
    });
    const before = tree(root);
    expect((await on(root, '--yes')).exit).toBe(6);
    expect(tree(root)).toEqual(before);
  });
});

describe('ends with', () => {
  it('3 where no Ollama is in the image', async () => {
    const root = image({});
    const before = tree(root);
    const { exit, stdout } = await on(root, '--yes', '--json');
    expect(exit).toBe(3);
    expect(json(stdout)).toMatchObject({ outcome: 'failed', exitCode: 3, error: { code: 'no-ollama' } });
    expect(tree(root)).toEqual(before);
  });

  it('3 where only units of others are in the image', async () => {
    const unit = '[Service]\nExecStart=/usr/bin/other serve\n# not ollama serve\n';
    const { exit } = await on(image({ 'etc/systemd/system/other.service': unit }), '--yes');
    expect(exit).toBe(3);
  });

  it('4 where the unit cannot be changed, and says what can be', async () => {
    const root = image({
      'etc/systemd/system/ollama.service': { to: '/dev/null' },
      'usr/lib/systemd/system/ollama.service': UNIT,
    });
    const before = tree(root);
    const { exit, stdout } = await on(root, '--yes', '--json');
    expect(exit).toBe(4);
    expect(json(stdout).error).toMatchObject({ code: 'unit-masked', remedy: 'sudo systemctl unmask ollama.service' });
    expect(tree(root)).toEqual(before);
  });

  it.each([
    ['an empty folder', () => temporaryFolder()],
    ['a file', () => `${image()}/etc/passwd`],
    ['nothing', () => '/nonexistent/image'],
  ])('2 where --root is %s', async (_, path) => {
    for (const words of [['--yes'], ['undo', '--yes'], ['--dry-run']]) {
      const { exit, stdout, stderr } = await on(path(), ...words, '--json');
      expect(exit).toBe(2);
      expect(json(stdout)).toMatchObject({ exitCode: 2, outcome: 'failed', error: { code: 'no-root' } });
      expect(stderr).not.toContain(' at ');
    }
  });

  it('2 where nobody can be asked and --yes was not given', async () => {
    const root = image();
    const before = tree(root);
    const setup = await on(root, '--json');
    expect(setup.exit).toBe(2);
    expect(json(setup.stdout)).toMatchObject({ error: { code: 'no-terminal' } });
    expect(tree(root)).toEqual(before);
    await on(root, '--yes');
    const after = tree(root);
    const undo = await on(root, 'undo', '--json');
    expect(undo.exit).toBe(2);
    expect(json(undo.stdout)).toMatchObject({ command: 'undo', error: { code: 'no-terminal' } });
    expect(tree(root)).toEqual(after);
  });

  it('2 where several are in the image, and 0 once it is said which', async () => {
    const root = image({
      'etc/systemd/system/ollama.service': UNIT,
      'etc/systemd/system/ollama-gpu.service': UNIT,
    });
    const before = tree(root);
    const { exit, stdout } = await on(root, '--yes', '--json');
    expect(exit).toBe(2);
    expect(json(stdout)).toMatchObject({ error: { code: 'several-installations' } });
    expect(tree(root)).toEqual(before);
    expect((await on(root, '--yes', '--target', 'systemd:ollama-gpu.service')).exit).toBe(0);
    mkdirSync(`${root}/etc/systemd/system/ollama-gpu.service.d`, { recursive: true });
    expect(readdirSync(`${root}/etc/systemd/system/ollama-gpu.service.d`)).toHaveLength(1);
  });
});
