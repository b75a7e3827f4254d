// Bundles src/ into dist/ and writes the licences of what was bundled.
//
// dist/cli.js      the entry: answers --version, else loads main.js
// dist/help.js     the text of --help
// dist/main.js     all of this program's own code
// dist/lib/*.js    libraries that only some runs need, each loaded when it is first used
//
// All of it is CommonJS: Node starts that in about a tenth of a bare start less than ES modules, file for file.
import { chmodSync, existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const pkg = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const loader = Object.fromEntries(['.conf', '.service', '.nft', '.sh', '.yml', '.tmpl'].map((ext) => [ext, 'text']));

/** What is loaded on first use: the words of the import → where it goes below dist/, and where its source is. */
const LAZY = {
  './commands/run.ts': { file: 'main', source: 'src/commands/run.ts' },
  './commands/help.ts': { file: 'help', source: 'src/commands/help.ts' },
  './inquirer.ts': { file: 'lib/inquirer', source: 'src/ui/inquirer.ts' },
  execa: { file: 'lib/execa', source: 'execa' },
  diff: { file: 'lib/diff', source: 'diff' },
};

const lazy = {
  name: 'lazy',
  setup(builder) {
    builder.onResolve({ filter: /./ }, ({ path: wanted, kind }) => {
      const found = kind === 'entry-point' ? undefined : LAZY[wanted];
      return found ? { path: `./${found.file}.js`, external: true } : undefined;
    });
  },
};

// Built beside the old one and put in its place whole, so that a failed build leaves a program that works.
const fresh = path.join(root, 'dist.new');
rmSync(fresh, { recursive: true, force: true });
const entries = { cli: 'src/cli.ts', 'stand-in': 'src/demo/main.ts' };
for (const { file, source } of Object.values(LAZY)) entries[file] = source;
const result = await build({
  absWorkingDir: root,
  entryPoints: entries,
  outdir: fresh,
  bundle: true,
  minify: true,
  format: 'cjs',
  platform: 'node',
  target: 'node20.17',
  supported: { 'dynamic-import': false },
  plugins: [lazy],
  loader,
  define: { __VERSION__: JSON.stringify(pkg.version) },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
writeFileSync(path.join(fresh, 'package.json'), '{"type":"commonjs"}\n');
chmodSync(path.join(fresh, 'cli.js'), 0o755);
if (process.argv.includes('--metafile')) writeFileSync(path.join(fresh, 'meta.json'), JSON.stringify(result.metafile));
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
renameSync(fresh, path.join(root, 'dist'));
writeLicences(Object.keys(result.metafile.inputs));
/** One entry for each bundled package: name, version, licence and the text its authors ship. */
function writeLicences(inputs) {
  const folders = new Set(
    inputs.map((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0]).filter(Boolean),
  );
  const entries = [...folders].sort().map((folder) => {
    const dir = path.join(root, folder);
    const meta = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'));
    const file = readdirSync(dir).find((name) => /^licen[cs]e/i.test(name));
    if (!file || !meta.license) throw new Error(`${meta.name} ships no licence text: it cannot be bundled`);
    return `${meta.name} ${meta.version} (${meta.license})\n\n${readFileSync(path.join(dir, file), 'utf8').trim()}\n`;
  });
  const rule = `\n${'-'.repeat(78)}\n\n`;
  writeFileSync(path.join(root, 'THIRD-PARTY-LICENSES'), `Bundled into ${pkg.name}:\n${rule}${entries.join(rule)}`);
  if (!existsSync(path.join(root, 'LICENSE'))) throw new Error('LICENSE is missing');
}
