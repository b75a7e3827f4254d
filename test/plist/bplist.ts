/** Writes binary property lists object by object, broken and odd ones too. */
import { headOf, stringObject, writeInt } from '../../src/plist/binary-table.ts';

interface Layout {
  refSize?: number;
  offsetSize?: number;
  top?: number;
}

/** What an object is in bytes, given the width of references. */
export type Raw = (refSize: number) => Buffer;

export const raw =
  (...bytes: number[]): Raw =>
  () =>
    Buffer.from(bytes);
export const text =
  (value: string): Raw =>
  () =>
    stringObject(value).head;
export const array =
  (...refs: number[]): Raw =>
  (size) =>
    Buffer.concat([headOf(0xa, refs.length), ...refs.map((ref) => writeInt(ref, size))]);
/** Pairs of a key and a value. */
export const dict =
  (...pairs: [number, number][]): Raw =>
  (size) =>
    Buffer.concat([
      headOf(0xd, pairs.length),
      ...pairs.map(([key]) => writeInt(key, size)),
      ...pairs.map(([, value]) => writeInt(value, size)),
    ]);

export function bplist(objects: readonly Raw[], { refSize = 1, offsetSize = 1, top = 0 }: Layout = {}): Buffer {
  const written = objects.map((object) => object(refSize));
  let at = 8;
  const offsets = written.map((bytes) => {
    at += bytes.length;
    return writeInt(at - bytes.length, offsetSize);
  });
  const trailer = [0, 0, 0, 0, 0, 0, offsetSize, refSize];
  const numbers = [objects.length, top, at].map((value) => writeInt(value, 8));
  return Buffer.concat([Buffer.from('bplist00'), ...written, ...offsets, Buffer.from(trailer), ...numbers]);
}

/** The file with some of its bytes replaced; a negative offset counts from the end. */
export function patched(bytes: Buffer, offset: number, ...values: number[]): Buffer {
  const copy = Buffer.from(bytes);
  for (const [index, value] of values.entries()) copy[(offset < 0 ? copy.length + offset : offset) + index] = value;
  return copy;
}
