// The software bill of materials of a release, CycloneDX 1.6 (ECMA-424): what is bundled into dist/, and nothing that only
// builds or tests it. The same sources give the same bytes: it holds neither a time nor a random number.
import { createHash } from 'node:crypto';

/**
 * @param {{ name: string, version: string, description: string, license: string }} pkg package.json
 * @param {{ packages: Record<string, { integrity?: string }> }} lock package-lock.json
 * @param {{ name: string, version: string, license: string, folder: string }[]} bundled see bundled.mjs
 * @returns {string} JSON
 */
export function sbom(pkg, lock, bundled) {
  const components = bundled.map(({ name, version, license, folder }) => ({
    type: 'library',
    'bom-ref': purl(name, version),
    ...named(name),
    version,
    scope: 'required',
    ...hashes(lock.packages[folder.slice(folder.indexOf('node_modules/'))]?.integrity),
    licenses: licence(license),
    purl: purl(name, version),
  }));
  const self = purl(pkg.name, pkg.version);
  const document = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    version: 1,
    metadata: {
      component: {
        type: 'application',
        'bom-ref': self,
        name: pkg.name,
        version: pkg.version,
        description: pkg.description,
        licenses: licence(pkg.license),
        purl: self,
      },
    },
    components,
    // They are in one bundle: whose need each is, is not told apart.
    dependencies: [
      { ref: self, dependsOn: components.map(({ purl }) => purl) },
      ...components.map(({ purl }) => ({ ref: purl })),
    ],
  };
  const serialNumber = uuidOf(JSON.stringify(document));
  const { $schema, bomFormat, specVersion, ...rest } = document;
  return `${JSON.stringify({ $schema, bomFormat, specVersion, serialNumber, ...rest }, null, 2)}\n`;
}

/** A package URL (ECMA-427) of type npm: the @ of a scope is written %40. */
function purl(name, version) {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

function named(name) {
  const [, group, rest] = /^(?:(@[^/]+)\/)?(.+)$/.exec(name);
  return group ? { group, name: rest } : { name: rest };
}

/** One identifier of SPDX, or an expression of several. */
function licence(license) {
  return /[ ()]/.test(license) ? [{ expression: license }] : [{ license: { id: license } }];
}

/** npm's `sha512-…`, base64, as CycloneDX writes it: of the package's archive. */
function hashes(integrity) {
  const [, base64] = /^sha512-(.+)$/.exec(integrity ?? '') ?? [];
  return base64 ? { hashes: [{ alg: 'SHA-512', content: Buffer.from(base64, 'base64').toString('hex') }] } : {};
}

/** A UUID made of a digest (RFC 9562, version 8). */
function uuidOf(text) {
  const hex = createHash('sha256').update(text).digest('hex');
  const variant = '89ab'[Number.parseInt(hex[16], 16) % 4];
  return `urn:uuid:${hex.slice(0, 8)}-${hex.slice(8, 12)}-8${hex.slice(13, 16)}-${variant}${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
