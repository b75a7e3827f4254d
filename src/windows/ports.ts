import type { Host } from '../host/host.ts';
import { program } from './system.ts';

/** Ports that Windows keeps to itself, first and last. */
export type Range = readonly [first: number, last: number];

/**
 * The ranges that WinNAT (Hyper-V, WSL, Docker) has taken: whoever binds a port in one gets WSAEACCES (10013), while
 * netstat shows nothing there. One with a star was set aside by an administrator, and can be bound by name.
 */
export async function excludedRanges(host: Host): Promise<Range[]> {
  const words = ['int', 'ipv4', 'show', 'excludedportrange', 'protocol=tcp'];
  return parseRanges((await host.ask([program(host, 'netsh'), ...words], { timeout: 10_000 })).stdout);
}

/** Everything but the numbers is translated. */
export function parseRanges(stdout: string): Range[] {
  return stdout.split(/\r?\n/).flatMap((line): Range[] => {
    const [, first, last] = /^\s*(\d{1,5})\s+(\d{1,5})\s*$/.exec(line) ?? [];
    return first === undefined ? [] : [[Number(first), Number(last)]];
  });
}

/** The range that a port is in. */
export function rangeOf(ranges: readonly Range[], port: number): Range | undefined {
  return ranges.find(([first, last]) => first <= port && port <= last);
}

/** What there is to say of ports that cannot be bound although nobody holds them. */
export async function portNote(host: Host, ports: readonly number[]): Promise<string[]> {
  const ranges = await excludedRanges(host);
  return ports.flatMap((port) => {
    const range = rangeOf(ranges, port);
    if (range === undefined) return [];
    return `Windows keeps the ports ${range[0]} to ${range[1]} to itself (WinNAT), so ${port} cannot be opened (error 10013). As administrator: net stop winnat, then net start winnat; or take another port with --host.`;
  });
}
