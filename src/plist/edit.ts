/** Edits of property lists that change one key and nothing else. */
import { removeFromBinary, setInBinary } from './binary-edit.ts';
import { isBinary } from './decode.ts';
import { demandWritable } from './keys.ts';
import { removeFromXml, setInXml } from './xml-edit.ts';

/**
 * The file with a string set at a path of keys, in the kind it has. Dictionaries that are missing on the way are made.
 * The same bytes come back if it is there already. Throws a PlistError if the file is no property list, if the path
 * leads through something that is no dictionary, or if a key on it is there twice.
 */
export async function setString(bytes: Buffer, path: readonly string[], value: string): Promise<Buffer> {
  demandPath(path);
  demandWritable([...path, value]);
  return isBinary(bytes) ? setInBinary(bytes, path, value) : setInXml(bytes, path, value);
}

export interface RemoveOptions {
  /** Takes out the dictionaries of the path too that have become empty, save for the outermost. */
  prune?: boolean;
}

/** The file without the key at the end of a path, and its value. The same bytes come back if it is not there. */
export async function removeKey(
  bytes: Buffer,
  path: readonly string[],
  { prune = false }: RemoveOptions = {},
): Promise<Buffer> {
  demandPath(path);
  return isBinary(bytes) ? removeFromBinary(bytes, path, prune) : removeFromXml(bytes, path, prune);
}

function demandPath(path: readonly string[]): void {
  if (path.length === 0) throw new RangeError('The path of a key has no steps');
}
