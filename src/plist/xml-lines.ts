/** How an XML property list is laid out in lines, so that what is added looks like what is there. */
import { type Element, mask } from './xml-scan.ts';

const NEWLINE = /\r\n|\n|\r/;

const startOfLine = (text: string, at: number): number =>
  at === 0 ? 0 : Math.max(text.lastIndexOf('\n', at - 1), text.lastIndexOf('\r', at - 1)) + 1;

/** The blanks that the line of an offset begins with. */
export function indentOf(text: string, at: number): string {
  const from = startOfLine(text, at);
  return text.slice(from, skipBlanks(text, from));
}

/** Where the blanks end that begin at an offset: those in its line. */
export function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text[at] === ' ' || text[at] === '\t') at++;
  return at;
}

/** Where the blanks in this line begin that end at an offset. */
export function backOverBlanks(text: string, from: number): number {
  let at = from;
  while (text[at - 1] === ' ' || text[at - 1] === '\t') at--;
  return at;
}

/** Where the line end begins that comes right before an offset; the offset itself if none does. */
export function backOverNewline(text: string, from: number): number {
  if (text.endsWith('\r\n', from)) return from - 2;
  return from > 0 && /[\r\n]/.test(text[from - 1]!) ? from - 1 : from;
}

/** Whether it begins its line, save for blanks, and that line is not the first. */
export const beginsLine = (text: string, at: number): boolean =>
  /[\r\n]/.test(text[backOverBlanks(text, at) - 1] ?? '');

/** The line end and indentation that it begins its line with, or the blanks that part it from what is before it. */
export function leadOf(text: string, at: number): string {
  return text.slice(backOverNewline(text, backOverBlanks(text, at)), at);
}

/** The first line end between two offsets, outside of comments. */
export function lineEndIn(text: string, from: number, to: number): { at: number; newline: string } | undefined {
  const found = NEWLINE.exec(mask(text.slice(from, to)));
  return found ? { at: from + found.index, newline: found[0] } : undefined;
}

/** How much further the inside of a container is indented than the container, where that can be seen. */
export function unitOf(text: string, document: Element): string {
  const steps = [...containers(document)].flatMap(({ start, children }) => {
    const [child] = children;
    if (!child || !beginsLine(text, child.start)) return [];
    const [outer, inside] = [indentOf(text, start), indentOf(text, child.start)];
    return inside.startsWith(outer) ? [inside.slice(outer.length)] : [];
  });
  return steps.find((step) => step !== '') ?? (steps.length > 0 ? '' : '\t');
}

/** <plist> does not count: most writers do not indent what is in it. */
function* containers(element: Element): Generator<Element> {
  if (element.name === 'dict' || element.name === 'array') yield element;
  for (const child of element.children) yield* containers(child);
}
