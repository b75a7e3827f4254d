// Bundles src/ into dist/ (entry dist/cli.js, one chunk per command) and writes the licences of what was bundled.
import { chmodSync, existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const pkg = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const loaders = Object.fromEntries(['.conf', '.service', '.nft', '.sh', '.yml', '.tmpl'].map((ext) => [ext, 'text']));

rmSync(path.join(root, 'dist'), { recursive: true, force: true });
const result = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts', 'stand-in': 'src/demo/main.ts' },
  outdir: 'dist',
  bundle: true,
  splitting: true,
  minify: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.17',
  chunkNames: 'chunks/[name]-[hash]',
  loader: loaders,
  define: { __VERSION__: JSON.stringify(pkg.version) },
  // CommonJS dependencies (cross-spawn, graceful-fs) call require() for Node's own modules.
  banner: { js: "import{createRequire as __cr}from'node:module';const require=__cr(import.meta.url);" },
  legalComments: 'none',
  metafile: true,
  logLevel: 'warning',
});
chmodSync(path.join(root, 'dist/cli.js'), 0o755);
writeLicences(Object.keys(result.metafile.inputs));
if (process.argv.includes('--metafile'))
  writeFileSync(path.join(root, 'dist/meta.json'), JSON.stringify(result.metafile));

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
