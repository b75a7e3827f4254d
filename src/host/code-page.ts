import { execFileSync } from 'node:child_process';

/**
 * The large code pages, for which Node's own decoder is right (Encoding Standard), by the numbers that Windows has for
 * them. Of the single-byte ones Node 20 takes windows-1252 for Latin-1.
 */
const LABELS: Record<number, string> = {
  932: 'shift_jis',
  936: 'gbk',
  949: 'euc-kr',
  950: 'big5',
  54936: 'gb18030',
};

let known: Promise<number> | undefined;

/**
 * What a console program of Windows printed. Most of them print nothing but ASCII, or UTF-8 where the user chose that for
 * the whole system; else it is the OEM code page, which a console begins with (Console Code Pages, Microsoft Learn).
 */
export async function decodeConsole(bytes: Buffer): Promise<string> {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    known ??= oemCodePage();
    return decode(bytes, await known);
  }
}

/** Text of a code page. Bytes that it does not have, and the whole upper half of one that is not known, become U+FFFD. */
export async function decode(bytes: Buffer, page: number): Promise<string> {
  const label = LABELS[page];
  if (label !== undefined) return new TextDecoder(label).decode(bytes);
  const { default: tables } = await import('iconv-lite/encodings/sbcs-data-generated.js');
  const named = tables[`cp${page}`];
  const upper = typeof named === 'string' ? tables[named] : named; // some are called otherwise, windows1252 for one
  const half = typeof upper === 'object' ? [...upper.chars] : [];
  return Array.from(bytes, (byte) =>
    byte < 0x80 ? String.fromCharCode(byte) : (half.at(byte - 0x100) ?? '\ufffd'),
  ).join('');
}

/** From where Windows itself keeps it; the answer of reg.exe holds nothing but ASCII. */
async function oemCodePage(): Promise<number> {
  const reg = `${process.env.SystemRoot ?? 'C:\\Windows'}\\System32\\reg.exe`;
  const key = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Nls\\CodePage';
  try {
    const answer = execFileSync(reg, ['query', key, '/v', 'OEMCP'], { windowsHide: true, timeout: 5000 }).toString(
      'latin1',
    );
    return Number(/OEMCP\s+REG_SZ\s+(\d+)/.exec(answer)?.[1] ?? 437);
  } catch {
    return 437;
  }
}
