import { stripVTControlCharacters } from 'node:util';

/** Splits what GitHub would make a link of, and a call to somebody: "@name" and "#12" (docs.github.com, autolinked references). */
const UNLINKED = '<!-- -->';

const ENTITIES: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' };

/** Text of HTML, such as of `<summary>`, on one line. */
export function html(text: string): string {
  return unlinked(oneLine(text).replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign));
}

/** What GFM 6.9 makes links of by itself, by rules of its own for what is escaped in them. */
const ADDRESS = /((?:https?:\/\/|ftp:\/\/|www\.)(?:\S*[^\s.,:;!?)'"])?)/i;

/**
 * Text of a paragraph or of a table's cell that says just what `text` says (CommonMark 2.4, GFM 4.10 for the pipe).
 * Addresses become code: they lead somewhere on the reporter's machine only.
 */
export function prose(text: string): string {
  return oneLine(text)
    .split(ADDRESS)
    .map((part, index) => (index % 2 === 1 ? code(part) : escaped(part, index === 0)))
    .join('');
}

function escaped(text: string, atStart: boolean): string {
  const safe = text.replace(/[\\`*_[\]|~$]/g, '\\$&').replace(/[&<>]/g, (sign) => ENTITIES[sign] ?? sign);
  // What makes a list, a heading or an underline of a whole paragraph.
  return unlinked(atStart ? safe.replace(/^[-+#=]/, '\\$&').replace(/^(\d+)([.)])/, '$1\\$2') : safe);
}

/** A value in the type of code, in a cell as well. Where back-quotes or pipes are in it, only entities are sure to stay whole. */
export function code(text: string): string {
  const line = oneLine(text);
  if (line === '') return '';
  if (!/[`|]/.test(line)) return `\`${line}\``;
  const plain = line.replace(/[\\`|*_[\]&<>~$@#:]|(?<=www)\./gi, (sign) => `&#${sign.charCodeAt(0)};`);
  return `<code>${plain}</code>`;
}

/** A block of code, within a fence that is longer than any in it (CommonMark 4.5). */
export function block(text: string, language = 'text'): string {
  const body = clean(text).replace(/^\n+|\s+$/g, '');
  const longest = Math.max(2, ...[...body.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return `${fence}${language}\n${body}\n${fence}`;
}

/** A table with its head; none when there are no rows. Cells are Markdown already. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`.replace(/ {2,}/g, ' ');
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** Without colours, and without what a browser would not show. */
function clean(text: string): string {
  return stripVTControlCharacters(text)
    .replace(/\r\n?/g, '\n')
    .replace(/[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '');
}

function oneLine(text: string): string {
  return clean(text).replace(/\s+/g, ' ').trim();
}

function unlinked(text: string): string {
  return text.replace(/(?<![\p{L}\p{N}_])@(?=[\p{L}\p{N}])/gu, `@${UNLINKED}`).replace(/#(?=\d)/g, `#${UNLINKED}`);
}
