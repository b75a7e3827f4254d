import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { differences } from '../../src/plist/differences.ts';
import { removeKey, setString } from '../../src/plist/edit.ts';
import { PlistError } from '../../src/plist/error.ts';
import { readPlist, valueAt } from '../../src/plist/read.ts';
import { find, isRestorable, job, layout, prolog, string, xmlOf } from './arbitrary.ts';
import { array, bplist, dict, raw, text as textObject } from './bplist.ts';
import { PATH } from './helpers.ts';
import { homebrewPlist } from './homebrew.ts';

const HOST = PATH.join('.');
const file = fc.tuple(job, layout, prolog).map(([tree, gaps, before]) => {
  return { tree, bytes: Buffer.from(xmlOf(tree, gaps, before)) };
});
const get = async (bytes: Buffer) => valueAt(await readPlist(bytes), PATH);

describe('setString in XML', () => {
  it('sets the variable and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(file, string, async ({ bytes }, value) => {
        const before = await get(bytes);
        const edited = await setString(bytes, PATH, value);
        expect(await get(edited)).toBe(value);
        expect(await differences(bytes, edited)).toEqual(before === value ? [] : [HOST]);
        expect(edited === bytes).toBe(before === value);
        expect(await setString(edited, PATH, value)).toBe(edited);
      }),
      { numRuns: 150 },
    );
  });

  it('leaves every byte before and after', async () => {
    await fc.assert(
      fc.asyncProperty(file, string, async ({ tree, bytes }, value) => {
        fc.pre(isRestorable(tree));
        const edited = await setString(bytes, PATH, value);
        // The slash of <dict/> and what only opens it may go.
        const [before, after] = [bytes, edited].map((found) =>
          found.toString().replace(/<dict( ?)\/>/g, '<dict$1></dict>'),
        );
        let common = 0;
        while (common < before!.length && before![common] === after![common]) common++;
        expect(after!.endsWith(before!.slice(common))).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});

describe('removeKey in XML', () => {
  it('gives the bytes back that were there before setString', async () => {
    await fc.assert(
      fc.asyncProperty(file, string, async ({ tree, bytes }, value) => {
        fc.pre(isRestorable(tree));
        const edited = await setString(bytes, PATH, value);
        expect((await removeKey(edited, PATH, { prune: true })).toString()).toBe(bytes.toString());
        const kept = await removeKey(edited, PATH);
        if (find(tree, PATH[0]!)) expect(kept.toString()).toBe(bytes.toString());
        else expect(valueAt(await readPlist(kept), PATH.slice(0, 1))).toEqual({});
      }),
      { numRuns: 150 },
    );
  });

  it('takes out any key, and nothing else', async () => {
    await fc.assert(
      fc.asyncProperty(file, fc.nat(), async ({ tree, bytes }, choice) => {
        fc.pre(tree[1].length > 0);
        const [key] = tree[1][choice % tree[1].length]!;
        const without = await removeKey(bytes, [key]);
        const { value } = await readPlist(bytes);
        const left = (await readPlist(without)).value;
        expect(Object.keys(left)).toEqual(Object.keys(value).filter((name) => name !== key));
        for (const [name, child] of Object.entries(left)) expect(child).toEqual(value[name]);
        expect(await removeKey(without, [key])).toBe(without);
      }),
      { numRuns: 150 },
    );
  });
});

describe('bytes that somebody has changed', () => {
  const xml = Buffer.from(homebrewPlist({ OLLAMA_FLASH_ATTENTION: '1', OLLAMA_HOST: '&amp;x', Z: '<![CDATA[<]]>' }));
  const objects = [
    dict([1, 2], [5, 6], [7, 8]),
    textObject('EnvironmentVariables'),
    dict([3, 4], [5, 4]),
    textObject('OLLAMA_HOST'),
    textObject('a text that is longer than fifteen'),
    textObject('Label'),
    array(4, 4, 2),
    textObject('KeepAlive'),
    raw(0x13, 0xff, 1, 2, 3, 4, 5, 6, 7),
  ];
  const binary = bplist(objects, { offsetSize: 2 });

  const snippets = [
    '<',
    '>',
    '/',
    '&',
    '<dict>',
    '</dict>',
    '<key>',
    '</key>',
    '<!--',
    '-->',
    ']]>',
    '"',
    '\0',
    '\xff',
    '?>',
    ' ',
  ];
  const change = fc.record({
    at: fc.nat(),
    cut: fc.oneof(fc.constant(0), fc.constant(1), fc.nat(20)),
    put: fc.oneof(
      fc.constantFrom(...snippets.map((text) => Buffer.from(text, 'latin1'))),
      fc.uint8Array({ maxLength: 3 }),
    ),
  });
  /** Parts cut out and put in; written over, which leaves more of a binary one readable; or cut short. */
  const changed = fc.oneof(
    fc.tuple(fc.constantFrom(xml, binary), fc.array(change, { minLength: 1, maxLength: 3 })).map(([bytes, changes]) => {
      return changes.reduce((old, { at, cut, put }) => replaced(old, at, cut, put), bytes);
    }),
    fc.tuple(fc.constantFrom(xml, binary), change).map(([bytes, { at, put }]) => replaced(bytes, at, put.length, put)),
    fc.tuple(fc.constantFrom(xml, binary), fc.nat()).map(([bytes, end]) => bytes.subarray(0, end % bytes.length)),
  );
  function replaced(bytes: Buffer, at: number, cut: number, put: Uint8Array): Buffer {
    const from = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, from), put, bytes.subarray(from + cut)]);
  }

  /** The only failure there may be is a PlistError. */
  const attempt = async <T>(act: Promise<T>): Promise<T | undefined> => {
    try {
      return await act;
    } catch (error) {
      if (error instanceof PlistError && error.reason) return undefined;
      throw error;
    }
  };

  it('are refused, or edited as any others', async () => {
    let taken = 0;
    await fc.assert(
      fc.asyncProperty(changed, async (bytes) => {
        const read = await attempt(readPlist(bytes));
        const edited = await attempt(setString(bytes, PATH, 'new'));
        const without = await attempt(removeKey(bytes, PATH));
        if (!read) expect([edited, without]).toEqual([undefined, undefined]);
        if (edited) {
          taken++;
          expect(await get(edited)).toBe('new');
          expect(await differences(bytes, edited)).toEqual(valueAt(read!, PATH) === 'new' ? [] : [HOST]);
        }
        if (without) expect(await get(without)).toBeUndefined();
      }),
      { numRuns: 1000 },
    );
    expect(taken).toBeGreaterThan(20);
  });
});
