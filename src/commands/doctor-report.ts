import type { Host } from '../host/host.ts';
import { reportMarkdown } from '../ui/markdown.ts';
import type { Link } from '../ui/path.ts';
import type { People } from '../ui/people.ts';
import { redactor } from '../ui/redact.ts';
import type { Report } from './report.ts';

/** Prints what was found as Markdown to paste into an issue: nothing in it tells whose machine it is. */
export function printReport(people: People, host: Host, report: Report, path: readonly Link[]): void {
  const { name, home } = host.user;
  const redact = redactor({
    user: name,
    home,
    hostname: host.hostname,
    addresses: host.interfaces().map(({ address }) => address),
    ...(host.env.SUDO_USER ? { users: [host.env.SUDO_USER] } : {}),
  });
  people.exactly(reportMarkdown(report, { version: __VERSION__, node: process.version, redact, path }).trimEnd(), true);
}
