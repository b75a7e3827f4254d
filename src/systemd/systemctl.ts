/** What systemctl prints, read back: systemctl(1), `show` and `show-environment`. */
import { fromBytes, readEscape, toBytes } from './words.ts';

/**
 * The answer to `systemctl show UNIT... -p ...`: one map per unit, in the order asked. A key that comes several times
 * (EnvironmentFiles, ExecStart) is joined by line feeds; one that is not there is missing or empty. Values hold no
 * line feeds of their own (src/shared/bus-print-properties.c). Ask for Id too: a unit without any of the asked
 * properties would print nothing and shift the rest.
 */
export function parseShow(stdout: string): Map<string, string>[] {
  const blocks = stdout.split(/\n{2,}/).filter((block) => block.trim() !== '');
  return blocks.map((block) => {
    const properties = new Map<string, string>();
    for (const line of block.split('\n')) {
      const equals = line.indexOf('=');
      if (equals < 1) continue;
      const key = line.slice(0, equals);
      const before = properties.get(key);
      const value = line.slice(equals + 1);
      properties.set(key, before === undefined ? value : `${before}\n${value}`);
    }
    return properties;
  });
}

/** The value of the property Environment=: assignments joined by blanks, each in double quotes if it needs them. */
export function parseShowEnvironment(value: string): Map<string, string> {
  const assignments: string[] = [];
  const bytes = toBytes(value);
  for (let at = 0; at < bytes.length; ) {
    const quoted = /^"((?:[^"\\]|\\.)*)"(?: |$)/s.exec(bytes.slice(at));
    const bare = /^([^ ]*)(?: |$)/.exec(bytes.slice(at));
    const match = quoted ?? bare;
    if (!match) break;
    assignments.push(quoted ? unquote(match[1]!) : match[1]!);
    at += match[0].length;
  }
  return toMap(assignments);
}

/** The lines of `systemctl show-environment`: `NAME=value`, the value as `$'...'` if it needs quotes. */
export function parseShowEnvironmentLines(stdout: string): Map<string, string> {
  const lines = toBytes(stdout).split('\n').filter(Boolean);
  return toMap(lines.map((line) => line.replace(/=\$'(.*)'$/s, (_, quoted: string) => `=${unquote(quoted)}`)));
}

/** Undoes shell_maybe_quote() of systemd's src/basic/escape.c: a backslash before a mark, or a C escape. */
function unquote(bytes: string): string {
  let text = '';
  for (let at = 0; at < bytes.length; at++) {
    const code = bytes[at] === '\\' ? readEscape(bytes, at + 1) : undefined;
    if (code) {
      text += code.bytes;
      at += code.length;
    } else if (bytes[at] === '\\' && at + 1 < bytes.length) text += bytes[++at];
    else text += bytes[at];
  }
  return text;
}

function toMap(assignments: string[]): Map<string, string> {
  const map = new Map<string, string>();
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=');
    if (equals > 0) map.set(assignment.slice(0, equals), decode(assignment.slice(equals + 1)));
  }
  return map;
}

const decode = (bytes: string): string => fromBytes(bytes) ?? Buffer.from(bytes, 'latin1').toString('utf8');
