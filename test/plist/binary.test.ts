import { describe, expect, it } from 'vitest';
import { differences } from '../../src/plist/differences.ts';
import { removeKey, setString } from '../../src/plist/edit.ts';
import { readPlist, valueAt } from '../../src/plist/read.ts';
import { array, bplist, dict, patched, type Raw, raw, text } from './bplist.ts';
import { document, failure, PATH } from './helpers.ts';

const HOST = 'EnvironmentVariables.OLLAMA_HOST';

/** A dictionary with the one key K. */
const holding = (value: Raw, ...others: Raw[]) => bplist([dict([1, 2]), text('K'), value, ...others]);
const get = async (bytes: Buffer, ...path: string[]) => valueAt(await readPlist(bytes), path);
const double = (value: number): number[] => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return [...bytes];
};

describe('readPlist of a binary one', () => {
  it.each<[string, Raw, unknown]>([
    ['null', raw(0x00), null],
    ['true', raw(0x09), true],
    ['false', raw(0x08), false],
    ['an integer of one byte', raw(0x10, 0xff), 255],
    ['an integer of four bytes', raw(0x12, 0xff, 0xff, 0xff, 0xff), 4294967295],
    ['an integer of eight bytes', raw(0x13, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe), -2],
    ['a big integer', raw(0x13, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), 9223372036854775807n],
    ['an integer of 16 bytes', raw(0x14, ...Array(8).fill(0), ...Array(8).fill(0xff)), 18446744073709551615n],
    ['a short real', raw(0x22, 0x3f, 0x80, 0, 0), 1],
    ['a real', raw(0x23, ...double(0.1)), 0.1],
    ['a date', raw(0x33, ...double(1.5)), new Date('2001-01-01T00:00:01.500Z')],
    ['data', raw(0x42, 1, 2), Buffer.from([1, 2])],
    ['long data', raw(0x4f, 0x10, 16, ...Array(16).fill(7)), Buffer.alloc(16, 7)],
    ['ASCII', text('abc'), 'abc'],
    ['long ASCII', text('a'.repeat(300)), 'a'.repeat(300)],
    ['UTF-16', text('ä\u{1f600}'), 'ä\u{1f600}'],
    ['long UTF-16', text('ä'.repeat(70_000)), 'ä'.repeat(70_000)],
    ['a UID', raw(0x81, 0x01, 0x02), { CF$UID: 258 }],
    ['an array', array(1, 1), ['K', 'K']],
    ['a set', raw(0xc1, 1), ['K']],
    ['an empty dictionary', dict(), {}],
  ])('%s', async (_, value, expected) => {
    const bytes = bplist([dict([1, 2]), text('K'), value], { offsetSize: 4 });
    const file = await readPlist(bytes);
    expect(file.kind).toBe('binary');
    expect({ ...file.value }).toEqual({ K: expected });
    // And it is left alone by an edit of another key.
    const edited = await setString(bytes, PATH, '0.0.0.0');
    expect(await get(edited, 'K')).toEqual(expected);
    expect(edited.includes(value(1))).toBe(true);
    expect(await differences(bytes, edited)).toEqual([HOST]);
  });

  it('takes a __proto__ key for what it is', async () => {
    const bytes = bplist([dict([1, 2]), text('__proto__'), dict([3, 4]), text('x'), text('y')]);
    expect(await get(bytes, '__proto__', 'x')).toBe('y');
    expect(await get(bytes, 'x')).toBeUndefined();
    expect(await get(await setString(bytes, ['__proto__', 'x'], 'z'), '__proto__', 'x')).toBe('z');
  });

  const good = holding(text('v'));
  it.each<[string, Buffer, RegExp]>([
    ['another version', Buffer.from('bplist15xxxxx'), /unknown version, 15$/],
    ['the magic alone', Buffer.from('bplist00'), /too short/],
    ['one that is cut short', good.subarray(0, -1), /damaged/],
    ['one that is too long', Buffer.concat([good, Buffer.alloc(1)]), /damaged/],
    ['no width of offsets', patched(good, -26, 0), /trailer/],
    ['too wide references', patched(good, -25, 9), /trailer/],
    ['more objects than there are', patched(good, -17, 9), /add up/],
    ['more objects than can be', patched(good, -24, 0xff), /add up/],
    ['another outermost object', patched(good, -9, 3), /outermost object is not there/],
    ['an offset of the header', patched(good, -33, 0), /outside/],
    ['an offset of the offsets', patched(good, -33, good.length - 35), /outside/],
    ['a string that is too long', patched(good, 13, 0x5e), /longer than it/],
    ['a size that is no size', patched(good, 13, 0x5f, 0x41), /a size in it is wrong/],
    ['a size of 8 bytes out of 1', patched(good, 13, 0x5f, 0x13), /a size in it is wrong/],
    ['an object of unknown type', patched(good, 13, 0x70), /unknown type 0x70/],
    ['an integer of unknown width', patched(good, 13, 0x15), /unknown type 0x15/],
    ['a reference to what is not there', patched(good, 10, 3), /refers to an object/],
    ['a key that is no string', bplist([dict([1, 1]), raw(0x09)]), /a key is not a string/],
    ['ASCII that is none', holding(raw(0x51, 0xe4)), /should be ASCII/],
    ['an array around everything', bplist([array(1), text('K')]), /does not hold a dictionary/],
    ['a UID alone', bplist([raw(0x80, 7), text('K')]), /does not hold a dictionary/],
    ['a dictionary in itself', bplist([dict([1, 0]), text('K')]), /holds itself/],
    ['arrays in each other', holding(array(3), array(2)), /holds itself/],
    ['too many arrays in each other', nested(600, 1), /nested too deeply/],
    ['too many values', nested(40, 2), /too many values/],
  ])('refuses %s', async (_, bytes, reason) => {
    for (const act of [readPlist(bytes), setString(bytes, PATH, 'x'), removeKey(bytes, PATH)]) {
      const error = await failure(act);
      expect(error.reason).toMatch(reason);
      expect(error.line).toBeUndefined();
    }
  });
});

/** Arrays in arrays, each of which is in the one around it so many times. */
function nested(depth: number, times: number): Buffer {
  const arrays = Array.from({ length: depth }, (_, index) => array(...Array<number>(times).fill(index + 3)));
  return bplist([dict([1, 2]), text('K'), ...arrays, array()], { refSize: 2, offsetSize: 2 });
}

describe('setString and removeKey in a binary one', () => {
  const there = bplist([dict([1, 2]), text('EnvironmentVariables'), dict([3, 4]), text('OLLAMA_HOST'), text('old')]);

  it('adds the key, and the dictionary around it', async () => {
    const before = bplist([dict([1, 2]), text('Label'), text('x')]);
    const after = await setString(before, PATH, '[::]:1 ä');
    expect(await get(after, ...PATH)).toBe('[::]:1 ä');
    expect(Object.keys((await readPlist(after)).value)).toEqual(['EnvironmentVariables', 'Label']);
    expect(await removeKey(after, PATH, { prune: true })).toEqual(before);
    expect(await get(await removeKey(after, PATH), 'EnvironmentVariables')).toEqual({});
  });

  it('replaces a value, whatever it was, and leaves nothing of it behind', async () => {
    const after = await setString(there, PATH, 'new');
    expect(await setString(after, PATH, 'old')).toEqual(there);
    expect(await setString(there, PATH, 'old')).toBe(there);
    const filled = bplist([
      dict([1, 2], [6, 5]),
      text('EnvironmentVariables'),
      dict([3, 4]),
      text('OLLAMA_HOST'),
      array(5, 7),
      text('both'),
      text('Z'),
      text('gone'),
    ]);
    const replaced = await setString(filled, PATH, 'x');
    expect(await differences(filled, replaced)).toEqual([HOST]);
    expect(replaced.includes('both')).toBe(true);
    expect(replaced.includes('gone')).toBe(false);
  });

  it('changes one place where objects are shared', async () => {
    const names = ['EnvironmentVariables', 'OLLAMA_HOST', 'Other', 'old'].map(text);
    const sharedDict = bplist([dict([1, 5], [3, 5]), ...names, dict([2, 4])]);
    const sharedValue = bplist([dict([1, 5], [3, 4]), ...names, dict([2, 4])]);
    const keyIsValue = bplist([dict([1, 5]), ...names, dict([2, 2])]);
    const sharedAbove = bplist([dict([3, 5], [4, 5]), ...names, dict([1, 6]), dict([2, 4])]);
    for (const [before, path] of [
      [sharedDict, PATH],
      [sharedValue, PATH],
      [keyIsValue, PATH],
      [sharedAbove, ['Other', ...PATH]],
    ] as const) {
      const after = await setString(before, path, 'new');
      expect(await differences(before, after)).toEqual([path.join('.')]);
      expect(await get(after, ...path)).toBe('new');
      const without = await removeKey(before, path);
      expect(await differences(before, without)).toEqual([path.join('.')]);
    }
  });

  it('keeps objects that nobody uses', async () => {
    const before = bplist([dict([1, 2]), text('A'), text('b'), array(2, 4), text('lost')]);
    const after = await setString(before, ['A'], 'c');
    expect(await get(after, 'A')).toBe('c');
    expect(after.includes('lost')).toBe(true);
    expect(await removeKey(before, ['A'])).not.toEqual(before);
  });

  it.each([251, 252, 253, 255, 256, 300, 65_534])(
    'widens the references where %i objects need it, and narrows them again',
    async (count) => {
      const width = count < 256 ? 1 : count < 65_536 ? 2 : 4;
      const strings = Array.from({ length: count - 3 }, (_, index) => text(`v${index}`));
      const all = array(...strings.map((_, index) => index + 3));
      const before = bplist([dict([1, 2]), text('K'), all, ...strings], {
        refSize: width,
        offsetSize: count > 10_000 ? 4 : 2,
      });
      const after = await setString(before, PATH, 'x');
      expect(after.at(-25)).toBe(count + 4 < 256 ? 1 : count + 4 < 65_536 ? 2 : 4);
      expect(await differences(before, after)).toEqual([HOST]);
      expect((await removeKey(after, PATH, { prune: true })).equals(before)).toBe(true);
    },
  );

  it('keeps widths that are wider than they need be, and the order of the objects in the file', async () => {
    const before = bplist([text('K'), text('v'), dict([0, 1])], { refSize: 3, offsetSize: 8, top: 2 });
    const after = await setString(before, PATH, 'x');
    expect(await get(after, ...PATH)).toBe('x');
    expect([after.at(-26), after.at(-25)]).toEqual([8, 3]);
    expect(await removeKey(after, PATH, { prune: true })).toEqual(before);
  });

  it('takes dictionaries of fifteen keys and more', async () => {
    for (const count of [13, 14, 15, 16, 300]) {
      const names = Array.from({ length: count }, (_, index) => `K${String(index).padStart(3, '0')}`);
      const pairs = names.map((_, index): [number, number] => [index + 1, index + 1]);
      const before = bplist([dict(...pairs), ...names.map(text)], { refSize: 2, offsetSize: 2 });
      const after = await setString(before, ['K0005'], 'x');
      expect(Object.keys((await readPlist(after)).value)).toEqual([...names, 'K0005'].sort());
      expect(await differences(before, await removeKey(after, ['K0005']))).toEqual([]);
    }
  });

  it('refuses to go through what is no dictionary, and keys that are there twice', async () => {
    const text1 = bplist([dict([1, 1]), text('EnvironmentVariables')]);
    expect((await failure(setString(text1, PATH, 'x'))).reason).toMatch(/^EnvironmentVariables is no dictionary/);
    expect(await removeKey(text1, PATH)).toBe(text1);
    const twice = bplist([dict([1, 2], [1, 2]), text('EnvironmentVariables'), dict()]);
    expect((await failure(setString(twice, PATH, 'x'))).reason).toMatch(/there twice/);
  });

  it('is compared with XML by its values', async () => {
    const xml = document(
      '<dict><key>EnvironmentVariables</key><dict><key>OLLAMA_HOST</key><string>old</string></dict></dict>',
    );
    expect(await differences(there, Buffer.from(xml))).toEqual([]);
    expect(await differences(there, Buffer.from(xml.replace('old', 'new')))).toEqual([HOST]);
    const uid = document('<dict><key>K</key><dict><key>CF$UID</key><integer>7</integer></dict></dict>');
    expect(await differences(holding(raw(0x80, 7)), Buffer.from(uid))).toEqual([]);
  });
});
