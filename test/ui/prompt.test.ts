import { describe, expect, it } from 'vitest';
import { answerOf } from '../../src/ui/prompt.ts';

describe('an answer', () => {
  it.each([
    ['', 'yes', 'no'],
    ['  ', 'yes', 'no'],
    ['y', 'yes', 'yes'],
    ['YES', 'yes', 'yes'],
    ['ye', 'yes', 'yes'],
    ['n', 'no', 'no'],
    ['No', 'no', 'no'],
    ['q', 'no', 'no'],
    ['stop', 'no', 'no'],
    ['?', 'more', 'more'],
    ['more', 'more', 'more'],
    ['nope', undefined, undefined],
    ['yesterday', undefined, undefined],
    ['\x1b[B', undefined, undefined],
  ])('%j is %s where yes is the default, and %s where it is not', (typed, byYes, byNo) => {
    expect(answerOf(typed, true, true)).toBe(byYes);
    expect(answerOf(typed, false, true)).toBe(byNo);
  });

  it('of other choices is none where there are no others', () => {
    expect(answerOf('?', true, false)).toBeUndefined();
  });
});
