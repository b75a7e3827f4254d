import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cells, pieces } from '../../src/ui/width.ts';

describe('cells', () => {
  it.each([
    ['agent-runner', 12],
    ['──╳', 3],
    ['データ', 6],
    ['한국어', 6],
    ['e\u0301te\u0301', 3],
    ['👩‍💻', 2],
    ['', 0],
  ])('%s takes %i', (text, width) => {
    expect(cells(text)).toBe(width);
  });
});

describe('a word that is too long', () => {
  it('is cut between what people read as characters', () => {
    expect(pieces('データ処理', 5)).toEqual(['デー', 'タ処', '理']);
    expect(pieces('e\u0301e\u0301e\u0301', 2)).toEqual(['e\u0301e\u0301', 'e\u0301']);
    expect(pieces('a👩‍💻b', 2)).toEqual(['a', '👩‍💻', 'b']);
    expect(pieces('short', 80)).toEqual(['short']);
    expect(pieces('', 80)).toEqual([]);
  });

  it('loses nothing, and no piece is wider than the limit', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('a', '語', 'e\u0301', '😀', '-') }),
        fc.integer({ min: 2, max: 9 }),
        (word, limit) => {
          const found = pieces(word, limit);
          expect(found.join('')).toBe(word);
          for (const piece of found) expect(cells(piece)).toBeLessThanOrEqual(limit);
        },
      ),
    );
  });
});
