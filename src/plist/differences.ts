/** Where two property lists differ: the proof that an edit has changed what it should and nothing else. */
import { isDeepStrictEqual } from 'node:util';
import type { PlistValue } from 'plist';
import { isBinary } from './decode.ts';
import type { Node } from './node.ts';
import { readTree } from './read.ts';

/**
 * The key paths, in order, with dots between the keys (`EnvironmentVariables.OLLAMA_HOST`, `ProgramArguments.1`); a
 * dot or backslash in a key has a backslash before it, as for plutil(1). Two readers look at both files: npm's plist,
 * which knows nothing of the code that edits, and that code's own, which sees types and numbers npm's plist loses. If
 * the first cannot read a file, or one file is XML and the other binary, the second compares alone.
 */
export async function differences(a: Buffer, b: Buffer): Promise<string[]> {
  const [treeA, treeB] = [await readTree(a), await readTree(b)];
  const own = compare(fromNode(treeA), fromNode(treeB));
  // What npm's plist makes of a number or a UID depends on the kind of the file.
  if (isBinary(a) !== isBinary(b)) return own.sort();
  const [otherA, otherB] = [await readIndependently(a), await readIndependently(b)];
  const other = otherA && otherB ? compare(otherA, otherB) : [];
  return [...new Set([...own, ...other])].sort();
}

/** A tree of either reader. */
type Tree = { children: Map<string, Tree>; kind: 'dict' | 'array' } | { kind: string; value: unknown };

function fromNode(node: Node): Tree {
  if (node.type === 'dict') {
    const children = node.entries.map(({ key, value }) => [key, fromNode(value)] as const);
    return { kind: 'dict', children: new Map(children) };
  }
  if (node.type === 'array') {
    return { kind: 'array', children: new Map(node.items.map((item, index) => [`${index}`, fromNode(item)])) };
  }
  return { kind: node.type, value: node.value };
}

/** undefined where npm's plist refuses or breaks: the other reader has found the file to be good. */
async function readIndependently(bytes: Buffer): Promise<Tree | undefined> {
  const { parse } = await import('./second-reader.ts');
  try {
    return fromValue(quietly(() => parse(isBinary(bytes) ? bytes : bytes.toString('utf8'))));
  } catch {
    return undefined;
  }
}

/** xmldom, the parser of npm's plist, writes what it finds odd to standard error by itself. */
function quietly<T>(act: () => T): T {
  const { error, warn } = console;
  console.error = console.warn = () => undefined;
  try {
    return act();
  } finally {
    Object.assign(console, { error, warn });
  }
}

function fromValue(value: PlistValue): Tree {
  if (typeof value !== 'object' || value === null || value instanceof Date || value instanceof Uint8Array) {
    return { kind: 'other', value };
  }
  const children = Object.entries(value).map(([key, child]) => [key, fromValue(child)] as const);
  return { kind: Array.isArray(value) ? 'array' : 'dict', children: new Map(children) };
}

const NOTHING: Tree = { kind: 'dict', children: new Map() };

function compare(a: Tree | undefined, b: Tree | undefined, path: readonly string[] = []): string[] {
  // A dictionary that one side lacks: what is in it says more.
  if (!a || !b) return isFilledDict(a ?? b) ? compare(a ?? NOTHING, b ?? NOTHING, path) : [path.join('.')];
  if (a.kind !== b.kind) return [path.join('.')];
  if (!('children' in a && 'children' in b)) return isDeepStrictEqual(a, b) ? [] : [path.join('.')];
  const keys = new Set([...a.children.keys(), ...b.children.keys()]);
  return [...keys].flatMap((key) =>
    compare(a.children.get(key), b.children.get(key), [...path, key.replace(/[\\.]/g, '\\$&')]),
  );
}

const isFilledDict = (tree: Tree | undefined): boolean =>
  tree !== undefined && 'children' in tree && tree.kind === 'dict' && tree.children.size > 0;
