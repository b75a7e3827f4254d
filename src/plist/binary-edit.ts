/** One key of a binary property list set or taken out: all objects but those along the path stay as they are. */
import { keysOf, readBinary, textOf } from './binary-read.ts';
import { type BinaryObject, dictObject, stringObject, type Table, writeTable } from './binary-table.ts';
import { notDict, placeFor, positionOf } from './keys.ts';

export function setInBinary(bytes: Buffer, path: readonly string[], value: string): Buffer {
  const { table } = readBinary(bytes);
  const steps = walk(table, path);
  const { at, found } = steps.at(-1)!;
  if (at >= 0 && steps.length < path.length) throw notDict(path.slice(0, steps.length));
  if (found !== undefined && textOf(table.objects[found]!) === value) return bytes;
  const before = reachable(table, [table.top]);
  const dict = claim(table, steps);
  if (found === undefined) insert(table, dict, path.slice(steps.length - 1), value);
  else if (usesOf(table, found) === 1) table.objects[found] = stringObject(value);
  else setValue(table, dict, at, add(table, stringObject(value)));
  return writeTable(sweep(table, before));
}

export function removeFromBinary(bytes: Buffer, path: readonly string[], prune: boolean): Buffer {
  const { table } = readBinary(bytes);
  const steps = walk(table, path);
  if (steps.length < path.length || steps.at(-1)!.found === undefined) return bytes;
  while (prune && steps.length > 1 && table.objects[steps.at(-1)!.dict]!.refs.length === 2) steps.pop();
  const before = reachable(table, [table.top]);
  const { at } = steps.at(-1)!;
  const dict = claim(table, steps);
  const { keys, values } = entriesOf(table.objects[dict]!);
  table.objects[dict] = dictObject(keys.toSpliced(at, 1), values.toSpliced(at, 1));
  return writeTable(sweep(table, before));
}

interface Step {
  /** The number of the dictionary. */
  dict: number;
  /** Where in it the key of this step is, or -1. */
  at: number;
  /** The number of the value. */
  found: number | undefined;
}

/** The steps of a path that are there, outermost first. */
function walk(table: Table, path: readonly string[]): Step[] {
  const steps: Step[] = [];
  let dict: number | undefined = table.top;
  for (const key of path) {
    const object: BinaryObject | undefined = dict === undefined ? undefined : table.objects[dict];
    if (object?.kind !== 'dict') break;
    const at = positionOf(keysOf(table, object), key);
    const found: number | undefined = at < 0 ? undefined : entriesOf(object).values[at];
    steps.push({ dict: dict!, at, found });
    dict = found;
  }
  return steps;
}

function entriesOf({ refs }: BinaryObject): { keys: readonly number[]; values: readonly number[] } {
  return { keys: refs.slice(0, refs.length / 2), values: refs.slice(refs.length / 2) };
}

const usesOf = ({ objects }: Table, index: number): number =>
  objects.reduce((uses, { refs }) => uses + refs.filter((ref) => ref === index).length, 0);

function add(table: Table, object: BinaryObject): number {
  table.order.push(table.objects.length);
  return table.objects.push(object) - 1;
}

function setValue(table: Table, dict: number, at: number, value: number): void {
  const { keys, values } = entriesOf(table.objects[dict]!);
  table.objects[dict] = { ...table.objects[dict]!, refs: [...keys, ...values.with(at, value)] };
}

/**
 * The number of the last dictionary of the path, safe to change: one that is used elsewhere too is copied, and with
 * the copy all that is below it on the path has a second user.
 */
function claim(table: Table, steps: readonly Step[]): number {
  let dict = table.top;
  for (const [index, { at }] of steps.slice(0, -1).entries()) {
    const next = steps[index + 1]!.dict;
    if (usesOf(table, next) === 1) dict = next;
    else {
      const copy = add(table, table.objects[next]!);
      setValue(table, dict, at, copy);
      dict = copy;
    }
  }
  return dict;
}

function insert(table: Table, dict: number, path: readonly string[], value: string): void {
  const [key, ...rest] = path as [string, ...string[]];
  const at = placeFor(keysOf(table, table.objects[dict]!), key);
  const keyObject = add(table, stringObject(key));
  const valueObject = add(table, rest.length > 0 ? dictObject([], []) : stringObject(value));
  const { keys, values } = entriesOf(table.objects[dict]!);
  table.objects[dict] = dictObject(keys.toSpliced(at, 0, keyObject), values.toSpliced(at, 0, valueObject));
  if (rest.length > 0) insert(table, valueObject, rest, value);
}

/** The numbers of all objects that the given ones hold, and their own. */
function reachable({ objects }: Table, from: readonly number[]): Set<number> {
  const seen = new Set(from);
  for (const index of seen) for (const ref of objects[index]!.refs) seen.add(ref);
  return seen;
}

/** Without the objects that the edit has left without a user. Those that had none before stay. */
function sweep(table: Table, before: ReadonlySet<number>): Table {
  const all = [...table.objects.keys()];
  const now = reachable(table, [table.top, ...all.filter((index) => !before.has(index))]);
  const kept = all.filter((index) => now.has(index));
  const numbers = new Map(kept.map((index, number) => [index, number]));
  return {
    ...table,
    objects: kept.map((index) => {
      const object = table.objects[index]!;
      return { ...object, refs: object.refs.map((ref) => numbers.get(ref)!) };
    }),
    order: table.order.flatMap((index) => numbers.get(index) ?? []),
    top: numbers.get(table.top)!,
  };
}
