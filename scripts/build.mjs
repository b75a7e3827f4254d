// Bundles src/ into dist/ and writes the licences of what was bundled.
//
// dist/cli.js          the entry: answers --version, else loads what the words ask for
// dist/stand-in.js     the server of the demo, a program of its own
// dist/parts/*.js      everything else; what is imported dynamically in src/ is a part of its own, loaded when it is used
//
// esbuild splits ES modules only, so that is what it makes first; each part is then turned into CommonJS, which Node
// starts in about a tenth of a bare start less, file for file, and those that every run needs become one file.
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, transform } from 'esbuild';
import { minify } from 'terser';
import { bundledPackages } from './bundled.mjs';
import { pack } from './pack.mjs';
import { sbom } from './sbom.mjs';
import { unusedParts } from './unused-parts.mjs';

const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');
const pkg = JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8'));
const loader = Object.fromEntries(['.conf', '.service', '.nft', '.sh', '.yml', '.tmpl'].map((ext) => [ext, 'text']));

// Built beside the old one and put in its place whole, so that a failed build leaves a program that works.
const fresh = path.join(root, 'dist.new');
rmSync(fresh, { recursive: true, force: true });
const target = 'node20.17';
/** What dist/cli.js is written for: it tells older ones what is needed. */
const FRONT_DOOR = 'node10';

const result = await build({
  absWorkingDir: root,
  entryPoints: { cli: 'src/cli.ts', 'stand-in': 'src/demo/main.ts' },
  outdir: fresh,
  chunkNames: 'parts/[name]-[hash]',
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target,
  loader,
  plugins: [unusedParts],
  define: { __VERSION__: JSON.stringify(pkg.version) },
  legalComments: 'none',
  minifySyntax: true,
  metafile: true,
  write: false,
  logLevel: 'warning',
});
mkdirSync(path.join(fresh, 'parts'), { recursive: true });
const asCommonJs = { format: 'cjs', platform: 'node', supported: { 'dynamic-import': false } };
// What esbuild leaves is a twentieth more than it has to be.
const smaller = { toplevel: true, compress: { passes: 3 }, mangle: true };
const parts = result.outputFiles.map(async ({ path: file, text }) => {
  const old = path.basename(file) === 'cli.js';
  const { code } = await transform(text, { ...asCommonJs, target: old ? FRONT_DOOR : target });
  return { file, code: (await minify(plainly(code), { ...smaller, ecma: old ? 2018 : 2020 })).code };
});
for (const { file, code } of pack(await Promise.all(parts), result.metafile.outputs, 'run-', [
  'cli',
  'help-',
  'stand-in',
])) {
  // Once more: what several parts in one file have in common gets the same names.
  const { code: small } = await minify(code, { toplevel: true, compress: false, format: { wrap_func_args: true } });
  writeFileSync(file, small);
}
writeFileSync(path.join(fresh, 'package.json'), '{"type":"commonjs"}\n');
chmodSync(path.join(fresh, 'cli.js'), 0o755);
if (process.argv.includes('--metafile')) writeFileSync(path.join(fresh, 'meta.json'), JSON.stringify(result.metafile));
rmSync(path.join(root, 'dist'), { recursive: true, force: true });
renameSync(fresh, path.join(root, 'dist'));
const bundled = bundledPackages(root, Object.keys(result.metafile.inputs));
writeLicences();
if (process.argv.includes('--sbom')) {
  const lock = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8'));
  writeFileSync(path.join(root, 'sbom.cdx.json'), sbom(pkg, lock, bundled));
}

/** Without the copies that esbuild has a module made of, since it may be one of somebody else's: parts only meet their like. */
function plainly(code) {
  return code
    .replace('var stdin_exports = {};\n', '')
    .replace('__export(stdin_exports, {', '__export(__defProp(exports, "__esModule", { value: true }), {')
    .replace('module.exports = __toCommonJS(stdin_exports);\n', '')
    .replace(/^0 && \(module\.exports = \{[^}]*\}\);\n/m, '')
    .replace(/__toESM\((require\("\.[^"]*"\))\)/g, '$1');
}

/**
 * For each bundled package its name, version and licence, whose copyright it is, and the text that its authors ship: once,
 * where several ship the same words.
 */
function writeLicences() {
  const texts = new Map();
  for (const { name, version, license, text } of bundled) {
    const holders = text.match(/^Copyright .*$/gim) ?? [];
    const untitled = text.replace(/^\(?(The )?MIT License( \(MIT\))?\)?$/m, '');
    const words = holders.reduce((rest, holder) => rest.replace(holder, ''), untitled).trim();
    // Two texts are the same if only their lines are broken elsewhere.
    const key = words.replace(/\s+/g, ' ');
    const told = [`${name} ${version} (${license})`, ...holders.map((holder) => `    ${holder.trim()}`)];
    texts.set(key, { words, packages: [...(texts.get(key)?.packages ?? []), ...told] });
  }
  const entries = [...texts.values()].map(({ words, packages }) => `${packages.join('\n')}\n\n${words}\n`);
  const rule = `\n${'-'.repeat(78)}\n\n`;
  writeFileSync(path.join(root, 'THIRD-PARTY-LICENSES'), `Bundled into ${pkg.name}:\n${rule}${entries.join(rule)}`);
  if (!existsSync(path.join(root, 'LICENSE'))) throw new Error('LICENSE is missing');
}
