import type { RegistryValue } from './registry.ts';

/**
 * The values of the first key in what `reg export` writes: UTF-16 with a byte order mark, so that unlike in the words of
 * `reg query` no letter is lost. The format is that of "Windows Registry Editor Version 5.00".
 */
export function parseRegFile(bytes: Buffer): RegistryValue[] | undefined {
  const text = bytes.toString('utf16le').replace(/^\ufeff/, '');
  if (!text.startsWith('Windows Registry Editor')) return undefined;
  const first = text.split(/^\[/m)[1] ?? '';
  return [...first.matchAll(ENTRY)].map(toValue).filter((value) => value !== undefined);
}

/** "name"="text" (in which a line may end), "name"=hex(2):41,00,\ and so on, "name"=dword:0000001f */
const ENTRY =
  /^(?:"((?:[^"\\]|\\[\s\S])*)"|(@))=(?:"((?:[^"\\]|\\[\s\S])*)"|dword:([0-9a-f]+)|hex(?:\((\w+)\))?:([0-9a-f,\\\s]*))/gim;

const KINDS: Record<string, string> = { '1': 'REG_SZ', '2': 'REG_EXPAND_SZ', '7': 'REG_MULTI_SZ' };

function toValue([, quoted, , text, number, type, hex]: RegExpMatchArray): RegistryValue | undefined {
  const name = unescaped(quoted ?? '');
  if (text !== undefined) return { name, kind: 'REG_SZ', data: unescaped(text) };
  if (number !== undefined) return { name, kind: 'REG_DWORD', data: `0x${Number.parseInt(number, 16).toString(16)}` };
  const kind = KINDS[type ?? ''];
  if (kind === undefined) return undefined; // bytes that are no text
  const bytes = (hex ?? '').match(/[0-9a-f]{2}/gi) ?? [];
  const data = Buffer.from(bytes.join(''), 'hex').toString('utf16le');
  return { name, kind, data: kind === 'REG_MULTI_SZ' ? listOf(data) : data.replace(/\0[\s\S]*$/, '') };
}

/** As reg.exe prints and takes a list: `\0` between its lines. */
function listOf(data: string): string {
  return data.split('\0').filter(Boolean).join('\\0');
}

function unescaped(text: string): string {
  return text.replace(/\\([\s\S])/g, '$1');
}
