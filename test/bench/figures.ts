/** The median: the machine's noise is on one side only, but a minimum flatters whoever is lucky once. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** One line of the report: a ratio, what it should be at most if that was said, and the two figures that it is made of. */
export function show(
  title: string,
  value: number,
  base: number,
  target: number | undefined,
  unit: 'ms' | 'MiB' = 'ms',
): void {
  const of = (figure: number) => `${(figure * (unit === 'ms' ? 1000 : 1)).toFixed(0)} ${unit}`;
  const most = target === undefined ? '' : `target ${target} x`;
  console.log(`${title.padEnd(52)} ${(value / base).toFixed(2)} x   ${most.padEnd(14)} (${of(value)} / ${of(base)})`);
}
