import stringWidth from 'fast-string-width';

/**
 * How many cells of a terminal a text takes (Unicode's UAX #11: wide characters and emoji take two, combining ones none).
 * Box drawing is of ambiguous width there; it counts as one, as in every terminal that is not told otherwise.
 */
export function cells(text: string): number {
  return stringWidth(text);
}

/** What a person reads as one character, so that no accent and no emoji is cut in two. */
export function graphemes(text: string): string[] {
  return Array.from(new Intl.Segmenter('en', { granularity: 'grapheme' }).segment(text), ({ segment }) => segment);
}

/**
 * A word that is too long for a line, in pieces that are not.
 * @param limit in cells, at least 2, which is the widest that one character can be
 */
export function pieces(word: string, limit: number): string[] {
  const found: string[] = [];
  let piece = '';
  for (const segment of graphemes(word)) {
    if (piece !== '' && cells(piece + segment) > limit) {
      found.push(piece);
      piece = '';
    }
    piece += segment;
  }
  return piece === '' ? found : [...found, piece];
}
