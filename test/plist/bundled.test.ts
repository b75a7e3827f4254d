import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { type PlistValue, parse } from 'plist';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { unusedParts } from '../../scripts/unused-parts.mjs';
import { document } from './helpers.ts';

/** What people run has another document tree below npm's plist than the package (scripts/plain-dom.cjs). */
describe('the second reader as it is bundled', () => {
  const folder = mkdtempSync(path.join(tmpdir(), 'second-reader-'));
  let bundled: typeof parse;

  beforeAll(async () => {
    const outfile = path.join(folder, 'second-reader.cjs');
    const entryPoints = [path.resolve(import.meta.dirname, '../../src/plist/second-reader.ts')];
    await build({ entryPoints, outfile, bundle: true, format: 'cjs', platform: 'node', plugins: [unusedParts] });
    bundled = createRequire(import.meta.url)(outfile).parse;
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const text = fc.constantFrom('a', 'é\u{1f600}', ' ', '\n', '&amp;', '&#65;', '&lt;b&gt;', ']]>', '&quot;', '');
  const aside = fc.constantFrom(
    '',
    '<!-- a -- b -->',
    '<!-- a -->',
    '<![CDATA[ <x> & ]]>',
    '<?pi x?>',
    '\n\t',
    'stray',
  );
  const inner = fc.array(fc.oneof(text, aside), { maxLength: 4 }).map((parts) => parts.join(''));
  const leaf = fc.oneof(
    inner.map((words) => `<string>${words}</string>`),
    fc.constantFrom('<true/>', '<false></false>', '<integer>7</integer>', '<integer> 8 </integer>', '<real>1.5</real>'),
    fc.constantFrom(
      '<data>AAEC</data>',
      '<date>2026-01-02T03:04:05Z</date>',
      '<string/>',
      '<data/>',
      '<x:y/>',
      '<dict/>',
    ),
  );
  const { value } = fc.letrec<{ value: string }>((tie) => {
    const items = fc.array(fc.tuple(aside, tie('value')), { maxLength: 3 });
    const entries = fc.array(fc.tuple(aside, inner, aside, tie('value')), { maxLength: 3 });
    return {
      value: fc.oneof(
        { maxDepth: 3 },
        leaf,
        items.map((all) => `<array>${all.flat().join('')}</array>`),
        entries.map((all) => `<dict>${all.map(([a, key, b, of]) => `${a}<key>${key}</key>${b}${of}`).join('')}</dict>`),
      ),
    };
  });

  it("reads whatever npm's plist reads, and the same out of it", () => {
    const quiet = { error: console.error, warn: console.warn };
    Object.assign(console, { error: () => {}, warn: () => {} });
    let read = 0;
    try {
      fc.assert(
        fc.property(value, fc.tuple(aside, aside), (of, [within, after]) => {
          const xml = `${document(`${within}${of}`)}${after}`;
          const expected = outcome(parse, xml);
          if ('error' in expected) return;
          read += 1;
          expect(outcome(bundled, xml)).toEqual(expected);
        }),
        { numRuns: 2000 },
      );
    } finally {
      Object.assign(console, quiet);
    }
    expect(read).toBeGreaterThan(500);
  });
});

function outcome(by: typeof parse, xml: string): { value: PlistValue } | { error: unknown } {
  try {
    return { value: by(xml) };
  } catch (error) {
    return { error };
  }
}
