import { FileError } from '../../errors.ts';
import type { Host } from '../../host/host.ts';

/** A wrapper is a few lines; what is larger is a program of another kind. */
const MOST = 64 * 1024;

/**
 * Where the command of a job sets the variable itself: in one of its words, or in the script that one of them names.
 * Undefined when it lets pass what launchd gives it.
 */
export function setsItself(host: Host, argv: readonly string[], name: string): string | undefined {
  if (argv.some((word) => assigns(word, name))) return 'ProgramArguments';
  return argv.slice(0, 2).find((word) => assigns(scriptAt(host, word), name));
}

const SERVES = /(^|[\s/;&'"])ollama['"]?\s+(serve|start)\b/m;

/** True when a shell line, or the script that one of the first words names, has `ollama serve` in it. */
export function speaksOfServe(host: Host, argv: readonly string[]): boolean {
  return argv.some((word) => SERVES.test(word)) || argv.slice(0, 2).some((word) => SERVES.test(scriptAt(host, word)));
}

/** True for `NAME=x`, but not for `NAME=${NAME:-x}`, which only fills in what is not given. */
function assigns(text: string, name: string): boolean {
  const code = text.replaceAll(/^\s*#.*$/gm, '');
  const values = [...code.matchAll(new RegExp(`(?:^|[\\s;&|(])${name}=(\\S*)`, 'g'))].map(([, value = '']) => value);
  return values.some((value) => !new RegExp(`^["']?\\$\\{?${name}(?:[:}"-]|$)`).test(value));
}

/** The text of a script; empty for anything else, and for what this user may not read. */
function scriptAt(host: Host, path: string): string {
  if (!path.startsWith('/')) return '';
  try {
    const bytes = host.files.bytes(path);
    return bytes?.subarray(0, 2).toString() === '#!' && bytes.length <= MOST ? bytes.toString() : '';
  } catch (error) {
    if (error instanceof FileError) return '';
    throw error;
  }
}
