import type { Host } from '../host/host.ts';
import { answerOf } from './ask.ts';
import { parseRegQuery, type RegistryKey } from './registry.ts';
import { program } from './system.ts';

/** Where Windows keeps its firewall: what was set on this PC, and what its administrators have set for it ([MS-GPFAS] 2.2.3). */
const LOCAL = 'HKLM\\SYSTEM\\CurrentControlSet\\Services\\SharedAccess\\Parameters\\FirewallPolicy';
const GROUP_POLICY = 'HKLM\\SOFTWARE\\Policies\\Microsoft\\WindowsFirewall';

/** A rule of Windows' firewall that lets in or keeps out ("v2.33|Action=Block|Active=TRUE|Dir=In|Protocol=6|App=…|Name=…|"). */
export interface FirewallRule {
  action: 'Allow' | 'Block';
  /** Domain, Private, Public; empty means all of them. */
  profiles: string[];
  app: string | undefined;
  ports: string | undefined;
  remote: string | undefined;
  name: string;
}

/** Windows sorts every network into one of three kinds, each with a firewall of its own. */
export interface Profile {
  name: 'domain' | 'private' | 'public';
  on: boolean;
  /** False where a policy lets no rules count but its own. */
  localRules: boolean;
}

/** What the firewall has to do with one program and one port. */
export interface Firewall {
  profiles: Profile[];
  /** The active rules, each with the kinds of networks on which it counts; one that counts on none is not among them. */
  rules: (FirewallRule & { on: Profile['name'][] })[];
}

/**
 * Reads it, for incoming TCP connections to a program of this name, or to a port by itself; undefined where the registry
 * cannot be read. No rights are needed. A policy is of a domain, or of a device management, which has its own place.
 * @param image the file name of the program
 */
export async function readFirewall(host: Host, image: string, port: number): Promise<Firewall | undefined> {
  const [local, policy] = await Promise.all([keysBelow(host, LOCAL), keysBelow(host, GROUP_POLICY)]);
  if (local.size === 0) return undefined;
  const [own, managed, device] = [
    placeIn(local, LOCAL),
    placeIn(policy, GROUP_POLICY),
    placeIn(local, `${LOCAL}\\Mdm`),
  ];
  const profiles = PROFILES.map(([name, policyName, localName]) => {
    const set = (value: string) => managed(policyName, value) ?? device(localName, value) ?? device(policyName, value);
    // The older name of a policy for private networks; it knows nothing of local rules.
    const legacy = managed(localName, 'EnableFirewall');
    const enabled = set('EnableFirewall') ?? legacy ?? own(localName, 'EnableFirewall') ?? '1';
    return { name, on: Number(enabled) !== 0, localRules: Number(set('AllowLocalPolicyMerge') ?? 1) !== 0 };
  });
  const rulesOf = (keys: Keys, place: string, ofPolicy: boolean) =>
    (keys.get(`${place}\\FirewallRules`.toLowerCase())?.values ?? [])
      .flatMap(({ data }) => parseRule(data) ?? [])
      .filter((rule) => concerns(rule, image, port))
      .map((rule) => ({ ...rule, on: countsOn(rule, profiles, ofPolicy) }));
  const rules = [
    ...rulesOf(policy, GROUP_POLICY, true),
    ...rulesOf(local, `${LOCAL}\\Mdm`, true),
    ...rulesOf(local, LOCAL, false),
  ];
  return { profiles, rules: rules.filter(({ on }) => on.length > 0) };
}

/** The kinds, by the names of their keys: in policies, and on the PC, where private networks have their first name. */
const PROFILES = [
  ['domain', 'DomainProfile', 'DomainProfile'],
  ['private', 'PrivateProfile', 'StandardProfile'],
  ['public', 'PublicProfile', 'PublicProfile'],
] as const;

/** By their paths in small letters, with the short name of the root. */
type Keys = ReadonlyMap<string, RegistryKey>;

/** What can be read counts, whatever the exit code: a subkey that is closed to users spoils that. */
async function keysBelow(host: Host, root: string): Promise<Keys> {
  const { stdout } = await answerOf(host, [program(host, 'reg'), 'query', root, '/s'], 20_000);
  const keys = parseRegQuery(stdout).map((key) => [key.key.replace(/^HKEY_LOCAL_MACHINE/i, 'HKLM').toLowerCase(), key]);
  return new Map(keys as [string, RegistryKey][]);
}

/** Values of the subkeys of a place. */
function placeIn(keys: Keys, place: string) {
  return (subkey: string, name: string): string | undefined => {
    const { values } = keys.get(`${place}\\${subkey}`.toLowerCase()) ?? {};
    return values?.find((value) => value.name.toLowerCase() === name.toLowerCase())?.data;
  };
}

function countsOn(
  { profiles: names }: FirewallRule,
  profiles: readonly Profile[],
  ofPolicy: boolean,
): Profile['name'][] {
  const isMeant = (name: string) => names.length === 0 || names.some((one) => one.toLowerCase() === name);
  return profiles
    .filter(({ name, on, localRules }) => on && (ofPolicy || localRules) && isMeant(name))
    .map(({ name }) => name);
}

function concerns(rule: FirewallRule, image: string, port: number): boolean {
  const isIts = rule.app?.toLowerCase().endsWith(`\\${image.toLowerCase()}`) === true;
  return isIts ? covers(rule, port, true) : !rule.app && covers(rule, port, false);
}

/** Reads one rule; undefined for what is switched off, goes out, or is about another protocol. */
export function parseRule(data: string): FirewallRule | undefined {
  const fields = data
    .split('|')
    .map((field) => [field.slice(0, field.indexOf('=')), field.slice(field.indexOf('=') + 1)] as const);
  const all = (name: string) => fields.filter(([key]) => key === name).map(([, value]) => value);
  const [action] = all('Action');
  const [protocol = '6'] = all('Protocol');
  if (action !== 'Allow' && action !== 'Block') return undefined;
  if (all('Active')[0] !== 'TRUE' || all('Dir')[0] !== 'In' || protocol !== '6') return undefined;
  const ports = [...all('LPort'), ...all('LPort2_10')].join(',');
  const remote = [...all('RA4'), ...all('RA6')].join(',');
  return {
    action,
    profiles: all('Profile'),
    app: all('App')[0],
    ports: ports || undefined,
    remote: remote || undefined,
    name: all('Name')[0] ?? '',
  };
}

/** Whether a rule is about a port; one that names none is about all, which only counts where it names the program. */
function covers({ ports }: FirewallRule, port: number, byDefault: boolean): boolean {
  if (ports === undefined) return byDefault;
  return ports.split(',').some((part) => {
    const [first = 0, last = first] = part.split('-').map(Number);
    return first <= port && port <= last;
  });
}
