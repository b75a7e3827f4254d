/** Property lists of launchd jobs, XML or binary: launchd.plist(5), plist(5). */
import { readBinary } from './binary-read.ts';
import { isBinary } from './decode.ts';
import { type Dict, plainDict } from './node.ts';
import { readXml } from './xml-read.ts';

export interface PlistFile {
  kind: 'xml' | 'binary';
  /** Objects have no prototype. Integers that a number cannot hold are bigints, data are Buffers, a UID is {CF$UID}. */
  value: Record<string, unknown>;
}

/**
 * What a property list holds. Throws a PlistError for anything else. It is not npm's plist that reads here: that takes
 * 0x1F for 0, rounds big integers and refuses what launchd takes, a `__proto__` key or a broken base64.
 */
export async function readPlist(bytes: Buffer): Promise<PlistFile> {
  return { kind: isBinary(bytes) ? 'binary' : 'xml', value: plainDict(await readTree(bytes)) };
}

/** The values with their types. */
export async function readTree(bytes: Buffer): Promise<Dict> {
  return isBinary(bytes) ? readBinary(bytes).node : (await readXml(bytes)).node;
}

/** What is found along a path of keys; undefined where a key is missing. */
export function valueAt(file: PlistFile, path: readonly string[]): unknown {
  return path.reduce<unknown>(
    (value, key) => (isDict(value) && Object.hasOwn(value, key) ? value[key] : undefined),
    file.value,
  );
}

function isDict(value: unknown): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null) return false;
  return !(Array.isArray(value) || value instanceof Date || value instanceof Uint8Array);
}
