/** Where a new entry goes in the text of a dictionary, and how it is written there: like its neighbours. */
import { placeFor } from './keys.ts';
import { beginsLine, indentOf, leadOf, lineEndIn, unitOf } from './xml-lines.ts';
import type { XmlEntry, XmlPlist } from './xml-read.ts';
import type { Element } from './xml-scan.ts';

export interface Splice {
  from: number;
  to: number;
  text: string;
}

interface Style {
  /** What comes before each tag: a line end with the indentation, or blanks in one line. */
  lead: string;
  /** How much longer that gets one level further in. */
  unit: string;
  /** What comes between a key and its value, where that is not the same. */
  gap?: string;
}

/** The new text with the last key of the path set in a dictionary that has no entry for its first. */
export function insertion(file: XmlPlist, dict: Element, entries: XmlEntry[], path: string[], value: string): Splice {
  const { text } = file;
  const blank = text.slice(dict.inner, dict.innerEnd).trim() === '';
  if (entries.length === 0 && blank) return fill(file, dict, path, value);
  const keys = entries.map(({ key }) => key);
  const index = placeFor(keys, path[0]!);
  const [previous, next] = [entries[index - 1], entries[index]];
  const from = previous ? previous.value.end : dict.inner;
  const to = next ? next.keyElement.start : dict.innerEnd;
  const neighbours = [previous, next, ...entries].filter((entry) => entry !== undefined);
  const lineEnd = lineEndIn(text, from, to);
  let at = from;
  let lead: string;
  if (lineEnd) {
    // After the rest of the line: a comment there belongs to what is before it.
    at = lineEnd.at;
    lead = lineEnd.newline + indentIn(file, dict, neighbours);
  } else if (next) lead = text.slice(backToTag(text, from, to), to);
  else {
    at = backToTag(text, from, to);
    lead = previous ? leadOf(text, previous.keyElement.start) : '';
  }
  const style = { lead, unit: /[\r\n]/.test(lead) ? unitOf(text, file.document) : '', ...gapOf(text, neighbours) };
  return { from: at, to: at, text: entryText(path, value, style) };
}

/** Where the blanks begin that come last between two offsets. */
function backToTag(text: string, from: number, to: number): number {
  return from + text.slice(from, to).trimEnd().length;
}

function indentIn({ text, document }: XmlPlist, dict: Element, neighbours: XmlEntry[]): string {
  const aligned = neighbours.find(({ keyElement }) => beginsLine(text, keyElement.start));
  if (aligned) return indentOf(text, aligned.keyElement.start);
  return indentOf(text, beginsLine(text, dict.innerEnd) ? dict.innerEnd : dict.start) + unitOf(text, document);
}

/** Between key and value, if a neighbour has both in one line. */
function gapOf(text: string, neighbours: XmlEntry[]): { gap?: string } {
  const simple = neighbours.find(({ value }) => !['dict', 'array'].includes(value.name)) ?? neighbours[0];
  if (!simple) return {};
  const gap = text.slice(simple.keyElement.end, simple.value.start);
  return /^[ \t]*$/.test(gap) ? { gap } : {};
}

/**
 * The first entry of an empty dictionary. `<dict/>` is opened and gets its end tag in a line of its own. In the
 * outermost one, blanks between the tags are kept behind the entry: that it comes right after the tag tells a later
 * removal that they were there.
 */
function fill({ text, document, dict: root }: XmlPlist, dict: Element, path: string[], value: string): Splice {
  const newline = lineEndIn(text, document.start, document.end)?.newline;
  const outer = newline === undefined ? '' : newline + indentOf(text, dict.start);
  const unit = newline === undefined ? '' : unitOf(text, document);
  const lead = newline === undefined ? (dict.closed ? ' ' : '') : outer + unit;
  const entry = entryText(path, value, { lead, unit, ...(newline === undefined ? { gap: '' } : {}) });
  if (dict === root && !dict.closed) return { from: dict.inner, to: dict.inner, text: entry.slice(lead.length) };
  const tag = text.slice(dict.start, dict.inner).replace(/\/>$/, '>');
  return { from: dict.start, to: dict.end, text: `${tag}${entry}${outer}</dict>` };
}

function entryText([key, ...rest]: string[], value: string, { lead, unit, gap }: Style): string {
  const tag = `${lead}<key>${escapeXml(key!)}</key>${gap ?? lead}`;
  if (rest.length === 0) return tag + stringElement(value);
  const inside = { lead: lead + unit, unit, ...(gap === undefined ? {} : { gap }) };
  return `${tag}<dict>${entryText(rest, value, inside)}${lead}</dict>`;
}

/** As Homebrew's plist gem writes it: an empty one as one tag. */
export const stringElement = (value: string): string => (value ? `<string>${escapeXml(value)}</string>` : '<string/>');

const ESCAPES: Record<string, string> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  // XML reads a bare one as a line feed: XML 1.0, section 2.11.
  '\r': '&#13;',
};

/** As Ruby's CGI.escapeHTML, which Homebrew's plist gem uses. */
export const escapeXml = (text: string): string => text.replace(/[&<>"'\r]/g, (character) => ESCAPES[character]!);
