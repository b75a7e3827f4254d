import { expect } from 'vitest';
import type { RunResult } from '../../../rig/host.ts';
import type { Mac, MacRunOptions } from '../mac.ts';

export const OLD = 'homebrew.mxcl.ollama';
export const NEW = 'sh.brew.ollama';
export const GUI = 'gui/501';
export const AGENTS = '/Users/me/Library/LaunchAgents';
export const RICHER = 'Try re-running the command as root for richer errors.\n';
export const LSOF = ['lsof', '-nP', '-iTCP:11434', '-sTCP:LISTEN'];

/** A plist of somebody's own agent or daemon. */
export function plistText(label: string, words: readonly string[], more = ''): string {
  const strings = words.map((word) => `<string>${word}</string>`).join('');
  return `<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0"><dict><key>Label</key><string>${label}</string>
<key>ProgramArguments</key><array>${strings}</array>${more}</dict></plist>
`;
}

/** Runs a command and expects how it ends; texts are compared as far as they are given. */
export async function ends(
  mac: Mac,
  argv: readonly string[],
  wanted: { code: number; stdout?: string | RegExp; stderr?: string | RegExp },
  options: MacRunOptions = {},
): Promise<RunResult> {
  const result = await mac.run(argv, options);
  const shown = `${argv.join(' ')}\n${result.stdout}${result.stderr}`;
  expect(result.code, shown).toBe(wanted.code);
  for (const stream of ['stdout', 'stderr'] as const) {
    const text = wanted[stream];
    if (typeof text === 'string') expect(result[stream], shown).toBe(text);
    else if (text) expect(result[stream], shown).toMatch(text);
  }
  return result;
}

/** The pid of a job, once it has one. */
export function jobPid(mac: Mac, name: string): Promise<number> {
  const pid = async () => (await mac.loaded())[name]?.pid ?? undefined;
  return mac.host.waitFor(pid, 10_000, `a process of ${name}`);
}

/** Waits until a label is no longer loaded. */
export function gone(mac: Mac, name: string): Promise<unknown> {
  return mac.host.waitFor(async () => !(name in (await mac.loaded())), 10_000, `the end of ${name}`);
}
