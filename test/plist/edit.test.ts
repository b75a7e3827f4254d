import { describe, expect, it } from 'vitest';
import { setString } from '../../src/plist/edit.ts';
import { document, failure, PATH, remove, set } from './helpers.ts';

/** "→" is a tab. */
const lines = (...parts: string[]): string => document(parts.join('\n').replaceAll('→', '\t'));

describe('setString and removeKey', () => {
  it.each([
    [
      'four blanks',
      ['<dict>', '    <key>A</key>', '    <true/>', '</dict>'],
      [
        '<dict>',
        '    <key>A</key>',
        '    <true/>',
        '    <key>EnvironmentVariables</key>',
        '    <dict>',
        '        <key>OLLAMA_HOST</key>',
        '        <string>x</string>',
        '    </dict>',
        '</dict>',
      ],
    ],
    [
      'the dictionary indented, and keys that are not sorted',
      ['  <dict>', '    <key>Z</key>', '    <true/>', '    <key>A</key>', '    <true/>', '  </dict>'],
      [
        '  <dict>',
        '    <key>Z</key>',
        '    <true/>',
        '    <key>A</key>',
        '    <true/>',
        '    <key>EnvironmentVariables</key>',
        '    <dict>',
        '      <key>OLLAMA_HOST</key>',
        '      <string>x</string>',
        '    </dict>',
        '  </dict>',
      ],
    ],
    [
      'no indentation of the outermost keys',
      ['<dict>', '<key>A</key>', '<array>', '  <true/>', '</array>', '</dict>'],
      [
        '<dict>',
        '<key>A</key>',
        '<array>',
        '  <true/>',
        '</array>',
        '<key>EnvironmentVariables</key>',
        '<dict>',
        '  <key>OLLAMA_HOST</key>',
        '  <string>x</string>',
        '</dict>',
        '</dict>',
      ],
    ],
    [
      'no indentation at all',
      ['<dict>', '<key>A</key>', '<true/>', '</dict>'],
      [
        '<dict>',
        '<key>A</key>',
        '<true/>',
        '<key>EnvironmentVariables</key>',
        '<dict>',
        '<key>OLLAMA_HOST</key>',
        '<string>x</string>',
        '</dict>',
        '</dict>',
      ],
    ],
    [
      'keys and values in one line',
      ['<dict>', '→<key>A</key> <string>b</string>', '→<key>Z</key> <true/>', '</dict>'],
      [
        '<dict>',
        '→<key>A</key> <string>b</string>',
        '→<key>EnvironmentVariables</key> <dict>',
        '→→<key>OLLAMA_HOST</key> <string>x</string>',
        '→</dict>',
        '→<key>Z</key> <true/>',
        '</dict>',
      ],
    ],
    [
      'comments, which stay with their neighbours',
      [
        '<dict>',
        '→<key>EnvironmentVariables</key>',
        '→<dict> <!-- all',
        'of them -->',
        '→→<!-- first -->',
        '→→<key>A</key>',
        '→→<string>b</string> <!-- of A -->',
        '',
        '→→<!-- the last -->',
        '→→<key>Z</key>',
        '→→<string>z</string>',
        '→</dict>',
        '</dict>',
      ],
      [
        '<dict>',
        '→<key>EnvironmentVariables</key>',
        '→<dict> <!-- all',
        'of them -->',
        '→→<!-- first -->',
        '→→<key>A</key>',
        '→→<string>b</string> <!-- of A -->',
        '→→<key>OLLAMA_HOST</key>',
        '→→<string>x</string>',
        '',
        '→→<!-- the last -->',
        '→→<key>Z</key>',
        '→→<string>z</string>',
        '→</dict>',
        '</dict>',
      ],
    ],
    [
      'the end tag in the line of the last value',
      ['<dict>', '→<key>EnvironmentVariables</key>', '→<dict>', '→→<key>A</key>', '→→<string>b</string></dict></dict>'],
      [
        '<dict>',
        '→<key>EnvironmentVariables</key>',
        '→<dict>',
        '→→<key>A</key>',
        '→→<string>b</string>',
        '→→<key>OLLAMA_HOST</key>',
        '→→<string>x</string></dict></dict>',
      ],
    ],
    [
      'an empty outermost dictionary',
      ['<dict />'],
      [
        '<dict >',
        '→<key>EnvironmentVariables</key>',
        '→<dict>',
        '→→<key>OLLAMA_HOST</key>',
        '→→<string>x</string>',
        '→</dict>',
        '</dict>',
      ],
    ],
  ])('there and back: %s', async (_, before, after) => {
    expect(await set(lines(...before), 'x')).toBe(lines(...after));
    expect(await remove(lines(...after), true)).toBe(lines(...before));
  });

  it.each([
    [
      '<plist><dict><key>A</key><true/></dict></plist>',
      '<plist><dict><key>A</key><true/><key>EnvironmentVariables</key><dict><key>OLLAMA_HOST</key><string>x</string></dict></dict></plist>',
    ],
    [
      '<dict> <key>Z</key> <true/> </dict>',
      '<dict> <key>EnvironmentVariables</key> <dict> <key>OLLAMA_HOST</key> <string>x</string> </dict> <key>Z</key> <true/> </dict>',
    ],
    [
      '<plist><dict/></plist>\n',
      '<plist><dict> <key>EnvironmentVariables</key><dict> <key>OLLAMA_HOST</key><string>x</string> </dict></dict></plist>\n',
    ],
    [
      '<dict><key>EnvironmentVariables</key><dict><key>A</key><string>b</string><!-- c --></dict></dict>',
      '<dict><key>EnvironmentVariables</key><dict><key>A</key><string>b</string><!-- c --><key>OLLAMA_HOST</key><string>x</string></dict></dict>',
    ],
  ])('there and back in one line: %s', async (before, after) => {
    expect(await set(before, 'x')).toBe(after);
    expect(await remove(after, true)).toBe(before);
  });

  it('there and back with the line ends of Windows', async () => {
    const before = lines('<dict>', '→<key>A</key>', '→<true/>', '</dict>').replaceAll('\n', '\r\n');
    const after = await set(before, 'x');
    expect(after).not.toMatch(/[^\r]\n/);
    expect(after.split('\r\n')).toHaveLength(before.split('\r\n').length + 5);
    expect(await remove(after, true)).toBe(before);
  });

  it.each([
    ['<string>old</string>', '<string>a&amp;b</string>'],
    ['<string></string>', '<string>a&amp;b</string>'],
    ['<string/>', '<string>a&amp;b</string>'],
    ['<string a="b" />', '<string a="b">a&amp;b</string>'],
    ['<string a="b">o<!-- c -->l<![CDATA[d]]></string >', '<string a="b">a&amp;b</string >'],
    ['<integer>1</integer>', '<string>a&amp;b</string>'],
    ['<dict>\n<key>x</key><true/></dict>', '<string>a&amp;b</string>'],
    ['<string>a&#38;b</string>', '<string>a&#38;b</string>'],
    ['<string><![CDATA[a&b]]></string>', '<string><![CDATA[a&b]]></string>'],
  ])('another value in place of %s', async (before, after) => {
    const file = (value: string) =>
      document(`<dict><key>EnvironmentVariables</key>\n <dict><key>OLLAMA_HOST</key> ${value}<!-- z --></dict></dict>`);
    expect(await set(file(before), 'a&b')).toBe(file(after));
  });

  it('gives the very same bytes where nothing is to be done', async () => {
    const bytes = Buffer.from(document('<dict><key>A</key><string>b</string></dict>'));
    expect(await setString(bytes, ['A'], 'b')).toBe(bytes);
    expect(await remove(bytes.toString(), true)).toBe(bytes.toString());
    expect(await remove(bytes.toString(), true, ['A', 'B'])).toBe(bytes.toString());
  });

  it.each([
    [
      ['<dict>', '→<key>A</key> <true/> <key>B</key> <true/>', '</dict>'],
      ['<dict>', '→<key>B</key> <true/>', '</dict>'],
    ],
    [
      ['<dict>', '→<key>A</key>', '→<true/> <!-- c -->', '→<key>B</key>', '→<true/>', '</dict>'],
      ['<dict>', '→<!-- c -->', '→<key>B</key>', '→<true/>', '</dict>'],
    ],
    [['<dict><key>A</key><true/><key>B</key><true/></dict>'], ['<dict><key>B</key><true/></dict>']],
    [['<dict>', '→<key>A</key>', '→<true/>  ', '</dict>'], ['<dict/>']],
    [
      ['<dict>', '→<key>A</key><true/><!-- c -->', '</dict>'],
      ['<dict>', '→<!-- c -->', '</dict>'],
    ],
  ])('takes out of %j', async (before, after) => {
    expect(await remove(lines(...before), false, ['A'])).toBe(lines(...after));
  });

  it('prunes all that has become empty, but no comment and not the outermost dictionary', async () => {
    const before = document('<dict>\n\t<key>A</key>\n\t<true/>\n</dict>');
    const after = await set(before, 'x', ['B', 'C', 'D']);
    expect(await remove(after, true, ['B', 'C', 'D'])).toBe(before);
    const commented = after.replace('<key>D</key>', '<!-- mine --><key>D</key>');
    expect(await remove(commented, true, ['B', 'C', 'D'])).toContain('<!-- mine -->');
    expect(await remove(before, true, ['A'])).toBe(document('<dict/>'));
  });

  it('writes keys and values that XML has to escape', async () => {
    const text = await set(document('<dict/>'), 'a\rb\nc', ['<&>']);
    expect(text).toContain('<key>&lt;&amp;&gt;</key>');
    expect(text).toContain('<string>a&#13;b\nc</string>');
    expect(await set(text, 'a\rb\nc', ['<&>'])).toBe(text);
  });

  it.each(['\0', '\ud800', '\uffff', '\x1b'])('refuses the value %j', async (value) => {
    await failure(set(document('<dict/>'), value));
  });

  it.each([
    ['<dict><key>EnvironmentVariables</key><string/></dict>', /^EnvironmentVariables is no dictionary/],
    ['<dict><key>EnvironmentVariables</key><dict/><key>EnvironmentVariables</key><dict/></dict>', /there twice/],
    [
      '<dict><key>EnvironmentVariables</key><dict><key>OLLAMA_HOST</key><true/><key>OLLAMA_HOST</key><true/></dict></dict>',
      /^the key OLLAMA_HOST is there twice/,
    ],
  ])('refuses to set in %s', async (dict, reason) => {
    expect((await failure(set(document(dict), 'x'))).reason).toMatch(reason);
  });

  it('refuses a path without steps', async () => {
    await expect(setString(Buffer.from(document('<dict/>')), [], 'x')).rejects.toThrow(RangeError);
  });

  it('takes long files in one line', async () => {
    const many = Array.from({ length: 5000 }, (_, index) => `<key>K${index}</key><string>v</string>`).join('');
    const before = document(`<dict>${many}</dict>`);
    expect(await remove(await set(before, 'x', PATH), true)).toBe(before);
  });
});
