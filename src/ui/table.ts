import { cells } from './width.ts';

const GAP = '  ';

/**
 * A small table without lines. Where it is too wide each row is folded: every cell on a line of its own, called as its
 * column is.
 * @param head of the columns; the first, of the rows' names, has none
 */
export function table(head: readonly string[], rows: readonly (readonly string[])[], columns: number): string[] {
  const all = [['', ...head], ...rows];
  const widths = all[0]!.map((_, column) => Math.max(...all.map((row) => cells(row[column] ?? ''))));
  const lines = all.map((row) =>
    row
      .map((cell, column) => cell + ' '.repeat(widths[column]! - cells(cell)))
      .join(GAP)
      .trimEnd(),
  );
  if (lines.every((line) => cells(line) <= columns)) return lines;
  return rows.flatMap(([name = '', ...row]) => [name, ...row.map((cell, column) => `${GAP}${head[column]}: ${cell}`)]);
}
