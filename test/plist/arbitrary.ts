/** Property lists of every shape, for properties that hold for all of them. */
import fc from 'fast-check';
import { PATH } from './helpers.ts';

const odd = fc.constantFrom('&', '<', '>', '"', "'", ']]>', '<!--', ' ', '\n', '\t', 'ä', '\u{1f600}', '.', '\\', 'é');
const words = fc.oneof(fc.constantFrom('a', 'B', 'serve', 'OLLAMA_HOST', 'Label', '__proto__', 'Z'), odd);
export const string = fc.array(words, { maxLength: 4 }).map((parts) => parts.join(''));

/** Types with what JSON can hold of a value, as plistlib_batch.py takes and gives them. */
export type Typed = readonly [type: string, content: unknown];
export type TypedDict = readonly [type: 'dict', content: readonly (readonly [string, Typed])[]];

const integer = fc.oneof(
  fc.integer({ min: -130, max: 300 }).map(String),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }).map(String),
  fc.constantFrom('0', '-1', '255', '256', '65536', '4294967296', '9007199254740993', '18446744073709551615'),
);
const real = fc.oneof(fc.constantFrom(0, -0, 1, 1.5, -1e300), fc.double({ noNaN: true })).map((value) => {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleBE(value);
  return bytes.toString('hex');
});

/** XML tells dates to the second. */
const scalar: fc.Arbitrary<Typed> = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constant('string'), string) },
  fc.tuple(fc.constant('integer'), integer),
  fc.tuple(fc.constant('real'), real),
  fc.tuple(fc.constant('boolean'), fc.boolean()),
  fc.tuple(
    fc.constant('date'),
    fc.integer({ min: -1e9, max: 4e9 }).map((seconds) => seconds * 1000),
  ),
  fc.tuple(
    fc.constant('data'),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('base64')),
  ),
);

const { value } = fc.letrec<{ value: Typed; dict: TypedDict }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalar,
    fc.tuple(fc.constant('array'), fc.array(tie('value'), { maxLength: 3 })),
    tie('dict'),
  ),
  dict: dictOf(tie('value'), string),
}));

function dictOf(content: fc.Arbitrary<Typed>, key: fc.Arbitrary<string>): fc.Arbitrary<TypedDict> {
  const entry = fc.tuple(key, content);
  const entries = fc.uniqueArray(entry, { selector: ([name]) => name, maxLength: 4 });
  const sorted = entries.map((list) => list.toSorted(([a], [b]) => Buffer.compare(Buffer.from(a), Buffer.from(b))));
  return fc.tuple(fc.constant('dict' as const), fc.oneof(entries, sorted));
}

const variables = dictOf(fc.oneof({ weight: 4, arbitrary: fc.tuple(fc.constant('string'), string) }, value), string);

/** Jobs: with variables and without them, with the one that matters and without it. */
export const job: fc.Arbitrary<TypedDict> = fc
  .tuple(dictOf(value, string), fc.option(variables), fc.nat(5))
  .map(([[, entries], environment, at]) => {
    const others = entries.filter(([key]) => key !== PATH[0]);
    return ['dict', environment ? others.toSpliced(at, 0, [PATH[0]!, environment]) : others];
  });

export const find = ([type, content]: Typed, key: string): Typed | undefined =>
  type === 'dict' ? (content as TypedDict[1]).find(([name]) => name === key)?.[1] : undefined;

/** Whether an edit has a dictionary to come back to: one that is not there, or one that holds something else. */
export function isRestorable(tree: TypedDict): boolean {
  const environment = find(tree, PATH[0]!);
  if (environment === undefined) return true;
  return (environment as TypedDict)[1].length > 0 && find(environment, PATH[1]!) === undefined;
}

/** What can stand between tags. Each text is written with a stream of these, in whatever order chance brings. */
const gaps = [
  ...['', '', '', ' ', '\t'],
  ...['\n', '\n\t', '\n\t\t', '\n    ', '\r\n', '\r\n  ', '\r', '\n\n\t', '  \n '],
  ...[
    '<!-- c -->',
    '\n\t<!-- c -->',
    ' <!-- a\n b -->\n',
    '<!---->',
    ' <!-- <key>OLLAMA_HOST</key> -->\n\t',
    '<?pi x?>',
  ],
];
/** Layouts of people: one for the whole file, or any gap anywhere. */
export const layout = fc.oneof(
  fc.array(fc.constantFrom(...gaps), { minLength: 1, maxLength: 12 }),
  fc.constantFrom('', ' ', '\n', '\n\t', '\r\n').map((gap) => [gap]),
);

const PROLOGS = [
  '',
  '<?xml version="1.0" encoding="UTF-8"?>\n<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">\n',
  "<?xml version='1.0'?><!DOCTYPE plist [\n<!ELEMENT plist (dict)> <!-- <dict/> ' -->\n]>\r\n<!-- <plist> -->",
];
export const prolog = fc.constantFrom(...PROLOGS);

/** The text of a property list, written with one gap after the other, and each string in one of many ways. */
export function xmlOf(tree: Typed, gaps: readonly string[], before: string): string {
  let count = 0;
  const gap = () => gaps[count++ % gaps.length]!;
  const element = (name: string, content: string) =>
    content === '' && count++ % 2 ? `<${name}${count % 3 ? '' : ' '}/>` : `<${name}>${content}</${name}>`;
  const write = ([type, content]: Typed): string => {
    if (type === 'dict') {
      const entries = (content as TypedDict[1]).map(
        ([key, child]) => `${gap()}${element('key', encode(key, count))}${gap()}${write(child)}`,
      );
      return element('dict', entries.join('') + gap());
    }
    if (type === 'array')
      return element('array', (content as Typed[]).map((child) => gap() + write(child)).join('') + gap());
    if (type === 'boolean') return element(`${content}`, '');
    return element(type, scalarText(type, content, count));
  };
  const body = write(tree);
  return `${before}<plist version="1.0">${gap()}${body}${gap()}</plist>${gap()}`;
}

function scalarText(type: string, content: unknown, variant: number): string {
  if (type === 'string') return encode(content as string, variant);
  if (type === 'date') return `${new Date(content as number).toISOString().slice(0, 19)}Z`;
  if (type === 'real') {
    const number = Buffer.from(content as string, 'hex').readDoubleBE();
    if (!Number.isFinite(number)) return number > 0 ? 'inf' : '-inf';
    return Object.is(number, -0)
      ? '-0.0'
      : Number.isInteger(number) && Math.abs(number) < 1e9
        ? `${number}.0`
        : `${number}`;
  }
  // plistlib knows no negative one.
  if (type === 'integer' && variant % 3 === 0 && !`${content}`.startsWith('-')) {
    return `0x${BigInt(content as string).toString(16)}`;
  }
  return content as string;
}

/** A CDATA section, character references, or the escapes that most writers use. */
function encode(text: string, variant: number): string {
  if (variant % 4 === 0 && text !== '' && !text.includes(']]>')) return `<![CDATA[${text}]]>`;
  if (variant % 4 === 1) return [...text].map((character) => `&#x${character.codePointAt(0)!.toString(16)};`).join('');
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}
