import { describe, expect, it, vi } from 'vitest';
import { differences } from '../../src/plist/differences.ts';
import { type PlistFile, readPlist, valueAt } from '../../src/plist/read.ts';
import { document, failure } from './helpers.ts';

const read = (text: string) => readPlist(Buffer.from(text));
const entry = (value: string) => document(`<dict><key>K</key>${value}</dict>`);

describe('readPlist', () => {
  it.each([
    ['<string>a b</string>', 'a b'],
    ['<string> a&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600; </string>', ' a&<>"\'A\u{1f600} '],
    ['<string>a<![CDATA[<&amp;>]]>b<!-- c -->d</string>', 'a<&amp;>bd'],
    ['<string>a\r\nb\rc&#13;</string>', 'a\nb\nc\r'],
    ['<string/>', ''],
    ['<string  />', ''],
    ['<string></string >', ''],
    ['<integer>42</integer>', 42],
    ['<integer> -0x1F </integer>', -31],
    ['<integer>9007199254740993</integer>', 9007199254740993n],
    ['<real>1.0</real>', 1],
    ['<real>-1e3</real>', -1000],
    ['<real>nan</real>', Number.NaN],
    ['<real>-infinity</real>', -Infinity],
    ['<true/>', true],
    ['<false></false>', false],
    ['<date>2026-01-02T03:04:05Z</date>', new Date('2026-01-02T03:04:05Z')],
    ['<data>\n\tAQ\n\tID\n</data>', Buffer.from([1, 2, 3])],
    ['<data>!AQID!</data>', Buffer.from([1, 2, 3])],
    ['<array><true/><!-- c --><string>s</string></array>', [true, 's']],
    ['<array/>', []],
    ['<dict/>', {}],
    ['<dict><key>CF$UID</key><integer>3</integer></dict>', { CF$UID: 3 }],
  ])('reads %s', async (text, value) => {
    const file = await read(entry(text));
    expect(file.kind).toBe('xml');
    expect({ ...file.value }).toEqual({ K: value });
  });

  it.each([
    ['no declaration', '<plist><dict><key>K</key><true/></dict></plist>'],
    ['blanks before the declaration', `\n ${entry('<true/>')}`],
    ['no <plist>', '<dict><key>K</key><true/></dict>'],
    [
      'comments everywhere',
      `<!-- a --><plist><!-- b --><dict><!-- c --><key>K</key><!----><true/></dict></plist><!-- d -->`,
    ],
    [
      'processing instructions',
      '<?xml version="1.0"?><?a b?><plist><?c?><dict><key>K</key><true/></dict></plist><?d?>',
    ],
    [
      'a document type',
      '<!DOCTYPE plist [<!ELEMENT x (#PCDATA)> <!-- ]> -->]><plist><dict><key>K</key><true/></dict></plist>',
    ],
    ['a key in CDATA', document('<dict><key><![CDATA[K]]></key><true/></dict>')],
    ['a key twice', document('<dict><key>K</key><false/><key>K</key><true/></dict>')],
    ['the encoding in small letters', '<?xml version="1.0" encoding="utf-8"?><dict><key>K</key><true/></dict>'],
  ])('reads a file with %s', async (_, text) => {
    expect({ ...(await read(text)).value }).toEqual({ K: true });
  });

  it('reads the keys that objects of JavaScript have anyway', async () => {
    const text = document('<dict><key>__proto__</key><dict><key>x</key><string>y</string></dict></dict>');
    const file = await read(text);
    expect(valueAt(file, ['__proto__', 'x'])).toBe('y');
    expect(valueAt(file, ['x'])).toBeUndefined();
    expect(await differences(Buffer.from(text), Buffer.from(text.replace('>y<', '>z<')))).toEqual(['__proto__.x']);
  });
});

describe('readPlist refuses, and says where', () => {
  const good = '<?xml version="1.0" encoding="UTF-8"?>\n<plist version="1.0">\n<dict>\n\t<key>A</key>\n';

  it.each([
    ['', undefined, 'the file is empty'],
    [' \n', undefined, 'the file is empty'],
    ['<!-- x -->', undefined, 'the file holds no XML element'],
    ['{"Label": "x"}', '1:1', 'the file is JSON, not a property list'],
    ['{ Label = "x"; }', '1:1', 'the file is an old-style (OpenStep) property list or JSON, not XML'],
    ['hello', '1:1', 'the file is not XML'],
    ['\ufeff<plist><dict/></plist>', '1:1', 'the file begins with a byte order mark'],
    [
      '<?xml version="1.0" encoding="ISO-8859-1"?>\n<dict/>',
      '1:31',
      'the file says that it is written in ISO-8859-1, not in UTF-8',
    ],
    [`${good}`, '5:1', 'the tag <dict> opened in line 3 is not closed'],
    [`${good}\t<str`, '5:6', 'the tag <dict> opened in line 3 is not closed'],
    [`${good}\t<string>x</plist>`, '5:11', 'the tag <string> opened in line 5 is not closed'],
    [`${good}\t<string>x</strnig>`, '5:11', 'the tag </strnig> closes no tag that is open'],
    [`${good}</dict>\n</plist>`, '4:2', 'the key A has no value'],
    [`${good}<key>B</key><true/></dict></plist>`, '4:2', 'the key A has no value'],
    [`${good}<true/><true/></dict></plist>`, '5:8', '<true> without a <key> before it'],
    [`${good}<true/>x</dict></plist>`, '5:8', 'text where only a tag can be'],
    [`${good}<true/><![CDATA[x]]></dict></plist>`, '5:8', 'text where only a tag can be'],
    [`${good}<string>a & b</string></dict></plist>`, '5:12', 'an "&" that begins no character reference of XML'],
    [`${good}<string>a &LT; b</string></dict></plist>`, '5:11', '"&LT;" is not well-formed XML'],
    [`${good}<string>&eacute;</string></dict></plist>`, '5:16', 'an "&" that begins no character reference of XML'],
    [`${good}<string>a ]]> b</string></dict></plist>`, '5:9', 'the end of a CDATA section that was not begun'],
    [`${good}<string>a < b</string></dict></plist>`, '5:11', 'a "<" that begins no tag'],
    [`${good}<string>a</ string></dict></plist>`, '5:10', 'a tag that is not well-formed'],
    [`${good}<string a="<">a</string></dict></plist>`, '5:1', 'a tag that is not well-formed'],
    [`${good}<string>a <<b</string></dict></plist>`, '5:12', 'a "<" that begins no tag'],
    [`${good}<string>\0</string></dict></plist>`, '5:9', 'a control character that XML does not allow'],
    [`${good}<!-- a -- b --><true/></dict></plist>`, '5:10', 'a comment with "--" in it'],
    [`${good}<integer>ten</integer></dict></plist>`, '5:1', 'no valid <integer>'],
    [`${good}<real/></dict></plist>`, '5:1', 'no valid <real>'],
    [`${good}<date>today</date></dict></plist>`, '5:1', 'no valid <date>'],
    [`${good}<true>yes</true></dict></plist>`, '5:1', 'no valid <true>'],
    [`${good}<null/></dict></plist>`, '5:1', 'the tag <null> does not belong here'],
    [`${good}<toString/></dict></plist>`, '5:1', 'the tag <toString> does not belong here'],
    [`${good}<string><b>x</b></string></dict></plist>`, '5:9', 'the tag <b> cannot be in <string>'],
    [`${good}<string a="1" a="2"/></dict></plist>`, '5:1', 'a tag with the same attribute twice'],
    [`${good}<string a=1/></dict></plist>`, '5:11', 'a tag with broken attributes'],
    ['<plist/>', '1:9', 'the property list is empty'],
    ['<plist><array/></plist>', '1:8', 'the outermost value is <array>, not <dict>'],
    ['<plist><dict/><dict/></plist>', '1:15', 'a second value in <plist>'],
    ['<plist><dict/></plist>\n<plist/>', '2:1', 'a second element beside the property list'],
    ['<plist><dict/></plist> x', '1:24', 'text outside of the property list'],
    ['x<plist><dict/></plist>', '1:1', 'the file is not XML'],
    ['<html><body/></html>', '1:1', 'the file begins with <html>: it is not a property list'],
    ['<!-- a --><?xml version="1.0"?><dict/>', '1:11', 'an XML declaration that is not at the start'],
    ['<!foo><dict/>', '1:1', 'text where only a tag can be'],
    ['<dict hasOwnProperty="1" b="2"/>', '1:30', 'the text is not well-formed XML'],
    ['<dict', '1:6', 'the file ends in the middle of a tag'],
  ])('%j', async (text, at, reason) => {
    const error = await failure(read(text));
    expect(error.reason).toBe(reason);
    expect(error.line === undefined ? undefined : `${error.line}:${error.column}`).toBe(at);
    expect(error.message).toBe(at ? `line ${error.line}, column ${error.column}: ${reason}` : reason);
  });

  it.each([
    ['UTF-16', Buffer.from('\ufeff<dict/>', 'utf16le')],
    ['UTF-16', Buffer.from('<dict/>', 'utf16le').swap16()],
    ['UTF-32', Buffer.from('<\0\0\0d\0\0\0')],
  ])('a file in %s', async (encoding, bytes) => {
    expect((await failure(readPlist(bytes))).reason).toBe(`the file is written in ${encoding}, not in UTF-8`);
  });

  it('bytes that are no UTF-8', async () => {
    const error = await failure(readPlist(Buffer.from('<dict>\n<!-- \xe4 --></dict>', 'latin1')));
    expect(error).toMatchObject({ reason: 'the file is not valid UTF-8', line: 2, column: 6 });
  });

  it('what is nested too deeply', async () => {
    const nested = (depth: number) => entry('<array>'.repeat(depth) + '</array>'.repeat(depth));
    await expect(read(nested(500))).resolves.toBeDefined();
    expect((await failure(read(nested(50_000)))).reason).toBe('the elements are nested too deeply');
  });
});

describe('valueAt', () => {
  const file: PlistFile = { kind: 'xml', value: { a: { b: 'c', list: ['x'], data: Buffer.from('x') } } };

  it.each([
    [['a', 'b'], 'c'],
    [['a', 'x'], undefined],
    [['a', 'b', 'length'], undefined],
    [['a', 'list', '0'], undefined],
    [['a', 'data', '0'], undefined],
    [['__proto__', 'toString'], undefined],
    [['constructor'], undefined],
    [[], file.value],
  ])('%j', (path, value) => {
    expect(valueAt(file, path)).toBe(value);
  });
});

describe('differences', () => {
  const compare = (a: string, b: string) => differences(Buffer.from(document(a)), Buffer.from(document(b)));

  it.each([
    ['<dict/>', '<dict></dict>', []],
    ['<dict><key>a</key><true/></dict>', '<dict>\n <!-- c --><key>a</key><true></true></dict>', []],
    ['<dict><key>a</key><true/></dict>', '<dict><key>a</key><false/></dict>', ['a']],
    ['<dict><key>a</key><integer>1</integer></dict>', '<dict><key>a</key><real>1</real></dict>', ['a']],
    ['<dict><key>a</key><integer>0x1</integer></dict>', '<dict><key>a</key><integer>0x2</integer></dict>', ['a']],
    [
      '<dict><key>a</key><integer>9007199254740993</integer></dict>',
      '<dict><key>a</key><integer>9007199254740992</integer></dict>',
      ['a'],
    ],
    ['<dict/>', '<dict><key>a</key><dict><key>b.c</key><true/></dict></dict>', ['a.b\\.c']],
    ['<dict/>', '<dict><key>a</key><dict/></dict>', ['a']],
    ['<dict/>', '<dict><key>a</key><array><true/></array></dict>', ['a']],
    [
      '<dict><key>a</key><array><true/><true/></array></dict>',
      '<dict><key>a</key><array><true/><false/><true/></array></dict>',
      ['a.1', 'a.2'],
    ],
    ['<dict><key>a</key><string/></dict>', '<dict><key>a</key><dict/></dict>', ['a']],
    ['<dict><key></key><dict><key>a</key><true/></dict></dict>', '<dict><key>a</key><true/></dict>', ['.a', 'a']],
  ])('%s and %s', async (a, b, paths) => {
    expect(await compare(a, b)).toEqual(paths);
    expect(await compare(b, a)).toEqual(paths);
  });

  it('says nothing on standard error, whatever the other reader thinks', async () => {
    const [error, warn] = [vi.spyOn(console, 'error'), vi.spyOn(console, 'warn')];
    await compare('<dict><key>a</key><string>\ufffd</string></dict>', '<dict/>');
    expect([...error.mock.calls, ...warn.mock.calls]).toEqual([]);
    vi.restoreAllMocks();
  });

  it('refuses what is no property list, on either side', async () => {
    await failure(compare('<dict/>', '<dict>'));
    await failure(compare('<array/>', '<dict/>'));
  });
});
