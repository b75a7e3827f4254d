import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { removeKey, setString } from '../../src/plist/edit.ts';
import type { Node } from '../../src/plist/node.ts';
import { readTree } from '../../src/plist/read.ts';
import { find, isRestorable, job, layout, string, type Typed, type TypedDict, xmlOf } from './arbitrary.ts';
import { PATH } from './helpers.ts';

/** Python's plistlib reads and writes property lists with code of its own: what it sees is what is there. */

const SCRIPT = fileURLToPath(new URL('plistlib_batch.py', import.meta.url));
const hasPython = spawnSync('python3', ['-c', 'import plistlib']).status === 0;
const reason = hasPython ? '' : ' (skipped: there is no python3)';

interface Answer {
  tree?: Typed;
  bytes?: string;
  error?: string;
}

function python(tasks: readonly object[]): Answer[] {
  const { stdout, stderr, status } = spawnSync('python3', [SCRIPT], {
    input: JSON.stringify(tasks),
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const readAll = (files: readonly Buffer[]) => python(files.map((bytes) => ({ read: bytes.toString('base64') })));

/** Samples that can be had again: the seed is part of what fails. */
const seed = Math.trunc(Math.random() * 2 ** 31);
const sample = <T>(arbitrary: fc.Arbitrary<T>, numRuns: number): T[] => fc.sample(arbitrary, { numRuns, seed });

/** The same tree as plistlib_batch.py gives. */
function typed(node: Node): Typed {
  switch (node.type) {
    case 'dict':
      return ['dict', [...new Map(node.entries.map(({ key, value }) => [key, typed(value)])).entries()]];
    case 'array':
      return ['array', node.items.map(typed)];
    case 'integer':
      return ['integer', node.value.toString()];
    case 'real': {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(node.value);
      return ['real', Number.isNaN(node.value) ? 'nan' : bytes.toString('hex')];
    }
    case 'data':
      return ['data', node.value.toString('base64')];
    case 'date':
      return ['date', node.value.getTime()];
    default:
      return [node.type, node.value];
  }
}

/**
 * A broken date can have fractions of a millisecond, which the two round differently; after "=" in the midst of base64
 * plistlib goes on at times and stops at others.
 */
function loosely([type, content]: Typed): Typed {
  if (type === 'data') return [type, expect.any(String)];
  if (type === 'date') return [type, expect.closeTo(content as number, -1)];
  if (type === 'array') return [type, (content as Typed[]).map(loosely)];
  if (type === 'dict') return [type, (content as TypedDict[1]).map(([key, child]) => [key, loosely(child)])];
  return [type, content];
}

/** What the tree should be after the edit; a new key stands in its alphabetical place if the others are sorted. */
function withHost(tree: TypedDict, path: readonly string[], value: string): TypedDict {
  const [key, ...rest] = path as [string, ...string[]];
  const old = find(tree, key);
  const child: Typed = rest.length > 0 ? withHost((old ?? ['dict', []]) as TypedDict, rest, value) : ['string', value];
  if (old) return ['dict', tree[1].map((entry) => (entry[0] === key ? [key, child] : entry))];
  const order = (a: string, b: string) => Buffer.compare(Buffer.from(a), Buffer.from(b));
  const isSorted = tree[1].every(([name], index) => index === 0 || order(tree[1][index - 1]![0], name) < 0);
  const at = isSorted ? tree[1].filter(([name]) => order(name, key) < 0).length : tree[1].length;
  return ['dict', tree[1].toSpliced(at, 0, [key, child])];
}

describe.skipIf(!hasPython)(`as Python's plistlib sees it${reason}`, () => {
  it('an edit of what plistlib wrote changes the variable and nothing else, and is undone byte for byte', async () => {
    const cases = sample(fc.tuple(job, string, fc.constantFrom('xml', 'binary'), fc.boolean()), 300);
    const written = python(cases.map(([tree, , kind, sort]) => ({ write: tree, kind, sort })));
    const files = written.map(({ bytes, error }) => Buffer.from(bytes ?? expect.fail(error), 'base64'));
    const edited = await Promise.all(files.map((bytes, index) => setString(bytes, PATH, cases[index]![1])));
    const trees = readAll([...files, ...edited]);
    for (const [index, [tree, value, kind]] of cases.entries()) {
      const before = trees[index]!.tree as TypedDict;
      const after = trees[files.length + index]!;
      expect(after.tree, `seed ${seed}, case ${index}: ${after.error}`).toEqual(withHost(before, PATH, value));
      expect(edited[index]!.subarray(0, 6).toString() === 'bplist').toBe(kind === 'binary');
      expect(typed(await readTree(files[index]!))).toEqual(before);
      if (!isRestorable(tree)) continue;
      const back = await removeKey(edited[index]!, PATH, { prune: true });
      expect(back.equals(files[index]!), `seed ${seed}, case ${index}`).toBe(true);
    }
  });

  it('an edit of any XML changes the variable and nothing else', async () => {
    const cases = sample(fc.tuple(job, string, layout), 300);
    // plistlib asks for a declaration or <plist> at the very start.
    const files = cases.map(([tree, , gaps]) => Buffer.from(xmlOf(tree, gaps, '<?xml version="1.0"?>')));
    const edited = await Promise.all(files.map((bytes, index) => setString(bytes, PATH, cases[index]![1])));
    const trees = readAll([...files, ...edited]);
    for (const [index, [tree, value]] of cases.entries()) {
      const message = `seed ${seed}, case ${index}`;
      expect(trees[index]!.tree, message).toEqual(tree);
      expect(typed(await readTree(files[index]!)), message).toEqual(tree);
      expect(trees[files.length + index]!.tree, message).toEqual(withHost(tree, PATH, value));
    }
  });

  it('what both read, both read alike, however broken', async () => {
    const cuts = fc.tuple(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 2 }));
    const cases = sample(fc.tuple(job, layout, fc.constantFrom('xml', 'binary'), cuts), 1000);
    const written = python(cases.map(([tree, , kind]) => ({ write: tree, kind, sort: true })));
    const files = cases.map(([tree, gaps, kind, [at, cut, put]], index) => {
      const own = kind === 'xml' && index % 2;
      const bytes = own ? Buffer.from(xmlOf(tree, gaps, '')) : Buffer.from(written[index]!.bytes!, 'base64');
      const from = at % bytes.length;
      // In place in a binary file: any other length is refused at once.
      const length = kind === 'binary' ? put.length : cut;
      return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + length)]);
    });
    const answers = readAll(files);
    let both = 0;
    for (const [index, { tree }] of answers.entries()) {
      const ours = await readTree(files[index]!).then(typed, () => undefined);
      if (!tree || !ours) continue;
      both++;
      expect(ours, `seed ${seed}, case ${index}: ${files[index]!.toString('base64')}`).toEqual(loosely(tree));
    }
    expect(both).toBeGreaterThan(50);
  });
});
