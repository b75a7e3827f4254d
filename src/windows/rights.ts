import type { Host } from '../host/host.ts';
import { answerOf } from './ask.ts';
import { queryKey, type RegistryValue } from './registry.ts';
import { program } from './system.ts';

/** Integrity levels "high" and "system" (MicrosoftDocs/win32, SecAuthZ/well-known-sids). */
const ELEVATED = /\bS-1-16-(?:12288|16384)\b/;
const POLICIES = 'HKLM\\SOFTWARE\\Microsoft\\Windows\\CurrentVersion\\Policies\\System';

/** The group of whoever came by the network (the same page): of ssh, of a share, of WinRM. */
const FROM_AFAR = /\bS-1-5-2(?!-)\b/;

/** True for a process with the rights of an administrator, and not only of a member of that group. */
export async function isElevated(host: Host): Promise<boolean> {
  return ELEVATED.test((await whoami(host, '/groups')) ?? '');
}

/** What the session and the rights of this program let it do; each is a program to ask, so that all is asked at once. */
export interface Rights {
  elevated: boolean;
  /** Elevated, and everything else of this user as well. */
  byNature: boolean;
  /**
   * In a session that has no desktop: that of services, and that of ssh, in which a program with a window would be
   * started where nobody sees it, and to which the user's own programs are in another.
   */
  withoutDesktop: boolean;
}

export async function readRights(host: Host, session: number | undefined): Promise<Rights> {
  const groups = (await whoami(host, '/groups')) ?? '';
  const elevated = ELEVATED.test(groups);
  const afar = session === 0 || host.env.SSH_CONNECTION !== undefined || FROM_AFAR.test(groups);
  return { elevated, byNature: elevated && (await isElevatedByNature(host)), withoutDesktop: afar };
}

/**
 * True where a shell is elevated without anybody having asked for it, so that whatever the user starts is as well: with
 * User Account Control off, or as the built-in Administrator (whose number is 500).
 */
export async function isElevatedByNature(host: Host): Promise<boolean> {
  const [user, policies] = await Promise.all([whoami(host, '/user'), queryKey(host, POLICIES)]);
  return /\bS-1-5-21-[\d-]+-500\b/.test(user ?? '') || isOff(policies);
}

function isOff(policies: RegistryValue[] | undefined): boolean {
  return Number(policies?.find(({ name }) => name === 'EnableLUA')?.data ?? 1) === 0;
}

async function whoami(host: Host, what: string): Promise<string | undefined> {
  const { code, stdout } = await answerOf(host, [program(host, 'whoami'), what], 15_000);
  return code === 0 ? stdout : undefined;
}
