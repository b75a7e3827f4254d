/** From bytes to the text of an XML property list, and what is neither that nor binary. */
import { failAt, PlistError, placeOf } from './error.ts';
import { UNWRITABLE } from './keys.ts';

export const isBinary = (bytes: Buffer): boolean => bytes.subarray(0, 6).equals(Buffer.from('bplist'));

/** The text, which gives the same bytes when it is encoded again. */
export function decodeXml(bytes: Buffer): string {
  const wide = wideEncoding(bytes);
  if (wide) throw new PlistError(`the file is written in ${wide}, not in UTF-8`);
  const text = bytes.toString('utf8');
  const back = Buffer.from(text);
  if (!back.equals(bytes)) {
    const at = bytes.findIndex((byte, index) => byte !== back[index]);
    throw new PlistError('the file is not valid UTF-8', placeOf(bytes.toString('utf8', 0, at), Infinity));
  }
  if (text.startsWith('\ufeff')) failAt(text, 0, 'the file begins with a byte order mark');
  const start = text.search(/[^ \t\r\n]/);
  if (start < 0) throw new PlistError('the file is empty');
  if (text[start] !== '<') failAt(text, start, otherFormat(text));
  const encoding = /^\s*<\?xml\s[^>]*?encoding\s*=\s*(["'])(.*?)\1/.exec(text)?.[2];
  if (encoding !== undefined && !/^utf-?8$/i.test(encoding)) {
    failAt(text, text.indexOf(encoding), `the file says that it is written in ${encoding}, not in UTF-8`);
  }
  const odd = text.search(UNWRITABLE);
  if (odd >= 0) failAt(text, odd, 'a control character that XML does not allow');
  return text;
}

/** By its byte order mark, or by the zero bytes around the first "<": XML 1.0, appendix F. */
function wideEncoding(bytes: Buffer): string | undefined {
  const start = bytes.toString('latin1', 0, 4);
  if (/^(?:\xff\xfe\0\0|\0\0\xfe\xff|<\0\0\0|\0\0\0<)/.test(start)) return 'UTF-32';
  return /^(?:\xff\xfe|\xfe\xff|<\0|\0<)/.test(start) ? 'UTF-16' : undefined;
}

/** launchd reads neither of these: launchd.plist(5) asks for XML, and binary is what plutil makes of that. */
function otherFormat(text: string): string {
  try {
    JSON.parse(text);
    return 'the file is JSON, not a property list';
  } catch {
    const openStep = /^\s*[({"/]/.test(text);
    return openStep ? 'the file is an old-style (OpenStep) property list or JSON, not XML' : 'the file is not XML';
  }
}
