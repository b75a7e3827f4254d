/** The object table of a binary property list, raw: CFBinaryPList.c in Apple's CF, "Object Formats". */
import { PlistError } from './error.ts';

export interface BinaryObject {
  /** The marker with the size; of a scalar, all of its bytes. */
  head: Buffer;
  kind: 'scalar' | 'array' | 'dict';
  /** Of a dictionary first all keys, then all values. */
  refs: readonly number[];
}

export interface Table {
  objects: BinaryObject[];
  /** The numbers of the objects in the order in which they lie in the file. */
  order: number[];
  top: number;
  /** The first bytes of the trailer: unused, and the version of the sort order. */
  reserved: Buffer;
  /** The least width of offsets and references: none (1) if the file has them as narrow as they can be. */
  offsetSize: number;
  refSize: number;
}

const MAGIC = 'bplist00';
const TRAILER = 32;

const corrupted = (what: string): PlistError => new PlistError(`the binary property list is damaged: ${what}`);

export function readTable(bytes: Buffer): Table {
  const magic = bytes.toString('latin1', 0, 8);
  if (magic !== MAGIC)
    throw new PlistError(`the file is a binary property list of an unknown version, ${magic.slice(6)}`);
  if (bytes.length < MAGIC.length + TRAILER + 2) throw corrupted('it is too short');
  const trailer = bytes.subarray(-TRAILER);
  const [offsetSize, refSize] = [trailer[6]!, trailer[7]!];
  const [count, top, tableAt] = [8, 16, 24].map((at) => readInt(trailer, at, 8)) as [number, number, number];
  if (!(offsetSize >= 1 && offsetSize <= 8 && refSize >= 1 && refSize <= 8)) throw corrupted('its trailer is wrong');
  // CFBinaryPList.c wants the sum to be exact as well.
  if (tableAt < 9 || count < 1 || tableAt + count * offsetSize + TRAILER !== bytes.length) {
    throw corrupted('its parts do not add up to its length');
  }
  if (top >= count) throw corrupted('its outermost object is not there');
  const area = bytes.subarray(0, tableAt);
  const offsets = Array.from({ length: count }, (_, index) => readInt(bytes, tableAt + index * offsetSize, offsetSize));
  return {
    objects: offsets.map((offset) => readObject(area, offset, refSize, count)),
    order: offsets.map((_, index) => index).sort((a, b) => offsets[a]! - offsets[b]!),
    top,
    reserved: Buffer.from(trailer.subarray(0, 6)),
    offsetSize: offsetSize === widthOf(tableAt) ? 1 : offsetSize,
    refSize: refSize === widthOf(count) ? 1 : refSize,
  };
}

/** A number too big for JavaScript comes out imprecise, which is too big for any file too. */
export function readInt(bytes: Buffer, at: number, size: number): number {
  return Number(readBigInt(bytes.subarray(at, at + size)));
}

export const readBigInt = (bytes: Buffer): bigint => BigInt(`0x${bytes.toString('hex')}`);

/** The widths that Apple's writer uses. */
const widthOf = (value: number): number => (value < 0x100 ? 1 : value < 0x1_0000 ? 2 : value < 0x1_0000_0000 ? 4 : 8);

/** How many bytes a thing of a kind takes for its size, by the high half of its marker. */
const UNITS: Record<number, number> = { 4: 1, 5: 1, 6: 2, 10: 1, 12: 1, 13: 2 };

function readObject(area: Buffer, offset: number, refSize: number, count: number): BinaryObject {
  if (offset < MAGIC.length || offset >= area.length) throw corrupted('an object lies outside of it');
  const [type, low] = [area[offset]! >> 4, area[offset]! & 0xf];
  const { size, head } = type in UNITS ? readSize(area, offset) : { size: fixedSize(type, low), head: 1 };
  const container = type >= 0xa;
  const start = offset + head;
  const end = start + size * (UNITS[type] ?? 1) * (container ? refSize : 1);
  if (!(end <= area.length)) throw corrupted('an object is longer than it');
  if (!container) return { head: area.subarray(offset, end), kind: 'scalar', refs: [] };
  const length = (end - start) / refSize;
  const refs = Array.from({ length }, (_, index) => readInt(area, start + index * refSize, refSize));
  if (refs.some((ref) => ref >= count)) throw corrupted('it refers to an object that is not there');
  return { head: area.subarray(offset, start), kind: type === 0xd ? 'dict' : 'array', refs };
}

/** Fifteen in the marker says that the size follows, as an integer object. */
function readSize(area: Buffer, offset: number): { size: number; head: number } {
  const low = area[offset]! & 0xf;
  if (low !== 0xf) return { size: low, head: 1 };
  const width = 1 << (area[offset + 1]! & 0xf);
  if (area[offset + 1]! >> 4 !== 0x1 || width > 8 || offset + 2 + width > area.length)
    throw corrupted('a size in it is wrong');
  return { size: readInt(area, offset + 2, width), head: 2 + width };
}

/** The bytes after the marker of what has no size of its own. */
function fixedSize(type: number, low: number): number {
  if (type === 0x0 && [0x0, 0x8, 0x9].includes(low)) return 0;
  if (type === 0x1 && low <= 4) return 1 << low;
  if (type === 0x2 && (low === 2 || low === 3)) return 1 << low;
  if (type === 0x3 && low === 3) return 8;
  if (type === 0x8) return low + 1;
  throw corrupted(`it holds an object of unknown type 0x${((type << 4) | low).toString(16).padStart(2, '0')}`);
}

export function writeTable({ objects, order, top, reserved, ...least }: Table): Buffer {
  const refSize = Math.max(least.refSize, widthOf(objects.length));
  const parts = [Buffer.from(MAGIC, 'latin1')];
  const offsets: number[] = [];
  let at = MAGIC.length;
  for (const index of order) {
    const { head, refs } = objects[index]!;
    const written = Buffer.concat([head, ...refs.map((ref) => writeInt(ref, refSize))]);
    offsets[index] = at;
    at += written.length;
    parts.push(written);
  }
  const offsetSize = Math.max(least.offsetSize, widthOf(at));
  const sizes = Buffer.from([offsetSize, refSize]);
  const numbers = [objects.length, top, at].map((value) => writeInt(value, 8));
  return Buffer.concat([
    ...parts,
    ...offsets.map((offset) => writeInt(offset, offsetSize)),
    reserved,
    sizes,
    ...numbers,
  ]);
}

export function writeInt(value: number, size: number): Buffer {
  return Buffer.from(value.toString(16).padStart(size * 2, '0'), 'hex');
}

/** The marker of an object with the size in it, or after it from fifteen on. */
export function headOf(type: number, size: number): Buffer {
  if (size < 0xf) return Buffer.from([(type << 4) | size]);
  const width = widthOf(size);
  return Buffer.concat([Buffer.from([(type << 4) | 0xf, 0x10 | Math.log2(width)]), writeInt(size, width)]);
}

export function stringObject(text: string): BinaryObject {
  const ascii = /^[\0-\x7f]*$/.test(text);
  const body = ascii ? Buffer.from(text, 'latin1') : Buffer.from(text, 'utf16le').swap16();
  return { head: Buffer.concat([headOf(ascii ? 0x5 : 0x6, text.length), body]), kind: 'scalar', refs: [] };
}

export function dictObject(keys: readonly number[], values: readonly number[]): BinaryObject {
  return { head: headOf(0xd, keys.length), kind: 'dict', refs: [...keys, ...values] };
}
