import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FLAGS } from '../src/flags.ts';

/** What is released beside the program itself, and how. */

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const read = (name: string) => readFileSync(join(ROOT, name), 'utf8');
const PACKAGE = JSON.parse(read('package.json'));

describe('the manual page', () => {
  const page = read('man/stigmer-setup-ollama.1');

  it('is what the tables say', () => {
    execFileSync(process.execPath, ['scripts/man.mjs', '--check'], { cwd: ROOT, stdio: 'pipe' });
  });

  it('names every flag, the version, and is the one that the package declares', () => {
    for (const { name } of FLAGS) expect(page).toContain(`\\fB\\-\\-${name.replaceAll('-', '\\-')}\\fR`);
    expect(page).toContain(`"stigmer-setup-ollama ${PACKAGE.version}"`);
    expect(PACKAGE.man).toBe('man/stigmer-setup-ollama.1');
  });

  it('has no line that roff would take for a request', () => {
    const requests = page.split('\n').filter((line) => /^[.']/.test(line));
    expect(requests.filter((line) => !/^\.(?:\\"|TH|SH|TP|B|BR|I|RI)(?: |$)/.test(line))).toEqual([]);
  });
});

describe('the SBOM', async () => {
  // The scripts are JavaScript that nobody declares types for.
  type Sbom = (pkg: unknown, lock: unknown, bundled: unknown) => string;
  type Bundled = (root: string, inputs: string[]) => unknown;
  const load = (name: string) => import(/* @vite-ignore */ join(ROOT, name));
  const { sbom }: { sbom: Sbom } = await load('scripts/sbom.mjs');
  const { bundledPackages }: { bundledPackages: Bundled } = await load('scripts/bundled.mjs');
  const inputs = ['semver/index.js', 'semver/functions/lt.js', '@inquirer/select/dist/index.js'];
  const bundled = bundledPackages(
    ROOT,
    inputs.map((each) => `node_modules/${each}`),
  );
  const lock = JSON.parse(read('package-lock.json'));
  const text = sbom(PACKAGE, lock, bundled);
  const document = JSON.parse(text);

  it('names each package once, with version, licence and the digest of its archive', () => {
    expect(document).toMatchObject({ bomFormat: 'CycloneDX', specVersion: '1.6', version: 1 });
    const [select, semver, ...more] = document.components;
    expect(more).toEqual([]);
    const { version, integrity } = lock.packages['node_modules/semver'];
    expect(semver).toMatchObject({
      name: 'semver',
      version,
      purl: `pkg:npm/semver@${version}`,
      licenses: [{ license: { id: 'ISC' } }],
      hashes: [{ alg: 'SHA-512', content: Buffer.from(integrity.slice(7), 'base64').toString('hex') }],
    });
    expect(select).toMatchObject({ group: '@inquirer', name: 'select' });
    expect(select.purl).toMatch(/^pkg:npm\/%40inquirer\/select@\d/);
  });

  it('is the same for the same sources, and has a serial number of its own for others', () => {
    expect(sbom(PACKAGE, lock, bundled)).toBe(text);
    expect(document.serialNumber).toMatch(/^urn:uuid:[\da-f]{8}-[\da-f]{4}-8[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
    const other = JSON.parse(sbom({ ...PACKAGE, version: '9.9.9' }, lock, bundled));
    expect(other.serialNumber).not.toBe(document.serialNumber);
  });
});

describe('the package', () => {
  const folder = mkdtempSync(join(tmpdir(), 'stigmer-pack-'));
  const said = execFileSync('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: ROOT,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  rmSync(folder, { recursive: true });
  const answer = JSON.parse(String(said));
  const { size, files } = (Array.isArray(answer) ? answer : Object.values(answer))[0] as {
    size: number;
    files: { path: string }[];
  };

  it('holds what is needed and nothing else', () => {
    const rest = files
      .map(({ path }) => path)
      .filter((path) => !/^dist\/(?:parts\/[\w-]+|cli|stand-in)\.js$/.test(path));
    const others = ['LICENSE', 'README.md', 'THIRD-PARTY-LICENSES', 'dist/package.json', 'package.json'];
    expect(rest.sort()).toEqual([...others, 'man/stigmer-setup-ollama.1', 'report.schema.json'].sort());
  });

  it('is at most 250 KiB, and depends on nothing', () => {
    expect(size).toBeLessThanOrEqual(250 * 1024);
    expect(PACKAGE.dependencies).toBeUndefined();
  });
});

describe('the release workflow', () => {
  const workflow = read('.github/workflows/release.yml');
  const jobs = Object.fromEntries(
    (workflow.split(/^jobs:\n/m)[1] ?? '')
      .split(/^ {2}(?=\w+:$)/m)
      .filter((text) => /^\w+:/.test(text))
      .map((text) => [text.slice(0, text.indexOf(':')), text]),
  );

  it('runs no action but by the SHA of a commit', () => {
    const used = [...workflow.matchAll(/uses: (\S+)(.*)/g)];
    expect(used.length).toBeGreaterThan(3);
    for (const [, action, comment] of used) {
      expect(action).toMatch(/^actions\/[\w-]+@[\da-f]{40}$/);
      expect(comment).toMatch(/^ # v\d+\.\d+\.\d+$/);
    }
  });

  it('gives each job the rights that it needs', () => {
    expect(workflow).toContain('\npermissions: {}\n');
    const rights = (job: string) => /permissions:\n((?: {6}.*\n)+)/.exec(jobs[job] ?? '')?.[1]?.trim();
    expect(Object.keys(jobs).map((job) => [job, rights(job)])).toEqual([
      ['pack', 'contents: read'],
      ['publish', 'id-token: write'],
      ['attach', 'contents: write'],
    ]);
    expect(workflow).not.toContain('secrets.');
  });

  it('runs nothing of this repository or its dependencies where it may publish', () => {
    expect(jobs.publish).not.toMatch(/checkout|npm (?:ci|install|test|run)/);
    expect(jobs.publish).toMatch(/npm publish --provenance --ignore-scripts --access public/);
    expect(jobs.publish).toContain("if: github.event_name == 'push'");
  });

  it('has no text of others in a script', () => {
    const scripts = [...workflow.matchAll(/run: (.*)/g)].map(([, text]) => text);
    expect(scripts.filter((text) => text?.includes('${{'))).toEqual([]);
  });
});
