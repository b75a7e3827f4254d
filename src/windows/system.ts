import type { Host } from '../host/host.ts';

/**
 * A program of Windows by its full path: of a bare name libuv takes the one in the current folder first, and `npx` is
 * run in folders that anybody may have filled (uv_spawn(), src/win/process.c in libuv).
 */
export function program(host: Host, name: string): string {
  return `${systemFolder(host)}\\${name}.exe`;
}

/** C:\Windows\System32 */
export function systemFolder({ env }: Host): string {
  return `${variableOf(env, 'SystemRoot') || variableOf(env, 'windir') || 'C:\\Windows'}\\System32`;
}

/** A variable of an environment, whose names are the same in upper and lower case on Windows. */
export function variableOf(env: Readonly<Record<string, string | undefined>>, name: string): string | undefined {
  const key = Object.keys(env).find((each) => each.toLowerCase() === name.toLowerCase());
  return key === undefined ? undefined : env[key];
}

/** The path as this program's own: Node takes either slash there, and one needs no care. */
export function forward(path: string): string {
  return path.replaceAll('\\', '/');
}

/** The path as Windows and its people write it. */
export function backward(path: string): string {
  return path.replaceAll('/', '\\');
}

/** The user's local application data. */
export function localData({ env, user }: Host): string {
  return forward(variableOf(env, 'LOCALAPPDATA') || `${user.home}/AppData/Local`);
}

/** A command line of Windows out of words, as CommandLineToArgvW() reads it. */
export function commandLineOf(argv: readonly string[]): string {
  return argv.map(quote).join(' ');
}

function quote(word: string): string {
  if (/^[^\s"&|<>^()]+$/.test(word)) return word;
  return `"${word.replace(/(\\*)"/g, '$1$1\\"').replace(/(\\+)$/, '$1$1')}"`;
}
