import type { Host } from '../host/host.ts';
import { readValue } from './registry.ts';
import { program } from './system.ts';

/** Integrity levels "high" and "system" (MicrosoftDocs/win32, SecAuthZ/well-known-sids). */
const ELEVATED = /\bS-1-16-(?:12288|16384)\b/;
const POLICIES = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';

/** The group of whoever came by the network (the same page): of ssh, of a share, of WinRM. */
const FROM_AFAR = /\bS-1-5-2(?!-)\b/;

/**
 * True in a session that has no desktop: that of services, and that of ssh, in which a program with a window would be
 * started where nobody sees it, and to which the user's own programs are in another.
 */
export async function isWithoutDesktop(host: Host, session: number | undefined): Promise<boolean> {
  if (session === 0 || host.env.SSH_CONNECTION !== undefined) return true;
  return FROM_AFAR.test((await whoami(host, '/groups')) ?? '');
}

/** True for a process with the rights of an administrator, and not only of a member of that group. */
export async function isElevated(host: Host): Promise<boolean> {
  return ELEVATED.test((await whoami(host, '/groups')) ?? '');
}

/**
 * True where a shell is elevated without anybody having asked for it, so that whatever the user starts is as well: with
 * User Account Control off, or as the built-in Administrator (whose number is 500).
 */
export async function isElevatedByNature(host: Host): Promise<boolean> {
  const [user, control] = await Promise.all([
    whoami(host, '/user'),
    readValue(host, POLICIES, 'EnableLUA').catch(() => null),
  ]);
  return /\bS-1-5-21-[\d-]+-500\b/.test(user ?? '') || Number(control?.data ?? 1) === 0;
}

async function whoami(host: Host, what: string): Promise<string | undefined> {
  const { code, stdout } = await host.ask([program(host, 'whoami'), what], { timeout: 10_000 });
  return code === 0 ? stdout : undefined;
}
