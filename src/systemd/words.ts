/**
 * Words as systemd splits them: blanks separate, quotes join, C escapes stand for bytes. The work is done on "byte
 * strings" (one character per byte) because an escape such as \xc3 is one byte, which only makes a letter together
 * with the next.
 */

/** Text as a byte string. */
export const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/**
 * A byte string as text, or undefined where systemd would refuse it: not UTF-8, or one of Unicode's noncharacters
 * (unichar_is_valid() in systemd's src/basic/utf8.c).
 */
export function fromBytes(bytes: string): string | undefined {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(bytes, 'latin1'));
    return representable(text) ? text : undefined;
  } catch {
    return undefined;
  }
}

/** Whether systemd takes the text at all: no NUL, no lone surrogate, no noncharacter. */
export const representable = (text: string): boolean => !/\0|\p{Surrogate}|\p{Noncharacter_Code_Point}/u.test(text);

/** What separates words and is stripped from lines: WHITESPACE of systemd's src/basic/string-util.h. */
export const BLANK = ' \t\n\r';

const SIMPLE: Record<string, string> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  s: ' ',
  '\\': '\\',
  '"': '"',
  "'": "'",
};

/** One C escape after its backslash, as cunescape_one() of systemd's src/basic/escape.c takes it. */
export function readEscape(bytes: string, at: number): { bytes: string; length: number } | undefined {
  const simple = SIMPLE[bytes[at] ?? ''];
  if (simple !== undefined) return { bytes: simple, length: 1 };
  const rest = bytes.slice(at, at + 9);
  const number = /^x([0-9a-fA-F]{2})|^u([0-9a-fA-F]{4})|^U([0-9a-fA-F]{8})|^([0-7]{3})/.exec(rest);
  if (!number) return undefined;
  const [whole, byte, short, long, octal] = number;
  const code = octal ? Number.parseInt(octal, 8) : Number.parseInt(byte ?? short ?? long ?? '', 16);
  if (code === 0) return undefined;
  if (byte || octal) return code > 255 ? undefined : { bytes: String.fromCharCode(code), length: whole.length };
  if (long && (code > 0x10ffff || !representable(String.fromCodePoint(code)))) return undefined;
  // Half of a surrogate pair is no letter: the byte 0xff makes the word invalid, as the real encoding of it would.
  const encoded = code >= 0xd800 && code <= 0xdfff ? '\xff' : toBytes(String.fromCodePoint(code));
  return { bytes: encoded, length: whole.length };
}

export interface Word {
  bytes: string;
  /** Where the text after the word and its blanks begins. */
  next: number;
}

/**
 * The next word of a byte string from `from`: undefined at the end, 'broken' for an open quote or a bad escape.
 * As extract_first_word() of systemd's src/basic/extract-word.c with EXTRACT_CUNESCAPE and EXTRACT_UNQUOTE;
 * `relaxed` is its EXTRACT_UNESCAPE_RELAX, which keeps escapes it does not know.
 */
export function nextWord(bytes: string, from: number, relaxed = false): Word | undefined | 'broken' {
  let at = skipBlanks(bytes, from);
  if (at >= bytes.length) return undefined;
  let word = '';
  let quote = '';
  for (; at < bytes.length; at++) {
    const character = bytes[at]!;
    if (character === '\\') {
      const code = readEscape(bytes, at + 1);
      if (code) {
        word += code.bytes;
        at += code.length;
      } else if (relaxed && (at + 1 < bytes.length || !quote)) {
        word += `\\${bytes[at + 1] ?? ''}`;
        at++;
      } else return 'broken';
    } else if (quote) {
      if (character === quote) quote = '';
      else word += character;
    } else if (character === '"' || character === "'") quote = character;
    else if (BLANK.includes(character)) break;
    else word += character;
  }
  return quote ? 'broken' : { bytes: word, next: skipBlanks(bytes, at) };
}

function skipBlanks(bytes: string, from: number): number {
  let at = from;
  while (at < bytes.length && BLANK.includes(bytes[at]!)) at++;
  return at;
}

/** A line without the blanks at its ends. */
export const strip = (text: string): string => text.replace(/^[ \t\n\r]+/, '').replace(/[ \t\n\r]+$/, '');
