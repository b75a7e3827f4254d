// What of other people's packages is in the bundle: for the licences that are shipped with it, and for the SBOM.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * @param {string} root the folder of the project
 * @param {string[]} inputs the files that esbuild bundled, relative to it
 * @returns {{ name: string, version: string, license: string, text: string, folder: string }[]} by their folders
 * @throws Error when a package ships no licence text: it cannot be bundled
 */
export function bundledPackages(root, inputs) {
  const folders = inputs
    .map((file) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(file)?.[0])
    .filter((folder) => folder !== undefined);
  return [...new Set(folders)].sort().map((folder) => {
    const dir = path.join(root, folder);
    const { name, version, license } = JSON.parse(readFileSync(path.join(dir, 'package.json'), 'utf8'));
    const file = readdirSync(dir).find((each) => /^licen[cs]e/i.test(each));
    if (!file || !license) throw new Error(`${name} ships no licence text: it cannot be bundled`);
    const text = readFileSync(path.join(dir, file), 'utf8').trim().replace(/\r\n/g, '\n');
    return { name, version, license, text, folder };
  });
}
