import type { Host } from '../../host/host.ts';
import { type Account, ROOT } from '../../launchd/accounts.ts';
import { findLoaded } from '../../launchd/domains.ts';
import { readJob } from '../../launchd/jobs.ts';
import { type Ask, asker, LAUNCHCTL, parseList } from '../../launchd/launchctl.ts';
import type { Process } from '../../probes/processes.ts';
import type { Job } from './jobs.ts';

/**
 * The jobs whose process, or whose process's child, is one of these servers. launchd alone knows: a job's file may name a
 * script of any name, and that launchd is a process's parent says nothing (so it is of whatever lost its own).
 */
export async function superviseds(host: Host, people: readonly Account[], servers: readonly Process[]): Promise<Job[]> {
  if (servers.length === 0) return [];
  const owners = [...new Set([...people.map(({ uid }) => uid), ...servers.map(({ uid }) => uid)])];
  const domains = owners.filter((uid) => uid > 0).flatMap((uid) => [`gui/${uid}`, `user/${uid}`]);
  const tables = await Promise.all(
    ['system', ...domains].map(async (domain) => ({ domain, pids: await running(asker(host), domain) })),
  );
  // What `list` shows is the caller's own domain; for root that is the system's, which is among the others.
  const own = host.user.uid === 0 ? new Map<number, string>() : await listed(asker(host));
  const found = servers.map((server) => {
    const hit = tables.find(({ pids }) => pids.has(server.pid) || pids.has(server.ppid));
    const pids = hit?.pids ?? own;
    const label = pids.get(server.pid) ?? pids.get(server.ppid);
    return { server, label, domain: hit?.domain };
  });
  const labels = [...new Set(found.flatMap(({ label }) => (label === undefined ? [] : [label])))];
  const jobs = await Promise.all(
    labels.map((label) => {
      const mine = found.filter((each) => each.label === label);
      return describe(
        host,
        people,
        label,
        mine[0]?.domain,
        mine.map(({ server }) => server),
      );
    }),
  );
  return jobs.filter((job) => job !== undefined);
}

async function describe(
  host: Host,
  people: readonly Account[],
  label: string,
  domain: string | undefined,
  servers: readonly Process[],
): Promise<Job | undefined> {
  const daemon = domain === 'system';
  const uid = domain === undefined ? host.user.uid : Number(domain.split('/')[1] ?? 0);
  const loaded = await findLoaded(host, label, daemon ? undefined : uid);
  // What a program submitted by itself came from no file, and is that program's own affair.
  const file = loaded?.print.path === undefined ? undefined : await readJob(host, loaded.print.path);
  if (file === undefined) return undefined;
  const known = people.find((account) => account.uid === uid);
  const account = daemon ? ROOT : (known ?? { uid, gid: 20, name: String(uid), home: '/var/empty' });
  return { file, label, daemon, account, loaded, servers: servers.map(({ pid }) => pid) };
}

/** The running jobs of a domain by their process, as `launchctl print DOMAIN` has them in its block of services. */
async function running(ask: Ask, domain: string): Promise<Map<number, string>> {
  const { code, stdout } = await ask([LAUNCHCTL, 'print', domain]);
  return code === 0 ? parseServices(stdout) : new Map();
}

/** Lines such as `     412      - \tcom.apple.bird`: process (0 for none), status, label. */
export function parseServices(stdout: string): Map<number, string> {
  const [, block = ''] = /^\tservices = \{\n(.*?)^\t\}/ms.exec(stdout) ?? [];
  const rows = [...block.matchAll(/^\s+(\d+)\s+\S+\s+(\S.*)$/gm)];
  return new Map(rows.map(([, pid, label = '']) => [Number(pid), label] as const).filter(([pid]) => pid > 0));
}

async function listed(ask: Ask): Promise<Map<number, string>> {
  const { stdout } = await ask([LAUNCHCTL, 'list']);
  return new Map(parseList(stdout).flatMap(({ pid, label }) => (pid === null ? [] : [[pid, label] as const])));
}
