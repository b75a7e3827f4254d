/** What an XML property list says: plist(5) and, for what that leaves open, CFPropertyList.c. */
import { decodeXml } from './decode.ts';
import { failAt } from './error.ts';
import type { Dict, Node, Scalar } from './node.ts';
import { demandBlank, type Element, scan } from './xml-scan.ts';

export interface XmlPlist {
  text: string;
  /** The element around everything: <plist>, or the <dict> itself. */
  document: Element;
  dict: Element;
  node: Dict;
}

/** The whole file is read, so that an edit is never made in something that is no property list. */
export async function readXml(bytes: Buffer): Promise<XmlPlist> {
  const text = decodeXml(bytes);
  const document = await scan(text);
  const dict = rootOf(text, document);
  return { text, document, dict, node: readDict(text, dict) };
}

/** CFPropertyList.c takes a <dict> without <plist> around it. */
function rootOf(text: string, document: Element): Element {
  if (document.name === 'dict') return document;
  if (document.name !== 'plist') {
    failAt(text, document.start, `the file begins with <${document.name}>: it is not a property list`);
  }
  demandTagsOnly(text, document);
  const [root, second] = document.children;
  if (!root) failAt(text, document.innerEnd, 'the property list is empty');
  if (second) failAt(text, second.start, 'a second value in <plist>');
  if (root.name !== 'dict') failAt(text, root.start, `the outermost value is <${root.name}>, not <dict>`);
  return root;
}

export interface XmlEntry {
  key: string;
  keyElement: Element;
  value: Element;
}

export function entriesOf(text: string, dict: Element): XmlEntry[] {
  demandTagsOnly(text, dict);
  const entries: XmlEntry[] = [];
  for (let index = 0; index < dict.children.length; index += 2) {
    const [keyElement, value] = [dict.children[index]!, dict.children[index + 1]];
    if (keyElement.name !== 'key') failAt(text, keyElement.start, `<${keyElement.name}> without a <key> before it`);
    const key = contentOf(text, keyElement);
    if (!value || value.name === 'key') failAt(text, keyElement.start, `the key ${key} has no value`);
    entries.push({ key, keyElement, value });
  }
  return entries;
}

function readDict(text: string, dict: Element): Dict {
  const entries = entriesOf(text, dict).map(({ key, value }) => ({ key, value: readNode(text, value) }));
  return { type: 'dict', entries };
}

function readNode(text: string, element: Element): Node {
  if (element.name === 'dict') return readDict(text, element);
  if (element.name === 'array') {
    demandTagsOnly(text, element);
    return { type: 'array', items: element.children.map((child) => readNode(text, child)) };
  }
  const read = Object.hasOwn(SCALARS, element.name) ? SCALARS[element.name] : undefined;
  if (!read) failAt(text, element.start, `the tag <${element.name}> does not belong here`);
  return read(contentOf(text, element)) ?? failAt(text, element.start, `no valid <${element.name}>`);
}

const SCALARS: Record<string, (content: string) => Scalar | undefined> = {
  string: (value) => ({ type: 'string', value }),
  integer: (content) => {
    const [, sign, digits] = /^\s*([-+]?)\s*(0[xX][\da-fA-F]+|\d+)\s*$/.exec(content) ?? [];
    if (digits === undefined) return undefined;
    return { type: 'integer', value: sign === '-' ? -BigInt(digits) : BigInt(digits) };
  },
  real: (content) => {
    const [, sign, word] = /^\s*([-+]?)(inf|infinity|nan)\s*$/i.exec(content) ?? [];
    if (word) return { type: 'real', value: Number(/^n/i.test(word) ? NaN : `${sign}Infinity`) };
    const value = /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(content) ? Number(content) : undefined;
    return value === undefined ? undefined : { type: 'real', value };
  },
  date: (content) => {
    const plausible = /^\s*-?\d{4,}-\d\d-\d\dT\d\d:\d\d:\d\dZ\s*$/.test(content);
    return plausible ? { type: 'date', value: new Date(content.trim()) } : undefined;
  },
  // What is no base64 is skipped, as in CFPropertyList.c.
  data: (content) => ({ type: 'data', value: Buffer.from(content.replace(/[^A-Za-z\d+/]/g, ''), 'base64') }),
  true: (content) => (content.trim() ? undefined : { type: 'boolean', value: true }),
  false: (content) => (content.trim() ? undefined : { type: 'boolean', value: false }),
};

function demandTagsOnly(text: string, element: Element): void {
  let from = element.inner;
  for (const child of element.children) {
    demandBlank(text, from, child.start);
    from = child.end;
  }
  demandBlank(text, from, element.innerEnd);
}

const PIECES = /<!--[\s\S]*?-->|<\?[\s\S]*?\?>|<!\[CDATA\[([\s\S]*?)\]\]>|&([^;&<]*);|([^<&]+)|[<&]/g;
const ENTITIES: Record<string, string> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The text in an element that holds no other: XML 1.0, sections 2.4 to 2.11 and 4.6. */
export function contentOf(text: string, { name, inner, innerEnd, children }: Element): string {
  if (children[0]) failAt(text, children[0].start, `the tag <${children[0].name}> cannot be in <${name}>`);
  let content = '';
  for (const { 0: piece, 1: cdata, 2: entity, 3: plainText, index } of text.slice(inner, innerEnd).matchAll(PIECES)) {
    if (plainText?.includes(']]>')) failAt(text, inner + index, 'the end of a CDATA section that was not begun');
    const known = entity === undefined ? undefined : decodeEntity(entity);
    if ((entity !== undefined && known === undefined) || piece === '<' || piece === '&') {
      failAt(text, inner + index, `"${piece}" is not well-formed XML`);
    }
    content += known ?? (cdata ?? plainText ?? '').replace(/\r\n?/g, '\n');
  }
  return content;
}

/** The entities of XML and no others: a property list has no way to declare any that macOS would read. */
function decodeEntity(name: string): string | undefined {
  const [, hex, decimal] = /^#(?:x([\da-fA-F]+)|(\d+))$/.exec(name) ?? [];
  if (hex === undefined && decimal === undefined) return Object.hasOwn(ENTITIES, name) ? ENTITIES[name] : undefined;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  // sax has refused what is no Char of XML.
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
