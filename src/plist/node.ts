/** The values of a property list with their types, so that 1 and 1.0 stay two things: plist(5), CFPropertyList. */
export type Node = Scalar | List | Dict;

export type Scalar =
  | { type: 'string'; value: string }
  | { type: 'integer'; value: bigint }
  | { type: 'real'; value: number }
  | { type: 'boolean'; value: boolean }
  | { type: 'date'; value: Date }
  | { type: 'data'; value: Buffer }
  | { type: 'null'; value: null };

export interface List {
  type: 'array';
  items: Node[];
}

export interface Dict {
  type: 'dict';
  entries: { key: string; value: Node }[];
}

/** Deeper than any launchd job is; CFPropertyList.c gives up at this depth too. It keeps recursion within the stack. */
export const MAX_DEPTH = 512;

/** The plain value. Of two entries with one key the last counts, as for every reader of property lists. */
export function plain(node: Node): unknown {
  switch (node.type) {
    case 'dict':
      return plainDict(node);
    case 'array':
      return node.items.map(plain);
    case 'integer':
      return narrow(node.value);
    default:
      return node.value;
  }
}

/** Without a prototype: there __proto__ is a key like any other. */
export function plainDict(dict: Dict): Record<string, unknown> {
  const value: Record<string, unknown> = Object.create(null);
  for (const { key, value: child } of dict.entries) value[key] = plain(child);
  return value;
}

const narrow = (value: bigint): number | bigint => (Number.isSafeInteger(Number(value)) ? Number(value) : value);
