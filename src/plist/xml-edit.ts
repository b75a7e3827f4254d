/** One key of an XML property list set or taken out, in the text: every other byte stays. */
import { notDict, positionOf } from './keys.ts';
import { backOverBlanks, backOverNewline, beginsLine, skipBlanks } from './xml-lines.ts';
import { contentOf, entriesOf, readXml, type XmlEntry, type XmlPlist } from './xml-read.ts';
import type { Element } from './xml-scan.ts';
import { escapeXml, insertion, type Splice, stringElement } from './xml-style.ts';

/** The steps of a path that are there, outermost first. */
interface Step {
  dict: Element;
  entries: XmlEntry[];
  /** The entry with the key of this step; none in the last step if the path ends there. */
  found: XmlEntry | undefined;
}

function walk({ text, dict: root }: XmlPlist, path: readonly string[]): Step[] {
  const steps: Step[] = [];
  let dict: Element | undefined = root;
  for (const key of path) {
    if (dict?.name !== 'dict') break;
    const entries = entriesOf(text, dict);
    const keys = entries.map((entry) => entry.key);
    const found: XmlEntry | undefined = entries[positionOf(keys, key)];
    steps.push({ dict, entries, found });
    dict = found?.value;
  }
  return steps;
}

export async function setInXml(bytes: Buffer, path: readonly string[], value: string): Promise<Buffer> {
  const file = await readXml(bytes);
  const steps = walk(file, path);
  const { dict, entries, found } = steps.at(-1)!;
  if (!found) return splice(file.text, insertion(file, dict, entries, path.slice(steps.length - 1), value));
  if (steps.length < path.length) throw notDict(path.slice(0, steps.length));
  const change = replacement(file.text, found.value, value);
  return change ? splice(file.text, change) : bytes;
}

/** undefined where the string is there already. */
function replacement(text: string, element: Element, value: string): Splice | undefined {
  const { start, inner, innerEnd, end } = element;
  if (element.name !== 'string') return { from: start, to: end, text: stringElement(value) };
  if (contentOf(text, element) === value) return undefined;
  if (!element.closed) return { from: inner, to: innerEnd, text: escapeXml(value) };
  const tag = text.slice(start, end).replace(/\s*\/>$/, '>');
  return { from: start, to: end, text: `${tag}${escapeXml(value)}</string>` };
}

export async function removeFromXml(bytes: Buffer, path: readonly string[], prune: boolean): Promise<Buffer> {
  const { text, ...file } = await readXml(bytes);
  const steps = walk({ text, ...file }, path);
  if (steps.length < path.length || !steps.at(-1)!.found) return bytes;
  let { dict, found } = steps.pop()!;
  while (prune && steps.length > 0 && isAlone(text, dict, found!)) ({ dict, found } = steps.pop()!);
  return splice(text, removal(text, dict, found!));
}

/** Whether the dictionary holds nothing else: a comment would be somebody's. */
function isAlone(text: string, { inner, innerEnd }: Element, { keyElement, value }: XmlEntry): boolean {
  return text.slice(inner, keyElement.start).trim() === '' && text.slice(value.end, innerEnd).trim() === '';
}

/** An entry taken out, with its lines if it has them for itself: what insertion() has added, whatever the layout. */
function removal(text: string, dict: Element, entry: XmlEntry): Splice {
  const { start } = entry.keyElement;
  const { end } = entry.value;
  if (isAlone(text, dict, entry) && start > dict.inner) {
    const tag = text.slice(dict.start, dict.inner).replace(/>$/, '/>');
    return { from: dict.start, to: dict.end, text: tag };
  }
  const blanks = backOverBlanks(text, start);
  if (!beginsLine(text, start)) return { from: isAlone(text, dict, entry) ? start : blanks, to: end, text: '' };
  const rest = skipBlanks(text, end);
  const line = backOverNewline(text, blanks);
  if (/[\r\n]/.test(text[rest] ?? '\n')) return { from: line, to: rest, text: '' };
  // Before the end tag nothing is left that the line would be for.
  if (rest === dict.innerEnd) return { from: line, to: end, text: '' };
  return { from: start, to: rest, text: '' };
}

function splice(text: string, { from, to, text: added }: Splice): Buffer {
  return Buffer.from(text.slice(0, from) + added + text.slice(to));
}
