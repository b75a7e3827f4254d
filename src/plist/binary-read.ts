/** What a binary property list says: CFBinaryPList.c in Apple's CF. */
import { type BinaryObject, readBigInt, readTable, type Table } from './binary-table.ts';
import { PlistError } from './error.ts';
import { type Dict, MAX_DEPTH, type Node } from './node.ts';

/** More than any launchd job holds: objects that are used over and over could unfold to any number. */
const MAX_NODES = 100_000;

export interface BinaryPlist {
  table: Table;
  node: Dict;
}

/** All of it is read, so that an edit is never made in something that is damaged. */
export function readBinary(bytes: Buffer): BinaryPlist {
  const table = readTable(bytes);
  const node = new Reader(table).read(table.top);
  // A UID is read as a dictionary, and is none.
  if (table.objects[table.top]!.kind !== 'dict' || node.type !== 'dict')
    throw new PlistError('the property list does not hold a dictionary');
  return { table, node };
}

class Reader {
  private readonly table: Table;
  private readonly open = new Set<number>();
  private nodes = 0;

  constructor(table: Table) {
    this.table = table;
  }

  read(index: number): Node {
    const object = this.table.objects[index]!;
    if (++this.nodes > MAX_NODES) throw new PlistError('the property list holds too many values');
    if (object.kind === 'scalar') return readScalar(object.head);
    if (this.open.has(index)) throw new PlistError('the binary property list is damaged: a value holds itself');
    if (this.open.size >= MAX_DEPTH) throw new PlistError('the values are nested too deeply');
    this.open.add(index);
    const node = object.kind === 'array' ? this.readArray(object) : this.readDict(object);
    this.open.delete(index);
    return node;
  }

  private readArray({ refs }: BinaryObject): Node {
    return { type: 'array', items: refs.map((ref) => this.read(ref)) };
  }

  private readDict(object: BinaryObject): Dict {
    const keys = keysOf(this.table, object);
    const values = object.refs.slice(keys.length);
    return { type: 'dict', entries: keys.map((key, index) => ({ key, value: this.read(values[index]!) })) };
  }
}

export function keysOf({ objects }: Table, dict: BinaryObject): string[] {
  return dict.refs.slice(0, dict.refs.length / 2).map((ref) => {
    const text = textOf(objects[ref]!);
    if (text === undefined) throw new PlistError('the binary property list is damaged: a key is not a string');
    return text;
  });
}

/** Of a string; undefined for anything else. */
export function textOf({ head, kind }: BinaryObject): string | undefined {
  const type = head[0]! >> 4;
  if (kind !== 'scalar' || (type !== 0x5 && type !== 0x6)) return undefined;
  const body = bodyOf(head);
  if (type === 0x6) return Buffer.from(body).swap16().toString('utf16le');
  if (body.some((byte) => byte > 0x7f)) {
    throw new PlistError('the binary property list is damaged: a string that should be ASCII is not');
  }
  return body.toString('latin1');
}

/** What comes after the marker and the size. */
function bodyOf(head: Buffer): Buffer {
  return head.subarray((head[0]! & 0xf) === 0xf ? 2 + (1 << (head[1]! & 0xf)) : 1);
}

/** Seconds count from the start of 2001, as in CFDate. */
const EPOCH = Date.UTC(2001, 0, 1);

function readScalar(head: Buffer): Node {
  const value = head.subarray(1);
  switch (head[0]! >> 4) {
    case 0x0:
      return head[0] === 0 ? { type: 'null', value: null } : { type: 'boolean', value: head[0] === 9 };
    case 0x1:
      // Up to four bytes have no sign.
      return { type: 'integer', value: value.length < 8 ? readBigInt(value) : signed(value) };
    case 0x2:
      return { type: 'real', value: value.length === 4 ? value.readFloatBE() : value.readDoubleBE() };
    case 0x3:
      return { type: 'date', value: new Date(EPOCH + value.readDoubleBE() * 1000) };
    case 0x4:
      return { type: 'data', value: bodyOf(head) };
    case 0x8:
      // A UID of an archive, as the XML form spells it: CF$UID in CFPropertyList.c.
      return { type: 'dict', entries: [{ key: 'CF$UID', value: { type: 'integer', value: readBigInt(value) } }] };
    default:
      return { type: 'string', value: textOf({ head, kind: 'scalar', refs: [] })! };
  }
}

const signed = (bytes: Buffer): bigint => BigInt.asIntN(bytes.length * 8, readBigInt(bytes));
