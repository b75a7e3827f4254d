import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A package as npm gets it: what its package.json says, and its archive. */
export interface Published {
  manifest: { name: string; version: string };
  archive: Buffer;
}

/** A registry on loopback that has these packages and no others, so that each is fetched under the same conditions. */
export async function serve(packages: readonly Published[]): Promise<{ url: string; server: Server }> {
  const server = createServer((request, response) => {
    const [, name = '', file] = decodeURIComponent(request.url ?? '').split('/');
    const found = packages.find(({ manifest }) => manifest.name === name);
    if (!found) return response.writeHead(404).end();
    if (file !== undefined) return response.end(found.archive);
    response.setHeader('content-type', 'application/json');
    return response.end(JSON.stringify(packument(found, `http://${request.headers.host}`)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, server };
}

function packument({ manifest, archive }: Published, registry: string) {
  const { name, version } = manifest;
  const integrity = `sha512-${createHash('sha512').update(archive).digest('base64')}`;
  const dist = { tarball: `${registry}/${name}/archive.tgz`, integrity };
  return { name, 'dist-tags': { latest: version }, versions: { [version]: { ...manifest, dist } } };
}
