/**
 * The XML that WinSW reads when its service starts (docs/xml-config-file.md in winsw/winsw): beside its program and of
 * the same name. It is edited as text, so that every other byte stays.
 */

const ENV = /<env\b[^>]*?\bname\s*=\s*(["'])(.*?)\1[^>]*?>/gi;

/** The value that it gives to a variable. Names of variables are the same in upper and lower case. */
export function variableIn(xml: string, name: string): string | undefined {
  return elementOf(xml, name)?.value;
}

/** True when the XML is that of a service which starts a program of this name. */
export function starts(xml: string, program: string): boolean {
  const executable = /<executable>\s*([^<]*?)\s*<\/executable>/i.exec(withoutComments(xml))?.[1] ?? '';
  return (
    executable
      .replace(/^.*[\\/]/, '')
      .replace(/\.exe$/i, '')
      .toLowerCase() === program
  );
}

/** The same with the variable set; undefined where the XML is not as expected. */
export function withVariable(xml: string, name: string, value: string): string | undefined {
  const there = elementOf(xml, name);
  if (there) {
    const changed = there.text.replace(
      /(\bvalue\s*=\s*)(["']).*?\2/i,
      (_, before: string) => `${before}"${escaped(value)}"`,
    );
    return xml.slice(0, there.at) + changed + xml.slice(there.at + there.text.length);
  }
  const end = /([ \t]*)<\/(?:service|configuration)>\s*$/i.exec(xml);
  if (!end) return undefined;
  const newline = xml.includes('\r\n') ? '\r\n' : '\n';
  return `${xml.slice(0, end.index)}${end[1]}  ${elementFor(name, value)}${newline}${xml.slice(end.index)}`;
}

/** The element that a variable has which was not there before. */
export function elementFor(name: string, value: string): string {
  return `<env name="${name}" value="${escaped(value)}"/>`;
}

function elementOf(xml: string, name: string): { at: number; text: string; value: string } | undefined {
  const found = [...withoutComments(xml).matchAll(ENV)].findLast(
    (match) => match[2]?.toLowerCase() === name.toLowerCase(),
  );
  const value = /\bvalue\s*=\s*(["'])(.*?)\1/i.exec(found?.[0] ?? '')?.[2];
  return found && value !== undefined ? { at: found.index, text: found[0], value: unescaped(value) } : undefined;
}

/** With blanks in their place, so that every position stays. */
function withoutComments(xml: string): string {
  return xml.replace(/<!--[\s\S]*?-->/g, (comment) => ' '.repeat(comment.length));
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}

function unescaped(text: string): string {
  return text.replaceAll('&quot;', '"').replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}
