import { cells, graphemes, pieces } from './width.ts';

const NARROWEST = 20;
/** What follows of a line stands deeper than its beginning, as deep as the text behind a mark. */
const HANG = 2;
const ESCAPE = /(\u001b\[[\d;]*m)/;

/**
 * Breaks lines for a terminal, at blanks where there are any. Colours take no room and may go on over a break.
 * @param columns the width of the terminal in cells; less than 20 counts as 20
 */
export function wrap(text: string, columns: number): string {
  const limit = Math.max(columns, NARROWEST);
  return text
    .split('\n')
    .flatMap((line) => (cells(line) <= limit ? line : broken(line, limit)))
    .join('\n');
}

/** Something to copy behind what it is, whole on a line of its own where both do not fit in one. */
export function labelled(label: string, value: string, columns: number): string[] {
  return cells(`${label} ${value}`) <= columns ? [`${label} ${value}`] : [label, `  ${value}`];
}

/** The lines of one line of a diff: what is broken off stands under the text, where no sign is. */
export function wrapDiff(line: string, columns: number): string[] {
  const [sign, text] = [line.slice(0, 1), line.slice(1)];
  const [first = '', ...rest] = pieces(text, Math.max(columns, NARROWEST) - 1);
  return [sign + first, ...rest.map((piece) => ` ${piece}`)];
}

function broken(line: string, limit: number): string[] {
  const indent = (/^(?:\u001b\[[\d;]*m)*( *)/.exec(line)?.[1] ?? '').length + HANG;
  const hang = ' '.repeat(Math.min(indent, limit / 2));
  const lines: string[] = [];
  let current = '';
  for (const [, gap = '', word = ''] of line.matchAll(/( *)([^ ]*)/g)) {
    if (word === '') continue;
    if (cells(current + gap + word) <= limit) {
      current += gap + word;
      continue;
    }
    const isFirst = cells(current) === 0;
    if (!isFirst) lines.push(current);
    const [head = '', ...parts] = chopped(word, limit - hang.length);
    // Before the first word there may be a colour, and the blanks that the line is indented with.
    current = (isFirst ? current + gap.slice(0, hang.length) : hang) + head;
    for (const part of parts) {
      lines.push(current);
      current = hang + part;
    }
  }
  return [...lines, current];
}

/** A word that is too long for a line, cut behind a slash where one is near: most such words are paths. */
function chopped(word: string, limit: number): string[] {
  const parts: string[] = [];
  let part: string[] = [];
  const all = word.split(ESCAPE).flatMap((text, index) => (index % 2 === 1 ? [text] : graphemes(text)));
  for (const one of all) {
    if (cells(part.join('') + one) > limit) {
      const slash = part.lastIndexOf('/') + 1;
      const at = slash > part.length / 3 ? slash : part.length;
      parts.push(part.slice(0, at).join(''));
      part = part.slice(at);
    }
    part.push(one);
  }
  return [...parts, part.join('')];
}
