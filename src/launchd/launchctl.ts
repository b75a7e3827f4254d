/**
 * What launchctl of macOS prints, read back. Its man page does not promise the form; Homebrew reads it all the same, and
 * so it is read here with nothing taken for granted. `launchctl error N` names what an exit code means.
 */
import type { Host, RunResult } from '../host/host.ts';

export const LAUNCHCTL = 'launchctl';

/** Runs a program that only answers. */
export type Ask = (argv: readonly string[]) => Promise<RunResult>;

/** A job as launchd has it loaded, which need not be what its plist says by now. */
export interface JobPrint {
  /** The plist that it was loaded from; absent for a job that came from no file. */
  path?: string;
  /** `running`, `not running`, `spawn scheduled`, `waiting` and more; empty when not told. */
  state: string;
  pid?: number;
  /** How often it was started since it was loaded. */
  runs?: number;
  lastExitCode?: number;
  /** Such as `Terminated: 15`, in place of an exit code. */
  lastSignal?: string;
  program?: string;
  arguments?: string[];
  /** What its plist gives it; this wins over what it inherits. */
  environment: Record<string, string>;
  /** What `launchctl setenv` gave everybody in the domain. */
  inheritedEnvironment: Record<string, string>;
  /** Such as keepalive and runatload; absent when not told in one line. */
  properties?: string[];
}

/** A line of `launchctl list`. */
export interface ListedJob {
  pid: number | null;
  /** The exit code of its last run; below 0 the signal that ended it. */
  status: number;
  label: string;
}

/** With this process's own rights: every user may print his own domains and the system's. */
export function asker(host: Host): Ask {
  return (argv) => host.ask(argv, { timeout: 10_000 });
}

/** A job of a domain (gui/501, user/501, system), or why there is none: `unknown` when launchctl told nothing usable. */
export async function job(
  ask: Ask,
  domain: string,
  label: string,
): Promise<JobPrint | 'not-loaded' | 'no-domain' | 'unknown'> {
  const { code, stdout } = await ask([LAUNCHCTL, 'print', `${domain}/${label}`]);
  if (code === 0) return parsePrint(stdout);
  if (code === 113 || code === 3) return 'not-loaded';
  // Without a session of its kind a domain is not there, or (125) there and of no use.
  return code === 112 || code === 125 ? 'no-domain' : 'unknown';
}

/** Labels that were switched on or off for good in a domain → true for off. Empty when launchctl did not tell. */
export async function disabledLabels(ask: Ask, domain: string): Promise<Map<string, boolean>> {
  const { code, stdout } = await ask([LAUNCHCTL, 'print-disabled', domain]);
  return code === 0 ? parsePrintDisabled(stdout) : new Map();
}

/** True when there is such a domain: gui/501 only while this user is logged in at the screen. */
export async function domainExists(ask: Ask, domain: string): Promise<boolean> {
  return (await ask([LAUNCHCTL, 'print', domain])).code === 0;
}

/**
 * The answer to `launchctl print D/L`. Keys of the job stand behind exactly one tab; blocks within it have keys of the
 * same names (`state`, `name`) behind more.
 */
export function parsePrint(stdout: string): JobPrint {
  const { values, blocks } = topLevel(stdout);
  const [path, program] = ['path', 'program'].map((key) => values.get(key));
  const signal = values.get('last terminating signal');
  const words = blocks.get('arguments');
  const properties = values.get('properties');
  return {
    state: values.get('state') ?? '',
    ...(path?.startsWith('/') ? { path } : {}),
    ...numeric('pid', values.get('pid')),
    ...numeric('runs', values.get('runs')),
    ...numeric('lastExitCode', values.get('last exit code')),
    ...(signal === undefined ? {} : { lastSignal: signal }),
    ...(program === undefined ? {} : { program }),
    ...(words === undefined ? {} : { arguments: words }),
    environment: toRecord(blocks.get('environment') ?? []),
    inheritedEnvironment: toRecord(blocks.get('inherited environment') ?? []),
    ...(properties === undefined ? {} : { properties: properties.split('|').map((name) => name.trim()) }),
  };
}

/** Values and blocks (`key = {` to `}`) of the first level. The lines of a block are without their two tabs. */
function topLevel(stdout: string): { values: Map<string, string>; blocks: Map<string, string[]> } {
  const values = new Map<string, string>();
  const blocks = new Map<string, string[]>();
  let block: string[] | undefined;
  for (const line of stdout.split('\n')) {
    if (block) {
      if (line === '\t}') block = undefined;
      else if (line.startsWith('\t\t')) block.push(line.slice(2));
      continue;
    }
    const [, key = '', value = ''] = /^\t([^\t=][^=]*?) = (.*)$/.exec(line) ?? [];
    if (value === '{') {
      block = [];
      if (!blocks.has(key)) blocks.set(key, block);
    } else if (key !== '' && !values.has(key)) values.set(key, value);
  }
  return { values, blocks };
}

/** `0`, or `78: EX_CONFIG`; words such as `(never exited)` are no number. */
function numeric<Key extends string>(key: Key, value: string | undefined): { [K in Key]?: number } {
  const digits = /^-?\d+(?=:|$)/.exec(value?.trim() ?? '')?.[0];
  return (digits === undefined ? {} : { [key]: Number(digits) }) as { [K in Key]?: number };
}

function toRecord(lines: readonly string[]): Record<string, string> {
  const pairs = lines.map((line) => /^(.+?) => (.*)$/.exec(line)).filter((match) => match !== null);
  return Object.fromEntries(pairs.map(([, name, value]) => [name, value]));
}

/**
 * The answer to `launchctl print-disabled D`: label → true when it is off. macOS 13 and later say `disabled` and
 * `enabled`, earlier ones `true` and `false`. The block of login items after it speaks of other things.
 */
export function parsePrintDisabled(stdout: string): Map<string, boolean> {
  const lines = stdout.split('\n').map((line) => line.trim());
  const from = lines.indexOf('disabled services = {') + 1;
  const labels = new Map<string, boolean>();
  if (from === 0) return labels;
  for (const line of lines.slice(from)) {
    if (line === '}') break;
    const [, label, word] = /^"(.*)" => (disabled|enabled|true|false)$/.exec(line) ?? [];
    if (label !== undefined) labels.set(label, word === 'disabled' || word === 'true');
  }
  return labels;
}

/** The table of `launchctl list`: `PID`, `Status`, `Label`, and `-` for a job that is not running. */
export function parseList(stdout: string): ListedJob[] {
  return stdout.split('\n').flatMap((line) => {
    const match = /^(\d+|-)\t(\S+)\t(.+)$/.exec(line);
    if (!match) return [];
    const [, pid, status, label = ''] = match;
    // A job that was stopped by a signal has `???` for its status.
    return [{ pid: pid === '-' ? null : Number(pid), status: Number(status) || 0, label }];
  });
}
