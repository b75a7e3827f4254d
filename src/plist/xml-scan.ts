/** The elements of an XML text with their offsets, for edits that leave every other byte alone. */
import type { SAXParser } from 'sax';
import { failAt, PlistError, placeOf } from './error.ts';
import { MAX_DEPTH } from './node.ts';

export interface Element {
  name: string;
  /** Where the start tag begins. */
  start: number;
  /** Where the start tag ends. */
  inner: number;
  /** Where the end tag begins; of `<dict/>`, where that tag ends. */
  innerEnd: number;
  end: number;
  /** Written as one tag, `<dict/>`. */
  closed: boolean;
  children: Element[];
}

interface Scan {
  text: string;
  /** The elements that are open, outermost first. */
  open: Element[];
  /** Where the document type ends. */
  prolog: number;
  root?: Element;
}

/** The root element of a well-formed document. What sax lets pass and XML does not is looked at here. */
export async function scan(text: string): Promise<Element> {
  const { default: sax } = await import('sax');
  const state: Scan = { text, open: [], prolog: 0 };
  const options = { position: true, strictEntities: true };
  const parser = sax.parser(true, options);
  listen(parser, state);
  try {
    parser.write(text).close();
  } catch (error) {
    if (error instanceof PlistError) throw error;
    // An attribute called hasOwnProperty breaks sax itself.
    failAt(text, parser.position - 1, 'the text is not well-formed XML');
  }
  if (!state.root) throw new PlistError('the file holds no XML element');
  demandBlank(text, state.prolog, state.root.start);
  demandBlank(text, state.root.end, text.length);
  return state.root;
}

function listen(parser: SAXParser, state: Scan): void {
  const { text } = state;
  // The position is behind the last character read, and sax notes for a tag the one behind its "<".
  const tagStart = () => parser.startTagPosition - 1;
  parser.onopentag = ({ isSelfClosing }) => openTag(state, tagStart(), parser.position, isSelfClosing);
  parser.onclosetag = () => closeTag(state, tagStart(), parser.position);
  parser.ondoctype = () => {
    state.prolog = parser.position;
  };
  parser.onprocessinginstruction = ({ name }) => {
    // Blanks before the declaration are no XML, but CFPropertyList.c skips them.
    if (name.toLowerCase() !== 'xml' || text.slice(0, tagStart()).trim() === '') return;
    failAt(text, tagStart(), 'an XML declaration that is not at the start');
  };
  parser.onerror = ({ message }) => {
    if (/^Unclosed root tag|^Unexpected end/.test(message)) failAtEnd(state);
    if (/^Unexpected close tag/.test(message)) failAtClose(state, tagStart());
    if (/^<\s/.test(text.slice(tagStart(), tagStart() + 2))) failAt(text, tagStart(), 'a "<" that begins no tag');
    const known = REASONS.find(([pattern]) => pattern.test(message));
    failAt(text, parser.position - 1, known?.[1] ?? 'the text is not well-formed XML');
  };
}

/** What sax says, in plain words. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^(?:Text data outside|Non-whitespace before)/, 'text outside of the property list'],
  [/^Unencoded </, 'a "<" that begins no tag'],
  [/entity/, 'an "&" that begins no character reference of XML'],
  [/^Malformed comment/, 'a comment with "--" in it'],
  [/doctype/, 'a document type that is not at the start'],
  [/tag ?name|closing tag|empty close tag/i, 'a tag with a character in it that does not belong there'],
  [/attribute|Forward-slash/i, 'a tag with broken attributes'],
];

function failAtEnd({ text, open }: Scan): never {
  const last = open.at(-1);
  failAt(text, text.length, last ? notClosed(text, last) : 'the file ends in the middle of a tag');
}

function failAtClose({ text, open }: Scan, start: number): never {
  const name = /^<\/\s*([^\s>]*)/.exec(text.slice(start))?.[1] ?? '';
  const isOpen = open.some((element) => element.name === name);
  failAt(text, start, isOpen ? notClosed(text, open.at(-1)!) : `the tag </${name}> closes no tag that is open`);
}

const notClosed = (text: string, { name, start }: Element): string =>
  `the tag <${name}> opened in line ${placeOf(text, start).line} is not closed`;

const NAME = /[^\s<>="'/&]+/.source;
const TAG = new RegExp(`^<(${NAME})((?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*/?>$`);
const END_TAG = new RegExp(`^</${NAME}\\s*>$`);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"[^"]*"|'[^']*')`, 'g');

function openTag(state: Scan, start: number, inner: number, closed: boolean): void {
  const { text, open } = state;
  const tag = TAG.exec(text.slice(start, inner)) ?? failAt(text, start, 'a tag that is not well-formed');
  const [, name = '', attributes = ''] = tag;
  const names = [...attributes.matchAll(ATTRIBUTE)].map(([, attribute]) => attribute);
  if (new Set(names).size < names.length) failAt(text, start, 'a tag with the same attribute twice');
  if (open.length === 0 && state.root) failAt(text, start, 'a second element beside the property list');
  if (open.length > MAX_DEPTH) failAt(text, start, 'the elements are nested too deeply');
  const element: Element = { name, start, inner, innerEnd: inner, end: inner, closed, children: [] };
  open.at(-1)?.children.push(element);
  state.root ??= element;
  open.push(element);
}

function closeTag({ text, open }: Scan, start: number, end: number): void {
  const element = open.pop()!;
  if (element.closed) return;
  if (!END_TAG.test(text.slice(start, end))) failAt(text, start, 'a tag that is not well-formed');
  element.innerEnd = start;
  element.end = end;
}

/** Comments and processing instructions become NULs, which no XML has: offsets stay, the line ends in them go. */
export function mask(text: string): string {
  return text.replace(/<!--[\s\S]*?-->|<\?[\s\S]*?\?>/g, (found) => '\0'.repeat(found.length));
}

/** Throws where there is anything but blanks, comments and processing instructions. */
export function demandBlank(text: string, from: number, to: number): void {
  const at = mask(text.slice(from, to)).search(/[^ \t\r\n\0]/);
  if (at >= 0) failAt(text, from + at, 'text where only a tag can be');
}
