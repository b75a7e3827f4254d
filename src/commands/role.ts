import { runName, temporaryName } from '../actions/file.ts';
import { EXIT, SetupError } from '../errors.ts';
import type { Host } from '../host/host.ts';

/**
 * Writes files into a folder, which is made when it is missing. A file that is there is written anew only if `mark` is in it.
 * @param files texts by their paths in the folder
 * @returns the paths written, one a line
 * @throws SetupError exit 2 when a file of somebody else's is in the way; nothing is written then
 */
export async function writeFolder(
  host: Host,
  folder: string,
  files: Readonly<Record<string, string>>,
  mark: string,
): Promise<string> {
  const dir = folder.replace(/(?<=.)\/+$/, '');
  const paths = Object.keys(files).map((name) => `${dir}/${name}`);
  const foreign = paths.find((path) => host.files.stat(path) && !host.files.text(path)?.includes(mark));
  if (foreign !== undefined) {
    throw new SetupError('file-in-the-way', EXIT.usage, `${foreign} is there, and not written by this program.`, {
      meaning: 'Nothing was written.',
      remedy: 'npx stigmer-setup-ollama export ansible --role NEW-FOLDER',
    });
  }
  for (const [name, text] of Object.entries(files)) await write(host, `${dir}/${name}`, text);
  return paths.map((path) => `${path}\n`).join('');
}

async function write(host: Host, path: string, text: string): Promise<void> {
  const self = host.as('self');
  const { uid, gid } = host.user;
  for (let at = path.indexOf('/', 1); at > 0; at = path.indexOf('/', at + 1)) {
    const above = path.slice(0, at);
    if (!(await self.stat(above))) await self.makeDirectory(above, { mode: 0o755, uid, gid });
  }
  const temporary = temporaryName(path, runName(host));
  try {
    await self.stage(temporary, Buffer.from(text), { mode: 0o644, uid, gid });
    await self.commit(temporary, path);
  } catch (error) {
    await self.remove(temporary).catch(() => undefined);
    throw error;
  }
}
