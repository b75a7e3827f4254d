import template from '../../templates/ollama-host.reg.tmpl';
import type { RegistryChange } from '../actions/registry.ts';

/** The roots of the registry: a file takes none of their short names. */
const ROOTS: Record<string, string> = { HKCU: 'HKEY_CURRENT_USER', HKLM: 'HKEY_LOCAL_MACHINE' };

/** What is said of the change at the top of the file. */
export interface RegNotes {
  what: string;
  version: string;
  /** Lines, without the sign of a comment. */
  notes: readonly string[];
}

/**
 * The change as a file that `reg import` and regedit take ("Windows Registry Editor Version 5.00", Microsoft's article
 * 310516): lines end with CR LF, a comment begins with a semicolon, and `"name"=-` removes a value.
 *
 * It is ASCII. Regedit itself writes UTF-16, but takes text in the PC's code page as well, and ASCII is the same in all of
 * those and in UTF-8; of UTF-16 on standard output, a redirection by PowerShell would make something else.
 * @throws RangeError for what is not plain text, or not ASCII
 */
export function regFile(change: RegistryChange, { what, version, notes }: RegNotes): string {
  const { key, name, to } = change;
  const [root = '', ...rest] = key.split('\\');
  const words: Record<string, string> = {
    what,
    version,
    notes: notes.map((line) => `; ${line}`.trimEnd()).join('\n'),
    key: [ROOTS[root] ?? root, ...rest].join('\\'),
    entry: `${quoted(name)}=${to === null ? '-' : dataOf(to)}`,
  };
  const text = template.replace(/\{\{(\w+)\}\}/g, (_, word: string) => words[word] ?? '').replace(/\r?\n/g, '\r\n');
  if (!/^[\r\n\x20-\x7e]*$/.test(text)) throw new RangeError('what is exported is ASCII');
  return text;
}

function dataOf({ kind, data }: NonNullable<RegistryChange['to']>): string {
  if (kind !== 'REG_SZ') throw new RangeError(`${kind} is not exported`);
  return quoted(data);
}

function quoted(text: string): string {
  return `"${text.replace(/[\\"]/g, '\\$&')}"`;
}
