/** The files of EnvironmentFile=, read and edited as systemd reads them: systemd.exec(5) and src/basic/env-file.c. */
import { type EnvironmentFileOptions, type FileAssignment, scan } from './environment-scan.ts';
import { representable } from './words.ts';

export type { EnvironmentFileOptions, FileAssignment };

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/;

/**
 * The assignments of an environment file in their order; of equal names the last counts. This is no shell: `export`
 * makes the name invalid, `$` is literal, a `#` after the value belongs to it. A byte order mark belongs to the first
 * name and so makes it invalid.
 */
export function parseEnvironmentFile(text: string, options: EnvironmentFileOptions = {}): FileAssignment[] {
  return scan(text, options)
    .filter((span) => NAME.test(span.name))
    .map(({ name, value, line, lastLine }) => ({ name, value, line, lastLine }));
}

/** What systemd reads as an assignment and then ignores for its name, such as `export NAME=value`. */
export function invalidAssignments(text: string): FileAssignment[] {
  return scan(text).filter((span) => !NAME.test(span.name));
}

/**
 * The text with `name` set to `value` and every other byte as it was: the last assignment of the name is replaced in
 * its place, or one line is added at the end. Holds before and after systemd 254 (see EnvironmentFileOptions) wherever
 * the file lets both be true. Throws a RangeError for what such a file cannot hold (NUL, text that is no UTF-8).
 */
export function setInEnvironmentFile(text: string, name: string, value: string): string {
  if (!NAME.test(name)) throw new RangeError(`Not the name of a variable: ${name}`);
  if (!representable(value)) throw new RangeError(`An environment file cannot hold this value of ${name}`);
  const edits = [...candidates(text, name, `${name}=${quote(value)}`)];
  const works = (edit: string, commentsContinue: boolean) => sets(text, edit, { name, value }, { commentsContinue });
  const edit =
    edits.find((edit) => works(edit, false) && works(edit, true)) ?? edits.find((edit) => works(edit, false));
  if (edit === undefined) throw new RangeError(`Cannot set ${name} in this environment file`);
  return edit;
}

/** The text without any assignment of `name`, line ends included; every other byte stays. */
export function removeFromEnvironmentFile(text: string, name: string): string {
  let rest = text;
  for (const span of scan(text).reverse()) {
    if (span.name !== name) continue;
    const lineStart = Math.max(rest.lastIndexOf('\n', span.start - 1), rest.lastIndexOf('\r', span.start - 1)) + 1;
    const lineEnd = /^(?:\r\n|\n|\r)?/.exec(rest.slice(span.end))?.[0].length ?? 0;
    rest = rest.slice(0, lineStart) + rest.slice(span.end + lineEnd);
  }
  return rest;
}

/** Ways to write the line, the least edit first; the caller takes the first that works. */
function* candidates(text: string, name: string, line: string): Generator<string> {
  const last = scan(text).findLast((span) => span.name === name);
  const replaced = last ? text.slice(0, last.start) + line + text.slice(last.end) : text;
  if (last) yield replaced;
  const eol = /\r\n|\n|\r/.exec(text)?.[0] ?? '\n';
  const closed = /[\n\r]$/.test(replaced) || replaced === '';
  yield closed ? replaced + line + eol : replaced + eol + line;
  // The last line may be a comment that ends in a backslash, which older systemd continues over the first line end.
  yield replaced + eol + eol + line + (closed ? eol : '');
  // An open quote swallows everything to the end: only in front of it there is a place.
  yield line + eol + replaced;
}

/** Whether the edited text gives the variable its value and leaves the others theirs. */
function sets(
  before: string,
  after: string,
  { name, value }: { name: string; value: string },
  options: EnvironmentFileOptions,
): boolean {
  const spans = scan(after, options);
  const others = (found: FileAssignment[]) =>
    found.filter((span) => span.name !== name).map((span) => [span.name, span.value]);
  return (
    spans.findLast((span) => span.name === name)?.value === value &&
    JSON.stringify(others(spans)) === JSON.stringify(others(scan(before, options)))
  );
}

/** Bare where every reader takes it alike, a shell included; else in double quotes, where four marks are escaped. */
function quote(value: string): string {
  if (/^[A-Za-z0-9_.,:/@%+=[\]-]*$/.test(value)) return value;
  return `"${value.replace(/["\\$`]/g, '\\$&')}"`;
}
