import type { ValueChange } from '../actions/value.ts';
import type { RunResult } from '../host/host.ts';
import { type Blocked, type NoOpening, OPEN, type Opening, type OpeningRequest, query } from './opening.ts';
import { programPath } from './programs.ts';

/** Exit codes of firewall-cmd(1): the rule is not there, there is no such zone, firewalld is not running. */
const [NO, INVALID_ZONE, NOT_RUNNING] = [1, 112, 252];

/**
 * Rich rules for the containers' own networks, in the zone that keeps them out, for now and for good. A zone of their
 * own would also change which of them may be forwarded where; and firewalld's rules know no names of bridges to come.
 */
export async function openFirewalld(request: OpeningRequest): Promise<Opening | NoOpening> {
  const { host, port, blocked } = request;
  const program = programPath(host, 'firewall-cmd');
  const rules = new Map<string, ValueChange[]>();
  for (const way of program ? blocked : []) {
    const zone = await zoneOf(request, program!, way);
    if (way.from === undefined || zone === undefined) continue;
    // A rule that says no is in front of all that say yes, except for those of a lower priority.
    const first = /_(pre|deny)$/.test(way.by.chain);
    rules.set(
      `${zone} ${way.from}`,
      [false, true].map((permanent) => rule(program!, zone, way.from!, port, first, permanent)),
    );
  }
  if (rules.size > 0) {
    const note = 'firewalld opens the networks that there are now; after a new one, run this again.';
    return { firewall: 'firewalld', changes: [...rules.values()].flat(), lasting: true, note };
  }
  const meaning = 'The networks of the containers, or the zone that keeps them out, are not known.';
  const remedy = `sudo firewall-cmd --permanent --zone=docker --add-port=${port}/tcp && sudo firewall-cmd --reload`;
  return { firewall: 'firewalld', changes: [], meaning, remedy };
}

function rule(
  program: string,
  zone: string,
  from: string,
  port: number,
  first: boolean,
  permanent: boolean,
): ValueChange {
  const family = from.includes(':') ? 'ipv6' : 'ipv4';
  const words = ['rule', ...(first ? ['priority="-1"'] : []), `family="${family}"`, `source address="${from}"`];
  const text = [...words, `port port="${port}" protocol="tcp"`, 'accept'].join(' ');
  const act = (verb: string) => [
    program,
    ...(permanent ? ['--permanent'] : []),
    `--zone=${zone}`,
    `--${verb}-rich-rule=${text}`,
  ];
  // A running firewalld alone has rules for now; those for good it has to be asked for too.
  const no = [NO, INVALID_ZONE, ...(permanent ? [] : [NOT_RUNNING])];
  return {
    type: 'value',
    id: `firewalld-${permanent ? 'keep' : 'allow'}-${zone}-${from.replace(/[^\da-f]+/gi, '-')}`,
    title: `Let ${from} through firewalld's zone ${zone} to port ${port}, ${permanent ? 'also after a restart' : 'now'}`,
    subject: `firewalld ${permanent ? 'permanent ' : ''}rule in zone ${zone} for ${from} to port ${port}`,
    identity: 'root',
    from: null,
    to: OPEN,
    read: query(no, act('query')),
    set: act('add'),
    unset: act('remove'),
  };
}

/** The zone by whose chain the packet was kept out; else the one that the interface is in; else the default one. */
async function zoneOf({ root }: OpeningRequest, program: string, { iif, by }: Blocked): Promise<string | undefined> {
  const ask = async (...words: string[]) => word(await root.run([program, ...words], { timeout: 15_000 }));
  const named = /^(?:filter_)?IN_(.+?)(?:_(?:pre|log|deny|allow|post))?$/.exec(by.chain)?.[1];
  const zones = (await ask('--get-zones'))?.split(/\s+/) ?? [];
  if (named !== undefined && zones.includes(named)) return named;
  return (await ask(`--get-zone-of-interface=${iif}`)) ?? ask('--get-default-zone');
}

function word({ code, stdout }: RunResult): string | undefined {
  return code === 0 ? stdout.trim() || undefined : undefined;
}
